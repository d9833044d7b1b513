"""Everyday answers, as tables: how good they are, and who won against the baseline."""

from __future__ import annotations

from harness.comparison.derived import Derived
from harness.comparison.qualitative import NET, OUTCOMES, TASK
from harness.records import Result
from harness.report.cells import (
    BLANK,
    Table,
    checkpoint_cells,
    data_label,
    interval_note,
    notes_of,
    percent,
    points,
    reasons,
)
from harness.report.missing import gap_notes
from harness.runs import Run

_NOTE = (
    "Graded: answers with a verdict by a person, by a judge that counts, or by the rule, which "
    "sees what is damaged or refuses. Accuracy: the others that were graded stand for those that "
    "were not. All answers to a question stand side by side in report.html, Samples."
)
_BESIDE = (
    "Win: right, and the baseline's answer is not; loss: the other way round; tie: both or "
    "neither. Of the questions whose two answers one kind of judge has judged. Net: win less loss."
)


def qualitative_tables(run: Run, compared: Derived) -> list[Table]:
    """Nothing where the suite was not run; no second table where nothing could be paired."""
    if not any(item.task == TASK for item in run.items):
        return []
    return [_answers(run, compared), *_beside(run, compared)]


def _answers(run: Run, compared: Derived) -> Table:
    rows, shown = [], []
    for cells, name in checkpoint_cells(run):
        found = [run.result(name, TASK, metric) for metric in ("graded", "accuracy")]
        shown += [result for result in found if result]
        rows.append((*cells, *map(percent, found), _n(found[0])))
    return Table(
        title=f"Everyday answers – data: {data_label(run, TASK)}",
        columns=("#", "checkpoint", "dataset", "epochs", "graded (%)", "accuracy (%)", "n"),
        rows=tuple(rows),
        notes=notes_of(
            _NOTE,
            interval_note(shown),
            *reasons(shown),
            *compared.notes,
            *gap_notes(run, (TASK,)),
        ),
        numeric=(0, 3, 4, 5, 6),
    )


def _beside(run: Run, compared: Derived) -> list[Table]:
    if not compared.results:
        return []
    rows = [
        (
            name,
            *(percent(compared.result(name, metric)) for metric in OUTCOMES),
            points(net),
            _n(net),
        )
        for _, name in checkpoint_cells(run)
        if (net := compared.result(name, NET))
    ]
    return [
        Table(
            title=f"Everyday answers beside {run.baseline}",
            columns=("checkpoint", "win (%)", "tie (%)", "loss (%)", "net (points)", "n"),
            rows=tuple(rows),
            notes=notes_of(_BESIDE, interval_note(compared.results), *reasons(compared.results)),
            numeric=(1, 2, 3, 4, 5),
        )
    ]


def _n(result: Result | None) -> str:
    return str(result.n) if result else BLANK
