"""Runs whose answers are sound or damaged, question by question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.grading.damage import DAMAGED, REFUSED, SIGNS
from tests.report import builder as build

SOUND: tuple[str, ...] = ()


def answers(damaged: int, n: int, *signs: str) -> list[tuple[str, ...]]:
    """Signs of n answers, of which the first `damaged` have these."""
    return [signs if place < damaged else SOUND for place in range(n)]


def spoken_row(place: int, signs: Sequence[str], **more: Any) -> dict[str, Any]:
    """An answer with these signs and no others; right all the same."""
    seen = {sign: float(sign in signs) for sign in (*SIGNS, REFUSED)}
    seen[DAMAGED] = float(any(sign in SIGNS for sign in signs))
    return build.row(f"q{place}", scores={"correct": 1.0, **seen}, **more)


def measure_spoken(
    folder: Path,
    name: str,
    task: str,
    of: Sequence[Sequence[str]],
    identity: Mapping[str, Any] | None = None,
    **more: Any,
) -> None:
    """One item; of: the signs of each of its answers."""
    rows = [spoken_row(place, signs, **more) for place, signs in enumerate(of)]
    results = [
        build.result(
            name, task, sign, sum(r["scores"][sign] for r in rows) / len(rows),
            n=len(rows), identity=identity or {},
        )
        for sign in (DAMAGED, *SIGNS, REFUSED)
    ]  # fmt: skip
    build.measure(folder, name, task, results, rows)


def spoken_run(folder: Path, suites: Mapping[str, Mapping[str, Sequence[Sequence[str]]]]) -> Path:
    """suites: {task: {"base" or "qa-e3": the signs of each answer}}."""
    build.start(folder, [build.QA, build.BASE])
    for task, checkpoints in suites.items():
        for name, of in checkpoints.items():
            measure_spoken(folder, name, task, of)
    return folder
