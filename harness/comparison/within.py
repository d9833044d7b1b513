"""What is compared within one run: checkpoints with the baseline, twins with each other."""

from __future__ import annotations

from dataclasses import dataclass

from harness.comparison.acquisition import acquisition_results
from harness.comparison.categories import category_results
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
    categories: Derived
    relative: Derived

    @property
    def results(self) -> tuple[Result, ...]:
        """The figures of all kinds."""
        return tuple(result for kind in self._kinds for result in kind.results)

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be made, and why."""
        return tuple(note for kind in self._kinds for note in kind.notes)

    @property
    def _kinds(self) -> tuple[Derived, ...]:
        return (self.acquisition, self.twins, self.categories, self.relative)


def comparisons(run: Run) -> Comparisons:
    """Everything that can be compared in a run; only its files are read."""
    return Comparisons(
        acquisition=acquisition_results(run),
        twins=twin_results(run),
        categories=category_results(run),
        relative=relative_results(run),
    )
