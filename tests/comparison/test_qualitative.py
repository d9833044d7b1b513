"""Everyday answers beside the baseline's: who won, on which questions, and by whose verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.comparison.baseline import Baseline, make_baseline
from harness.comparison.derived import Derived
from harness.comparison.gate import decide, mistake
from harness.comparison.qualitative import qualitative_results
from harness.comparison.reviewed import review_of
from harness.comparison.scores import paired, score_set
from harness.config.gates import Gate
from harness.runs import Run, read_run
from harness.statistics.intervals import wilson
from harness.statistics.paired import paired_difference
from tests.report import builder as build
from tests.report.everyday import bare, broken, everyday_run, judged, said

# A question a letter: r right, w wrong by a person, b broken by the rule, - nobody graded it.
OURS = "rrrrwwwwb-"
THEIRS = "rwwwrrww" + "rr"


def run_of(folder: Path, ours: list[Any], theirs: list[Any], **changes: Any) -> Run:
    return read_run(everyday_run(folder, {"base": theirs, "qa-e3": ours}, **changes))


def rows(letters: str) -> list[dict[str, Any]]:
    verdicts = {"r": True, "w": False}
    return [
        said(f"q{place}", verdicts[letter])
        if letter in verdicts
        else (broken if letter == "b" else bare)(f"q{place}")
        for place, letter in enumerate(letters)
    ]


def figures(found: Derived) -> dict[str, tuple[float, int]]:
    return {r.metric: (round(r.value, 12), r.n) for r in found.results if r.checkpoint == "qa-e3"}


def test_won_tied_and_lost_by_hand(tmp_path: Path) -> None:
    found = qualitative_results(run_of(tmp_path, rows(OURS), rows(THEIRS)))
    # q9 has no verdict of ours. Won q1 to q3; tied q0, q6, q7; lost q4, q5 and the broken q8.
    third = round(3 / 9, 12), 9
    assert figures(found) == {"win": third, "tie": third, "loss": third, "net": (0.0, 9)}
    assert "qa-e3: pairs judged 9 by people, 0 by a model, 0 by the rule alone." in found.notes


def test_an_answer_that_was_graded_alone_neither_wins_nor_loses(tmp_path: Path) -> None:
    found = qualitative_results(run_of(tmp_path, rows("rrrw---b"), rows("w--rwrrr")))
    # Both are judged of q0 (won), q3 and the broken q7 (lost).
    win, loss = (round(1 / 3, 12), 3), (round(2 / 3, 12), 3)
    assert figures(found) == {"win": win, "tie": (0.0, 3), "loss": loss, "net": (-win[0], 3)}
    assert (
        "qa-e3: 5 pairs not judged yet. The rule judges damaged answers at once, so until then "
        "figures lean against whoever has more of them."
    ) in found.notes


def test_intervals_are_wilsons_and_the_paired_one(tmp_path: Path) -> None:
    found = qualitative_results(run_of(tmp_path, rows("rrrrrw"), rows("wwwrwr")))
    win, net = found.result("qa-e3", "win"), found.result("qa-e3")
    assert win
    assert net
    expected = wilson(4, 6)
    assert (win.low, win.high) == (expected.low, expected.high)
    value, interval = paired_difference(
        [1.0] * 5 + [0.0], [0.0, 0.0, 0.0, 1.0, 0.0, 1.0], [f"q{i}" for i in range(6)]
    )
    assert (net.metric, net.value, net.low, net.high) == (
        "net", value, interval.low, interval.high,
    )  # fmt: skip
    assert net.value == pytest.approx(win.value - 1 / 6)


def test_a_run_that_nobody_graded_says_what_to_do(tmp_path: Path) -> None:
    found = qualitative_results(run_of(tmp_path, rows("---"), rows("--b"), accuracy=False))
    assert found.results == ()
    todo, unpaired = found.notes
    assert "python -m harness review RUN" in todo
    assert unpaired == "qa-e3: nobody has judged both answers to any question."


def test_a_run_without_the_suite_has_nothing_to_say(tmp_path: Path) -> None:
    assert qualitative_results(read_run(build.whole_run(tmp_path))) == Derived()


def test_what_was_asked_otherwise_is_not_compared_silently(tmp_path: Path) -> None:
    run = run_of(tmp_path, rows("rr"), rows("ww"), identities={"qa-e3": {"max_new_tokens": 16}})
    found = qualitative_results(run)
    assert {(r.verdict, r.reason) for r in found.results} == {
        ("incomparable", "max_new_tokens not as in base")
    }


def test_a_tie_of_broken_answers_is_no_comparison_while_others_are_open(tmp_path: Path) -> None:
    found = qualitative_results(run_of(tmp_path, rows("bb-"), rows("bb-"), accuracy=False))
    assert found.results == ()
    assert "qa-e3: nobody has judged both answers to any question." in found.notes
    # One that a reader judged, and it is a start.
    one = qualitative_results(run_of(tmp_path / "one", rows("bbr-"), rows("bbw-")))
    assert figures(one)["tie"] == (round(2 / 3, 12), 3)


def test_broken_on_both_sides_is_a_tie_that_takes_no_reader(tmp_path: Path) -> None:
    found = qualitative_results(run_of(tmp_path, rows("bb"), rows("bb")))
    assert figures(found)["tie"] == (1.0, 2)
    assert "qa-e3: pairs judged 0 by people, 0 by a model, 2 by the rule alone." in found.notes


@pytest.mark.parametrize(
    ("ours", "theirs", "counted"),
    [
        # The rule left it to a reader, and is sure of the other one.
        (said("q", True), broken("q"), (1, 0)),
        (broken("q"), said("q", True), (0, 1)),
        (judged("q", True), broken("q"), (1, 0)),
        # A person and a model, or two models, are two judges, and the rule has no figure.
        (said("q", True), judged("q", False), None),
        (judged("q", True, setup="bbbb"), judged("q", False), None),
        (judged("q", True), judged("q", False), (1, 0)),
        # Nobody graded the other one.
        (said("q", True), bare("q"), None),
        (bare("q"), bare("q"), None),
    ],
)
def test_a_pair_needs_one_kind_of_judge(
    tmp_path: Path, ours: Any, theirs: Any, counted: tuple[float, float] | None
) -> None:
    run = run_of(tmp_path, [ours], [theirs])
    sets = [score_set(run, name, "qualitative") for name in ("qa-e3", "base")]
    assert sets[0]
    assert sets[1]
    found = paired(sets[0], sets[1], "correct")
    assert list(zip(found.ours, found.theirs, strict=True)) == ([counted] if counted else [])
    # A blessed run is held against as the run itself is.
    blessed = Baseline(tmp_path, make_baseline(run, True, True)).score_set("base", "qualitative")
    assert blessed
    again = paired(sets[0], blessed, "correct")
    assert (again.ours, again.theirs) == (found.ours, found.theirs)


def test_the_review_counts_only_what_somebody_graded(tmp_path: Path) -> None:
    run = run_of(tmp_path, rows("rrrw--b"), rows("-------"))
    (form,) = review_of(run).forms
    assert (form.rule, form.rule_interval) == (None, None)  # most it left to a reader
    assert form.counted == pytest.approx(3 / 5)
    assert form.ungraded == 2
    assert (form.graded, form.agree, form.lenient, form.strict) == (4, 0, 0, 0)
    assert review_of(run).kinds == ()
    assert review_of(run).disagreements == ()
    told = {r.metric: r.n for r in review_of(run).results}
    assert told == {"counted_qualitative": 5}


def test_a_person_who_overrules_damage_disagrees_with_the_rule(tmp_path: Path) -> None:
    run = run_of(tmp_path, [said("q0", True), said("q1", True, outcome="wrong")], rows("--"))
    review = review_of(run)
    assert review.disagreements == (("qualitative", "q1", "wrong", "right"),)
    assert (review.forms[0].strict, review.forms[0].agree) == (1, 0)


def test_a_gate_on_accuracy_waits_for_grades(tmp_path: Path) -> None:
    gate = Gate("qualitative", "accuracy", 0.1)
    run = run_of(tmp_path, rows("rr"), rows("r-"))
    ours, theirs = (score_set(run, name, "qualitative") for name in ("qa-e3", "base"))
    assert ours
    assert "not graded yet" in mistake(gate, ["graded", "damaged"], ours)
    assert mistake(gate, ["accuracy", "graded"], ours) == ""
    half = decide(gate, ours, theirs, "base")
    assert half.verdict == "incomparable"
    assert half.reason.startswith(
        "1 samples have no accuracy on both sides, here and in base; have "
    )
    assert decide(gate, ours, ours, "base").figures["n"] == 2
