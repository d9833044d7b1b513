"""The judge of a matrix: asked through the same store and engines as any checkpoint."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import warnings
from collections.abc import Sequence
from typing import Any

from harness.config import Judge
from harness.errors import JudgeWarning, UnavailableError
from harness.evaluate.asking import ask
from harness.evaluate.bench import Workbench
from harness.judging.asking import Bench, judged
from harness.judging.calibration import FLOOR, LEAST_KAPPA, Judged, read_calibration
from harness.judging.prompt import VERSION
from harness.judging.rubric import read_judge_rubric
from harness.records import Checkpoint, Graded, Request, Response


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
            _short(self._judged),
            judge.when == "always",
            judge.repeats,
            float(judge.temperature),
            rubric,
            calibration,
        )

    def judged(self, suite: str, graded: Sequence[Graded], bench: Workbench) -> list[Graded]:
        """The answers of a suite with the judge's opinions beside, or over, the rule's grades.

        bench: the judge's own. A judge that can't be asked at all warns, and the rule's grades
        stand. Raises ServiceError where a server broke off: the run goes on there when repeated.
        """

        def put(requests: Sequence[Request]) -> dict[Request, Response]:
            total = len(requests)
            return ask(
                self.checkpoint, requests, bench, lambda _, done: bench.progress(done, total)
            )[0]

        try:
            return judged(suite, graded, self._bench, put)
        except UnavailableError as error:
            warnings.warn(
                f"the judge can't be asked, so the rule's grades stand: {error}",
                JudgeWarning,
                stacklevel=2,
            )
            return list(graded)

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


def _short(judged: Judged) -> str:
    text = json.dumps(dataclasses.asdict(judged), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:8]
