"""What an evaluation works with, and what it returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.engines import Engine
from harness.grading.meanings import Comparer
from harness.ledger import Ledger
from harness.records import (
    Grade,
    Graded,
    Outcome,
    Reading,
    Request,
    Response,
    Result,
    Sample,
)
from harness.retrieval.retriever import Retriever
from harness.review.judgement import Judgement
from harness.runs import sample_row
from harness.store import Store
from harness.tasks import Task

Progress = Callable[[int, int], None]  # requests answered, requests in all


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What `evaluate` measured. asked: samples answered by the engine now; stored: known before.

    identity: of every result. rows: the samples, as they stand in the sample file. fingerprint: of
    the checkpoint that was asked, "" where the task asks nobody.
    """

    results: tuple[Result, ...]
    asked: int
    stored: int
    identity: Mapping[str, Any] = field(default_factory=dict)
    rows: tuple[dict[str, Any], ...] = ()
    fingerprint: str = ""

    def value(self, metric: str) -> float:
        """One figure, for a suite's own assertion. Raises KeyError naming the metrics there are."""
        values = {result.metric: result.value for result in self.results}
        if metric not in values:
            raise KeyError(f"no metric {metric!r}; measured: {', '.join(values)}")
        return values[metric]

    def wrong(self) -> list[str]:
        """The samples that were not judged right, each with the reason: for a suite to fail by.

        Those that nobody has graded yet are none of them.
        """
        judged = (row for row in self.rows if row["outcome"] != Outcome.UNGRADED)
        return [f"{row['id']}: {row['reason']}" for row in judged if not row["correct"]]


@dataclass(frozen=True, slots=True)
class Workbench:
    """Where an evaluation works.

    fingerprint: of the checkpoint's bytes, "" for a task that asks nobody. engine: called only when
    something is missing.
    run_folder: None where only the figures are wanted: no sample file is written then.
    reference: what the checkpoint's reference answers to the requests that read a text.
    people: what persons said of answers, by `harness.review.events.sample_key`.
    likelihoods: whether sample rows are to tell how likely each token of an answer was.
    ledger: of an API's costs. retriever: opens what the checkpoint looks passages up with. judge:
    grades written answers besides the rule. comparer: reads which answers in words mean the same.
    None where there is none of it.
    ahead: waits for those of the requests that are being answered already, and says which of these
    were asked for this evaluation.
    turn: waits while another process asks the same task of a server, and says whether one may have.
    forecast: raises ConfigError where all that a session is to ask of an API may cost too much.
    timed: is told what an engine answered, and in how many seconds.
    public: what a server said of itself, without the places of somebody's machine.
    """

    fingerprint: str
    engine: Callable[[], Engine]
    store: Store
    run_folder: Path | None
    progress: Progress = field(default=lambda done, total: None)
    reference: Callable[[Sequence[Request]], Mapping[Request, Response]] = field(
        default=lambda requests: {}
    )
    reference_id: str = ""
    people: Mapping[str, Judgement] = field(default_factory=dict)
    likelihoods: bool = False
    ledger: Ledger | None = None
    retriever: Callable[[], Retriever] | None = None
    judge: Callable[[Task, Sequence[Graded]], list[Graded]] | None = None
    comparer: Comparer | None = None
    ahead: Callable[[Sequence[Request]], frozenset[Request]] = field(
        default=lambda requests: frozenset()
    )
    turn: Callable[[], AbstractContextManager[bool]] = field(default=lambda: nullcontext(False))
    forecast: Callable[[], None] = field(default=lambda: None)
    timed: Callable[[Sequence[Request], float], None] = field(default=lambda asked, seconds: None)
    public: Callable[[str], str] = field(default=lambda text: text)

    def row(
        self, sample: Sample, response: Response, grade: Grade, reading: Reading | None = None
    ) -> dict[str, Any]:
        """The sample's line in a sample file."""
        snapshot = self.public(response.usage.model) if response.usage else ""
        return sample_row(sample, response, grade, reading, snapshot)
