"""All that a session is to ask of an API, held against its budget before the first request."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from harness.config import Matrix
from harness.errors import ConfigError
from harness.evaluate import Workbench, foreseen
from harness.ledger import Ledger
from harness.lm_eval.leaderboard import as_asked
from harness.planning.selected import Selected
from harness.records import Checkpoint, Model, Request
from harness.settings import Settings
from harness.tasks import Task

# What was selected to be evaluated on checkpoints of a model.
Selection = Callable[[Model], Iterable[Selected]]


def nothing(model: Model) -> list[Selected]:
    """Where nobody knows what will be asked: each suite is held against the budget by itself."""
    return []


class Forecast:
    """What a session's items may cost, model by model, each worked out once.

    bench: where a task, by its name, would be asked of a checkpoint.
    """

    def __init__(
        self,
        settings: Settings,
        selected: Selection,
        bench: Callable[[str, Checkpoint], Workbench],
    ) -> None:
        self._settings, self._selected, self._bench = settings, selected, bench
        self._said: dict[Model, str] = {}

    def prepare(self, model: Model, ledger: Ledger | None) -> None:
        """Work it out. Not while something is asked: lm-eval's tasks can't be conducted twice."""
        if ledger is not None and ledger.limited and model not in self._said:
            self._said[model] = self._over(model, ledger)

    def refuse_over(self, model: Model) -> None:
        """Raise ConfigError where all of the model's items may cost more than its max_cost."""
        if said := self._said.get(model):
            raise ConfigError(said)

    def _over(self, model: Model, ledger: Ledger) -> str:
        found: dict[tuple[str, Request], None] = {}
        names: dict[str, None] = {}
        for task, checkpoint in self._with_references(model):
            try:
                fingerprint, requests = self._missing(task, checkpoint)
            except Exception:  # told when the item itself runs
                continue
            found |= dict.fromkeys((fingerprint, request) for request in requests)
            if requests:
                names[f"{task.name} on {checkpoint.id}"] = None
        return ledger.over([request for _, request in found], _joined(list(names)))

    def _missing(self, task: Task, checkpoint: Checkpoint) -> tuple[str, list[Request]]:
        matrix = self._settings.matrix
        bench = self._bench(task.name, checkpoint)
        source = matrix.source(data_of(task, matrix)[0])
        found = foreseen(as_asked(task, matrix.suites), checkpoint, source, bench)
        return bench.fingerprint, found

    def _with_references(self, model: Model) -> list[tuple[Task, Checkpoint]]:
        """What was selected of a model, and what gates ask of it where it is the baseline."""
        settings = self._settings
        found = [(one.task, one.checkpoint) for one in self._selected(model)]
        base = next((c for c in settings.matrix.checkpoints if c.baseline), None)
        if base is None or base.model != model or settings.baseline is not None:
            return found
        gated = {gate.task for gate in settings.gates}
        models = dict.fromkeys(c.model for c in settings.matrix.checkpoints)
        every = [one.task for other in models for one in self._selected(other)]
        return [*found, *((task, base) for task in every if task.name in gated)]


def data_of(task: Task, matrix: Matrix) -> tuple[str, bool]:
    """Under which name a task's data stand in the matrix, and whether there need not be any."""
    named = task.name in matrix.data
    name = task.name if named else getattr(task, "data_of", task.name)
    return name, getattr(task, "optional", False) and not named


def _joined(names: Sequence[str]) -> str:
    """Of many the first two."""
    if len(names) > 3:
        return f"{', '.join(names[:2])} and {len(names) - 2} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
