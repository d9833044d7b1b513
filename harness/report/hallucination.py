"""What is made up, what the model's doubts tell of it, and what may be answered, as tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from harness.grading.meanings import ABSTAINED, JUDGE, VALUES, WORDS
from harness.hallucination.labels import ANY, TRAINED
from harness.hallucination.signals import CONTROLS, ON_REQUEST, SIGNALS
from harness.records import Result
from harness.report.cells import (
    BLANK,
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
    "Made up: a wrong answer where there is a right one (trained, near_miss); any answer at all "
    "about documents never seen (control), or where there is nothing to know (unanswerable). "
    "Saying that one does not know is not made up."
)
_SIGNALS = (
    "AUROC: how well a signal tells made-up answers about trained documents from right ones; .5 is "
    "none. length and question_nll know nothing of doubt; a signal clears them where the interval "
    "of its lead over each lies above 0. The article of 2024 found no trait of likelihoods that "
    "gives made-up words away; here it is as measured."
)
_WAYS = {
    VALUES: "the values that they state",
    ABSTAINED: "saying not to know",
    WORDS: "words that are equal",
}
_CALIBRATED = (
    "Confidently wrong: of made-up answers, those that the model is surer of than of half of its "
    "right ones. ECE and Brier score of the mean token probability of the stated value: 0 is best."
)
_ANSWERED = (
    "Of these questions, the share whose signal lies below a threshold chosen for 5 % risk on the "
    "other half of the documents; what the risk then was, and how many right answers a refusal "
    "above it costs."
)


def hallucination_tables(run: Run) -> list[Table]:
    """Shares by group, signals, calibration with selective answering; none without the suite."""
    found = []
    for suite in _suites(run):
        found += [
            _shares(run, suite),
            _abstained(run, suite),
            _signals(run, suite),
            _calibrated(run, suite),
            _answered(run, suite),
        ]
    return [table for table in found if table is not None]


def _suites(run: Run) -> list[str]:
    """The suite, and those that look at other suites' answers under a name of their own."""
    tasks = dict.fromkeys(item.task for item in run.items)
    return [task for task in tasks if task == TASK or task.startswith(f"{TASK}_")]


def _shares(run: Run, suite: str) -> Table | None:
    return _by_metric(run, suite, "Hallucination: made up (%)", "hallucinated_{}", _MADE_UP)


def _abstained(run: Run, suite: str) -> Table | None:
    note = "Where nothing can be known (unanswerable) it is right; of what was trained, a loss."
    return _by_metric(run, suite, "Hallucination: said not to know (%)", "abstained_{}", note)


def _by_metric(run: Run, suite: str, title: str, metric: str, note: str) -> Table | None:
    results = _results(run, suite)
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
        title=f"{title} – data: {_label(run, suite)}",
        columns=("#", "checkpoint", *heads),
        rows=tuple(rows),
        notes=notes_of(note, interval_note(shown), *reasons(shown)),
        numeric=(0, *range(2, 2 + len(groups))),
    )


def _signals(run: Run, suite: str) -> Table | None:
    rows = []
    for cells, checkpoint in checkpoint_cells(run):
        entries = _comparable(run, suite, checkpoint)
        told = {name: e for name, e in entries.items() if name not in CONTROLS}
        if not told:
            continue
        best = max(told, key=lambda name: told[name]["auroc"])
        clearing = [name for name in told if told[name]["clears"]]
        unread = any(told[name]["clears"] is None for name in told)
        rows.append(
            (
                *cells[:2],
                f"{_wrong(told[best])}/{told[best]['n']}",
                *(_auroc(entries.get(control)) for control in CONTROLS),
                f"{best} {_auroc(told[best])}",
                ", ".join(clearing) or (BLANK if unread else "none"),
            )
        )
    columns = ("#", "checkpoint", "made up", *CONTROLS, "best signal", "clear both controls")
    notes = notes_of(
        _SIGNALS, "95 % intervals in brackets.", *_untold(run, suite), *_compared(run, suite)
    )
    title = f"Hallucination: do doubts tell? (AUROC) – data: {_label(run, suite)}"
    if not rows:
        return Table(title=title, columns=(), rows=(), notes=notes)
    return Table(title=title, columns=columns, rows=tuple(rows), notes=notes, numeric=(0, 2, 3, 4))


def every_signal(run: Run) -> list[Table]:
    """AUROC and average precision of every signal in every stratum: long, for summary.md."""
    tables = [_every_signal(run, suite) for suite in _suites(run)]
    return [table for table in tables if table is not None]


def _every_signal(run: Run, suite: str) -> Table | None:
    rows = [
        (
            checkpoint,
            stratum,
            name,
            _auroc(entry),
            f"{number(entry['ap'])} {bounds(entry['ap_low'], entry['ap_high'])}",
            number(entry["base_rate"]),
            {True: "yes", False: "no", None: BLANK}[entry.get("clears")],
            str(entry["n"]),
        )
        for _, checkpoint in checkpoint_cells(run)
        for stratum, entries in _detection(run, suite, checkpoint).items()
        for name in (*CONTROLS, *SIGNALS, *ON_REQUEST)
        if (entry := entries.get(name))
    ]
    if not rows:
        return None
    columns = ("checkpoint", "made up in", "signal", "AUROC", "average precision", "base rate")
    return Table(
        title=f"Signals of hallucination – data: {_label(run, suite)}",
        columns=(*columns, "clears both controls", "n"),
        rows=tuple(rows),
        notes=(
            "95 % intervals in brackets.",
            "The average precision of a signal that tells nothing is the base rate.",
        ),
        numeric=(3, 4, 5, 7),
    )


def _calibrated(run: Run, suite: str) -> Table | None:
    metrics: dict[str, Column] = {
        "confidently_wrong": ("confidently wrong (%)", percent),
        "ece": ("ECE", ratio),
        "brier": ("Brier", ratio),
    }
    return _figures(
        run, suite, "Hallucination: can its confidence be believed?", metrics, _CALIBRATED
    )


def _answered(run: Run, suite: str) -> Table | None:
    metrics: dict[str, Column] = {
        "answered_at_5": ("answered (%)", percent),
        "risk_at_5": ("risk there (%)", percent),
        "withheld_at_5": ("right ones lost (%)", percent),
    }
    return _figures(
        run, suite, "Hallucination: what may be answered at 5 % risk", metrics, _ANSWERED
    )


def _figures(
    run: Run, suite: str, title: str, metrics: Mapping[str, Column], note: str
) -> Table | None:
    results = _results(run, suite)
    metrics = {m: told for m, told in metrics.items() if any(name == m for _, name in results)}
    if not metrics:
        return None
    rows = [
        (*cells[:2], *(show(results.get((checkpoint, m))) for m, (_, show) in metrics.items()))
        for cells, checkpoint in checkpoint_cells(run)
    ]
    shown = [r for (_, name), r in results.items() if name in metrics]
    return Table(
        title=f"{title} – data: {_label(run, suite)}",
        columns=("#", "checkpoint", *(head for head, _ in metrics.values())),
        rows=tuple(rows),
        notes=notes_of(note, interval_note(shown), *reasons(shown)),
        numeric=(0, *range(2, 2 + len(metrics))),
    )


def _untold(run: Run, suite: str) -> Iterator[str]:
    """Checkpoints that tell no likelihoods, or whose answers are too alike to compare."""
    for checkpoint in (str(c["id"]) for c in run.checkpoints):
        found = run.details(checkpoint, suite)
        if not found:
            continue
        if found.get("unjudged"):
            yield f"{checkpoint}: without {found['unjudged']} answers that only a reader can judge."
        if not found["told"]:
            yield (
                f"{checkpoint}: how sure it was is not told: an API's answers without logprobs = "
                "true, or stored before it was recorded (--eval-fresh asks again)."
            )
        elif found["told"] < found["n"]:
            yield f"{checkpoint}: of {found['n']} answers {found['told']} tell how sure it was."
        elif not _comparable(run, suite, checkpoint):
            yield f"{checkpoint}: fewer than 5 documents with right, or with made-up, answers."
        entries = _comparable(run, suite, checkpoint)
        if any(entry.get("clears", False) is None for entry in entries.values()):
            yield (
                f"{checkpoint}: behind an API the question alone is not read, and nothing is said "
                "of clearing both controls."
            )


def _compared(run: Run, suite: str) -> Iterator[str]:
    """What the meanings of answers drawn anew were told by, where they were drawn."""
    for checkpoint in (str(c["id"]) for c in run.checkpoints):
        found = (run.details(checkpoint, suite) or {}).get("meanings")
        if not found:
            continue
        asked = f"in {found['compared']} comparisons, {found['unread']} of them unread"
        names = {**_WAYS, JUDGE: f"the judge {found['judge']} ({asked})"}
        if not found["judge"]:
            names[WORDS] = "their words alone, which scatters meanings too much"
        told = [f"{n} by {names[way]}" for way, n in found["ways"].items() if n]
        yield (
            f"{checkpoint}: which of {sum(found['ways'].values())} answers, given and drawn anew, "
            f"mean the same was told: {', '.join(told)}."
        )


def _label(run: Run, suite: str) -> str:
    """Of the data of the suite whose answers were looked at."""
    found = dict.fromkeys(str(r.identity.get("of", suite)) for r in _results(run, suite).values())
    return data_label(run, suite, *(found or (suite,)))


def _results(run: Run, suite: str) -> Mapping[tuple[str, str], Result]:
    every: Iterable[Result] = (r for i in run.items if i.task == suite for r in i.results)
    return {(r.checkpoint, r.metric): r for r in every}


def _detection(run: Run, suite: str, checkpoint: str) -> Mapping[str, Mapping[str, Any]]:
    return (run.details(checkpoint, suite) or {}).get("detection") or {}


def _comparable(run: Run, suite: str, checkpoint: str) -> Mapping[str, Any]:
    found = _detection(run, suite, checkpoint)
    return found.get(TRAINED) or found.get(ANY) or {}


def _auroc(entry: Mapping[str, Any] | None) -> str:
    if not entry:
        return BLANK
    return f"{number(entry['auroc'])} {bounds(entry['low'], entry['high'])}"


def _wrong(entry: Mapping[str, Any]) -> int:
    return round(float(entry["base_rate"]) * int(entry["n"]))
