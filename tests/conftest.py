"""What the project's tests share: a small world of matrix, weights files and data, and no model."""

from __future__ import annotations

import json
import os
import signal
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.openai_server import ScriptedServer
from tests.report import builder as build

pytest_plugins = ["pytester"]

os.environ["HF_HUB_OFFLINE"] = "1"

SCRIPTED = Path(__file__).parent / "scripted.py"


def pytest_configure() -> None:
    """Hand ^C down: what a shell starts in the background ignores it, and so would its children."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def write_safetensors(path: Path, shapes: dict[str, list[int]], fill: bytes = b"\0") -> None:
    """A whole float32 safetensors file, written by hand from the format's description."""
    header: dict[str, object] = {}
    offset = 0
    for name, shape in shapes.items():
        size = 4
        for side in shape:
            size *= side
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(text)) + text + fill * offset)


def write_rows(path: Path, rows: list[dict[str, object]]) -> None:
    """A JSON Lines file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")


def make_world(folder: Path) -> Path:
    """A matrix of two bases and four checkpoints with ten samples a task; returns the matrix file."""
    for name, fill in (("one", b"\1"), ("two", b"\2")):
        write_safetensors(folder / f"{name}/model.safetensors", {"w": [2, 2]}, fill)
        (folder / f"{name}/config.json").write_text("{}")
    write_safetensors(folder / "tuned/adapter_model.safetensors", {"a": [2]}, b"\3")
    (folder / "tuned/adapter_config.json").write_text("{}")
    (folder / "matrix.toml").write_text(MATRIX)
    write_rows(folder / "knowledge.jsonl", [
        {"id": f"d{i // 2}/{i}", "question": f"商品{i}の価格はいくらですか。", "answer": f"{1000 + i}円です。",
         "document": f"d{i // 2}", "form": "seen" if i < 6 else "control",
         "fact": {"type": "money", "text": f"{1000 + i}円"}}
        for i in range(10)
    ])  # fmt: skip
    write_rows(folder / "reviews.jsonl", [
        {"review_id": f"r{i}", "text": f"品質{i}", "label": "negative" if i % 4 == 0 else "positive"}
        for i in range(10)
    ])  # fmt: skip
    (folder / "reading.json").write_text(json.dumps(reading(10), ensure_ascii=False), "utf-8")
    return folder / "matrix.toml"


def reading(n: int) -> dict[str, object]:
    """A SQuAD document of n one-question articles; the answer to the i-th is "答えi"."""
    return {"version": "v1.1", "data": [
        {"title": f"題{i}", "paragraphs": [{"context": f"題{i} [SEP] ここに答え{i}がある。", "qas": [
            {"id": f"q{i}", "question": f"質問{i}", "is_impossible": False,
             "answers": [{"text": f"答え{i}", "answer_start": 11}]}]}]}
        for i in range(n)
    ]}  # fmt: skip


MATRIX = """
[models.one]
weights = "./one"
released = 2025-04-01
[models.two]
weights = "./two"
released = 2025-05-01
[checkpoints.base]
model = "one"
dataset = "-"
baseline = true
[checkpoints.tuned]
model = "one"
adapter = "./tuned"
dataset = "own QA"
epochs = 3
[checkpoints.tuned-long]
model = "one"
adapter = "./tuned"
dataset = "own QA"
epochs = 9
[checkpoints.other]
model = "two"
dataset = "general"
[data.knowledge]
path = "./knowledge.jsonl"
label = "test data"
[data.jsquad]
path = "./reading.json"
label = "test data"
[data.marc_ja]
path = "./reviews.jsonl"
label = "test data"
"""


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """A small whole run: base and qa-e3 measured, gpt skipped."""
    return build.whole_run(tmp_path / "run")


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """The matrix file of a small world."""
    return make_world(tmp_path / "world")


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project with the three suites and an engine that answers without a model."""
    monkeypatch.delenv("CI", raising=False)
    make_world(pytester.path / "world")
    pytester.makeconftest(SCRIPTED.read_text("utf-8"))
    pytester.makepyprojecttoml('[tool.pytest]\neval_matrix = "world/matrix.toml"\n')
    pytester.mkdir("evals")
    for name in ("test_jsquad.py", "test_knowledge.py", "test_marc_ja.py"):
        suite = Path(__file__).parents[1] / "evals" / name
        (pytester.path / "evals" / name).write_text(suite.read_text("utf-8"), "utf-8")
    return pytester


@pytest.fixture
def openai_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedServer]:
    """A scripted server on loopback; no key is set."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    running = ScriptedServer()
    yield running
    running.shutdown()
    running.server_close()
