"""How an item ended: from the test to a report's attributes, in the evaluating process."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass, field
from typing import Any

from harness.errors import MichiError
from harness.evaluate import Evaluation
from harness.runs import Item, item_line


@dataclass(slots=True)
class Ended:
    """Collects what one item measured. An item may evaluate several tasks."""

    checkpoint: str
    nodeid: str
    started: float = field(default_factory=time.monotonic)
    task: str = ""
    measured: list[Item] = field(default_factory=list)

    def begin(self, task: str) -> None:
        """A task is about to be evaluated: what fails from here on is its failure."""
        self.task = task
        self.started = time.monotonic()

    def take(self, evaluation: Evaluation, fingerprint: str) -> None:
        """A task was evaluated."""
        self.measured.append(
            Item(
                checkpoint=self.checkpoint,
                task=self.task,
                nodeid=self.nodeid,
                status="measured",
                seconds=round(time.monotonic() - self.started, 3),
                asked=evaluation.asked,
                stored=evaluation.stored,
                fingerprint=fingerprint,
                results=evaluation.results,
            )
        )

    def properties(self) -> list[tuple[str, object]]:
        """Score, n and interval of the last task's headline figures, for JUnit's properties."""
        found: list[tuple[str, object]] = []
        for result in self.measured[-1].results:
            if result.headline:
                name = f"{result.task}.{result.metric}"
                found += [
                    (name, round(result.value, 6)),
                    (f"{name}.low", round(result.low, 6)),
                    (f"{name}.high", round(result.high, 6)),
                    (f"{name}.n", result.n),
                ]
        return found

    def unmeasured(self, status: str, message: str) -> Item:
        """The item as one that gave no figures."""
        return Item(
            checkpoint=self.checkpoint,
            task=self.task or task_of(self.nodeid),
            nodeid=self.nodeid,
            status=status,
            message=message,
            seconds=round(time.monotonic() - self.started, 3),
        )


def note(report: Any, call: Any, ended: Ended) -> None:
    """Write `michi_items` on the report, and `michi_error` where the error is the user's.

    Report attributes travel from xdist's workers to the controller as they are.
    """
    error = call.excinfo.value if call.excinfo is not None else None
    if isinstance(error, MichiError):
        report.michi_error = type(error).__name__
        report.longrepr = f"{report.michi_error}: {error}"
        items = [*ended.measured, ended.unmeasured("error", str(error))]
    elif report.failed and not ended.measured:
        items = [ended.unmeasured("error", last_line(report))]
    elif report.skipped and not ended.measured:
        items = [ended.unmeasured("skipped", str(getattr(error, "msg", "")))]
    else:
        items = [_judged(item, report) for item in ended.measured]
    report.michi_items = [item_line(item) for item in items]


def _judged(item: Item, report: Any) -> Item:
    """A measured item whose own assertion failed is a failed gate."""
    if not report.failed:
        return item
    return dataclasses.replace(item, status="failed", message=last_line(report))


def last_line(report: Any) -> str:
    """What a failed report says, in a line."""
    crash = getattr(report.longrepr, "reprcrash", None)
    text = crash.message if crash is not None else str(report.longrepr)
    lines = text.strip().splitlines()
    return lines[0] if lines else "failed"


def task_of(nodeid: str) -> str:
    """The task that a suite's name tells: evals/test_jsquad.py::test_jsquad[base] is jsquad's."""
    return nodeid.split("[")[0].split("::")[-1].removeprefix("test_")
