"""What looking passages up was worth, as tables; nothing where no checkpoint looks any up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.comparison.derived import Derived
from harness.comparison.retrieval import KNOWLEDGE, retrieval_of
from harness.records import Result
from harness.report.cells import (
    BLANK,
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
from harness.runs import Run

USED = {
    "right_if_found": "right if found (%)",
    "right_if_not_found": "right if not found (%)",
}
CITED = {
    "right_and_cited": "right, and cited (%)",
    "citation_precision": "citations right (%)",
}
_RIGHT = (
    "Found: a passage that was shown states the fact (recall). Right: of the questions that the "
    "retriever's documents can answer. Gained: over the same weights closed-book, paired by "
    "question."
)
_USED = "Right if found: below 100, what was found was not used."
_CITED = (
    "Cited: of the right answers to what was found, those that cite passages which state the fact. "
    "Citations right: of what these answers cite, the share that states the fact; a passage that "
    "was not shown states nothing."
)


def retrieval_tables(run: Run, retrieval: Derived) -> list[Table]:
    """Closed-book, retrieval and gold passage beside each other; what was found, used and cited."""
    if not retrieval.results:
        return []
    described = {str(c["id"]): c for c in run.checkpoints}
    shown = {r.checkpoint for r in retrieval.results}
    rows = [
        (
            *cells[:1],
            name,
            asked_with(described[name]),
            percent(run.result(name, KNOWLEDGE, "found")),
            percent(retrieval.result(name, "right")),
            points(retrieval.result(name, "gained")),
            _n(retrieval.result(name, "right")),
        )
        for cells, name in checkpoint_cells(run)
        if name in shown
    ]
    worth = Table(
        title=f"Retrieval – data: {data_label(run, KNOWLEDGE)}",
        columns=("#", "checkpoint", "asked with", "found (%)", "right (%)", "gained (points)", "n"),
        rows=tuple(rows),
        notes=notes_of(
            _RIGHT,
            interval_note(retrieval.results),
            *reasons(retrieval.results),
            *_searched(run),
            *_left_out(run),
            *retrieval.notes,
        ),
        numeric=(0, 3, 4, 5, 6),
    )
    return [
        worth,
        _table(run, "Retrieval – was what was found used?", USED, _USED),
        _table(run, "Retrieval – citations", CITED, _CITED),
    ]


def _table(run: Run, title: str, metrics: Mapping[str, str], note: str) -> Table:
    """Figures of the checkpoints that look up."""
    looking = {str(c["id"]) for c in run.checkpoints if retrieval_of(c)}
    rows, shown = [], []
    for cells, name in checkpoint_cells(run):
        if name in looking:
            found = [run.result(name, KNOWLEDGE, metric) for metric in metrics]
            shown += [result for result in found if result]
            rows.append((*cells[:1], name, *map(_with_n, found)))
    return Table(
        title=title,
        columns=("#", "checkpoint", *metrics.values()),
        rows=tuple(rows),
        notes=notes_of(note, interval_note(shown), *reasons(shown)),
        numeric=(0, *range(2, 2 + len(metrics))),
    )


def _with_n(result: Result | None) -> str:
    return f"{percent(result)} of {result.n}" if result else BLANK


def _n(result: Result | None) -> str:
    return str(result.n) if result else BLANK


def _searched(run: Run) -> Iterator[str]:
    for found in filter(None, map(retrieval_of, run.checkpoints)):
        size = found["passage_size"]
        yield f"Documents: {found['documents']}, in passages of at most {size} characters."


def _left_out(run: Run) -> Iterator[str]:
    """The questions that no document can answer, and those that were asked without passages."""
    told: dict[str, list[str]] = {}
    for name in (str(c["id"]) for c in run.checkpoints if retrieval_of(c)):
        found = [row["detail"].get("retrieval") for row in run.samples(name, KNOWLEDGE)]
        looked = [entry for entry in found if entry]
        none = sum(entry["found"] is None for entry in looked)
        closed = sum(not entry["passages"] for entry in looked)
        if none:
            counted = (
                f"{none} questions count in neither table: no document of the retriever's can "
                "answer them, as controls and near misses."
            )
            if closed:
                counted += f" {closed} were asked closed-book: there was no passage to show."
            told.setdefault(counted, []).append(name)
    for counted, names in told.items():
        yield f"{', '.join(names)}: {counted}"
