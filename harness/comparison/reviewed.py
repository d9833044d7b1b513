"""What people's grades say of a run: of its accuracies, of the rule behind them, of each other.

Every answer has the rule's grade, some have a person's. Three figures of one accuracy stand side by
side: by the rule alone, as counted (a person's verdict over the rule's), and corrected for the
errors that people found in the rule's grades, which generalises from the answers that the sampling
offered (`harness.statistics.double_sampling`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from harness.comparison.drawn import answer_strata, pair_strata
from harness.comparison.rated import Rated, rated, rated_items
from harness.records import Interval, Result
from harness.runs import Run
from harness.statistics.agreement import Agreement, cohens_kappa
from harness.statistics.double_sampling import (
    Corrected,
    corrected_accuracy,
    corrected_difference,
)
from harness.statistics.intervals import mean_interval, wilson
from harness.statistics.power import design_effect

TASK = "review"
_LISTED = 200  # disagreements that a report names


@dataclass(frozen=True, slots=True)
class FormReview:
    """One accuracy of one checkpoint, beside what people said of the answers behind it.

    form: of question, "" where the suite has none. n: answers, on `clusters` documents; of them
    graded by people, skipped by whoever saw them, disputed with as many for as against. rule,
    counted: shares in [0, 1] with intervals. agree: answers on which people and rule agree;
    lenient: right by the rule only; strict: right by people only. Answers that the rule leaves to a
    reader are in none of the three, and `rule` is None where there are any. ungraded: those of them
    that nobody graded; `counted` is of the others, None without any.
    """

    checkpoint: str
    suite: str
    form: str
    n: int
    clusters: int
    graded: int
    skipped: int
    disputed: int
    rule: float | None
    rule_interval: Interval | None
    counted: float | None
    counted_interval: Interval | None
    corrected: Corrected
    agree: int
    lenient: int
    strict: int
    ungraded: int = 0


@dataclass(frozen=True, slots=True)
class Difference:
    """Two checkpoints on one form, as a person would grade: ours - theirs."""

    ours: str
    theirs: str
    suite: str
    form: str
    corrected: Corrected


@dataclass(frozen=True, slots=True)
class KindReview:
    """How often people agree with the rule on facts of one kind; each answer counts once."""

    suite: str
    kind: str
    graded: int
    agree: int
    lenient: int
    strict: int
    share: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class Graders:
    """Two people who graded the same answers. apart: the (suite, item) on which they differ."""

    first: str
    second: str
    agreement: Agreement
    apart: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Review:
    """All of it. disagreements: (suite, item, the rule's outcome, people's verdict), the first of
    `apart` that there are. skipped, disputed: answers, one of several checkpoints once.
    other_rubrics: opinions by another version than the run's.
    """

    forms: tuple[FormReview, ...] = ()
    differences: tuple[Difference, ...] = ()
    kinds: tuple[KindReview, ...] = ()
    graders: tuple[Graders, ...] = ()
    disagreements: tuple[tuple[str, str, str, str], ...] = ()
    apart: int = 0
    skipped: int = 0
    disputed: int = 0
    other_rubrics: int = 0

    @property
    def results(self) -> tuple[Result, ...]:
        """The figures as results of the task "review", each named by suite and form."""
        return tuple(result for form in self.forms for result in _results(form))


def review_of(run: Run) -> Review:
    """What people said of a run's answers; empty where nobody said anything."""
    if not any(answer.opinions for answers in rated_items(run, "people") for answer in answers):
        return Review()
    answers = rated(run)
    unlike = {(a.suite, a.item, a.outcome, a.verdict): None for a in answers if a.apart}
    return Review(
        forms=tuple(_forms(answers)),
        differences=tuple(_differences(answers)),
        kinds=tuple(_kinds(answers)),
        graders=tuple(_graders(answers)),
        disagreements=tuple(unlike)[:_LISTED],
        apart=len(unlike),
        skipped=len({a.key for a in answers if a.skipped and not a.verdict}),
        disputed=len({a.key for a in answers if a.disputed}),
        other_rubrics=_by_other_rubrics(run, answers),
    )


def _by_other_rubrics(run: Run, answers: Sequence[Rated]) -> int:
    version = (run.manifest.get("rubric") or {}).get("version")
    opinions = {(a.key, author): o for a in answers for author, o in a.opinions.items()}
    return sum(o.get("rubric", version) != version for o in opinions.values()) if version else 0


def _grouped(answers: Iterable[Rated], *fields: str) -> dict[tuple[str, ...], list[Rated]]:
    groups: dict[tuple[str, ...], list[Rated]] = {}
    for answer in answers:
        groups.setdefault(tuple(getattr(answer, f) for f in fields), []).append(answer)
    return groups


def _forms(answers: Sequence[Rated]) -> Iterable[FormReview]:
    for (checkpoint, suite, form), group in _grouped(
        answers, "checkpoint", "suite", "form"
    ).items():
        if any(answer.opinions for answer in group):
            yield _form(checkpoint, suite, form, group)


def _form(checkpoint: str, suite: str, form: str, group: Sequence[Rated]) -> FormReview:
    clusters = [a.cluster for a in group]
    by_rule = [float(a.rule) for a in group]
    whole = all(a.ruled for a in group)
    rule, rule_interval = _share([(a.cluster, a.rule) for a in group] if whole else [])
    counted, counted_interval = _share(
        [(a.cluster, a.counted) for a in group if a.counted is not None]
    )
    graded = [a for a in group if a.verdict]
    corrected = corrected_accuracy(answer_strata(group), design_effect(by_rule, clusters))
    return FormReview(
        checkpoint=checkpoint,
        suite=suite,
        form=form,
        n=len(group),
        clusters=len(set(clusters)),
        graded=len(graded),
        skipped=sum(not a.verdict and a.skipped for a in group),
        disputed=sum(a.disputed for a in group),
        rule=rule,
        rule_interval=rule_interval,
        counted=counted,
        counted_interval=counted_interval,
        corrected=corrected,
        **_agreeing(graded),
        ungraded=sum(a.counted is None for a in group),
    )


def _share(rows: Sequence[tuple[str, bool]]) -> tuple[float | None, Interval | None]:
    """The share of right answers and its interval; rows: cluster, right."""
    if not rows:
        return None, None
    clusters, right = zip(*rows, strict=True)
    return mean_interval([float(r) for r in right], clusters)


def _agreeing(graded: Sequence[Rated]) -> dict[str, int]:
    return {
        "agree": sum(a.ruled and not a.apart for a in graded),
        "lenient": sum(a.apart and a.rule for a in graded),
        "strict": sum(a.apart and not a.rule for a in graded),
    }


def _differences(answers: Sequence[Rated]) -> Iterable[Difference]:
    """Of the pairs of checkpoints whose unlike answers people drew enough of to tell."""
    places = _grouped(answers, "suite", "form")
    for (suite, form), group in places.items():
        sides = {c: {a.item: a for a in of} for (c,), of in _grouped(group, "checkpoint").items()}
        for theirs, ours in combinations(sides, 2):
            shared = [item for item in sides[ours] if item in sides[theirs]]
            pairs = [(sides[ours][item], sides[theirs][item]) for item in shared]
            queues = f"queue:{ours}|{theirs}", f"queue:{theirs}|{ours}"
            both = [pair for pair in pairs if pair[0].key != pair[1].key]
            if any(o.offered(*queues) or t.offered(*queues) for o, t in both):
                clusters = [o.cluster for o, _ in pairs]
                by_rule = [float(o.rule) - float(t.rule) for o, t in pairs]
                corrected = corrected_difference(
                    pair_strata(pairs), design_effect(by_rule, clusters)
                )
                if corrected.value is not None:
                    yield Difference(ours, theirs, suite, form, corrected)


def _kinds(answers: Sequence[Rated]) -> Iterable[KindReview]:
    # One answer of several checkpoints once.
    once = {a.key: a for a in answers if a.verdict and a.ruled}
    for (suite, kind), group in sorted(_grouped(once.values(), "suite", "kind").items()):
        counts = _agreeing(group)
        agree, n = counts["agree"], len(group)
        yield KindReview(suite, kind, n, **counts, share=agree / n, interval=wilson(agree, n))


def _graders(answers: Sequence[Rated]) -> Iterable[Graders]:
    once = {a.key: a for a in answers if len(a.said) > 1}
    authors = sorted({author for answer in once.values() for author in answer.said})
    for first, second in combinations(authors, 2):
        shared = [a for a in once.values() if first in a.said and second in a.said]
        if shared:
            agreement = cohens_kappa([(a.said[first], a.said[second]) for a in shared])
            apart = tuple((a.suite, a.item) for a in shared if a.said[first] != a.said[second])
            yield Graders(first, second, agreement, apart)


def _results(form: FormReview) -> Iterable[Result]:
    name = f"{form.suite}_{form.form}" if form.form else form.suite
    corrected = form.corrected
    figures: list[tuple[str, float | None, Interval | None]] = [
        (f"by_rule_{name}", form.rule, form.rule_interval),
        (f"counted_{name}", form.counted, form.counted_interval),
        (f"corrected_{name}", corrected.value, corrected.interval),
    ]
    if both := form.agree + form.lenient + form.strict:
        figures.append((f"agreement_{name}", form.agree / both, wilson(form.agree, both)))
    for metric, value, interval in figures:
        if value is None or interval is None:
            continue
        n, clusters = form.n, form.clusters
        if metric.startswith("agreement"):
            n = clusters = both  # it takes answers for independent
        elif metric.startswith("counted"):
            n -= form.ungraded
        yield Result(
            checkpoint=form.checkpoint,
            task=TASK,
            metric=metric,
            value=value,
            low=interval.low,
            high=interval.high,
            n=n,
            clusters=min(n, clusters),
            interval=interval.method,
        )
