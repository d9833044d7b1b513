"""What is compared within one run: checkpoints with the baseline, twins with each other."""

from __future__ import annotations

from dataclasses import dataclass

from harness.comparison.acquisition import acquisition_results
from harness.comparison.derived import Derived
from harness.comparison.relative import relative_results
from harness.comparison.twins import twin_results
from harness.records import Result
from harness.runs import Run


@dataclass(frozen=True, slots=True)
class Comparisons:
    """All derived figures of a run."""

    acquisition: Derived
    twins: Derived
    relative: Derived

    @property
    def results(self) -> tuple[Result, ...]:
        """The figures of all kinds."""
        return (*self.acquisition.results, *self.twins.results, *self.relative.results)

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be made, and why."""
        return (*self.acquisition.notes, *self.twins.notes, *self.relative.notes)


def comparisons(run: Run) -> Comparisons:
    """Everything that can be compared in a run; only its files are read."""
    return Comparisons(acquisition_results(run), twin_results(run), relative_results(run))
