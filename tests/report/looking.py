"""A run in which checkpoints look passages up: closed-book, two passages, and the gold one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.runs import write_json
from tests.report import builder as build

BASE, TOP, GOLD = (build.checkpoint(n, baseline=n == "base") for n in ("base", "top2", "gold"))
SETTINGS = {"name": "r", "passage_size": 400, "documents": "d.jsonl", "sha256": "ab" * 32}
HOW = {
    "top2": {**SETTINGS, "kind": "bm25", "top_k": 2},
    "gold": {**SETTINGS, "kind": "gold"},
}
N = 12


def passage(number: int, states: bool, score: float) -> dict[str, Any]:
    return {"document": f"d{number}", "number": 1, "title": f"題{number}", "text": f"本文{number}。",
            "score": score, "states": states}  # fmt: skip


def looking_run(folder: Path) -> Path:
    """Twelve questions on documents, two to each, and one control that no document answers.

    Closed-book a third is right. Of two passages the first six questions have the fact and four of
    them are answered by it; the gold passage is always there and always used.
    """
    manifest = build.manifest([BASE, TOP, GOLD])
    for described in manifest["checkpoints"]:
        if described["id"] in HOW:
            described["retrieval"] = HOW[described["id"]]
    write_json(folder / "run.json", manifest)
    right = {
        "base": lambda i: i % 3 == 0,
        "top2": lambda i: i < 4,
        "gold": lambda i: True,
    }
    for name, is_right in right.items():
        rows = [_row(name, i, is_right(i)) for i in range(N)] + [_control(name)]
        share = sum(is_right(i) for i in range(N)) / N
        results = [build.result(name, "knowledge", "accuracy_seen", share, headline=True, n=N)]
        if name in HOW:
            found = {"top2": (0.5, 4 / 6, 0.0), "gold": (1.0, 1.0, None)}[name]
            metrics = ("found", "right_if_found", "right_if_not_found")
            results += [
                build.result(name, "knowledge", metric, value, n=6)
                for metric, value in zip(metrics, found, strict=True)
                if value is not None
            ]
            results.append(build.result(name, "knowledge", "right_and_cited", 0.25, n=4))
            results.append(build.result(name, "knowledge", "citation_precision", 0.5, n=1))
        build.measure(folder, name, "knowledge", results, rows)
    return folder


def _row(name: str, i: int, right: bool) -> dict[str, Any]:
    found = name == "gold" or i < 6
    shown = [passage(i, found, 3.25)]
    shown += [passage(99, False, 1.5)] if name == "top2" else []
    detail: dict[str, Any] = {}
    if name in HOW:
        detail = {
            "retrieval": {"passages": shown, "hit": found, "found": found, "note": ""},
            "citations": {"cited": [1, 8] if i == 0 else [], "not_shown": [8] if i == 0 else [],
                          "states": i == 0, "supported": i == 0,
                          "supported_by": [1] if found else [2]},
        }  # fmt: skip
    return _graded(f"q{i}", right, stratum="seen", cluster=f"d{i // 2}", detail=detail)


def _control(name: str) -> dict[str, Any]:
    shown = {"base": None, "top2": [passage(1, False, 2.0)], "gold": []}[name]
    note = "no document d77 in d.jsonl" if shown == [] else ""
    looked = {"passages": shown, "hit": None, "found": None, "note": note}
    detail = {} if shown is None else {"retrieval": looked}
    return _graded("control", False, stratum="control", cluster="d77", detail=detail)


def _graded(identifier: str, right: bool, **fields: Any) -> dict[str, Any]:
    outcome, score = ("correct", 1.0) if right else ("wrong", 0.0)
    return build.row(
        identifier, correct=right, outcome=outcome, scores={"correct": score}, **fields
    )
