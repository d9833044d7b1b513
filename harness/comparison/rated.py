"""Answers that a person can judge, each with the rule's grade and what people said of it."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.records import Outcome
from harness.records.response import UNANSWERED
from harness.review.events import GradeEvent, moment, sample_key
from harness.review.judgement import RIGHT, SKIPPED, WRONG, latest
from harness.runs import Run


@dataclass(frozen=True, slots=True)
class Rated:
    """One answer of one checkpoint.

    key: under which people grade it, the same for equal answers. outcome, rule: the rule's word,
    and whether it is "correct". counted: what accuracy counts; None where nobody graded it yet.
    verdict: people's "right" or "wrong"; "" without any or for a tie. opinions: by author, as
    `harness.review.judgement.plain` has them. unsure: whether the rule had to guess. judge: what a
    judging model said, as the row has it, empty where none was asked.
    """

    checkpoint: str
    suite: str
    item: str
    form: str
    kind: str
    cluster: str
    key: str
    outcome: str
    rule: bool
    counted: bool | None
    verdict: str
    opinions: Mapping[str, Mapping[str, str]]
    unsure: bool = False
    judge: Mapping[str, Any] = field(default_factory=dict)

    @property
    def right(self) -> bool:
        """Whether people call it right."""
        return self.verdict == RIGHT

    @property
    def ruled(self) -> bool:
        """Whether the rule has a verdict on it."""
        return self.outcome != Outcome.UNGRADED

    @property
    def apart(self) -> bool:
        """Whether people and the rule say different things."""
        return bool(self.verdict) and self.ruled and self.right != self.rule

    @property
    def said(self) -> dict[str, str]:
        """Verdicts by author, without those who skipped it."""
        return {a: o["verdict"] for a, o in self.opinions.items() if o["verdict"] in (RIGHT, WRONG)}

    @property
    def skipped(self) -> bool:
        """Whether somebody saw it and left it out."""
        return any(o["verdict"] == SKIPPED for o in self.opinions.values())

    @property
    def disputed(self) -> bool:
        """Whether as many people say the one as the other."""
        return bool(self.said) and not self.verdict

    def offered(self, *queues: str) -> datetime.datetime | None:
        """When it was first judged because one of these samplings offered it; None for never."""
        return self._judged("queue", *queues)

    @property
    def looked_up(self) -> datetime.datetime | None:
        """When it was first judged because somebody chose it; None for never."""
        return self._judged("hand")

    def _judged(self, *picks: str) -> datetime.datetime | None:
        said = (o for o in self.opinions.values() if o["verdict"] != SKIPPED)
        return min((moment(o["time"]) for o in said if o["picked"] in picks), default=None)


def written(row: Mapping[str, Any]) -> bool:
    """Whether the answer of a row was written by the model, so that a person can judge it."""
    silent = ("scored", *UNANSWERED)
    return row.get("finish") not in silent and row["outcome"] != Outcome.MEASURED


def rated(run: Run) -> list[Rated]:
    """All answers of a run that a person can judge, in the order of checkpoints and data."""
    return [answer for answers in rated_items(run) for answer in answers]


def rated_items(run: Run, *fields: str) -> Iterator[list[Rated]]:
    """The same answers, those of one item at a time, so that a large run fits into memory.

    fields: only items of which a row may have one of these (`Run.holds`). Each answer once: a suite
    that looks at another's (`Task.judged_as`) has them again.
    """
    for item in run.items:
        if any("of" in result.identity for result in item.results):
            continue
        if fields and not run.holds(item.checkpoint, item.task, *fields):
            continue
        rows = {str(row["id"]): row for row in run.samples(item.checkpoint, item.task)}
        yield [_rated(item.checkpoint, item.task, row) for row in rows.values() if written(row)]


def _rated(checkpoint: str, suite: str, row: Mapping[str, Any]) -> Rated:
    people = row.get("people") or {}
    rule = row.get("rule") or row
    identifier = str(row["id"])
    return Rated(
        checkpoint=checkpoint,
        suite=suite,
        item=identifier,
        form=str(row.get("stratum") or ""),
        kind=str((row.get("detail") or {}).get("kind") or ""),
        cluster=str(row.get("cluster") or identifier),
        key=sample_key(suite, identifier, str(row["prompt"]), str(row["response"])),
        outcome=str(rule["outcome"]),
        rule=bool(rule["correct"]),
        counted=None if row["outcome"] == Outcome.UNGRADED else bool(row["correct"]),
        verdict=str(people.get("verdict") or ""),
        opinions=people.get("opinions") or {},
        unsure=bool(row.get("unsure")),
        judge=row.get("judge") or {},
    )


def to_grade_again(run: Run, events: Iterable[GradeEvent]) -> dict[str, list[str]]:
    """By suite the questions of whose graded answers nobody in the run gives any more.

    Only of suites that all checkpoints were asked: another one may still give it.
    """
    graded: dict[tuple[str, str], set[str]] = {}
    for event in latest(events):
        if event.verdict in (RIGHT, WRONG):
            graded.setdefault((event.suite, event.item), set()).add(event.sample)
    if not graded:
        return {}
    given: dict[tuple[str, str], set[str]] = {}
    for answer in (answer for answers in rated_items(run) for answer in answers):
        if (answer.suite, answer.item) in graded:
            given.setdefault((answer.suite, answer.item), set()).add(answer.key)
    whole = _whole(run)
    changed: dict[str, list[str]] = {}
    for (suite, item), keys in sorted(graded.items()):
        if suite in whole and (suite, item) in given and not keys & given[suite, item]:
            changed.setdefault(suite, []).append(item)
    return changed


def _whole(run: Run) -> set[str]:
    """Suites that all checkpoints of the matrix were selected for (one may have been skipped)."""
    selected: dict[str, set[str]] = {}
    for item in run.items:
        selected.setdefault(item.task, set()).add(item.checkpoint)
    every = {str(checkpoint["id"]) for checkpoint in run.checkpoints}
    return {suite for suite, checkpoints in selected.items() if checkpoints == every}
