"""A run that says for whom checkpoints are fit: the article's, one hardly asked, one fit for all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from statsmodels.stats.proportion import proportion_confint

from harness.records import Result
from tests.report import builder as build

MORE, BEST = (build.checkpoint(n, "独自QAデータセット", 9) for n in ("qa-more", "qa-best"))
# (right, n) and the like: the article says 65 %, and that hallucination surely happened.
ARTICLE = {
    "knowledge": {"accuracy_seen": (86, 132), "damaged": (0, 132)},
    "hallucination": {
        "hallucinated_trained": (46, 132),
        "confidently_wrong": (18, 46),
        "abstained_unanswerable": (0, 40),
    },
}
GOOD = {
    "knowledge": {"accuracy_seen": (990, 1000), "damaged": (4, 200)},
    "jsquad": {"f1": (700, 1000)},
}
PERFECT = {
    "knowledge": {"accuracy_seen": (990, 1000), "damaged": (0, 1000)},
    "hallucination": {"hallucinated_trained": (2, 1000), "abstained_unanswerable": (298, 300)},
}
Counts = Mapping[str, Mapping[str, tuple[int, int]]]


def share(name: str, task: str, metric: str, hits: int, n: int) -> Result:
    """A share with Wilson's interval."""
    low, high = proportion_confint(hits, n, method="wilson")
    headline = metric in ("accuracy_seen", "f1")
    return build.result(
        name, task, metric, hits / n, low=low, high=high, n=n, headline=headline, interval="Wilson"
    )


def measure_counts(folder: Path, name: str, counts: Counts) -> None:
    for task, metrics in counts.items():
        build.measure(folder, name, task, [share(name, task, m, *of) for m, of in metrics.items()])


def fitting_run(folder: Path, **changes: Any) -> Path:
    """The base has no results."""
    build.start(folder, [build.BASE, build.QA, MORE, BEST], **changes)
    for checkpoint, counts in ((build.QA, ARTICLE), (MORE, GOOD), (BEST, PERFECT)):
        measure_counts(folder, checkpoint.id, counts)
    return folder
