"""What people's grades say, as tables: accuracies by rule, as counted and corrected; agreement."""

from __future__ import annotations

from harness.comparison.reviewed import FormReview, Review
from harness.records import Interval
from harness.report.cells import BLANK, PERCENT, POINTS, Scale, Table, bounds, notes_of, number
from harness.runs import Run

_TITLE = "Graded by people (%)"
_LISTED = 10
_KAPPA = Scale(digits=2)
_NOTES = (
    "By rule: all answers as the rule graded them. Counted: people's verdicts over the rule's. "
    "Corrected: for the errors that people found in the rule's grades, from the answers that the "
    "sampling offered.",
    "Too strict: right by people, wrong by the rule; too lenient: the other way round. Intervals "
    "95 %.",
)


def review_tables(run: Run, review: Review) -> list[Table]:
    """Nothing where nobody graded anything."""
    changed = _changed(run)
    if not review.forms:
        return [Table(_TITLE, (), (), (changed,))] if changed else []
    tables = [_accuracies(review, changed)]
    if review.kinds:
        tables.append(_kinds(review))
    if review.differences:
        tables.append(_differences(review))
    if review.graders:
        tables.append(_graders(review))
    return tables


def _changed(run: Run) -> str:
    """Which graded answers have changed since, so that nobody's verdict is on the new ones."""
    found = run.manifest.get("to_grade_again") or {}
    listed = [f"{suite} {item}" for suite, items in found.items() for item in items]
    more = f" and {len(listed) - _LISTED} more" if len(listed) > _LISTED else ""
    if not listed:
        return ""
    return (
        f"To grade again, for the answer changed: {', '.join(listed[:_LISTED])}{more}. "
        "The queue of a checkpoint (Grade, in report.html) offers what its corrected figure lacks."
    )


def _accuracies(review: Review, changed: str) -> Table:
    rows = tuple(
        (
            form.checkpoint,
            " ".join(part for part in (form.suite, form.form.replace("_", " ")) if part),
            _share(form.rule, form.rule_interval),
            _share(form.counted, form.counted_interval),
            _share(form.corrected.value, form.corrected.interval),
            f"{form.graded} of {form.n}",
            str(form.strict),
            str(form.lenient),
        )
        for form in review.forms
    )
    return Table(
        title=_TITLE,
        columns=(
            "checkpoint",
            "questions",
            "by rule",
            "counted",
            "corrected",
            "graded",
            "rule too strict",
            "too lenient",
        ),
        rows=rows,
        notes=notes_of(
            *_NOTES, *_uncorrected(review), _left_out(review), _other_rubrics(review), changed
        ),
        numeric=(2, 3, 4, 5, 6, 7),
    )


def _uncorrected(review: Review) -> list[str]:
    """Which grades figures lack to be corrected, a line for all that lack the same."""
    names: dict[tuple[tuple[str, int], ...], list[str]] = {}
    for form in review.forms:
        if form.corrected.lacking:
            names.setdefault(form.corrected.lacking, []).append(_name(form))
    return [
        f"Not corrected: {', '.join(of)}: {'each ' if len(of) > 1 else ''}needs grades "
        f"({_told(lacking)}), which the checkpoint's own queue offers."
        for lacking, of in names.items()
    ]


def _told(lacking: tuple[tuple[str, int], ...]) -> str:
    return ", ".join(f"{n} of {outcome}" for outcome, n in lacking)


def _name(form: FormReview) -> str:
    return f"{form.checkpoint} {form.form or form.suite}"


def _left_out(review: Review) -> str:
    parts = [f"{review.skipped} skipped"] if review.skipped else []
    if review.disputed:
        parts.append(f"{review.disputed} on which people can't agree (the rule's grade stands)")
    return f"Without a verdict: {'; '.join(parts)}." if parts else ""


def _other_rubrics(review: Review) -> str:
    if not review.other_rubrics:
        return ""
    return (
        f"{review.other_rubrics} grades were given by another version of the rubric than today's."
    )


def _kinds(review: Review) -> Table:
    rows = tuple(
        (
            " ".join(part for part in (kind.suite, kind.kind) if part),
            str(kind.graded),
            _share(kind.share, kind.interval),
            str(kind.strict),
            str(kind.lenient),
        )
        for kind in review.kinds
    )
    columns = ("kind of fact", "graded", "people and rule agree (%)", "too strict", "too lenient")
    return Table("The rule against people", columns, rows, numeric=(1, 2, 3, 4))


def _differences(review: Review) -> Table:
    rows = tuple(
        (
            f"{d.ours} – {d.theirs}",
            " ".join(part for part in (d.suite, d.form.replace("_", " ")) if part),
            _points(d.corrected.value, d.corrected.interval),
            f"{d.corrected.graded} of {d.corrected.n}",
        )
        for d in review.differences
    )
    return Table(
        "Two checkpoints as people grade (points)",
        ("checkpoints", "questions", "difference", "graded or equal"),
        rows,
        numeric=(2, 3),
    )


def _graders(review: Review) -> Table:
    rows, notes = [], []
    for pair in review.graders:
        agreed = pair.agreement
        kappa = BLANK
        if agreed.kappa is not None and agreed.kappa_interval is not None:
            ends = agreed.kappa_interval
            kappa = f"{number(agreed.kappa, _KAPPA)} {bounds(ends.low, ends.high, _KAPPA)}"
        names = f"{pair.first}, {pair.second}"
        rows.append((names, str(agreed.n), _share(agreed.share, agreed.interval), kappa))
        notes.append(f"{names}: {agreed.reason}." if agreed.reason else "")
        if pair.apart:
            listed = ", ".join(f"{suite} {item}" for suite, item in pair.apart[:20])
            more = f" and {len(pair.apart) - 20} more" if len(pair.apart) > 20 else ""
            notes.append(f"{names} differ on {listed}{more}.")
    columns = ("people", "answers of both", "agree (%)", "Cohen's kappa")
    return Table("People beside each other", columns, tuple(rows), notes_of(*notes), (1, 2, 3))


def _share(value: float | None, interval: Interval | None) -> str:
    if value is None or interval is None:
        return BLANK
    return f"{number(value, PERCENT)} {bounds(interval.low, interval.high, PERCENT)}"


def _points(value: float | None, interval: Interval | None) -> str:
    if value is None or interval is None:
        return BLANK
    return f"{number(value, POINTS)} {bounds(interval.low, interval.high, POINTS)}"
