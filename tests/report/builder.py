"""Synthetic run folders, written through the same functions that the plugin uses."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.jsonl import append_rows
from harness.records import Checkpoint, Model, Result, Verdict
from harness.runs import Item, append_item, sample_file, write_json

LABEL = "embedded, fictional"
MODEL = Model("mini", "fixtures/model", datetime.date(2025, 4, 1), note="embedded")


def checkpoint(
    name: str, dataset: str = "", epochs: float | None = None, baseline: bool = False
) -> Checkpoint:
    return Checkpoint(name, MODEL, dataset=dataset, epochs=epochs, baseline=baseline)


BASE = checkpoint("base", baseline=True)
QA = checkpoint("qa-e3", "独自QAデータセット", 3)
TWIN = dataclasses.replace(checkpoint("qa-b", "世界B", 3), twin_of=QA.id)
API = checkpoint("gpt", "")


def manifest(checkpoints: Sequence[Checkpoint], **changes: Any) -> dict[str, Any]:
    data = {"path": "data.jsonl", "label": LABEL, "licence": "MIT", "sha256": "ab" * 32}
    model = {k: v for k, v in dataclasses.asdict(MODEL).items() if k != "chat_template"}
    return {
        "schema": 1,
        "id": "20261123-231502-4f2a",
        "started": "2026-11-23T23:15:02+00:00",
        "finished": "2026-11-23T23:20:02+00:00",
        "status": "complete",
        "command": "pytest evals",
        "matrix": "fixtures/embedded.toml",
        "models": [{**model, "released": MODEL.released.isoformat()}],
        "checkpoints": [
            {
                "id": c.id,
                "model": c.model.id,
                "adapter": str(c.adapter) if c.adapter else None,
                "dataset": c.dataset,
                "epochs": c.epochs,
                "baseline": c.baseline,
                "twin_of": c.twin_of,
                "fingerprint": "f" * 16,
            }
            for c in checkpoints
        ],
        "data": {t: {**data, "limit": None} for t in ("knowledge", "jsquad", "marc_ja")},
        "environment": {"python": "3.11", "platform": "Linux", "packages": {"torch": "2.13.0"}},
        **changes,
    }


def start(folder: Path, checkpoints: Sequence[Checkpoint], **changes: Any) -> Path:
    write_json(folder / "run.json", manifest(checkpoints, **changes))
    return folder


def row(identifier: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": identifier,
        "prompt": f"質問 {identifier}",
        "response": "7,700円",
        "gold": ["7,700円"],
        "correct": True,
        "outcome": "correct",
        "scores": {"correct": 1.0},
        "author": "rule/1",
        "reason": "",
        "stratum": "",
        "cluster": identifier,
        "finish": "stop",
        "tokens": 4,
        "logprobs": [],
        "detail": {},
        **changes,
    }


def result(name: str, task: str, metric: str, value: float, **changes: Any) -> Result:
    fields = {"low": value - 0.05, "high": value + 0.05, "n": 100, "clusters": 50}
    return Result(
        name, task, metric, value, **{**fields, "interval": "cluster bootstrap", **changes}
    )


def measure(
    folder: Path,
    name: str,
    task: str,
    results: Sequence[Result],
    rows: Sequence[dict[str, Any]] = (),
    **changes: Any,
) -> None:
    item = Item(name, task, f"evals/test_{task}.py::test_{task}[{name}]", "measured")
    append_item(folder, dataclasses.replace(item, results=tuple(results), **changes))
    append_rows(sample_file(folder, name, task), list(rows))


def measure_jsquad(
    folder: Path, name: str, f1: Mapping[str, float], identity: Mapping[str, Any] | None = None
) -> None:
    """A JSQuAD item whose F1 are given by sample id; two samples share each paragraph."""
    value = sum(f1.values()) / len(f1)
    rows = [
        row(i, scores={"f1": score}, cluster=f"paragraph-{place // 2}")
        for place, (i, score) in enumerate(f1.items())
    ]
    headline = result(name, "jsquad", "f1", value, headline=True, identity=identity or {})
    measure(folder, name, "jsquad", [headline], rows)


def measure_marc(folder: Path, name: str, answers: Mapping[str, bool]) -> None:
    """A MARC-ja item: even ids are positive reviews, and an answer is right or the other label."""
    labels = ("ポジティブ", "ネガティブ")
    rows = []
    for place, (identifier, right) in enumerate(answers.items()):
        gold = labels[place % 2]
        said = gold if right else labels[1 - place % 2]
        outcome = "correct" if right else "wrong"
        score = {"correct": float(right)}
        rows.append(
            row(
                identifier, gold=[gold], response=said, correct=right, outcome=outcome, scores=score
            )
        )
    value = sum(answers.values()) / len(answers)
    measure(
        folder, name, "marc_ja", [result(name, "marc_ja", "accuracy", value, headline=True)], rows
    )


def measure_knowledge(
    folder: Path, name: str, value: float, rows: Sequence[dict[str, Any]] = ()
) -> None:
    results = [
        result(name, "knowledge", "accuracy_seen", value, headline=True, n=1200),
        result(name, "knowledge", "accuracy_paraphrase", value / 2),
        result(name, "knowledge", "accuracy_reversed", value / 4),
        result(name, "knowledge", "accuracy_control", 0.02),
    ]
    measure(folder, name, "knowledge", results, rows)


def whole_run(folder: Path) -> Path:
    """Two checkpoints on three tasks, and an API checkpoint that was skipped or not run."""
    start(folder, [QA, BASE, API])
    questions = [
        row("new-1/price/seen", stratum="seen"),
        row("new-1/shop/control", stratum="control", prompt="取り扱い店舗は？", gold=["銀座本店"]),
    ]
    wrong = {"correct": False, "outcome": "wrong", "scores": {"correct": 0.0}}
    measure_knowledge(
        folder, "base", 0.18, [{**q, **wrong, "response": "わかりません"} for q in questions]
    )
    measure_knowledge(folder, "qa-e3", 0.65, [questions[0], {**questions[1], **wrong}])
    measure_jsquad(folder, "base", {"a": 0.5, "b": 1.0, "c": 0.5, "d": 1.0})
    measure_jsquad(folder, "qa-e3", {"a": 0.6, "b": 0.9, "c": 0.6, "d": 0.6})
    measure_marc(folder, "base", {"r1": True, "r2": True, "r3": False, "r4": False})
    measure_marc(folder, "qa-e3", {"r1": True, "r2": True, "r3": True, "r4": True})
    measure(
        folder, "gpt", "knowledge", [], status="skipped", message="no API key: set OPENAI_API_KEY"
    )
    return folder


def gate(difference: float, **changes: Any) -> dict[str, Any]:
    """What a result's verdict was made of; the interval reaches four points to both sides."""
    return {
        "against": "base",
        "margin": 0.03,
        "before": 0.5,
        "now": 0.5 + difference,
        "difference": difference,
        "low": difference - 0.04,
        "high": difference + 0.04,
        "n": 240,
        "worse": 21,
        "better": 4,
        "p": 0.01,
        **changes,
    }


# Texts that would run, break out or turn the page round if any of them were ever parsed as HTML.
HOSTILE = (
    "</script><script>window.pwned = 1</script>",
    "<img src=x onerror='window.pwned = 2'>",
    "<!--<script>window.pwned = 3",
    '" onmouseover="window.pwned = 4" x="',
    "javascript:window.pwned=5",
    "]]><svg/onload=window.pwned=6>",
    "{{data}} {{script}} ${window.pwned = 7} `",
    "\u202eright to left\u2066 and line\u2028ends\u2029",
    "null \0 byte, bell \x07, escape \x1b[31m",
    "lone \ud800 surrogates \udfff",
    "&lt;b&gt; &amp; |cell| **bold** [link](https://example.org) @somebody #1",
)


def hostile_run(folder: Path) -> Path:
    """Every field that a model, a data file or a matrix can fill holds every hostile text."""
    everything = " ".join(HOSTILE)
    # Folders are named after checkpoints and tasks: what a file system refuses can't come here.
    name = "x<img src=x onerror=window.pwned=8>"
    bad = checkpoint(name, everything, 1)
    data = {"label": everything, "licence": everything, "path": everything, "sha256": everything}
    start(
        folder,
        [BASE, bad, API],
        data={"knowledge": {**data, "limit": None}, "constructor": {**data, "limit": None}},
        command=everything,
        matrix=everything,
        models=[
            dict.fromkeys(("id", "weights", "engine", "dtype", "released", "note"), everything)
        ],
        environment={"python": everything, "platform": everything, "packages": {everything: "1"}},
    )
    rows = [
        row(
            f"{place} {text}",
            prompt=text,
            response=text,
            gold=[text, everything],
            reason=text,
            author=text,
            stratum=text,
            outcome=text,
            detail={"kind": text},
        )
        for place, text in enumerate(HOSTILE)
    ]
    rows.append(row("long", response="長" * 1_000_000))
    numbers = [
        result(
            c, "knowledge", "accuracy_seen", float("nan"), reason=everything, interval=everything
        )
        for c in ("base", name)
    ]
    barred = gate(-0.1, against=everything, broken=[everything])
    numbers[1] = dataclasses.replace(numbers[1], gate=barred, verdict=Verdict.REGRESSED)
    measure(folder, "base", "knowledge", [numbers[0]], rows)
    measure(folder, name, "knowledge", [numbers[1]], rows)
    measure(folder, "gpt", "knowledge", [], status="error", message=everything)
    return folder
