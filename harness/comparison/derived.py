"""Figures that are made of several items of a run: a checkpoint's beside another's."""

from __future__ import annotations

from dataclasses import dataclass

from harness.comparison.scores import ScoreSet, score_set
from harness.records import Result
from harness.runs import Run


@dataclass(frozen=True, slots=True)
class Derived:
    """One kind of such figures for every checkpoint that has any, and why others have none."""

    results: tuple[Result, ...] = ()
    notes: tuple[str, ...] = ()

    def result(self, checkpoint: str, metric: str | None = None) -> Result | None:
        """One result (the headline where no metric is named), or None where there is none."""
        return next(
            (
                r
                for r in self.results
                if r.checkpoint == checkpoint
                and (r.headline if metric is None else r.metric == metric)
            ),
            None,
        )


def ended_set(run: Run, checkpoint: str, task: str) -> ScoreSet | None:
    """The graded samples of an item that ended with figures; None where it has none.

    An item that broke off may have left samples, but not what they were measured under.
    """
    ended = any(i.results for i in run.items if (i.checkpoint, i.task) == (checkpoint, task))
    return score_set(run, checkpoint, task) if ended else None
