"""The judge of a matrix: asked through the same store and engines as any checkpoint."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from harness.config import Judge
from harness.errors import JudgeWarning, UnavailableError
from harness.evaluate.asking import ask
from harness.evaluate.bench import Workbench
from harness.grading.meanings import Comparer, Told, Wordings
from harness.judging.asking import Bench, judged
from harness.judging.calibration import FLOOR, LEAST_KAPPA, Judged, read_calibration
from harness.judging.meaning import VERSION as COMPARING
from harness.judging.meaning import read_same, same_request
from harness.judging.prompt import VERSION
from harness.judging.rubric import read_judge_rubric
from harness.records import Checkpoint, Graded, Request, Response, Sample
from harness.tasks import AskedTask, Task


class Jury:
    """A judge whose rubric and calibration were read and found to be its own.

    fingerprint: of the judge as a checkpoint (`checkpoint_of`). Raises DataError for a rubric or a
    calibration that can't be read, ConfigError for the calibration of another judge.
    """

    def __init__(self, judge: Judge, fingerprint: str) -> None:
        rubric = read_judge_rubric(judge.rubric)
        self.checkpoint = checkpoint_of(judge)
        self._judge = judge
        self._judged = Judged(
            fingerprint, VERSION, rubric.version, judge.repeats, float(judge.temperature)
        )
        file = judge.calibration
        calibration = read_calibration(file, self._judged) if file else None
        self._bench = Bench(
            judge.model.id,
            _digits(dataclasses.asdict(self._judged)),
            judge.when == "always",
            judge.repeats,
            float(judge.temperature),
            rubric,
            calibration,
        )

    def judged(self, task: Task, graded: Sequence[Graded], bench: Workbench) -> list[Graded]:
        """The answers to a task with the judge's opinions beside, or over, the rule's grades.

        bench: the judge's own. A judge that can't be asked at all warns, and the rule's grades
        stand. Raises ServiceError where a server broke off: the run goes on there when repeated.
        """
        suite = getattr(task, "judged_as", task.name)
        try:
            return judged(suite, graded, self._bench, lambda asked: self._put(asked, bench))
        except UnavailableError as error:
            _warn(f"the judge can't be asked, so the rule's grades stand: {error}")
            return list(graded)

    def comparer(self, bench: Callable[[], Workbench]) -> Comparer:
        """Who tells of two answers whether they mean the same: the judge, asked once and greedily.

        Neither its rubric nor its calibration has a part in it. bench: opens the judge's own.
        """

        def compare(pairs: Sequence[Wordings]) -> Told:
            asked = {pair: same_request(pair.question, pair.one, pair.other) for pair in pairs}
            said = self._put(list(asked.values()), bench())
            return {pair: _read(pair, said[request]) for pair, request in asked.items()}

        setup = _digits([self._judged.fingerprint, COMPARING])
        return Comparer(self._judge.model.id, setup, compare)

    def _put(self, requests: Sequence[Request], bench: Workbench) -> dict[Request, Response]:
        total = len(requests)
        return ask(self.checkpoint, requests, bench, lambda _, done: bench.progress(done, total))[0]

    def described(self) -> dict[str, Any]:
        """What a run's manifest tells of it, without any path."""
        calibration = self._bench.calibration
        file = self._judge.calibration
        return {
            "model": self._judge.model.id,
            "setup": self._bench.setup,
            "when": self._judge.when,
            **dataclasses.asdict(self._judged),
            "calibration": file.name if file else None,
            "floor": FLOOR,
            "least_kappa": LEAST_KAPPA,
            "trusted": [
                dataclasses.asdict(trust.stratum)
                for trust in (calibration.strata if calibration else ())
                if trust.trusted
            ],
            "snapshots": list(calibration.snapshots) if calibration else [],
        }


def checkpoint_of(judge: Judge) -> Checkpoint:
    """The judge as one who is asked: its bare model."""
    return Checkpoint(f"judge:{judge.model.id}", judge.model)


def compared(
    task: AskedTask,
    answered: Sequence[tuple[Sample, Response]],
    followed: Mapping[Request, Response],
    bench: Workbench,
) -> AskedTask:
    """The task with what the matrix's judge says of answers that no rule can compare.

    A judge that can't be asked at all warns, and their words are compared. Raises ServiceError.
    """
    if bench.comparer is None or not hasattr(task, "compared"):
        return task
    try:
        found: AskedTask = task.compared(answered, followed, bench.comparer)
    except UnavailableError as error:
        _warn(f"the judge can't be asked, so answers drawn anew are compared by words: {error}")
        return task
    return found


def _read(pair: Wordings, response: Response) -> bool | None:
    return None if response.unanswered else read_same(response.text, pair.one, pair.other)


def _digits(content: Any) -> str:
    text = json.dumps(content, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _warn(text: str) -> None:
    warnings.warn(text, JudgeWarning, stacklevel=3)
