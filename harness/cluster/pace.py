"""How long work takes a worker: as timed today, or else in earlier runs."""

from __future__ import annotations

from collections.abc import Sequence

from harness.planning.cost import cost, kind
from harness.planning.speeds import Speeds
from harness.records import Model, Request

_UNIT = 1_000_000  # of cost, for which a time is looked up
_ENOUGH = 1.0  # seconds that were timed today


class Pace:
    """speeds: of earlier runs, to which those of this one are added."""

    def __init__(self, speeds: Speeds) -> None:
        self._speeds = speeds
        self._today: dict[tuple[Model, str], tuple[int, float]] = {}
        self._before: dict[tuple[Model, str], float | None] = {}

    def note(self, model: Model, requests: Sequence[Request], seconds: float) -> None:
        """A worker has answered these, all of one kind. Raises StorageError."""
        if not requests:
            return
        key = model, kind(requests[0])
        units, spent = self._today.get(key, (0, 0.0))
        self._today[key] = units + sum(map(cost, requests)), spent + seconds

    def keep(self) -> None:
        """Add what was timed to the speeds. Raises StorageError."""
        for (model, name), (units, seconds) in self._today.items():
            self._speeds.add(model, name, units, seconds)

    def seconds(self, model: Model, name: str, units: int) -> float | None:
        """Of one worker for so much of a kind; None where it was never timed."""
        known, spent = self._today.get((model, name), (0, 0.0))
        if known and spent > _ENOUGH:
            return units * spent / known
        if (model, name) not in self._before:
            self._before[model, name] = self._speeds.expected(model, {name: _UNIT})
        rate = self._before[model, name]
        return None if rate is None else rate * units / _UNIT
