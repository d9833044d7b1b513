"""Whether it was unknown before, as tables: dates, membership, ranks, verbatim continuation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.membership.claims import ALPHA
from harness.report.cells import (
    BLANK,
    PERCENT,
    Scale,
    Table,
    checkpoint_cells,
    data_label,
    interval_note,
    notes_of,
    percent,
)
from harness.report.details import (
    Details,
    Entry,
    bare,
    count,
    details,
    entries,
    estimate,
    listed,
    probability,
)
from harness.report.membership import membership_tables, trained_table
from harness.report.missing import gap_notes
from harness.runs import Run

TASKS = ("dates", "membership", "ranks", "trained", "verbatim")
_DATES = ("share_after_release", "share_with_evidence")
_CHARACTERS = Scale(digits=1)
_MORE = Scale(digits=1, signed=True)
_STYLES = {"continue": "continued", "guided": "guided", "general": "not guided"}


def unknown_tables(run: Run) -> list[Table]:
    """What was measured of whether the documents were unknown; nothing where nothing was."""
    found = details(run)
    tables = (
        dates_table(run),
        *membership_tables(run, found),
        ranks_table(run, found),
        trained_table(run, found),
        verbatim_table(run, found),
    )
    return [table for table in tables if table is not None]


def dates_table(run: Run) -> Table | None:
    """Whether the documents are younger than the model, those that are not by name."""
    released = {m["id"]: m.get("released") for m in run.manifest.get("models", ())}
    model = {str(c["id"]): c["model"] for c in run.checkpoints}
    rows, shown, failed = [], [], []
    for cells, checkpoint in checkpoint_cells(run):
        results = [run.result(checkpoint, "dates", metric) for metric in _DATES]
        measured = [result for result in results if result]
        if not measured:
            continue
        shown += measured
        failed.append(_too_early(run, checkpoint))
        date = str(released.get(model[checkpoint]) or BLANK)
        rows.append((*cells[:2], date, str(measured[0].n), *map(percent, results)))
    if not rows:
        return None
    return Table(
        title=f"Unknown before? Dates – data: {data_label(run, 'dates')}",
        columns=(
            "#",
            "checkpoint",
            "model released",
            "documents",
            "after release (%)",
            "with evidence (%)",
        ),
        rows=tuple(rows),
        notes=notes_of(interval_note(shown), *failed, *gap_notes(run, ("dates",))),
        numeric=(0, 3, 4, 5),
    )


def ranks_table(run: Run, found: Details) -> Table | None:
    """Where true values rank among exchangeable ones; None where that was not asked."""
    sets = entries(found, "ranks", "sets")
    if not sets:
        return None
    values = {tasks["ranks"].get("values") for tasks in found.values() if "ranks" in tasks}
    return Table(
        title=f"Ranks of true values among {', '.join(map(count, values))} – data: "
        f"{data_label(run, 'ranks')}",
        columns=(
            "checkpoint",
            "set",
            "facts",
            "documents",
            "mean rank [90 %]",
            "random value [90 %]",
            "p",
            "verdict",
        ),
        rows=tuple(
            (
                checkpoint,
                _words(entry.get("set")),
                count(entry.get("facts")),
                count(entry.get("documents")),
                bare(estimate(entry, "mean")),
                bare(estimate(entry.get("negative"), "mean")),
                probability(entry.get("p")),
                str(entry.get("verdict") or BLANK),
            )
            for checkpoint, entry in sets
        ),
        notes=notes_of(
            "Mean rank: share of exchangeable values that the model finds likelier than the true "
            "one, .5 where the fact is unknown. Random value: one of the others taken for the true "
            "one, as a control. p: one-sided, that the facts are known, for all sets (Holm).",
            _margin_note(found),
            *_though(sets),
            *_dropped(sets),
            *_left_out(found, "ranks", "unused", "questions of other forms, not asked about"),
            *_flagged(found),
            *gap_notes(run, ("ranks",)),
        ),
        numeric=(2, 3, 4, 5, 6),
    )


def verbatim_table(run: Run, found: Details) -> Table | None:
    """How long the model goes on as a document does; None where that was not asked."""
    sets = entries(found, "verbatim", "sets")
    if not sets:
        return None
    longest = {
        tasks["verbatim"].get("characters") for tasks in found.values() if "verbatim" in tasks
    }
    return Table(
        title=f"Verbatim continuation – data: {data_label(run, 'verbatim')}",
        columns=(
            "checkpoint",
            "set",
            "prompt",
            "documents",
            "longest run (characters)",
            f"{', '.join(map(count, longest))} or more (%)",
        ),
        rows=tuple(
            (
                checkpoint,
                _words(entry.get("set")),
                _STYLES.get(str(entry.get("style")), str(entry.get("style") or BLANK)),
                count(entry.get("documents")),
                estimate(entry, "mean_run", _CHARACTERS),
                estimate(entry, "share", PERCENT, ("share_low", "share_high")),
            )
            for checkpoint, entry in sets
        ),
        notes=notes_of(
            "Longest run: of characters that answer and source have in common, on average. 95 % "
            "intervals in brackets.",
            *_left_out(found, "verbatim", "left_out", "texts too short to be asked about"),
            *_guided(entries(found, "verbatim", "guided")),
            *gap_notes(run, ("verbatim",)),
        ),
        numeric=(3, 4, 5),
    )


def _too_early(run: Run, checkpoint: str) -> str:
    """The documents that fail the date rule, with what is wrong with each."""
    rows = {str(row["id"]): row for row in run.samples(checkpoint, "dates")}
    failed = [
        f"{name} ({reason})" if (reason := str(row.get("reason") or "")) else name
        for name, row in rows.items()
        if row["outcome"] != "correct"
    ]
    return f"{checkpoint}: not shown to be younger: {listed(failed)}." if failed else ""


def _words(name: Any) -> str:
    return BLANK if name is None else str(name).replace("_", " ").replace("/", ", ")


def _guided(sets: Sequence[Entry]) -> list[str]:
    named: dict[str, list[str]] = {}
    for checkpoint, entry in sets:
        longer = f"{_words(entry.get('set'))} {estimate(entry, 'difference', _MORE)}"
        named.setdefault(checkpoint, []).append(longer)
    return [
        f"{checkpoint}, run when guided less run when not, in characters: {'; '.join(names)}."
        for checkpoint, names in named.items()
    ]


def _dropped(sets: Sequence[Entry]) -> list[str]:
    named: dict[str, list[str]] = {}
    for checkpoint, entry in sets:
        if entry.get("dropped"):
            of = f"{entry['dropped']} of {_words(entry.get('set'))}"
            named.setdefault(checkpoint, []).append(of)
    return [
        f"{checkpoint}: facts left out for want of exchangeable values: {', '.join(names)}."
        for checkpoint, names in named.items()
    ]


def _margin_note(found: Details) -> str:
    """How near to .5 an unknown set's mean rank must be, as the task was told."""
    told = {tasks.get("ranks", {}).get("margin") for tasks in found.values()}
    margins = sorted(margin for margin in told if margin is not None)
    ends = [f"{0.5 - margin:.4g} and {0.5 + margin:.4g}" for margin in margins]
    if not ends:
        return "Unknown: the whole interval lies within a margin of .5 that this run does not tell."
    return f"Unknown: the whole interval lies between {bare(' or '.join(ends))}."


def _though(sets: Sequence[Entry]) -> list[str]:
    """Sets within the margin whose mean rank is still not one half, in the task's sentences."""
    return [
        f"{checkpoint}, {_words(entry.get('set'))}: {entry['sentence']}."
        for checkpoint, entry in sets
        if entry.get("sentence") and entry.get("verdict") == "unknown" and _beside(entry)
    ]


def _beside(entry: Mapping[str, Any]) -> bool:
    p, low = entry.get("p"), entry.get("low")
    return (p is not None and p < ALPHA) or (low is not None and low > 0.5)


def _left_out(found: Details, task: str, name: str, what: str) -> list[str]:
    """What was not asked about, from counts by name."""
    counts = {c: tasks.get(task, {}).get(name) or {} for c, tasks in found.items()}
    return [
        f"{checkpoint}: {what}: {', '.join(f'{n} of {_words(of)}' for of, n in left.items())}."
        for checkpoint, left in counts.items()
        if left
    ]


def _flagged(found: Details) -> list[str]:
    named: dict[tuple[str, str], list[str]] = {}
    for checkpoint, entry in entries(found, "ranks", "flagged"):
        of = (checkpoint, _words(entry.get("set")))
        named.setdefault(of, []).append(_document(entry))
    told = "documents whose facts rank too high for chance (Benjamini-Hochberg, q < .05)"
    return [
        f"Flagged: {told}." if named else f"Flagged, {told}: none outside training text.",
        *(
            f"{checkpoint}, flagged for {of}: {listed(names)}."
            for (checkpoint, of), names in named.items()
        ),
    ]


def _document(entry: Mapping[str, Any]) -> str:
    return f"{entry.get('document')} (q {probability(entry.get('q'))})"
