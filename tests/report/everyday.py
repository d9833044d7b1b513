"""Runs of everyday questions whose answers a person, a model, the rule or nobody graded."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.review.judgement import Judgement, Opinion, plain
from harness.review.rubric import DEFAULT
from tests.report import builder as build
from tests.report.judged import JUDGE

TEXT = "お米をよくとぐと、おいしく炊けます。"
_UNGRADED = {"correct": False, "outcome": "ungraded", "scores": {"damaged": 0.0},
             "author": "rule:damage/1", "reason": ""}  # fmt: skip
_BROKEN = {"correct": False, "outcome": "wrong", "scores": {"damaged": 1.0, "correct": 0.0},
           "author": "rule:damage/1", "reason": "looping"}  # fmt: skip


def bare(id: str, **more: Any) -> dict[str, Any]:
    """An answer that the rule left to a reader, whom there was none."""
    asked = {"gold": [], "response": TEXT, "detail": {"question": f"質問 {id}", "kind": "cooking"}}
    return build.row(id, **{**asked, **_UNGRADED, "unsure": True, **more})


def broken(id: str, **more: Any) -> dict[str, Any]:
    """An answer of whose damage the rule is sure."""
    return {**bare(id, response="大切です。" * 9), **_BROKEN, "unsure": False, **more}


def said(id: str, right: bool, outcome: str = "ungraded") -> dict[str, Any]:
    """A person's verdict over what the rule said: nothing, or "wrong"."""
    row = bare(id) if outcome == "ungraded" else broken(id)
    verdict = Judgement({"花子": Opinion("right" if right else "wrong", "hand",
                                         time="2026-11-26T01:00:00Z")})  # fmt: skip
    people = {"verdict": verdict.verdict, "opinions": plain(verdict)}
    return {**row, **_over(row, right), "author": "human:花子", "people": people}


def judged(id: str, right: bool, setup: str = "aaaa") -> dict[str, Any]:
    """A trusted judge's verdict over what the rule left open."""
    row = bare(id)
    told = {"verdict": "correct" if right else "wrong", "counted": True, "trusted": True,
            "setup": setup, "votes": {"correct" if right else "wrong": 1}}  # fmt: skip
    return {**row, **_over(row, right), "author": "judge:judge-1", "judge": told}


def _over(row: Mapping[str, Any], right: bool) -> dict[str, Any]:
    rule = {name: row[name] for name in ("correct", "outcome", "scores", "author", "reason")}
    outcome = "correct" if right else "wrong"
    scores = {**row["scores"], "correct": float(right)}
    return {"rule": rule, "correct": right, "outcome": outcome, "scores": scores}


def everyday_run(
    folder: Path,
    answers: Mapping[str, Sequence[dict[str, Any]]],
    accuracy: bool = True,
    identities: Mapping[str, Mapping[str, Any]] | None = None,
) -> Path:
    """A run of the suite alone; answers: of "base" and "qa-e3". accuracy: whether there is one."""
    judge = {"judge": JUDGE} if any("judge" in r for rows in answers.values() for r in rows) else {}
    rubric = {"rubric": dataclasses.asdict(DEFAULT)}
    build.start(folder, [build.BASE, build.QA], **judge, **rubric, data={"qualitative": {
        "path": "everyday.jsonl", "label": build.LABEL, "licence": "MIT", "limit": None,
    }})  # fmt: skip
    for name, rows in answers.items():
        same = {"identity": (identities or {}).get(name, {"max_new_tokens": 256})}
        known = [row for row in rows if row["outcome"] != "ungraded"]
        damaged = sum(row["scores"]["damaged"] for row in rows) / len(rows)
        figures = [build.result(name, "qualitative", "graded", len(known) / len(rows), **same),
                   build.result(name, "qualitative", "damaged", damaged, **same)]  # fmt: skip
        if accuracy:
            right = sum(row["correct"] for row in known) / max(1, len(known))
            figures.append(build.result(name, "qualitative", "accuracy", right, headline=True,
                                        n=len(known), **same))  # fmt: skip
        build.measure(folder, name, "qualitative", figures, rows)
    return folder
