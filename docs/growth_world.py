"""The made-up world of `docs/growth.py`: checkpoints, ten suites, and answers in a store.

No weights are loaded: everything is answered from the store, and files of a few bytes stand in for
a model and its adapters. Suites, data and answers are in the forms of real ones, made of a seed.
"""

from __future__ import annotations

import json
import random
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from harness.config import load_matrix  # noqa: E402
from harness.fingerprint import FileHashes, checkpoint_fingerprint  # noqa: E402
from harness.jsonl import append_rows, read_whole_rows  # noqa: E402
from harness.planning.shard import ANSWERS, read_shard  # noqa: E402
from harness.records import Certainty, Request, Response, Sample  # noqa: E402
from harness.store import Store  # noqa: E402
from harness.tasks.jsquad import JSQuAD  # noqa: E402
from harness.tasks.knowledge import Knowledge  # noqa: E402
from harness.tasks.marc_ja import MarcJa  # noqa: E402
from harness.tasks.qualitative import Qualitative  # noqa: E402
from tests.report.synthetic import FORMS, KINDS, Japanese  # noqa: E402

TASKS: dict[str, Any] = {
    "knowledge": Knowledge, "knowledge_b": Knowledge, "knowledge_c": Knowledge,
    "jsquad": JSQuAD, "jsquad_b": JSQuAD, "jsquad_c": JSQuAD,
    "marc_ja": MarcJa, "marc_ja_b": MarcJa, "marc_ja_c": MarcJa,
    "qualitative": Qualitative,
}  # fmt: skip
REPORTS = "reports"
SHARDS = 2
_KINDS = {kind: kind for kind in ("price", "phone", "date", "size")}
_POOL = 64  # certainties of each length: drawing new ones would take longer than all else


def make_world(folder: Path, checkpoints: int, suites: int, questions: int) -> None:
    """Write models, adapters, suites, data, matrix and pytest's settings."""
    names = list(TASKS)[:suites]
    _weights(folder / "model", b"base")
    (folder / "model" / "config.json").write_text("{}")
    matrix = [
        '[models.stand-in]\nweights = "./model"\nreleased = 2025-04-01\n',
        '[checkpoints.base]\nmodel = "stand-in"\nbaseline = true\n',
    ]
    for number in range(1, checkpoints):
        adapter = folder / "adapters" / f"c{number:03}"
        _weights(adapter, str(number).encode())
        (adapter / "adapter_config.json").write_text("{}")
        matrix.append(
            f'[checkpoints.c{number:03}]\nmodel = "stand-in"\nadapter = "./adapters/c{number:03}"\n'
            f'dataset = "own QA"\nepochs = {number}\n'
        )
    (folder / "data").mkdir()
    (folder / "suites").mkdir()
    for place, name in enumerate(names):
        task = TASKS[name]
        data = folder / "data" / f"{name}.{'json' if task is JSQuAD else 'jsonl'}"
        _data(task, data, Japanese(place), questions)
        matrix.append(f'[data.{name}]\npath = "./data/{data.name}"\nlabel = "made up"\n')
        (folder / "suites" / f"test_{name}.py").write_text(
            f"from {task.__module__} import {task.__name__}\n\n\n"
            f"def test_{name}(evaluate):\n    evaluate({task.__name__}(name={name!r}))\n"
        )
    (folder / "matrix.toml").write_text("\n".join(matrix))
    (folder / "pytest.ini").write_text(
        f"[pytest]\neval_matrix = matrix.toml\neval_reports = {REPORTS}\n"
    )


def _weights(folder: Path, content: bytes) -> None:
    folder.mkdir(parents=True)
    header = json.dumps({"w": {"dtype": "U8", "shape": [len(content)],
                               "data_offsets": [0, len(content)]}}).encode()  # fmt: skip
    whole = struct.pack("<Q", len(header)) + header + content
    (folder / "model.safetensors").write_bytes(whole)


def _data(task: Any, path: Path, made: Japanese, questions: int) -> None:
    if task is JSQuAD:
        path.write_text(json.dumps({"data": list(_articles(made, questions))}, ensure_ascii=False))
        return
    rows = {Knowledge: _facts, MarcJa: _reviews, Qualitative: _everyday}[task]
    append_rows(path, list(rows(made, questions)))


def _facts(made: Japanese, questions: int) -> Iterator[dict[str, Any]]:
    for n in range(questions):
        form, kind = FORMS[n % (len(FORMS) - 1)], KINDS[n // len(FORMS) % len(_KINDS)]
        product = made.name()
        value = made.value(kind)
        document = f"{'control' if form == 'control' else 'doc'}-{n // 30:04}"
        yield {
            "id": f"{document}/{kind}/{n:05}", "document": document, "form": form, "kind": kind,
            "question": f"{product}の{made.word()}{made.word()}を教えてください。",
            "answer": f"{product}は{value}です。",
        }  # fmt: skip


def _articles(made: Japanese, questions: int) -> Iterator[dict[str, Any]]:
    for first in range(0, questions, 4):
        context, asked = made.text(8), []
        for n in range(first, min(first + 4, questions)):
            start = made.random.randrange(len(context) - 8)
            text = context[start : start + made.random.randint(2, 8)]
            asked.append({
                "id": f"a{first // 4:04}p0q{n % 4}", "answers": [{"text": text}],
                "question": f"{made.word()}の{made.word()}{made.word()}は何ですか。",
            })  # fmt: skip
        yield {"title": f"a{first // 4:04}", "paragraphs": [{"context": context, "qas": asked}]}


def _reviews(made: Japanese, questions: int) -> Iterator[dict[str, Any]]:
    for n in range(questions):
        text, label = made.text(made.random.randint(2, 5)), int(made.random.random() < 0.4)
        yield {"review_id": f"review-{n:05}", "text": text, "label": label}


def _everyday(made: Japanese, questions: int) -> Iterator[dict[str, Any]]:
    for n in range(questions):
        yield {"id": f"everyday-{n:05}", "question": f"{made.sentence()}どう思いますか。"}


def answer_all(folder: Path) -> None:
    """Put every checkpoint's answer to every question into the store."""
    matrix = load_matrix(folder / "matrix.toml")
    hashes = FileHashes(folder / REPORTS / "store" / "hashes.json")
    store = Store(folder / REPORTS / "store")
    suites = [(name, TASKS[name](name=name).load(matrix.data[name].path)) for name in matrix.data]
    sure = _sure(random.Random(0))
    for number, checkpoint in enumerate(matrix.checkpoints):
        fingerprint = checkpoint_fingerprint(checkpoint, hashes)
        for name, samples in suites:
            draw = random.Random(f"{number} {name}")
            share = 0.05 + 0.9 * draw.random()
            store.add(fingerprint, list(_answers(samples, share, draw, sure)))


def _answers(
    samples: list[Sample], share: float, draw: random.Random, sure: dict[int, list[Certainty]]
) -> Iterator[tuple[Request, Response]]:
    """Right with the checkpoint's own probability, otherwise what is right of another question."""
    for sample in samples:
        request, right = sample.request, draw.random() < share
        if request.continuations:
            said = sample.gold[0] if right else next(
                text for text in request.continuations if text != sample.gold[0]
            )  # fmt: skip
            far = -1.5 - draw.random()
            logprobs = tuple(-0.3 if text == said else far for text in request.continuations)
            yield request, Response(said, "scored", 8, logprobs)
            continue
        other = sample if right else draw.choice(samples)
        text = other.gold[0] if other.gold else f"{other.detail['question'][:-8]}と思います。"
        tokens = len(text) // 2 + 2
        yield request, Response(text, "stop", tokens, certainty=draw.choice(sure[min(tokens, 31)]))


def _sure(draw: random.Random) -> dict[int, list[Certainty]]:
    """Of answers of so many tokens, in the form in which the local engine tells it."""

    def numbers(tokens: int, most: float) -> tuple[float, ...]:
        return tuple(round(most * draw.random(), 4) for _ in range(tokens))

    return {
        tokens: [
            Certainty(tuple(range(2, 2 * tokens + 2, 2)), numbers(tokens, -3), numbers(tokens, 2),
                      numbers(tokens, 4))
            for _ in range(_POOL)
        ]
        for tokens in range(2, 32)
    }  # fmt: skip


def hand_out(folder: Path, shards: int = SHARDS) -> None:
    """Move the store's answers into the folders of the shards that were to give them."""
    store = folder / REPORTS / "store"
    folders = [folder / REPORTS / "shards" / f"{n}-of-{shards}" for n in range(1, shards + 1)]
    given = [read_shard(path) for path in folders]
    own: list[dict[str, set[str]]] = []
    for shard in given:
        keys: dict[str, set[str]] = {}
        for of_item in shard.own.values():
            for print_, listed in (of_item or {}).items():
                keys.setdefault(print_, set()).update(listed)
        own.append(keys)
    for file in sorted(store.glob("*.jsonl")):
        rows = read_whole_rows(file)
        for shard, keys in zip(given, own, strict=True):
            mine = keys.get(file.stem, set())
            own_rows = [row for row in rows if row["key"][:16] in mine]
            append_rows(shard.folder / ANSWERS / file.name, own_rows)
        file.unlink()


if __name__ == "__main__":  # as processes of their own, whose memory is measured or forgotten
    {"answer": answer_all, "hand_out": hand_out}[sys.argv[1]](Path(sys.argv[2]))
