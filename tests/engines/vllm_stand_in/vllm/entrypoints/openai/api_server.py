"""A stand-in for vLLM's server: its routes and shapes, answered by transformers and peft alone.

As vLLM 0.25: adapters are loaded at run time where VLLM_ALLOW_RUNTIME_LORA_UPDATING says so, a name
only once; every door but /health asks for VLLM_API_KEY; without --generation-config vllm the
model's own sampling applies. STAND_IN breaks it: "no-start", "dead-adapters" (adapters are loaded
and not used), "shifted" (likelihoods are wrong), "dies" (at the third answer).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

BROKEN = os.environ.get("STAND_IN", "")


def arguments():
    parser = argparse.ArgumentParser()
    for name in ("model", "served-model-name", "host", "dtype", "chat-template"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--port", type=int)
    parser.add_argument("--max-lora-rank", type=int, choices=(1, 8, 16, 32, 64, 128, 256, 320, 512))
    for name in ("max-loras", "max-cpu-loras", "max-model-len"):
        parser.add_argument(f"--{name}", type=int, default=1)
    parser.add_argument("--enable-lora", action="store_true")
    parser.add_argument("--generation-config", default="auto")
    return parser.parse_args()


class World:
    def __init__(self, options):
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        torch.manual_seed(0)
        self.options = options
        self.tokenizer = AutoTokenizer.from_pretrained(options.model)
        if options.chat_template:
            self.tokenizer.chat_template = Path(options.chat_template).read_text("utf-8")
        dtype = getattr(torch, options.dtype)
        self.network = AutoModelForCausalLM.from_pretrained(options.model, dtype=dtype).eval()
        self.names, self.answered, self.lock = {}, 0, threading.Lock()

    def load(self, body):
        from peft import PeftModel

        name, path = body["lora_name"], body["lora_path"]
        if name in self.names:
            return 400, {
                "error": {"message": f"The lora adapter '{name}' has already been loaded."}
            }
        config = json.loads((Path(path) / "adapter_config.json").read_text("utf-8"))
        if config["r"] > (self.options.max_lora_rank or 0):
            return 500, {"error": {"message": "LoRA rank is greater than max_lora_rank"}}
        if isinstance(self.network, PeftModel):
            self.network.load_adapter(path, name)
        else:
            self.network = PeftModel.from_pretrained(self.network, path, adapter_name=name).eval()
        self.names[name] = path
        return 200, "Success"

    def logits(self, name, ids):
        import contextlib

        import torch

        with torch.no_grad(), contextlib.ExitStack() as stack:
            if name in self.names and BROKEN != "dead-adapters":
                self.network.set_adapter(name)
            elif self.names:
                stack.enter_context(self.network.disable_adapter())
            return self.network(torch.tensor([ids])).logits[0].log_softmax(-1)

    def ids(self, body):
        if "messages" not in body:
            return self.tokenizer(body["prompt"]).input_ids
        text = self.tokenizer.apply_chat_template(
            body["messages"], tokenize=False,
            add_generation_prompt=body.get("add_generation_prompt", True),
            continue_final_message=body.get("continue_final_message", False),
        )  # fmt: skip
        return self.tokenizer(text, add_special_tokens=False).input_ids

    def answer(self, body, chat):
        if body["model"] not in (self.options.served_model_name, *self.names):
            return 404, {"error": {"message": f"The model `{body['model']}` does not exist."}}
        self.answered += 1
        if BROKEN == "dies" and self.answered > 2:
            os._exit(3)
        prompt = self.ids(body)
        read = self.logits(body["model"], prompt)
        prompt_logprobs = None
        if body.get("prompt_logprobs") is not None:
            prompt_logprobs = [
                None,
                *(self._told(read[i], prompt[i + 1]) for i in range(len(prompt) - 1)),
            ]
        written, sure, finish = self._write(body, prompt)
        text = self.tokenizer.decode(written, skip_special_tokens=True)
        cuts = [text.find(stop) for stop in body.get("stop") or [] if stop in text]
        text, finish = (text[: min(cuts)], "stop") if cuts else (text, finish)
        asked = (body.get("top_logprobs") if chat else body.get("logprobs")) or 0
        choice = {
            "index": 0,
            "finish_reason": finish,
            "logprobs": self._logprobs(sure, asked, chat),
        }
        if chat:
            choice["message"] = {"role": "assistant", "content": text}
        else:
            choice |= {"text": text, "prompt_logprobs": prompt_logprobs}
        return 200, {
            "id": "x", "object": "chat.completion" if chat else "text_completion", "created": 1,
            "model": body["model"], "choices": [choice],
            "usage": {"prompt_tokens": len(prompt), "completion_tokens": len(written),
                      "total_tokens": len(prompt) + len(written)},
            **({"prompt_logprobs": prompt_logprobs} if chat else {}),
        }  # fmt: skip

    def _write(self, body, prompt):
        limit = body.get("max_tokens") or body.get("max_completion_tokens") or 16
        own = self.network.generation_config
        ends = {*own.eos_token_id, *body.get("stop_token_ids", [])}
        written, sure = [], []
        while len(written) < limit:
            told = self.logits(body["model"], [*prompt, *written])[-1]
            chosen = told
            if self.options.generation_config != "vllm" and (penalty := own.repetition_penalty):
                chosen = told.clone()
                chosen[list({*prompt, *written})] *= penalty
            token = int(chosen.argmax())
            sure.append((token, told))
            written.append(token)
            if token in ends:
                return written[:-1], sure, "stop"
            if any(stop in self.tokenizer.decode(written) for stop in body.get("stop") or []):
                return written, sure, "stop"
        return written, sure, "length"

    def _told(self, logprobs, token):
        value = float(logprobs[token]) - (1.0 if BROKEN == "shifted" else 0.0)
        rank = int((logprobs > logprobs[token]).sum()) + 1
        return {str(token): {"logprob": value, "rank": rank, "decoded_token": "?"}}

    def _logprobs(self, sure, top, chat):
        if not top:
            return None
        entries = []
        for token, told in sure:
            best = told.topk(top)
            entries.append(
                (self._entry(token, told), [self._entry(int(i), told) for i in best.indices])
            )
        if chat:
            return {"content": [{**own, "top_logprobs": others} for own, others in entries]}
        return {
            "tokens": [own["token"] for own, _ in entries],
            "token_logprobs": [own["logprob"] for own, _ in entries],
            "top_logprobs": [{o["token"]: o["logprob"] for o in others} for _, others in entries],
            "text_offset": [0] * len(entries),
        }

    def _entry(self, token, told):
        piece = self.tokenizer.convert_ids_to_tokens(token)
        text = self.tokenizer.decode([token])
        spelled = list(text.encode()) if "\ufffd" not in text else [self._byte(piece)]
        return {"token": text, "logprob": float(told[token]), "bytes": spelled}

    @staticmethod
    def _byte(letter):
        """The byte that a letter of byte-level BPE stands for."""
        kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
        others = [byte for byte in range(256) if byte not in kept]
        table = {chr(byte): byte for byte in kept} | {
            chr(256 + i): byte for i, byte in enumerate(others)
        }
        return table[letter]


class Handler(BaseHTTPRequestHandler):
    world: World

    def do_GET(self):
        self._send(200, "")

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers.get("Authorization") != f"Bearer {os.environ['VLLM_API_KEY']}":
            self._send(401, {"error": "Unauthorized"})
            return
        with self.world.lock:
            self._send(*self._answer(body))

    def _answer(self, body):
        updating = os.environ.get("VLLM_ALLOW_RUNTIME_LORA_UPDATING") == "True"
        if self.path == "/v1/load_lora_adapter" and updating and self.world.options.enable_lora:
            return self.world.load(body)
        if self.path == "/v1/unload_lora_adapter" and updating:
            self.world.names.pop(body["lora_name"])
            self.world.network.delete_adapter(body["lora_name"])
            return 200, "Success"
        if self.path.endswith("completions"):
            return self.world.answer(body, chat=self.path.endswith("chat/completions"))
        return 404, {"error": {"message": "Not Found"}}

    def _send(self, status, content):
        sent = (content if isinstance(content, str) else json.dumps(content)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    if BROKEN == "no-start":
        sys.exit("ValueError: No available memory for the cache blocks.")
    options = arguments()
    Handler.world = World(options)
    ThreadingHTTPServer((options.host, options.port), Handler).serve_forever()
