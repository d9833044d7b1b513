"""What is asked and how it is graded: one file a task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from harness.errors import DataError
from harness.records import Grade, Interval, Response, Sample


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of a task: what `evaluate` turns into a `Result`."""

    metric: str
    value: float
    interval: Interval
    n: int
    clusters: int
    headline: bool = False


class Task(Protocol):
    """What a suite in `evals/` hands to `evaluate`.

    A task may also have `select(samples, limit)`, where a limit must not take single samples, and
    `data_of`, the name of the task whose data serve where the matrix names none for it.
    """

    @property
    def name(self) -> str:
        """Short name: data, sample files and results go by it."""
        ...

    @property
    def identity(self) -> Mapping[str, Any]:
        """What must be the same for two results to compare: prompt, decoding, definitions."""
        ...

    def load(self, path: Path) -> list[Sample]:
        """Samples of a data file. Raises DataError naming file and line."""
        ...

    def grade(self, sample: Sample, response: Response) -> Grade:
        """Judge one answer."""
        ...

    def measure(self, graded: Sequence[tuple[Sample, Grade]]) -> list[Measure]:
        """Figures over all graded samples, each with an interval."""
        ...


class SampleSet:
    """Collects the samples of a file, refusing a second use of an id."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._places: dict[str, str] = {}
        self.samples: list[Sample] = []

    def add(self, sample: Sample, place: str) -> None:
        """Add a sample that stands at `place`, a line's number. Raises DataError on a used id."""
        if sample.id in self._places:
            raise DataError(
                f"{self._path}:{place}: id {sample.id!r} was used before, at "
                f"{self._places[sample.id]}. Ids must be unique: grades and comparisons go by them."
            )
        self._places[sample.id] = place
        self.samples.append(sample)

    def finish(self) -> list[Sample]:
        """All samples. Raises DataError if there are none."""
        if not self.samples:
            raise DataError(f"{self._path}: no samples in it.")
        return self.samples
