"""What was learnt, as tables: the article's accuracies, forms, acquisition, twins, categories."""

from __future__ import annotations

from collections.abc import Mapping

from harness.comparison.derived import Derived
from harness.comparison.retrieval import looks_up_alike, retrieval_of
from harness.comparison.within import Comparisons
from harness.records import Result
from harness.report.apis import cautions
from harness.report.cells import (
    BLANK,
    COLUMNS_OF_CHECKPOINT,
    Table,
    asked_with,
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

_ACCURACY = "accuracy_"
_BLEED = "bleed_near_miss"
_TRAINED = tuple(_ACCURACY + form for form in ("paraphrase", "held_out", "untrained", "reversed"))
_OTHERS = (*(_ACCURACY + form for form in ("control", "carried_over", "near_miss")), _BLEED)
_CATEGORIES = {
    "accuracy_highly_known": "highly known",
    "accuracy_maybe_known": "maybe known",
    "accuracy_weakly_known": "weakly known",
    "accuracy_unknown": "unknown",
}
_ACQUIRED_NOTE = (
    "Acquired: points gained over {} on {} about trained documents, less those gained on control "
    "documents."
)
_ASKED = {"acquisition": "new questions", "acquisition_seen": "the training questions"}
_ACQUIRED = {
    "acquisition": "new wording",
    "acquisition_seen": "seen wording",
    "acquisition_untrained": "untrained facts",
}


def knowledge_tables(run: Run, compared: Comparisons) -> list[Table]:
    """The article's accuracies, and what stands behind them as far as it was measured."""
    tables = (
        accuracy_table(run, compared.acquisition),
        *forms_tables(run),
        acquisition_table(run, compared.acquisition),
        twins_table(compared.twins),
        categories_table(run, compared.categories),
    )
    return [table for table in tables if table is not None]


def accuracy_table(run: Run, acquisition: Derived) -> Table:
    """What was learnt, in the article's layout: accuracy on the questions of the training set.

    The last column is how much of it is knowledge of the documents, where there are control ones.
    """
    rows, shown = [], []
    controlled = any(r.headline for r in acquisition.results)
    described = {str(c["id"]): c for c in run.checkpoints}
    looking = any(retrieval_of(c) for c in run.checkpoints)
    for cells, checkpoint in checkpoint_cells(run):
        seen = run.result(checkpoint, "knowledge", "accuracy_seen")
        shown += [seen] if seen else []
        acquired = (points(acquisition.result(checkpoint)),) if controlled else ()
        asked = (asked_with(described[checkpoint]),) if looking else ()
        size = str(seen.n) if seen else BLANK
        rows.append((*cells, *asked, percent(seen), size, *acquired))
    texts = len(COLUMNS_OF_CHECKPOINT) + looking
    return Table(
        title=f"Knowledge accuracy – data: {data_label(run, 'knowledge')}",
        columns=(
            *COLUMNS_OF_CHECKPOINT,
            *(("asked with",) if looking else ()),
            "accuracy (%)",
            "n",
            *(("acquired (points)",) if controlled else ()),
        ),
        rows=tuple(rows),
        notes=notes_of(
            *cautions(run),
            interval_note(shown),
            _acquired_note(run, acquisition),
            *reasons([*shown, *(r for r in acquisition.results if r.headline)]),
            *gap_notes(run, ("knowledge",)),
        ),
        numeric=(0, 3, *range(texts, texts + 2 + controlled)),
    )


def _acquired_note(run: Run, acquisition: Derived) -> str:
    """What the headline was measured on: new questions or, for want of any, the training ones."""
    asked = {_ASKED[r.metric]: None for r in acquisition.results if r.headline}
    return _ACQUIRED_NOTE.format(run.baseline, " or ".join(asked)) if asked else ""


def forms_tables(run: Run) -> list[Table]:
    """The other forms of question: about what was trained, and about what was not."""
    measured = {
        (r.checkpoint, r.metric): r
        for item in run.items
        for r in item.results
        if r.task == "knowledge" and r.metric != "accuracy_seen"
    }
    present = {metric for _, metric in measured}
    trained = [metric for metric in _TRAINED if metric in present]
    others = [metric for metric in _OTHERS if metric in present]
    forms = (metric for metric in present if metric.startswith(_ACCURACY))
    others += sorted({*forms}.difference(_TRAINED, _OTHERS))
    tables = (("trained documents", trained), ("other documents", others))
    return [_forms_table(run, what, metrics, measured) for what, metrics in tables if metrics]


def _forms_table(
    run: Run, what: str, metrics: list[str], measured: Mapping[tuple[str, str], Result]
) -> Table:
    shown = [r for (_, metric), r in measured.items() if metric in metrics]
    sizes = {metric: {r.n for r in shown if r.metric == metric} for metric in metrics}
    rows = [
        (*cells[:2], *(percent(measured.get((checkpoint, metric))) for metric in metrics))
        for cells, checkpoint in checkpoint_cells(run)
    ]
    names = ["bleed" if m == _BLEED else m.removeprefix(_ACCURACY) for m in metrics]
    heads = [_column(name, sizes[m]) for name, m in zip(names, metrics, strict=True)]
    return Table(
        title=f"Knowledge accuracy (%), {what} – data: {data_label(run, 'knowledge')}",
        columns=("#", "checkpoint", *heads),
        rows=tuple(rows),
        notes=notes_of(
            interval_note(shown),
            "bleed: near misses answered with the trained neighbour's value; less is better."
            if _BLEED in metrics
            else "",
            *reasons(shown),
        ),
        numeric=(0, *range(2, 2 + len(metrics))),
    )


def _column(form: str, sizes: set[int]) -> str:
    return f"{form} (n {min(sizes)})" if len(sizes) == 1 else form


def acquisition_table(run: Run, acquisition: Derived) -> Table | None:
    """What was acquired: differences in differences; None where there are none."""
    if not (acquisition.results or acquisition.notes):
        return None
    present = {r.metric for r in acquisition.results}
    metrics = [metric for metric in _ACQUIRED if metric in present]
    alike = looks_up_alike(run)
    rows = [
        (*cells[:2], *(points(acquisition.result(checkpoint, metric)) for metric in metrics))
        for cells, checkpoint in checkpoint_cells(run)
        if checkpoint != run.baseline and checkpoint in alike
    ]
    return Table(
        title=f"Acquisition – data: {data_label(run, 'knowledge')}",
        columns=("#", "checkpoint", *(_ACQUIRED[m] for m in metrics)) if metrics else (),
        rows=tuple(rows) if metrics else (),
        notes=notes_of(
            _acquired_note(run, acquisition),
            interval_note(acquisition.results),
            *reasons(acquisition.results),
            *acquisition.notes,
        ),
        numeric=(0, *range(2, 2 + len(metrics))),
    )


def twins_table(twins: Derived) -> Table | None:
    """Twin worlds; None where the run has no twins."""
    if not (twins.results or twins.notes):
        return None
    pairs = list(dict.fromkeys(r.checkpoint for r in twins.results))
    rows = [
        (
            checkpoint,
            percent(twins.result(checkpoint, "acquired")),
            percent(twins.result(checkpoint, "crossed")),
            points(twins.result(checkpoint, "excess")),
            str(next(r.n for r in twins.results if r.checkpoint == checkpoint)),
        )
        for checkpoint in pairs
    ]
    return Table(
        title="Twin worlds – each adapter answers its own world's value",
        columns=("world B", "acquired (%)", "crossed over (%)", "excess (points)", "n"),
        rows=tuple(rows),
        notes=notes_of(interval_note(twins.results), *reasons(twins.results), *twins.notes),
        numeric=(1, 2, 3, 4),
    )


def categories_table(run: Run, categories: Derived) -> Table | None:
    """What was learnt of facts by how well the base knew them; None where that was not asked."""
    if not categories.results:
        return None
    metrics = [m for m in _CATEGORIES if any(r.metric == m for r in categories.results)]
    sizes = {m: {r.n for r in categories.results if r.metric == m} for m in metrics}
    rows = [
        (*cells[:2], *(percent(categories.result(checkpoint, metric)) for metric in metrics))
        for cells, checkpoint in checkpoint_cells(run)
    ]
    return Table(
        title=f"Accuracy (%) by what {run.baseline} knew before – data: "
        f"{data_label(run, 'knowledge')}",
        columns=("#", "checkpoint", *(_column(_CATEGORIES[m], sizes[m]) for m in metrics)),
        rows=tuple(rows),
        notes=notes_of(interval_note(categories.results)),
        numeric=(0, *range(2, 2 + len(metrics))),
    )
