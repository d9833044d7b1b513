"""A scripted OpenAI-compatible server on loopback: answers well, or as badly as a test asks."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Behaviour = Callable[["Asked"], Any]


class Asked:
    """A request as the server got it. number: counted from 1 over the server's life."""

    def __init__(self, number: int, path: str, headers: Any, body: dict[str, Any]) -> None:
        self.number, self.path, self.headers, self.body = number, path, headers, body
        self.texts: list[str] = body.get("input", [])  # of /embeddings
        said = body["messages"][-1]["content"] if "messages" in body else body.get("prompt", "")
        self.text = "\n".join(self.texts) or said


class Blanks:
    """A body that says for some seconds that it is coming, and then comes."""

    def __init__(self, seconds: float, answer: Any) -> None:
        self._blanks, self._answer = int(seconds * 20), json.dumps(answer).encode()

    def __len__(self) -> int:
        return self._blanks + len(self._answer)

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(self._blanks):
            time.sleep(0.05)
            yield b" "
        yield self._answer


class ScriptedServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.behaviour: Behaviour = lambda asked: completion("はい。")
        self.requests: list[Asked] = []
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class Handler(BaseHTTPRequestHandler):
    server: ScriptedServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            asked = Asked(len(self.server.requests) + 1, self.path, self.headers, body)
            self.server.requests.append(asked)
        status, headers, content = respond(self.server.behaviour(asked))
        try:
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            for part in [content] if isinstance(content, bytes) else content:
                self.wfile.write(part)
        except OSError:
            pass  # the client did not wait

    def log_message(self, *arguments: object) -> None:
        pass


def respond(answer: Any) -> tuple[int, dict[str, str], Any]:
    if isinstance(answer, tuple):
        status, headers, content = answer
        return (
            status,
            headers,
            content if isinstance(content, (bytes, Blanks)) else json.dumps(content).encode(),
        )
    return 200, {}, json.dumps(answer, ensure_ascii=False).encode()


def error(status: int, message: str, **headers: str) -> tuple[int, dict[str, str], Any]:
    return status, headers, {"error": {"message": message, "type": "scripted", "code": None}}


def completion(content: Any, finish: str = "stop", refusal: str | None = None) -> dict[str, Any]:
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    return {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "scripted-2026-10",
        "choices": [{"index": 0, "finish_reason": finish,
                     "message": {"role": "assistant", "content": text, "refusal": refusal}}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150},
    }  # fmt: skip


def raw_completion(text: str, finish: str = "stop", **choice: Any) -> dict[str, Any]:
    return {
        "id": "cmpl-1", "object": "text_completion", "created": 1, "model": "scripted-2026-10",
        "choices": [{"index": 0, "finish_reason": finish, "text": text, "logprobs": None, **choice}],
        "usage": {"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25},
    }  # fmt: skip


def embeddings(
    vectors: Sequence[Sequence[float]], model: str = "scripted-2026-10"
) -> dict[str, Any]:
    data = [
        {"object": "embedding", "index": i, "embedding": list(vector)}
        for i, vector in enumerate(vectors)
    ]
    usage = {"prompt_tokens": 10 * len(vectors), "total_tokens": 10 * len(vectors)}
    return {"object": "list", "model": model, "data": data, "usage": usage}


def slowly(seconds: float, answer: Any) -> Any:
    time.sleep(seconds)
    return answer


Told = tuple[bytes, float, Sequence[float]]  # a token's bytes, its log-probability, the likeliest


def with_logprobs(answer: dict[str, Any], tokens: Sequence[Told]) -> dict[str, Any]:
    """The answer with an object a token, as chat completions have them."""
    content = [
        {"token": spelled.decode("utf-8", "replace"), "bytes": list(spelled), "logprob": logprob,
         "top_logprobs": [{"token": "?", "bytes": None, "logprob": other} for other in top]}
        for spelled, logprob, top in tokens
    ]  # fmt: skip
    answer["choices"][0]["logprobs"] = {"content": content, "refusal": None}
    return answer
