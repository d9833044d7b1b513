"""Fit for whom, as tables, as data, and in sentences that name figure, interval and threshold."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from harness.comparison.fit import (
    FIT,
    NOT_SHOWN,
    UNMEASURED,
    USERS,
    Fits,
    Quadrant,
    Reason,
)
from harness.report.cells import (
    PERCENT,
    Table,
    bounds,
    checkpoint_cells,
    data_label,
    notes_of,
    number,
)
from harness.runs import Run

NAMES = {
    "accuracy": "accuracy",
    "damaged": "damaged",
    "hallucinated_trained": "made up",
    "confidently_wrong": "made up and sure of it",
    "abstained_unanswerable": "abstained on unanswerable",
}
_ADVICE = (
    "Advice, not a score: fit where each 95 % interval keeps to its threshold, unfit where one "
    "misses it wholly, else not shown. An expert notices errors; a layperson believes them."
)


def fit_table(run: Run, fits: Fits) -> Table | None:
    """A row a checkpoint, a column a quadrant, with what decided it; None without quadrants."""
    if not fits:
        return None
    first = next(iter(fits.checkpoints.values()))
    rows = [
        (*cells[:2], *(_cell(quadrant) for quadrant in fits.checkpoints[name]))
        for cells, name in checkpoint_cells(run)
        if name in fits.checkpoints
    ]
    return Table(
        title=_title(run, fits),
        columns=("#", "checkpoint", *(f"{q.domain}, {q.user}" for q in first)),
        rows=tuple(rows),
        notes=notes_of(_ADVICE, *_asked_for(fits), *fits.notes),
        numeric=(0,),
    )


def reasons_table(run: Run, fits: Fits) -> Table | None:
    """A row a quadrant, with the sentence that it rests on; None without quadrants."""
    if not fits:
        return None
    rows = [
        (name, quadrant.domain, quadrant.user, quadrant.verdict, sentence(quadrant))
        for _, name in checkpoint_cells(run)
        for quadrant in fits.checkpoints.get(name, ())
    ]
    return Table(
        title=_title(run, fits),
        columns=("checkpoint", "domain", "user", "advice", "rests on"),
        rows=tuple(rows),
        notes=notes_of(_ADVICE, *fits.notes),
    )


def fit_data(fits: Fits) -> dict[str, Any]:
    """The same for programs: {"thresholds", "notes", "checkpoints": {id: [quadrants]}}."""
    return {
        "thresholds": fits.thresholds,
        "notes": fits.notes,
        "checkpoints": {
            name: [{**dataclasses.asdict(q), "sentence": sentence(q)} for q in quadrants]
            for name, quadrants in fits.checkpoints.items()
        },
    }


def sentence(quadrant: Quadrant) -> str:
    """What the verdict is due to: "Accuracy (seen) 65.2 % [56.7, 72.8] (asked: ≥ 50 %)." """
    measured = "; ".join(_told(r) for r in quadrant.deciding if r.state != UNMEASURED)
    missing = ", ".join(NAMES[r.figure] for r in quadrant.deciding if r.state == UNMEASURED)
    within = "threshold within the interval: " if quadrant.verdict == NOT_SHOWN else ""
    parts = (measured and within + measured, missing and f"not measured: {missing}")
    said = "; ".join(filter(None, parts)) or "nothing is asked for"
    return f"{said[:1].upper()}{said[1:]}."


def _told(reason: Reason) -> str:
    figure = f"{number(reason.value, PERCENT)} % {bounds(reason.low, reason.high, PERCENT)}"
    if reason.value is None:  # all that was made up is more than that of which it was sure
        figure = f"at most {number(reason.high, PERCENT)} %"
    return f"{NAMES[reason.figure]}{_which(reason)} {figure} (asked: {_bound(reason)})"


def _which(reason: Reason) -> str:
    """Of figures that several suites or forms of question have: whose."""
    of = {"accuracy": reason.metric.removeprefix("accuracy_"), "damaged": reason.task}
    return f" ({of[reason.figure]})" if reason.figure in of else ""


def _bound(reason: Reason) -> str:
    return f"{'≥' if reason.at_least else '≤'} {100 * reason.threshold:g} %"


def _cell(quadrant: Quadrant) -> str:
    """ "unfit: accuracy"; of what is fit all was met."""
    if quadrant.verdict == FIT:
        return quadrant.verdict
    return f"{quadrant.verdict}: {', '.join(NAMES[r.figure] for r in quadrant.deciding)}"


def _asked_for(fits: Fits) -> Iterator[str]:
    """The thresholds, a line a domain: they are the same for all checkpoints."""
    quadrants = {(q.domain, q.user): q for q in next(iter(fits.checkpoints.values()))}
    for domain in fits.thresholds:
        expert, layperson = (_bounds(quadrants[domain, user]) for user in USERS)
        besides = ", ".join(bound for bound in layperson if bound not in expert)
        more = f"; for a layperson also {besides}" if besides else ""
        yield f"{domain.capitalize()} domain: {', '.join(expert) or 'nothing'}{more}."


def _bounds(quadrant: Quadrant) -> list[str]:
    return [f"{NAMES[reason.figure]} {_bound(reason)}" for reason in quadrant.reasons]


def _title(run: Run, fits: Fits) -> str:
    tasks = dict.fromkeys(
        r.task for qs in fits.checkpoints.values() for q in qs for r in q.reasons if r.task
    )
    return f"Fit for whom? – data: {data_label(run, *tasks)}"
