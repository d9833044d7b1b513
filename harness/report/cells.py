"""What the tables are made of: figures as text, the columns of a checkpoint, notes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from harness.records import Result, Verdict
from harness.runs import Run

BLANK = "–"
COLUMNS_OF_CHECKPOINT = ("#", "checkpoint", "dataset", "epochs")


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table of text; without columns it is its notes.

    numeric: indices of the columns that are aligned to the right.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    numeric: tuple[int, ...] = ()


def data_label(run: Run, *tasks: str) -> str:
    """The label of the tasks' data, once where they share it: a figure never stands without it."""
    data: Mapping[str, Mapping[str, Any]] = run.manifest.get("data", {})
    labels = {task: _label(data[task]) for task in tasks if task in data}
    if not labels:
        return "not recorded"
    if len(set(labels.values())) == 1:
        return next(iter(labels.values()))
    return "; ".join(f"{task}: {label}" for task, label in labels.items())


def _label(data: Mapping[str, Any]) -> str:
    label = str(data.get("label") or "no label")
    return f"{label}, at most {data['limit']} samples" if data.get("limit") else label


def percent(result: Result | None) -> str:
    """A share with its interval, in per cent; an asterisk leads to a note."""
    return BLANK if result is None else _with_interval(result, 100, 1)


def points(result: Result | None) -> str:
    """A difference of shares with its interval, in points."""
    if result is None:
        return BLANK
    value, low, high = (f"{100 * v:+.1f}" for v in (result.value, result.low, result.high))
    return f"{value}{'*' if result.reason else ''} [{low}, {high}]"


def is_difference(result: Result) -> bool:
    """Whether a figure is a difference of shares, to be told in points and with its sign."""
    return result.task == "acquisition" or (result.task, result.metric) == ("twins", "excess")


def ratio(result: Result | None) -> str:
    """A relative score with its interval."""
    return BLANK if result is None else _with_interval(result, 1, 3)


def number(value: float, factor: float = 1, digits: int = 1) -> str:
    """A figure as text; BLANK where there is none, so that no table says "nan"."""
    return f"{value * factor:.{digits}f}" if math.isfinite(value) else BLANK


def _with_interval(result: Result, factor: float, digits: int) -> str:
    value, low, high = (number(v, factor, digits) for v in (result.value, result.low, result.high))
    mark = "*" if result.reason else ""
    return f"{value}{mark} [{low}, {high}]"


def ordered_checkpoints(run: Run) -> list[Mapping[str, Any]]:
    """The baseline first, then the matrix's order."""
    return sorted(run.checkpoints, key=lambda c: not c["baseline"])


def checkpoint_cells(run: Run) -> Iterable[tuple[tuple[str, ...], str]]:
    for place, checkpoint in enumerate(ordered_checkpoints(run), 1):
        name = str(checkpoint["id"])
        shown = f"{name} (baseline)" if checkpoint["baseline"] else name
        epochs = checkpoint["epochs"]
        yield (
            (
                str(place),
                shown,
                str(checkpoint["dataset"] or BLANK),
                BLANK if epochs is None else f"{epochs:g}",
            ),
            name,
        )


def interval_note(results: Iterable[Result], what: str = "") -> str:
    methods = sorted({r.interval for r in results if r.interval})
    if not methods:
        return ""
    return f"{what + ': ' if what else ''}95 % intervals in brackets ({', '.join(methods)})."


def reasons(results: Iterable[Result]) -> list[str]:
    """What a gate or a comparison had to say about the figures shown."""
    return [
        f"* {r.checkpoint}, {r.metric}: "
        + (f"{r.verdict} – {r.reason}" if r.verdict is not Verdict.MEASURED else r.reason)
        for r in results
        if r.reason
    ]


def notes_of(*notes: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(note for note in notes if note))
