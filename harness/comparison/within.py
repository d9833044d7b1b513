"""What is compared within one run: checkpoints with the baseline, twins with each other."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.comparison.acquisition import acquisition_results
from harness.comparison.categories import category_results
from harness.comparison.derived import Derived
from harness.comparison.fit import Fits, fit_of
from harness.comparison.judged import JudgeReview, judge_review
from harness.comparison.qualitative import qualitative_results
from harness.comparison.relative import relative_results
from harness.comparison.retrieval import retrieval_results
from harness.comparison.reviewed import Review, review_of
from harness.comparison.twins import twin_results
from harness.comparison.voice import Spoken, voices
from harness.jsonl import many_rows
from harness.records import Result
from harness.runs import Run


@dataclass(frozen=True, slots=True)
class Comparisons:
    """All derived figures of a run."""

    acquisition: Derived
    twins: Derived
    categories: Derived
    relative: Derived
    review: Review
    judge: JudgeReview = field(default_factory=JudgeReview)
    retrieval: Derived = field(default_factory=Derived)
    qualitative: Derived = field(default_factory=Derived)
    voices: tuple[Spoken, ...] = ()
    fit: Fits = field(default_factory=Fits)

    @property
    def results(self) -> tuple[Result, ...]:
        """The figures of all kinds."""
        kinds = (
            self.acquisition,
            self.twins,
            self.categories,
            self.relative,
            self.retrieval,
            self.qualitative,
        )
        return tuple(r for kind in kinds for r in kind.results) + self.review.results


@many_rows()
def comparisons(run: Run) -> Comparisons:
    """Everything that can be compared in a run; only its files are read."""
    return Comparisons(
        acquisition=acquisition_results(run),
        twins=twin_results(run),
        categories=category_results(run),
        relative=relative_results(run),
        review=review_of(run),
        judge=judge_review(run),
        retrieval=retrieval_results(run),
        qualitative=qualitative_results(run),
        voices=voices(run),
        fit=fit_of(run),
    )
