"""Which of a session's gates are for what an item measured."""

from __future__ import annotations

from harness.comparison.gate import concerns, mistake
from harness.comparison.scores import ScoreSet
from harness.config.gates import Gate
from harness.errors import ConfigError
from harness.evaluate import Evaluation
from harness.settings import Settings


def gates_on(evaluation: Evaluation, ours: ScoreSet, settings: Settings) -> list[Gate]:
    """The gates of a task. One that somebody set for what isn't there is a mistake."""
    metrics = [result.metric for result in evaluation.results]
    gates = [gate for gate in settings.gates if concerns(gate, ours)]
    for gate in gates:
        if gate in settings.matrix.gates and (wrong := mistake(gate, metrics, ours)):
            raise ConfigError(f"{settings.matrix.path}: [gates.{gate.task}.{gate.metric}]: {wrong}")
    return [gate for gate in gates if gate.metric in metrics]
