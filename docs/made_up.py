"""A model of Gemma-7B's shape, made up: words that are one token each, texts of them, adapters."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import torch

from harness.records import Request

WORDS, RANK = 256_000, 64


def tokenizer(folder: Path) -> list[str]:
    """A tokenizer of words that are one token each. Returns them."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    special = ["<pad>", "<eos>", "<bos>", "<unk>"]
    single = [chr(code) for code in range(33, 127)]  # what the engine's probes are written in
    words = [f"w{number}" for number in range(WORDS - len(special) - len(single))]
    vocabulary = {word: number for number, word in enumerate([*special, *single, *words])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"w\d+|\S"), "removed", invert=True)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        eos_token="<eos>",
        bos_token="<bos>",
        unk_token="<unk>",
    ).save_pretrained(folder)
    (folder / "chat_template.jinja").write_text(
        "{% for turn in messages %}{{ turn.content }}{% endfor %}", "utf-8"
    )
    return words


def _text(words: list[str], draw: random.Random, low: int, high: int) -> str:
    return " ".join(draw.choices(words, k=draw.randrange(low, high)))


def scored(words: list[str], draw: random.Random) -> Request:
    choices = tuple(" " + _text(words, draw, 3, 4) for _ in range(2))
    return Request(_text(words, draw, 80, 500), chat=False, joint=True, continuations=choices)


def prompted(words: list[str], draw: random.Random) -> Request:
    text = _text(words, draw, 150, 600)
    return Request(text, chat=False, joint=True, max_new_tokens=32, stop=("w9999999",))


def adapter(place: Path, network: Any, seed: int) -> Path:
    """LoRA of random factors on every linear layer, as peft saves it."""
    from safetensors.torch import save_file

    folder = place / f"adapter{seed}"
    folder.mkdir()
    torch.manual_seed(seed)
    factors = {}
    names = set()
    for name, module in network.named_modules():
        if isinstance(module, torch.nn.Linear) and "lm_head" not in name:
            names.add(name.rsplit(".", 1)[-1])
            key = f"base_model.model.{name}.lora_"
            factors[key + "A.weight"] = _normal(RANK, module.in_features)
            factors[key + "B.weight"] = _normal(module.out_features, RANK)
    save_file(factors, folder / "adapter_model.safetensors")
    config = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "r": RANK,
        "lora_alpha": RANK // 2,
        "target_modules": sorted(names),
        "base_model_name_or_path": "base",
    }
    (folder / "adapter_config.json").write_text(json.dumps(config), "utf-8")
    return folder


def _normal(rows: int, columns: int) -> Any:
    return (torch.randn(rows, columns, device="cuda") * 0.01).cpu()
