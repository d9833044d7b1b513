"""The two tables of the article, as plain cells that the terminal and Markdown both lay out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from harness.records import Result, Verdict
from harness.report.missing import gap_notes, tasks_of
from harness.report.relative import Relative
from harness.runs import Run

BLANK = "–"
FORMS = (
    "paraphrase",
    "held_out",
    "untrained",
    "reversed",
    "near_miss",
    "control",
    "carried_over",
)
_ACCURACY = "accuracy_"
_COLUMNS_OF_CHECKPOINT = ("#", "checkpoint", "dataset", "epochs")


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table of text. numeric: indices of the columns that are aligned to the right."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    numeric: tuple[int, ...] = ()


def accuracy_table(run: Run) -> Table:
    """What was learnt, in the article's layout: accuracy on the questions of the training set."""
    rows, shown = [], []
    for cells, checkpoint in _checkpoints(run):
        seen = run.result(checkpoint, "knowledge", "accuracy_seen")
        shown += [seen] if seen else []
        rows.append((*cells, percent(seen), str(seen.n) if seen else BLANK))
    return Table(
        title=f"Knowledge accuracy – data: {data_label(run, 'knowledge')}",
        columns=(*_COLUMNS_OF_CHECKPOINT, "accuracy (%)", "n"),
        rows=tuple(rows),
        notes=_notes(_interval_note(shown), *_reasons(shown), *gap_notes(run, ("knowledge",))),
        numeric=(0, 3, 4, 5),
    )


def forms_table(run: Run) -> Table | None:
    """The other forms of question; None where all questions were of the training set."""
    measured = {
        (r.checkpoint, r.metric.removeprefix(_ACCURACY)): r
        for item in run.items
        for r in item.results
        if r.task == "knowledge" and r.metric.startswith(_ACCURACY) and r.metric != "accuracy_seen"
    }
    forms = sorted({form for _, form in measured}, key=lambda f: ((*FORMS, f).index(f), f))
    if not forms:
        return None
    sizes = {form: {r.n for (_, f), r in measured.items() if f == form} for form in forms}
    rows = [
        (*cells[:2], *(percent(measured.get((checkpoint, form))) for form in forms))
        for cells, checkpoint in _checkpoints(run)
    ]
    return Table(
        title=f"Knowledge accuracy (%) by form – data: {data_label(run, 'knowledge')}",
        columns=("#", "checkpoint", *(_column(form, sizes[form]) for form in forms)),
        rows=tuple(rows),
        notes=_notes(_interval_note(measured.values()), *_reasons(measured.values())),
        numeric=(0, *range(2, 2 + len(forms))),
    )


def _column(form: str, sizes: set[int]) -> str:
    return f"{form} (n {min(sizes)})" if len(sizes) == 1 else form


def relative_table(run: Run, relative: Relative) -> Table:
    """What was kept: scores relative to the baseline, and the two scores they are made of."""
    rows, parts, shown = [], [], []
    for cells, checkpoint in _checkpoints(run):
        score = relative.result(checkpoint)
        squad = run.result(checkpoint, "jsquad", "f1")
        marc = run.result(checkpoint, "marc_ja", "accuracy")
        parts += [r for r in (squad, marc) if r]
        shown += [score] if score else []
        rows.append((*cells, ratio(score), percent(squad), percent(marc)))
    methods = (
        # The baseline's own 1 comes of no method.
        _interval_note([r for r in shown if r.checkpoint != run.baseline], "Relative scores"),
        _interval_note(parts, "jsquad and marc_ja"),
    )
    return Table(
        title=f"Relative score – data: {data_label(run, 'jsquad', 'marc_ja')}",
        columns=(
            *_COLUMNS_OF_CHECKPOINT,
            "relative score",
            "jsquad F1 (%)",
            "marc_ja accuracy (%)",
        ),
        rows=tuple(rows),
        notes=_notes(
            f"Relative to {run.baseline}, paired by sample." if run.baseline else "",
            *methods,
            *_reasons([*shown, *parts]),
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
    difference, low, high = (f"{100 * gate[name]:+.1f}" for name in ("difference", "low", "high"))
    return (
        f"{difference} [{low}, {high}]",
        margin,
        str(gate["n"]),
        f"{gate['worse']}/{gate['better']}",
    )


def results_table(run: Run, relative: Relative) -> Table:
    """Every number of the run, a line each."""
    results = [r for item in run.items for r in item.results] + list(relative.results)
    rows = tuple(
        (r.checkpoint, r.task, r.metric, _figure(r), str(r.n), str(r.verdict)) for r in results
    )
    columns = ("checkpoint", "task", "metric", "value [95 % interval]", "n", "verdict")
    labels = _notes(f"Data: {data_label(run, *tasks_of(run))}.", *_reasons(results))
    return Table("All results", columns, rows, labels, numeric=(3, 4))


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


def _figure(result: Result) -> str:
    return ratio(result) if result.task == "relative" else percent(result) + " %"


def ordered_checkpoints(run: Run) -> list[Mapping[str, Any]]:
    """The baseline first, then the matrix's order."""
    return sorted(run.checkpoints, key=lambda c: not c["baseline"])


def _checkpoints(run: Run) -> Iterable[tuple[tuple[str, ...], str]]:
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


def _interval_note(results: Iterable[Result], what: str = "") -> str:
    methods = sorted({r.interval for r in results if r.interval})
    if not methods:
        return ""
    return f"{what + ': ' if what else ''}95 % intervals in brackets ({', '.join(methods)})."


def _reasons(results: Iterable[Result]) -> list[str]:
    """What a gate or a comparison had to say about the figures shown."""
    return [
        f"* {r.checkpoint}, {r.metric}: "
        + (f"{r.verdict} – {r.reason}" if r.verdict is not Verdict.MEASURED else r.reason)
        for r in results
        if r.reason
    ]


def _notes(*notes: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(note for note in notes if note))
