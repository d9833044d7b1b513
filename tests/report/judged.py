"""A synthetic run whose answers in words a model judged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.report import builder as build

JUDGE = {
    "model": "judge-1", "setup": "aaaa", "when": "always", "fingerprint": "f" * 32, "prompt": 1,
    "rubric": "built-in/1", "repeats": 3, "temperature": 0.7, "calibration": "judge-1.json",
    "floor": 50, "least_kappa": 0.6, "trusted": [], "snapshots": [], "same_as": ["qa-e3"],
}  # fmt: skip


def said(
    verdict: str, counted: bool = False, trusted: bool = False, **votes: int
) -> dict[str, Any]:
    """An opinion as a row has it; three votes of one verdict unless others are given."""
    return {
        "verdict": verdict, "votes": votes or {verdict: 3}, "agreement": 1 / 3 if votes else 1.0,
        "reason": f"because {verdict}", "model": "judge-1", "setup": "aaaa", "counted": counted,
        "trusted": trusted,
    }  # fmt: skip


def judged_run(folder: Path, judge: dict[str, Any] | None = JUDGE) -> Path:
    """Base has a counted, an uncounted and an undecided verdict, and one against a sure rule."""
    changes = {"judge": judge} if judge else {}
    build.start(folder, [build.BASE, build.QA], **changes)
    wrong = {"correct": False, "outcome": "wrong", "scores": {"correct": 0.0}}
    rule = {**wrong, "author": "rule/1", "reason": ""}
    words = {"prompt": "なぜ青いのですか。", "gold": ["海の色だから"], "detail": {"kind": "reason"}}
    shown: list[dict[str, Any]] = [
        {"id": "counted", "response": "空の色なので", "unsure": True, "rule": rule,
         "author": "judge:judge-1", "judge": said("correct", True, True)},
        {"id": "uncounted", "response": "海だから", "unsure": True, **wrong, "stratum": "control",
         "judge": said("correct", correct=2, wrong=1)},
        {"id": "open", "response": "青いから", "unsure": True, **wrong, "judge": said("none")},
        {"id": "apart", "response": "7,700円", "judge": said("wrong")},
        {"id": "plain", "response": "7,700円"},
    ]  # fmt: skip
    rows = [build.row(r["id"], **{"stratum": "seen", **words, **r}) for r in shown]
    if judge is None:
        kept = [{k: v for k, v in r.items() if k not in ("judge", "rule")} for r in rows]
        rows = [{**r, **wrong} if r["id"] == "counted" else r for r in kept]
    build.measure_knowledge(folder, "base", 0.5, rows)
    build.measure_knowledge(folder, "qa-e3", 0.6, [build.row("plain", stratum="seen")])
    return folder
