"""How an item ended: from the test to a report's attributes, in the evaluating process."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.comparison.gate import Decision
from harness.errors import IncomparableError, MichiError
from harness.evaluate import Answered, Evaluation
from harness.records import Result, Verdict
from harness.runs import Item, item_line


@dataclass(slots=True)
class Ended:
    """Collects what one item measured. An item may evaluate several tasks.

    strict: whether an inconclusive gate fails. decisions: of the gates, by place in `measured`.
    enforced: whether the item ended by what its gates say.
    """

    checkpoint: str
    nodeid: str
    strict: bool = False
    started: float = field(default_factory=time.monotonic)
    task: str = ""
    measured: list[Item] = field(default_factory=list)
    decisions: dict[int, Sequence[Decision]] = field(default_factory=dict)
    enforced: bool = False
    broke: bool = False

    def begin(self, task: str) -> None:
        """A task is about to be evaluated: what fails from here on is its failure."""
        self.task = task
        self.started = time.monotonic()

    def take(self, evaluation: Evaluation) -> None:
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
                fingerprint=evaluation.fingerprint,
                results=evaluation.results,
            )
        )

    def take_answered(self, answered: Answered) -> None:
        """A shard's part of a task was answered."""
        item = self.unmeasured("answered", "")
        self.measured.append(
            dataclasses.replace(
                item,
                asked=answered.asked,
                stored=answered.stored,
                fingerprint=answered.fingerprint,
            )
        )

    def judge(self, decisions: Sequence[Decision]) -> None:
        """The gates have spoken of what was taken last."""
        if not decisions:
            return
        item = self.measured[-1]
        self.decisions[len(self.measured) - 1] = decisions
        results = tuple(_with_verdict(result, decisions) for result in item.results)
        passed = all(decision.verdict is Verdict.PASSED for decision in decisions)
        status = "passed" if passed else item.status
        self.measured[-1] = dataclasses.replace(item, results=results, status=status)

    def properties(self) -> list[tuple[str, object]]:
        """The last task's headline figures and what gates said, for JUnit's properties.

        Score, n and interval of a figure; of a gate its verdict and margin, and where samples could
        be paired the difference with interval, n, and how many became worse and better.
        """
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
            if result.verdict is not Verdict.MEASURED:
                found += _of_gate(result)
        return found

    def ended_in_error(self, message: str) -> list[Item]:
        """The items when something went wrong; figures that were taken before are kept."""
        if self.measured and self.measured[-1].task == self.task:
            last = dataclasses.replace(self.measured[-1], status="error", message=message)
            return [*self.measured[:-1], last]
        return [*self.measured, self.unmeasured("error", message)]

    def as_gates_say(self, message: str) -> list[Item]:
        """The items when the gates ended the test: each by its own gates."""
        return [
            self._gated(item, self.decisions.get(place, ()), message)
            for place, item in enumerate(self.measured)
        ]

    def _gated(self, item: Item, decisions: Sequence[Decision], message: str) -> Item:
        if lines := failing(decisions, self.strict):
            return dataclasses.replace(item, status="failed", message=lines[0])
        if any(decision.verdict is Verdict.INCOMPARABLE for decision in decisions):
            return dataclasses.replace(item, status="error", message=message)
        return item

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


def _of_gate(result: Result) -> list[tuple[str, object]]:
    name, gate = f"{result.task}.{result.metric}", result.gate
    found: list[tuple[str, object]] = [(f"{name}.verdict", str(result.verdict))]
    for key, figure in (
        ("margin", "margin"),
        ("difference", "difference"),
        ("difference.low", "low"),
        ("difference.high", "high"),
        ("difference.n", "n"),
        ("worse", "worse"),
        ("better", "better"),
    ):
        if figure in gate:
            found.append((f"{name}.{key}", round(gate[figure], 6)))
    return found


def _with_verdict(result: Result, decisions: Sequence[Decision]) -> Result:
    for decision in decisions:
        if (decision.gate.task, decision.gate.metric) == (result.task, result.metric):
            passed = decision.verdict is Verdict.PASSED
            return dataclasses.replace(
                result,
                verdict=decision.verdict,
                reason="" if passed else decision.reason,
                gate=decision.figures,
            )
    return result


def failing(decisions: Sequence[Decision], strict: bool) -> list[str]:
    """What makes an item fail, a line a gate. strict: whether an inconclusive gate does."""
    verdicts = (Verdict.REGRESSED, Verdict.INCONCLUSIVE) if strict else (Verdict.REGRESSED,)
    return [line(decision) for decision in decisions if decision.verdict in verdicts]


def failures(decisions: Sequence[Decision], strict: bool) -> list[str]:
    """As `failing`.

    Raises IncomparableError where no gate failed and some reference was measured otherwise.
    """
    lines = failing(decisions, strict)
    unlike = [d for d in decisions if d.verdict is Verdict.INCOMPARABLE]
    if unlike and not lines:
        told = "; ".join(f"{d.gate.task} {d.gate.metric}: {d.reason}" for d in unlike)
        raise IncomparableError(
            f"incomparable: {told}. Measure as the reference was, or bless a new run: "
            "python -m harness bless RUN --out FILE."
        )
    return lines


def line(decision: Decision) -> str:
    """A decision as a person reads it."""
    return f"{decision.verdict}: {decision.gate.task} {decision.gate.metric} {decision.reason}"


def note(report: Any, call: Any, ended: Ended) -> None:
    """Write `michi_items` on the report, and `michi_error` where the error is the user's.

    Report attributes travel from xdist's workers to the controller as they are.
    """
    error = call.excinfo.value if call.excinfo is not None else None
    if isinstance(error, MichiError):
        report.michi_error = type(error).__name__
        report.longrepr = f"{report.michi_error}: {error}"
        told = str(error)
        items = ended.as_gates_say(told) if ended.enforced else ended.ended_in_error(told)
    elif ended.broke:
        report.michi_broke = True
        items = ended.ended_in_error(last_line(report))
    elif report.failed and not ended.measured:
        items = [ended.unmeasured("error", last_line(report))]
    elif report.skipped and not ended.measured:
        items = [ended.unmeasured("skipped", str(getattr(error, "msg", "")))]
    elif report.failed and ended.enforced:
        items = ended.as_gates_say(last_line(report))
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
    return lines[0].removeprefix("Failed: ") if lines else "failed"  # pytest.fail's own word


def task_of(nodeid: str) -> str:
    """The task that a suite's name tells: evals/test_jsquad.py::test_jsquad[base] is jsquad's."""
    return nodeid.split("[")[0].split("::")[-1].removeprefix("test_")
