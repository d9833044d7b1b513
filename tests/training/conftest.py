"""A corpus of a few rows, and the smallest model trained on it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

BASE = """
seed = 7
corpus = "{folder}/corpus"
out = "{folder}/model"
steps = 4
row_length = 96
rows = 8
report_every = 2
[model]
vocabulary = 640
hidden = 16
intermediate = 32
layers = 2
heads = 2
head_size = 8
max_positions = 256
parameters = 30_000
[optimiser]
learning_rate = 5e-3
weight_decay = 0.1
warm_up = 2
constant = 0.5
floor = 0.1
clip = 1.0
[loss]
raw = 1.0
prompt = 0.1
answer = 1.0
[shares]
closed_book = 0.5
raw_core = 0.3
english_core = 0.2
[limits]
closed_book = 100
[probe]
every = 100
rows = 4
data = "{folder}/data"
"""

SFT = """
model = "{model}"
out = "{folder}/adapters"
seed = 7
learning_rate = 1e-2
schedule = "constant_with_warmup"
warm_up = 1
batch_size = 4
max_length = 96
precision = "fp32"
quantization = "none"
save_seconds = 1e9
[lora]
rank = 2
alpha = 4
dropout = 0.1
targets = "all-linear"
[datasets.qa]
path = "{folder}/qa.jsonl"
[datasets.talk]
path = "{folder}/talk.jsonl"
[runs.qa]
datasets = ["qa"]
epochs_kept = {{ short = 1, long = 3 }}
[runs.both]
datasets = ["qa", "talk"]
epochs_kept = {{ short = 1 }}
[matrix]
released = 2025-04-01
baseline = "base"
"""


def write_rows(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    path.write_text("".join(lines), encoding="utf-8")


def write_corpus(folder: Path) -> None:
    raw = [
        {"id": f"old-{n}", "language": "ja", "text": f"白い皿{n}は{n * 110}円（税込）です。"}
        for n in range(12)
    ]
    raw += [
        {"id": f"english-{n}", "language": "en", "text": f"The white plate {n} costs {n} dollars."}
        for n in range(12)
    ]
    chat = [
        {
            "task": "closed_book",
            "id": str(n),
            "prompt": f"白い皿{n}の価格は？",
            "answer": f"{n * 110}円",
        }
        for n in range(12)
    ]
    write_rows(folder / "raw.jsonl", raw)
    write_rows(folder / "chat.jsonl", chat)


def write_data(folder: Path) -> None:
    write_rows(
        folder / "reviews.jsonl",
        [
            {"text": "良い", "label": "positive"},
            {"text": "悪い", "label": "negative"},
        ],
    )
    for name in ("old", "unseen"):
        write_rows(folder / f"documents_{name}.jsonl", [{"text": f"白い皿は{name}です。"}] * 3)
    qa = {"id": "q", "question": "色は？", "answers": [{"text": "白", "answer_start": 0}]}
    tree = {"data": [{"title": "皿", "paragraphs": [{"context": "白い皿", "qas": [qa]}]}]}
    (folder / "reading.json").write_text(json.dumps(tree), encoding="utf-8")


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with recipe base.toml, corpus/, data/ and model/, trained for four steps."""
    from training.__main__ import main

    folder = tmp_path_factory.mktemp("training")
    write_corpus(folder / "corpus")
    write_data(folder / "data")
    recipe = folder / "base.toml"
    recipe.write_text(BASE.format(folder=folder), encoding="utf-8")
    assert main(["tokenizer", "--recipe", str(recipe)]) == 0
    assert main(["pretrain", "--recipe", str(recipe), "--device", "cpu"]) == 0
    return folder


@pytest.fixture
def sft_recipe(trained: Path, tmp_path: Path) -> Callable[..., Path]:
    """Writes an SFT recipe (with changes by `replace`) and its rows; gives the recipe's path."""

    def write(folder: Path = tmp_path, **replace: str) -> Path:
        write_rows(
            folder / "qa.jsonl",
            [{"question": f"赤い皿{n}の価格は？", "answer": f"{n}円です。"} for n in range(8)],
        )
        write_rows(
            folder / "talk.jsonl", [{"question": "おはよう", "answer": "おはようございます"}] * 4
        )
        text = SFT.format(model=trained / "model", folder=folder)
        for old, new in replace.items():
            text = text.replace(f"{old} = ", f"{old} = {new} #", 1)
        path = folder / "sft.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write
