"""What the tables are made of: figures as text, the columns of a checkpoint, notes.

Minus signs are U+2212 here, so that summary.md and the page tell the same figures; a terminal has
"-" (`harness.report.terminal`), and so have the data (report.json and reasons as recorded).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from harness.records import Result, Verdict
from harness.runs import Run

BLANK = "–"
MINUS = "\u2212"
# Whose data serve where the matrix names none for a task (`harness.tasks.Task`, data_of).
_DATA_OF = {
    "hallucination": "knowledge",
    "known": "knowledge",
    "ranks": "knowledge",
    "trained": "knowledge",
    "verbatim": "membership",
}
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
    labels = {task: _label(data[of]) for task in tasks if (of := source_of(task, data)) in data}
    if not labels:
        return "not recorded"
    if len(set(labels.values())) == 1:
        return next(iter(labels.values()))
    return "; ".join(f"{task}: {label}" for task, label in labels.items())


def source_of(task: str, data: Mapping[str, Any]) -> str:
    """The task whose data a task was asked on."""
    return task if task in data else _DATA_OF.get(task, task)


def tasks_on(data: Mapping[str, Any]) -> list[str]:
    """The tasks that can be asked on these data, those that take another's among them."""
    return [*data, *(task for task, of in _DATA_OF.items() if of in data and task not in data)]


def _label(data: Mapping[str, Any]) -> str:
    label = str(data.get("label") or "no label")
    return f"{label}, at most {data['limit']} samples" if data.get("limit") else label


@dataclass(frozen=True, slots=True)
class Scale:
    """How figures of one kind are told. unit: what follows them in a line, "" for bare numbers.
    level: of their intervals.
    """

    factor: float = 1
    digits: int = 3
    signed: bool = False
    unit: str = ""
    level: float = 0.95


PERCENT = Scale(100, 1, unit="%")
POINTS = Scale(100, 1, signed=True, unit="points")
RATIO = Scale()
DIFFERENCE = Scale(signed=True)
# Task, how the metric begins, and the scale: figures that are no shares. The page reads it, too.
SCALES = (
    ("relative", "", RATIO),
    ("acquisition", "", POINTS),
    ("twins", "excess", POINTS),
    ("retrieval", "gained", POINTS),
    ("qualitative", "net", POINTS),
    *(
        (task, begin, scale)
        for task in ("membership", "trained")
        for begin, scale in (("auroc", RATIO), ("blind", RATIO), ("evidence", DIFFERENCE))
    ),
    # Of every suite that looks for doubts.
    *(("", begin, RATIO) for begin in ("auroc_", "ap_", "ece", "brier")),
    ("", "length_ratio", RATIO),  # of every suite that writes
    ("ranks", "mean", Scale(level=0.9)),  # an equivalence test's
)


def scale_of(task: str, metric: str, identity: Mapping[str, Any] | None = None) -> Scale:
    """How a figure of a task is told: as a share in per cent unless SCALES knows better.

    identity: of the result; lm-eval's tasks name there what of their figures is no share.
    """
    if identity and metric in identity.get("no_shares", ()):
        return RATIO
    return next(
        (s for t, begin, s in SCALES if t in ("", task) and metric.startswith(begin)), PERCENT
    )


def told(result: Result) -> str:
    """A figure with its interval and its unit."""
    scale = scale_of(result.task, result.metric, result.identity)
    level = "" if scale.level == PERCENT.level else f"({100 * scale.level:g} % interval)"
    return " ".join(filter(None, (_with_interval(result, scale), scale.unit, level)))


def percent(result: Result | None) -> str:
    """A share with its interval, in per cent; an asterisk leads to a note."""
    return BLANK if result is None else _with_interval(result, PERCENT)


def points(result: Result | None) -> str:
    """A difference of shares with its interval, in points."""
    return BLANK if result is None else _with_interval(result, POINTS)


def ratio(result: Result | None) -> str:
    """A relative score with its interval."""
    return BLANK if result is None else _with_interval(result, RATIO)


def number(value: float | None, scale: Scale = RATIO) -> str:
    """A figure as text; BLANK where there is none, so that no table says "nan".

    The sign is that of the rounded figure: what rounds to 0 has none. The page's `told`
    (assets/data.js) goes by the same rule.
    """
    if value is None or not math.isfinite(value):
        return BLANK
    text = f"{value * scale.factor:{'+' if scale.signed else ''}.{scale.digits}f}"
    return text.replace("-", MINUS) if float(text) else text.lstrip("+-")


def bounds(low: float | None, high: float | None, scale: Scale = RATIO) -> str:
    """An interval in brackets."""
    return f"[{number(low, scale)}, {number(high, scale)}]"


# The figures that a reason of a gate or of an attack tells.
_FIGURES = re.compile(r"^difference .*|\S+ points \[.*?\]")
_SIGN = re.compile(r"(?<![^ \[])([+-])(\d[\d.]*)")


def typeset(reason: str) -> str:
    """A recorded reason with the signs of the tables; the page's `tidied` does the same."""
    return _FIGURES.sub(lambda figures: _SIGN.sub(_typeset, figures[0]), reason)


def _typeset(found: re.Match[str]) -> str:
    sign, size = found[1], found[2]
    return size if not size.strip("0.") else (MINUS if sign == "-" else sign) + size


def _with_interval(result: Result, scale: Scale) -> str:
    mark = "*" if result.reason else ""
    return f"{number(result.value, scale)}{mark} {bounds(result.low, result.high, scale)}"


def ordered_checkpoints(run: Run) -> list[Mapping[str, Any]]:
    """The baseline first, then the matrix's order."""
    return sorted(run.checkpoints, key=lambda c: not c["baseline"])


_SEARCHED_BY = {"bm25": "BM25", "embeddings": "embeddings", "hybrid": "hybrid"}


def asked_with(checkpoint: Mapping[str, Any]) -> str:
    """What a checkpoint of the manifest may look up, in words."""
    found = checkpoint.get("retrieval")
    if not found:
        return "closed-book"
    if found["kind"] == "gold":
        return "gold passage"
    return f"{_SEARCHED_BY[found['kind']]}, top {found['top_k']}"


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
        + (f"{r.verdict} – " if r.verdict is not Verdict.MEASURED else "")
        + typeset(r.reason)
        for r in results
        if r.reason
    ]


def notes_of(*notes: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(note for note in notes if note))
