"""What was kept, what gates said, and every figure, as tables (`learnt` has what was learnt)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.comparison.derived import Derived
from harness.comparison.within import Comparisons
from harness.report.cells import (
    BLANK,
    COLUMNS_OF_CHECKPOINT,
    POINTS,
    Table,
    bounds,
    checkpoint_cells,
    data_label,
    interval_note,
    notes_of,
    number,
    percent,
    ratio,
    reasons,
    told,
)
from harness.report.missing import gap_notes, tasks_of
from harness.runs import Run


def relative_table(run: Run, relative: Derived) -> Table:
    """What was kept: scores relative to the baseline, and the two scores they are made of."""
    rows, parts, shown = [], [], []
    for cells, checkpoint in checkpoint_cells(run):
        score = relative.result(checkpoint)
        squad = run.result(checkpoint, "jsquad", "f1")
        marc = run.result(checkpoint, "marc_ja", "accuracy")
        parts += [r for r in (squad, marc) if r]
        shown += [score] if score else []
        rows.append((*cells, ratio(score), percent(squad), percent(marc)))
    methods = (
        # The baseline's own 1 comes of no method.
        interval_note([r for r in shown if r.checkpoint != run.baseline], "Relative scores"),
        interval_note(parts, "jsquad and marc_ja"),
    )
    return Table(
        title=f"Relative score – data: {data_label(run, 'jsquad', 'marc_ja')}",
        columns=(
            *COLUMNS_OF_CHECKPOINT,
            "relative score",
            "jsquad F1 (%)",
            "marc_ja accuracy (%)",
        ),
        rows=tuple(rows),
        notes=notes_of(
            f"Relative to {run.baseline}, paired by sample." if run.baseline else "",
            *methods,
            *reasons([*shown, *parts]),
            *relative.notes,
            *gap_notes(run, ("jsquad", "marc_ja")),
        ),
        numeric=(0, 3, 4, 5, 6),
    )


def gates_table(run: Run) -> Table | None:
    """What gates said; None where none was set."""
    gated = [r for item in run.items for r in item.results if r.gate]
    if not gated:
        return None
    rows = [
        (
            r.checkpoint,
            f"{r.task} {r.metric}",
            str(r.verdict),
            *_gate_cells(r.gate),
        )
        for r in gated
    ]
    return Table(
        title=f"Gates – against {', '.join(sorted({r.gate['against'] for r in gated}))}",
        columns=(
            "checkpoint",
            "gate",
            "verdict",
            "difference (points)",
            "margin",
            "n",
            "worse/better",
        ),
        rows=tuple(rows),
        notes=("95 % intervals in brackets (paired, clustered t).",),
        numeric=(3, 4, 5, 6),
    )


def _gate_cells(gate: Mapping[str, Any]) -> tuple[str, str, str, str]:
    margin = f"{100 * gate['margin']:g}"
    if "difference" not in gate:
        return BLANK, margin, BLANK, BLANK
    return (
        f"{number(gate['difference'], POINTS)} {bounds(gate['low'], gate['high'], POINTS)}",
        margin,
        str(gate["n"]),
        f"{gate['worse']}/{gate['better']}",
    )


def results_table(run: Run, compared: Comparisons) -> Table:
    """Every number of the run, a line each."""
    results = [r for item in run.items for r in item.results] + list(compared.results)
    rows = tuple(
        (r.checkpoint, r.task, r.metric, told(r), str(r.n), str(r.verdict)) for r in results
    )
    columns = ("checkpoint", "task", "metric", "value [95 % interval]", "n", "verdict")
    labels = notes_of(f"Data: {data_label(run, *tasks_of(run))}.", *reasons(results))
    return Table("All results", columns, rows, labels, numeric=(3, 4))
