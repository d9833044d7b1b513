"""What a judging model said, as a table, and the warnings that belong beside it."""

from __future__ import annotations

from collections.abc import Iterator

from harness.comparison.judged import JudgedForm, JudgeReview
from harness.report.cells import BLANK, PERCENT, Table, notes_of, number

TITLE = "Answers in words, and a model that judges them"
_LISTED = 5
_COLUMNS = (
    "checkpoint",
    "questions",
    "answers",
    "unsure",
    "judged",
    "decided",
    "counts",
    "repeats (%)",
    "as the rule",
)
_UNJUDGED = (
    "Unsure: the reference is a sentence and the answer says it in other words. No rule can tell"
    " such an answer; it counts as the rule guesses, nearly always as wrong, and in the suite "
    "qualitative not at all. Grade it by eye (python -m harness review RUN), or name a judge with "
    "[judge] in the matrix."
)
_JUDGED = (
    "Unsure: of these answers the rule can't tell; the reference is a sentence, and they say it in "
    "other words, or there is none. Counts: the judge's verdict stands in the rule's place, for it "
    "is calibrated on such answers. Repeats: how often two times asking gave the same "
    "verdict. As the rule: second opinions on answers of which the rule is sure, which never count."
)


def judge_tables(review: JudgeReview) -> list[Table]:
    """Nothing where every rule is sure and nobody was asked."""
    if not review.judge and not review.forms:
        return []
    if not review.judge:
        rows = tuple((f.checkpoint, _name(f), str(f.n), str(f.unsure)) for f in review.forms)
        return [Table(TITLE, _COLUMNS[:4], rows, (_UNJUDGED,), (2, 3))]
    return [
        Table(
            TITLE,
            _COLUMNS if review.forms else (),
            tuple(map(_row, review.forms)),
            notes_of(*warnings(review), _JUDGED, _judge(review), *_silent(review), *_apart(review)),
            tuple(range(2, len(_COLUMNS))),
        )
    ]


def warnings(review: JudgeReview) -> Iterator[str]:
    """What a reader must know before going by a judge's verdicts, a sentence or two each."""
    judge = review.judge
    if not judge:
        return
    name = judge["model"]
    if same := judge.get("same_as"):
        yield (
            f"Warning: {name} judges answers of {', '.join(same)}, which stand on the same model: "
            "a model favours what it would have said itself (arXiv 2404.13076)."
        )
    asked, silent, cut, unanswered = (
        sum(getattr(form, name) for form in review.forms)
        for name in ("asked", "silent", "cut", "unanswered")
    )
    if cut:
        yield (
            f"Warning: {name} was cut off before it gave a verdict on {cut} of {asked} answers. A "
            "model that thinks first uses up the tokens for it: let it with omit = "
            f'["max_tokens"] in [models.{name}.api], or turn thinking off with extra_body.'
        )
    if unanswered:
        yield (
            f"Warning: {name} gave no answer on {unanswered} of {asked} answers: it refused, or "
            "its server would not take the question."
        )
    if asked and silent == asked:
        yield f"Warning: of no answer could {name}'s verdict be read, so none counts."
    elif not asked:
        if any(form.unsure for form in review.forms):
            yield f"Warning: {name} was asked of no answer."
    elif not judge.get("calibration"):
        yield (
            f"Warning: {name} was never held against people, so none of its verdicts counts. Grade "
            "some of the answers that it judged, run again, then: python -m harness calibrate RUN."
        )
    elif review.untrusted:
        listed = "; ".join(f"{stratum}: {count}" for stratum, count in review.untrusted[:_LISTED])
        more = len(review.untrusted) - _LISTED
        yield (
            f"Warning: {name} is not calibrated for these answers, so its verdicts on them don't "
            f"count (n >= {judge['floor']} and kappa's lower end >= {judge['least_kappa']:g}): "
            f"{listed}{f' and {more} more' if more > 0 else ''}."
        )
    if review.strangers:
        yield (
            f"Warning: {', '.join(review.strangers)} answered, of which the calibration knows "
            "nothing; those verdicts don't count. Calibrate again."
        )


def _row(form: JudgedForm) -> tuple[str, ...]:
    return (
        form.checkpoint,
        _name(form),
        str(form.n),
        str(form.unsure),
        str(form.asked),
        str(form.decided),
        str(form.counted),
        BLANK if form.agreement is None else number(form.agreement, PERCENT),
        f"{form.alike} of {form.sure}" if form.sure else BLANK,
    )


def _name(form: JudgedForm) -> str:
    return " ".join(part for part in (form.suite, form.form.replace("_", " ")) if part)


def _judge(review: JudgeReview) -> str:
    judge = review.judge
    times = "once" if judge["repeats"] == 1 else f"{judge['repeats']} times"
    of = "every written answer" if judge["when"] == "always" else "answers the rule is unsure of"
    file = judge.get("calibration")
    return (
        f"Judge: {judge['model']}, asked {times} of {of} at temperature {judge['temperature']:g}, "
        f"rubric {judge['rubric']}, {f'calibration {file}' if file else 'not calibrated'}."
    )


def _silent(review: JudgeReview) -> Iterator[str]:
    silent = sum(form.silent for form in review.forms)
    undecided = sum(form.undecided for form in review.forms)
    if silent or undecided:
        yield f"Not decided: {undecided} answers; no verdict could be read of {silent}."


def _apart(review: JudgeReview) -> Iterator[str]:
    if not review.apart:
        return
    listed = ", ".join(f"{a.suite} {a.item} ({a.checkpoint})" for a in review.apart[:_LISTED])
    more = review.apart_in_all - min(_LISTED, len(review.apart))
    tail = f" and {more} more; report.json lists them" if more > 0 else ""
    yield f"Judge and a rule that is sure differ on {review.apart_in_all}: {listed}{tail}."
