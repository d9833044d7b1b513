"""What is made up, what the model's doubts tell of it, and what may be answered, as tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from harness.hallucination.labels import ANY, TRAINED
from harness.hallucination.signals import CONTROLS, ON_REQUEST, SIGNALS
from harness.records import Result
from harness.report.cells import (
    BLANK,
    RATIO,
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
)
from harness.runs import Run

TASK = "hallucination"
Column = tuple[str, Callable[[Result | None], str]]
# Of other forms (carried over, untrained) the figures stand among all results: the terminal is
# 100 columns wide.
GROUPS = (TRAINED, ANY, "control", "near_miss", "unanswerable")
_MADE_UP = (
    "Made up: a wrong value where there is a right one (trained, near_miss); any value at all "
    "about documents never seen (control), or where there is nothing to know (unanswerable). "
    "Saying that one does not know is not made up."
)
_SIGNALS = (
    "AUROC: how well a signal tells made-up answers about trained documents from right ones; .5 is "
    "none. length and question_nll know nothing of doubt; a signal clears them where the interval "
    "of its lead over each lies above 0. The article of 2024 found no trait of likelihoods that "
    "gives made-up words away; here it is as measured."
)
_CALIBRATED = (
    "Confidently wrong: of made-up answers, those that the model is surer of than of half of its "
    "right ones. ECE and Brier score of the probability of the stated value: 0 is best."
)
_ANSWERED = (
    "Of these questions, the share whose signal lies below a threshold chosen for 5 % risk on the "
    "other half of the documents; what the risk then was, and how many right answers a refusal "
    "above it costs."
)


def hallucination_tables(run: Run) -> list[Table]:
    """Shares by group, signals, calibration with selective answering; none without the suite."""
    if not any(item.task == TASK for item in run.items):
        return []
    tables = [_shares(run), _abstained(run), _signals(run), _calibrated(run), _answered(run)]
    return [table for table in tables if table is not None]


def _shares(run: Run) -> Table | None:
    return _by_metric(run, "Hallucination: made up (%)", "hallucinated_{}", _MADE_UP)


def _abstained(run: Run) -> Table | None:
    note = "Where nothing can be known (unanswerable) it is right; of what was trained, a loss."
    return _by_metric(run, "Hallucination: said not to know (%)", "abstained_{}", note)


def _by_metric(run: Run, title: str, metric: str, note: str) -> Table | None:
    results = _results(run)
    groups = [g for g in GROUPS if any(m == metric.format(g) for _, m in results)]
    if not groups:
        return None
    shown = [r for (_, name), r in results.items() if name in {metric.format(g) for g in groups}]
    sizes = {g: {r.n for r in shown if r.metric == metric.format(g)} for g in groups}
    rows = [
        (*cells[:2], *(percent(results.get((checkpoint, metric.format(g)))) for g in groups))
        for cells, checkpoint in checkpoint_cells(run)
    ]
    heads = [f"{g} (n {min(sizes[g])})" if len(sizes[g]) == 1 else g for g in groups]
    return Table(
        title=f"{title} – data: {_label(run)}",
        columns=("#", "checkpoint", *heads),
        rows=tuple(rows),
        notes=notes_of(note, interval_note(shown), *reasons(shown)),
        numeric=(0, *range(2, 2 + len(groups))),
    )


def _signals(run: Run) -> Table | None:
    rows = []
    for cells, checkpoint in checkpoint_cells(run):
        entries = _comparable(run, checkpoint)
        told = {name: e for name, e in entries.items() if name not in CONTROLS}
        if not told:
            continue
        best = max(told, key=lambda name: told[name]["auroc"])
        clearing = [name for name in told if told[name]["clears"]]
        rows.append(
            (
                *cells[:2],
                f"{_wrong(told[best])}/{told[best]['n']}",
                *(_auroc(entries.get(control)) for control in CONTROLS),
                f"{best} {_auroc(told[best])}",
                ", ".join(clearing) or "none",
            )
        )
    columns = ("#", "checkpoint", "made up", *CONTROLS, "best signal", "clear both controls")
    notes = notes_of(_SIGNALS, "95 % intervals in brackets.", *_untold(run))
    title = f"Hallucination: do doubts tell? (AUROC) – data: {_label(run)}"
    if not rows:
        return Table(title=title, columns=(), rows=(), notes=notes)
    return Table(title=title, columns=columns, rows=tuple(rows), notes=notes, numeric=(0, 2, 3, 4))


def every_signal(run: Run) -> Table | None:
    """AUROC and average precision of every signal in every stratum: long, for summary.md."""
    rows = []
    for _, checkpoint in checkpoint_cells(run):
        for stratum, entries in _detection(run, checkpoint).items():
            for name in (*CONTROLS, *SIGNALS, *ON_REQUEST):
                if entry := entries.get(name):
                    clears = {True: "yes", False: "no", None: BLANK}[entry.get("clears")]
                    ap = f"{number(entry['ap'])} {bounds(entry['ap_low'], entry['ap_high'])}"
                    base = number(entry["base_rate"], RATIO)
                    row = (checkpoint, stratum, name, _auroc(entry), ap, base, clears)
                    rows.append((*row, str(entry["n"])))
    if not rows:
        return None
    columns = ("checkpoint", "made up in", "signal", "AUROC", "average precision", "base rate")
    return Table(
        title=f"Signals of hallucination – data: {_label(run)}",
        columns=(*columns, "clears both controls", "n"),
        rows=tuple(rows),
        notes=(
            "95 % intervals in brackets.",
            "The average precision of a signal that tells nothing is the base rate.",
        ),
        numeric=(3, 4, 5, 7),
    )


def _calibrated(run: Run) -> Table | None:
    metrics: dict[str, Column] = {
        "confidently_wrong": ("confidently wrong (%)", percent),
        "ece": ("ECE", ratio),
        "brier": ("Brier", ratio),
    }
    return _figures(run, "Hallucination: can its confidence be believed?", metrics, _CALIBRATED)


def _answered(run: Run) -> Table | None:
    metrics: dict[str, Column] = {
        "answered_at_5": ("answered (%)", percent),
        "risk_at_5": ("risk there (%)", percent),
        "withheld_at_5": ("right ones lost (%)", percent),
    }
    return _figures(run, "Hallucination: what may be answered at 5 % risk", metrics, _ANSWERED)


def _figures(run: Run, title: str, metrics: Mapping[str, Column], note: str) -> Table | None:
    results = _results(run)
    metrics = {m: told for m, told in metrics.items() if any(name == m for _, name in results)}
    if not metrics:
        return None
    rows = [
        (*cells[:2], *(show(results.get((checkpoint, m))) for m, (_, show) in metrics.items()))
        for cells, checkpoint in checkpoint_cells(run)
    ]
    shown = [r for (_, name), r in results.items() if name in metrics]
    return Table(
        title=f"{title} – data: {_label(run)}",
        columns=("#", "checkpoint", *(head for head, _ in metrics.values())),
        rows=tuple(rows),
        notes=notes_of(note, interval_note(shown), *reasons(shown)),
        numeric=(0, *range(2, 2 + len(metrics))),
    )


def _untold(run: Run) -> Iterator[str]:
    """Checkpoints that tell no likelihoods, or whose answers are too alike to compare."""
    for checkpoint in (str(c["id"]) for c in run.checkpoints):
        found = run.details(checkpoint, TASK)
        if not found:
            continue
        if not found["told"]:
            yield (
                f"{checkpoint}: how sure it was is not told: an API's answers, or stored before it "
                "was recorded (--eval-fresh asks again)."
            )
        elif not _comparable(run, checkpoint):
            yield f"{checkpoint}: fewer than 5 documents with right, or with made-up, answers."


def _label(run: Run) -> str:
    """Of the data of the suite whose answers were looked at."""
    suites = dict.fromkeys(str(r.identity.get("of", TASK)) for r in _results(run).values())
    return data_label(run, *(suites or (TASK,)))


def _results(run: Run) -> Mapping[tuple[str, str], Result]:
    every: Iterable[Result] = (r for i in run.items if i.task == TASK for r in i.results)
    return {(r.checkpoint, r.metric): r for r in every}


def _detection(run: Run, checkpoint: str) -> Mapping[str, Mapping[str, Any]]:
    return (run.details(checkpoint, TASK) or {}).get("detection") or {}


def _comparable(run: Run, checkpoint: str) -> Mapping[str, Any]:
    found = _detection(run, checkpoint)
    return found.get(TRAINED) or found.get(ANY) or {}


def _auroc(entry: Mapping[str, Any] | None) -> str:
    if not entry:
        return BLANK
    return f"{number(entry['auroc'])} {bounds(entry['low'], entry['high'])}"


def _wrong(entry: Mapping[str, Any]) -> int:
    return round(float(entry["base_rate"]) * int(entry["n"]))
