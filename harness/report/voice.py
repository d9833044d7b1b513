"""What happened to the voice of each checkpoint, as a table and a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from harness.comparison.voice import Spoken, broken
from harness.grading.damage import DAMAGED
from harness.records import Result
from harness.report.cells import (
    BLANK,
    PERCENT,
    POINTS,
    Table,
    bounds,
    checkpoint_cells,
    data_label,
    interval_note,
    notes_of,
    number,
)
from harness.runs import Run

_ACROSS = 3  # suites in a table: with more it is wider than a terminal
_SIGNS = {
    "unfinished": "never ends",
    "empty": "says nothing",
    "looping": "repeats itself",
    "foreign": "another language",
    "leaked": "template marks",
}
_NOTE = (
    "Damaged: an answer that did not end within its limit, is empty, repeats itself, is in another "
    "language than its question, or holds marks of a chat template. Broken: against {baseline} on "
    "the same questions it rose for certain, by 2.5 points or more, and 5 can't be ruled out."
)


def voice_tables(run: Run, spoken: Sequence[Spoken]) -> list[Table]:
    """Shares of damaged answers in the suites that write; none where no answer was written."""
    tasks = [t for t in dict.fromkeys(i.task for i in run.items) if _measured(run, t)]
    parts = [tasks[begin : begin + _ACROSS] for begin in range(0, len(tasks), _ACROSS)]
    return [_table(run, spoken, part, told=part is parts[0]) for part in parts]


def _table(run: Run, spoken: Sequence[Spoken], tasks: Sequence[str], told: bool) -> Table:
    """A few suites side by side. told: whether its notes say what is damaged and broken."""
    spoken = [s for s in spoken if s.task in tasks]
    rows, shown = [], []
    for cells, checkpoint in checkpoint_cells(run):
        found = [run.result(checkpoint, task, DAMAGED) for task in tasks]
        shown += [result for result in found if result]
        rows.append((*cells[:2], *map(_share, found), _rose(spoken, checkpoint)))
    problems = [f"{s.checkpoint}, {s.task}: {s.problem}." for s in spoken if s.problem]
    return Table(
        title=f"Voice: damaged answers (%) – data: {data_label(run, *tasks)}",
        columns=("#", "checkpoint", *tasks, "what rose"),
        rows=tuple(rows),
        notes=notes_of(
            _NOTE.format(baseline=run.baseline or "the baseline") if told else "",
            interval_note(shown),
            *problems,
        ),
        numeric=(0, *range(2, 2 + len(tasks))),
    )


def broken_sentence(spoken: Sequence[Spoken], checkpoints: Sequence[str]) -> str:
    """Which fine-tunes no longer speak as their base does, and how it shows; "" for none."""
    told = []
    for checkpoint in checkpoints:
        found = broken(spoken, checkpoint)
        if not found:
            continue
        first = found[0]
        rise = first.rises[0]
        range_ = bounds(rise.low, rise.high, POINTS)
        signs = ", ".join(_SIGNS[r.sign] for r in first.worst) or "several signs"
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        share = f"{number(rise.now, PERCENT)} % of its answers in {first.task}{more}"
        told.append(
            f"The voice of {checkpoint} is damaged ({signs}): {share}, "
            f"{number(rise.difference, POINTS)} points {range_}."
        )
    return " ".join(told)


def _measured(run: Run, task: str) -> bool:
    return any(run.result(str(c["id"]), task, DAMAGED) for c in run.checkpoints)


def _share(result: Result | None) -> str:
    """In per cent, with its interval. What a gate says of it stands in the table of gates."""
    if result is None:
        return BLANK
    return f"{number(result.value, PERCENT)} {bounds(result.low, result.high, PERCENT)}"


def _rose(spoken: Sequence[Spoken], checkpoint: str) -> str:
    """What is seen more often than in the baseline, suite by suite, in points."""
    told = []
    for own in spoken:
        if own.checkpoint == checkpoint and own.worst:
            signs = ", ".join(f"{_SIGNS[r.sign]} {number(r.difference, POINTS)}" for r in own.worst)
            told.append(f"{own.task}{' BROKEN' if own.broken else ''}: {signs}")
    return "; ".join(told)
