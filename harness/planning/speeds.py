"""How fast a model answered here before: what a plan's times are made of.

speeds.jsonl: a line each time a model was asked for one kind of answer, with what that cost
(`harness.planning.cost.cost`) and how long it took, its loading left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.jsonl import append_rows, read_whole_rows
from harness.planning.cost import cost, kind
from harness.records import Model, Request

_RECENT = 20  # of a kind: older ones may be of another machine or version
_LEAST = 0.05  # seconds: below that it is nothing that was asked of a model


class Speeds:
    """Of one store's folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "speeds.jsonl"
        self._rows: list[dict[str, Any]] | None = None

    def note(self, model: Model, requests: Sequence[Request], seconds: float) -> None:
        """A model has answered these. Raises StorageError."""
        kinds = {kind(request) for request in requests}
        if len(kinds) == 1:
            self.add(model, kinds.pop(), sum(map(cost, requests)), seconds)

    def add(self, model: Model, name: str, units: int, seconds: float) -> None:
        """A model took so long for so much of a kind. Raises StorageError."""
        if seconds < _LEAST:
            return
        row = {**_named(model), "kind": name, "cost": units, "seconds": round(seconds, 3)}
        append_rows(self._path, [row])

    def expected(self, model: Model, costs: Mapping[str, int]) -> float | None:
        """Seconds for so much of each kind; None where one of them was never timed."""
        total = 0.0
        for name, units in costs.items():
            rows = [row for row in self._known() if self._fits(row, model, name)][-_RECENT:]
            if not rows:
                return None
            total += units * _sum(rows, "seconds") / _sum(rows, "cost")
        return total

    def _known(self) -> list[dict[str, Any]]:
        if self._rows is None:
            self._rows = read_whole_rows(self._path)
        return self._rows

    def _fits(self, row: Mapping[str, Any], model: Model, name: str) -> bool:
        wanted = {**_named(model), "kind": name}
        return all(row.get(key) == value for key, value in wanted.items())


def _named(model: Model) -> dict[str, Any]:
    return {"model": model.id, "dtype": model.dtype, "quantization": model.quantization}


def _sum(rows: Iterable[Mapping[str, Any]], name: str) -> float:
    return float(sum(row[name] for row in rows))
