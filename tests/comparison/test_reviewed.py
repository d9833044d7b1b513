"""What people's grades say of a run: accuracies corrected, the rule's errors, people's agreement."""

from __future__ import annotations

import random
import statistics
from pathlib import Path
from typing import Any

import pytest

from harness.comparison.baseline import Baseline, make_baseline
from harness.comparison.reviewed import Review, review_of
from harness.comparison.scores import paired, score_set
from harness.review.events import sample_key
from harness.runs import read_run
from tests.report import builder as build
from tests.report.grading import answer, by


def review(tmp_path: Path, **rows: list[Any]) -> Review:
    names = {"base": build.BASE, "qa": build.QA}
    folder = build.start(tmp_path, [names[name] for name in rows])
    for name, given in rows.items():
        figure = build.result(names[name].id, "knowledge", "accuracy_seen", 0.5)
        build.measure(folder, names[name].id, "knowledge", [figure], given)
    return review_of(read_run(folder))


def test_a_run_that_nobody_graded_has_no_review(tmp_path: Path) -> None:
    assert review(tmp_path, base=[answer("a1", True)]) == Review()


def in_order(ids: list[str]) -> list[str]:
    """Ids in the order in which the sampling offers their answers."""
    keys = {i: build.row(i) for i in ids}
    return sorted(
        ids, key=lambda i: sample_key("knowledge", i, keys[i]["prompt"], keys[i]["response"])
    )


def test_accuracy_stands_by_rule_as_counted_and_corrected(tmp_path: Path) -> None:
    # 60 answers right by the rule, of which people call 1 of 10 wrong; 40 wrong, of which 5 of 10
    # are right: .6 · .9 + .4 · .5 = .74 by hand.
    correct, wrong = (
        in_order([f"{name}{i}" for i in range(n)]) for name, n in (("r", 60), ("w", 40))
    )
    said = {i: "wrong" if n == 0 else "right" for n, i in enumerate(correct[:10])}
    said |= {i: "right" if n < 5 else "wrong" for n, i in enumerate(wrong[:10])}
    rows = [
        answer(i, i[0] == "r", by("花子", said[i]) if i in said else None) for i in correct + wrong
    ]

    (form,) = review(tmp_path, base=rows).forms

    assert form.rule == pytest.approx(0.60)
    assert form.counted == pytest.approx(0.64)  # five found right, one found wrong
    assert form.corrected.value == pytest.approx(0.74)
    assert form.corrected.interval is not None
    assert form.corrected.interval.low < 0.64
    assert form.corrected.interval.high > 0.80
    assert (form.graded, form.agree, form.lenient, form.strict) == (20, 14, 1, 5)
    assert form.clusters == 100


def test_looked_up_errors_do_not_count_twice(tmp_path: Path) -> None:
    # 1,000 answers that the rule calls right, one in ten of them wrong. A person grades what is
    # offered and then looks up every wrong one that is left: among what was offered are a tenth.
    values = []
    for trial in range(20):
        ids = in_order([f"t{trial}-{i}" for i in range(300)])
        chance = random.Random(trial)
        truly = {i: "wrong" if chance.random() < 0.1 else "right" for i in ids}
        said = {i: by("花子", truly[i]) for i in ids[:60]}
        said |= {i: by("花子", "wrong", "hand", 1) for i in ids[60:] if truly[i] == "wrong"}
        rows = [answer(i, True, said.get(i)) for i in ids]
        (form,) = review(tmp_path / str(trial), base=rows).forms
        assert form.corrected.value is not None
        values.append(form.corrected.value)

    assert statistics.mean(values) == pytest.approx(0.9, abs=0.02)  # twice would be .83


@pytest.mark.parametrize(("picked", "expected"), [("hand", 0.90), ("queue:qa-e3", 0.92)])
def test_what_was_looked_up_before_the_sampling_began_is_set_apart(
    tmp_path: Path, picked: str, expected: float
) -> None:
    # 100 answers that the rule calls right. A person looks up the 10 wrong ones, every tenth, then
    # grades what is offered: of the 90 left the first 30 are all right. Among the 33 up to there
    # only 3 were looked up, since they end with one that was not: taken as drawn, .909.
    # What another sampling offered lies where keys are low, and counts among the drawn: 3 of 37.
    ids = in_order([f"w{i}" for i in range(100)])
    wrong = ids[4::10] if picked == "hand" else ids[:3]
    said = {i: by("太郎", "wrong", picked) for i in wrong}
    drawn = [i for i in ids if i not in wrong][: 30 if picked == "hand" else 34]
    said |= {i: by("花子", "right", "queue:base", 1 + n) for n, i in enumerate(drawn)}

    (form,) = review(tmp_path, base=[answer(i, True, said.get(i)) for i in ids]).forms

    assert form.corrected.value == pytest.approx(expected, abs=0.003)


def test_answers_looked_up_beyond_what_was_offered_count_for_themselves(tmp_path: Path) -> None:
    ids = in_order([f"w{i}" for i in range(100)])
    said = {i: by("花子", "wrong") for i in ids[:10]}
    said |= {i: by("花子", "right", "hand", 1) for i in ids[50:60]}

    (form,) = review(tmp_path, base=[answer(i, False, said.get(i)) for i in ids]).forms

    assert form.corrected.value == pytest.approx(0.0)
    assert form.counted == pytest.approx(0.10)


def test_while_an_answer_between_is_open_nothing_is_corrected(tmp_path: Path) -> None:
    # As another comparison leaves them, which offered some of these answers and not others.
    ids = in_order([f"w{i}" for i in range(100)])
    said = {i: by("花子", "wrong") for i in ids[:10]} | {i: by("花子", "right") for i in ids[20:60]}

    (form,) = review(tmp_path, base=[answer(i, False, said.get(i)) for i in ids]).forms

    assert form.corrected.value is None
    assert form.corrected.lacking == (("wrong", 10),)
    assert form.counted == pytest.approx(0.40)


def test_another_queue_takes_no_figure_away(tmp_path: Path) -> None:
    ids = in_order([f"w{i}" for i in range(100)])
    said = {i: by("花子", "wrong", "queue:base") for i in ids[:10]}
    said |= {i: by("花子", "right", "queue:base|qa-e3") for i in ids[20:60]}

    (form,) = review(tmp_path, base=[answer(i, False, said.get(i)) for i in ids]).forms

    assert form.corrected.value == pytest.approx(0.0)
    assert form.counted == pytest.approx(0.40)


def test_where_people_cannot_agree_an_answer_counts_half(tmp_path: Path) -> None:
    ids = in_order([f"w{i}" for i in range(10)])
    said = {i: by("花子", "wrong") for i in ids}
    said[ids[3]] = {**by("花子", "right"), **by("太郎", "wrong")}

    (form,) = review(tmp_path, base=[answer(i, False, said[i]) for i in ids]).forms

    assert form.corrected.value == pytest.approx(0.05)


def test_what_everybody_skipped_counts_half_and_keeps_no_figure_back(tmp_path: Path) -> None:
    rows = [answer(f"r{i}", True, by("花子", "right")) for i in range(9)]

    (form,) = review(tmp_path, base=[*rows, answer("w0", False, by("花子", "skipped"))]).forms

    assert form.corrected.value == pytest.approx(0.95)


def test_an_answer_that_was_skipped_leaves_no_gap(tmp_path: Path) -> None:
    ids = in_order([f"w{i}" for i in range(10)])
    said = {i: by("花子", "right") for i in ids} | {ids[4]: by("花子", "skipped")}

    (form,) = review(tmp_path, base=[answer(i, False, said[i]) for i in ids]).forms

    assert form.corrected.value == pytest.approx(1.0)


def test_without_grades_of_some_outcome_nothing_is_corrected(tmp_path: Path) -> None:
    ids = in_order([f"w{i}" for i in range(10)])
    rows = [answer(i, False, by("花子", "right") if i == ids[0] else None) for i in ids]

    (form,) = review(tmp_path, base=[*rows, answer("r1", True)]).forms

    assert form.corrected.value is None
    assert form.corrected.lacking == (("correct", 1),)


def test_where_all_was_looked_up_nothing_is_lacking(tmp_path: Path) -> None:
    # Four of "wrong" by hand, and one that another comparison offered: nothing is left to offer.
    rows = [answer(f"w{i}", False, by("花子", "right", "hand")) for i in range(4)]
    rows.append(answer("w4", False, by("花子", "wrong", "queue:qa-e3|other")))
    rows.append(answer("r0", True, by("花子", "right", "queue:base", 1)))

    (form,) = review(tmp_path, base=rows).forms

    assert form.corrected.lacking == ()
    assert form.corrected.value == pytest.approx(5 / 6)


def test_skipped_and_disputed_answers_are_counted_as_what_they_are(tmp_path: Path) -> None:
    rows = [
        answer("a1", True, by("花子", "skipped")),
        answer("a2", True, {**by("花子", "right"), **by("太郎", "wrong")}),
        answer("a3", True, by("花子", "right")),
    ]

    (form,) = review(tmp_path, base=rows).forms

    assert (form.graded, form.skipped, form.disputed) == (1, 1, 1)
    assert form.counted == 1.0


def test_an_answer_of_two_checkpoints_is_skipped_or_disputed_once(tmp_path: Path) -> None:
    rows = [
        answer("a1", True, by("花子", "skipped")),
        answer("a2", True, {**by("花子", "right"), **by("太郎", "wrong")}),
        answer("a3", True, {**by("花子", "right"), **by("太郎", "skipped")}),
    ]

    found = review(tmp_path, base=rows, qa=rows)

    assert [(form.skipped, form.disputed) for form in found.forms] == [(1, 1), (1, 1)]
    assert (found.skipped, found.disputed) == (1, 1)


def test_two_people_are_held_beside_each_other(tmp_path: Path) -> None:
    said = [("right", "right")] * 6 + [("wrong", "wrong")] * 2 + [("right", "wrong")] * 2
    rows = [
        answer(f"q{i}", True, {**by("花子", one), **by("太郎", other)})
        for i, (one, other) in enumerate(said)
    ]

    (pair,) = review(tmp_path, base=rows).graders

    # By hand: agreement .8, chance .8 · .6 + .2 · .4 = .56, kappa (.8 - .56) / .44 = .545.
    assert pair.agreement.share == pytest.approx(0.8)
    assert pair.agreement.kappa == pytest.approx(0.24 / 0.44)
    assert pair.apart == (("knowledge", "q8"), ("knowledge", "q9"))


def test_an_answer_of_two_checkpoints_counts_once_for_its_kind(tmp_path: Path) -> None:
    rows = [answer("q1", False, by("花子", "right"))]

    (kind,) = review(tmp_path, base=rows, qa=rows).kinds

    assert (kind.kind, kind.graded, kind.strict, kind.agree) == ("price", 1, 1, 0)


def test_a_comparison_that_was_asked_for_is_settled_on_pairs(tmp_path: Path) -> None:
    ours, theirs = [], []
    for i in range(20):  # unlike by the rule: base wrong, qa right; all of it confirmed by a person
        ours.append(answer(f"u{i}", False, by("花子", "wrong"), response="一円"))
        theirs.append(answer(f"u{i}", True, by("花子", "right"), response="二円"))
    for i in range(80):  # the same answer twice: nothing to grade
        ours.append(answer(f"s{i}", True))
        theirs.append(answer(f"s{i}", True))

    (difference,) = review(tmp_path, base=ours, qa=theirs).differences

    assert (difference.ours, difference.theirs) == ("qa-e3", "base")
    assert difference.corrected.value == pytest.approx(0.2)
    assert difference.corrected.interval is not None
    assert difference.corrected.interval.low > 0


def test_a_pair_counts_by_the_judge_that_both_answers_have(tmp_path: Path) -> None:
    # A person found two of ours right; nobody looked at theirs. By the same judge nothing changed.
    ours = [
        answer(f"q{i}", False, by("花子", "right", "hand") if i < 2 else None) for i in range(9)
    ]
    theirs = [answer(f"q{i}", False) for i in range(9)]
    both = [answer("q9", False, by("花子", "right"))]
    review(tmp_path, base=theirs + both, qa=ours + both)
    run = read_run(tmp_path)
    here, there = (score_set(run, name, "knowledge") for name in ("qa-e3", "base"))
    assert here
    assert there

    pairs = paired(here, there, "correct", "seen")

    assert pairs.ours == [*[0.0] * 9, 1.0]
    assert pairs.theirs == [*[0.0] * 9, 1.0]


def test_a_baseline_file_keeps_the_rules_word_beside_a_persons(tmp_path: Path) -> None:
    rows = [answer("q1", False, by("花子", "right")), answer("q2", True)]
    review(tmp_path, base=rows)
    run = read_run(tmp_path)

    content = make_baseline(run, allow_dirty=True)
    blessed = Baseline(tmp_path, content).score_set("base", "knowledge")
    fresh = score_set(run, "base", "knowledge")
    assert blessed
    assert fresh

    by_key = blessed.by_key()
    for key, sample in fresh.by_key().items():
        assert by_key[key].scores == sample.scores
        assert by_key[key].rule == sample.rule
    assert {s.id: s.rule for s in fresh.samples} == {"q1": {"correct": 0.0}, "q2": None}
