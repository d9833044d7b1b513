"""A run with answers to grade, whose rule is wrong in places that are known."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from harness.review.judgement import Judgement, Opinion, plain
from tests.report import builder as build

FORMS = ("seen", "paraphrase")
SEED = 20261126


def _row(place: int, checkpoint: int) -> dict[str, Any]:
    """What a checkpoint answers to a question: right four times of five, unlike the other's."""
    chance = random.Random(f"{SEED}/{place}/{checkpoint}")
    price = f"{1000 + 37 * place:,}円"
    right = chance.random() < (0.8, 0.6)[checkpoint]
    said = price if right else f"{900 + 41 * place:,}円"
    if place % 4 == 0:  # both say it in the same words
        said, right = price, True
    response = said if place % 4 == 0 else f"{said}です{'。' * (checkpoint + 1)}"
    # The rule errs in one answer of ten.
    found = right if chance.random() < 0.9 else not right
    return build.row(
        f"q-{place:03}/price/{FORMS[place % 2]}",
        prompt=f"架空の品「{place}番の茶碗」の希望小売価格はいくらですか。",
        gold=[price],
        response=response,
        stratum=FORMS[place % 2],
        cluster=f"d{place // 2}",
        correct=found,
        outcome="correct" if found else "wrong",
        scores={"correct": float(found)},
    )


def truly_right(row: dict[str, Any]) -> bool:
    return str(row["response"]).startswith(row["gold"][0])


def rows(questions: int, checkpoint: int) -> list[dict[str, Any]]:
    return [_row(place, checkpoint) for place in range(questions)]


def gradeable_run(folder: Path, questions: int = 200) -> Path:
    build.start(folder, [build.BASE, build.QA])
    for place, name in enumerate(("base", "qa-e3")):
        build.measure_knowledge(folder, name, 0.5, rows(questions, place))
    # Chosen by likelihood, not written: nothing to grade by eye.
    label = build.row("r1", response="ポジティブ", gold=["ポジティブ"], finish="scored")
    build.measure(folder, "base", "marc_ja", [], [label])
    return folder


def answer(id: str, by_rule: bool, opinions: dict[str, Opinion] | None = None, **more: Any) -> Any:
    """A row as `evaluate` writes it: people's verdict over the rule's."""
    outcome = "correct" if by_rule else "wrong"
    rule = {
        "correct": by_rule,
        "outcome": outcome,
        "scores": {"correct": float(by_rule)},
        "author": "rule/1",
        "reason": "",
    }
    row = build.row(id, stratum="seen", **rule, detail={"kind": "price"}, cluster=id, **more)
    if not opinions:
        return row
    judgement = Judgement(opinions)
    row["people"] = {"verdict": judgement.verdict, "opinions": plain(judgement)}
    if judgement.verdict:
        right = judgement.verdict == "right"
        row |= {"rule": rule, "correct": right, "outcome": "correct" if right else "wrong"}
        row["scores"] = {"correct": float(right)}
    return row


def by(author: str, verdict: str, picked: str = "queue", minute: int = 0) -> dict[str, Opinion]:
    """What somebody said so many minutes after the sampling began."""
    return {author: Opinion(verdict, picked, time=f"2026-11-26T01:{minute:02}:00Z")}
