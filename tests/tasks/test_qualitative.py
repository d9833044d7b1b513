"""Everyday questions: what a rule may say of an answer, and what it leaves to a reader."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from harness.comparison.rated import written
from harness.config import DataSource
from harness.errors import ConfigError, DataError
from harness.evaluate import Evaluation, Workbench, evaluate
from harness.judging.counting import over_unsure
from harness.judging.verdict import Said, opinion
from harness.records import Grade, Outcome, Request, Response
from harness.review.events import sample_key
from harness.review.judgement import Judgement, Opinion, over_rule
from harness.statistics.intervals import wilson
from harness.store import Store
from harness.tasks.qualitative import Qualitative
from tests.conftest import write_rows
from tests.tasks.engines import BASE, Row, Rule

SHIPPED = Path(__file__).parents[2] / "fixtures/data/everyday.jsonl"
GOOD = "お米をといで三十分ほど水につけてから炊くと、ふっくらします。"
BROKEN = {
    "loop": Response("とても大切です。" * 9, "length", 256),
    "empty": Response("", "stop", 1),
    "english": Response("You should wash the rice well before cooking it.", "stop", 12),
    "leak": Response("水につけます。<end_of_turn>\nuser\nほかには？", "stop", 20),
}


def rows(*ids: str, **more: str) -> list[Row]:
    return [{"id": id, "question": f"ごはんを炊くコツは？({id})", **more} for id in ids]


def measured(
    folder: Path,
    answers: Mapping[str, Response],
    people: Mapping[str, str] | None = None,
) -> Evaluation:
    """The suite on answers given by question id, with people's verdicts by the same id."""
    data = rows(*answers)
    path = folder / "everyday.jsonl"
    write_rows(path, data)
    by_question = {row["question"]: answers[row["id"]] for row in data}
    said = {
        sample_key("qualitative", row["id"], row["question"], answers[row["id"]].text): Judgement(
            {"花子": Opinion(people[row["id"]])}
        )
        for row in data
        if people and row["id"] in people
    }
    engine = Rule(lambda request: by_question[request.prompt])
    bench = Workbench("f" * 16, lambda: engine, Store(folder / "store"), folder / "run",
                      people=said)  # fmt: skip
    return evaluate(Qualitative(), BASE, DataSource(path), bench)


def answer(text: str) -> Response:
    return Response(text, "stop", len(text))


def grade(response: Response, question: str = "ごはんを炊くコツは？", **more: str) -> Grade:
    sample = Qualitative()._sample(Path("x"), 1, {"question": question, **more})
    return Qualitative().grade(sample, response)


@pytest.mark.parametrize("sign", BROKEN)
def test_a_broken_answer_is_wrong_and_says_by_what(sign: str) -> None:
    found = grade(BROKEN[sign])
    reasons = {"loop": "unfinished, looping", "empty": "empty", "english": "foreign",
               "leak": "leaked"}  # fmt: skip
    assert (found.outcome, found.reason, found.unsure) == (Outcome.WRONG, reasons[sign], False)
    assert found.scores["correct"] == 0.0


def test_a_refusal_is_no_answer() -> None:
    found = grade(answer("申し訳ありませんが、その質問にはお答えできません。"))
    assert (found.outcome, found.scores["correct"]) == (Outcome.ABSTAINED, 0.0)


def test_what_a_rule_can_not_tell_is_neither_right_nor_wrong() -> None:
    found = grade(answer(GOOD))
    assert (found.outcome, found.unsure, found.correct) == (Outcome.UNGRADED, True, False)
    assert "correct" not in found.scores


def test_english_is_no_damage_where_it_is_asked_for() -> None:
    asked = "「どうもありがとうございました」を英語で言うと何ですか？"
    said = answer("Thank you very much indeed")
    assert grade(said, asked).outcome is Outcome.WRONG
    assert grade(said, asked, reference=said.text).outcome is Outcome.UNGRADED


@pytest.mark.parametrize(("verdict", "outcome"), [("right", "correct"), ("wrong", "wrong")])
def test_a_persons_verdict_makes_it_right_or_wrong(verdict: str, outcome: str) -> None:
    bare = Grade(Outcome.UNGRADED, {"damaged": 0.0}, "rule:damage/1", unsure=True)
    found = over_rule(bare, Judgement({"花子": Opinion(verdict)}))
    assert found.outcome == outcome
    assert found.scores == {"damaged": 0.0, "correct": float(verdict == "right")}
    assert found.rule == bare
    tie = over_rule(bare, Judgement({"花子": Opinion("right"), "太郎": Opinion("wrong")}))
    assert (tie.outcome, tie.scores) == (Outcome.UNGRADED, bare.scores)


@pytest.mark.parametrize(("verdict", "outcome"), [("correct", "correct"), ("wrong", "wrong")])
def test_so_does_a_trusted_judges_and_no_others(verdict: str, outcome: str) -> None:
    bare = Grade(Outcome.UNGRADED, {}, "rule:damage/1", unsure=True)
    said = opinion([Said(verdict, "理由")])
    found = over_unsure(bare, said, "judge-1", trusted=True)
    assert (found.outcome, found.scores) == (outcome, {"correct": float(verdict == "correct")})
    kept = over_unsure(bare, said, "judge-1", trusted=False)
    assert (kept.outcome, kept.scores) == (Outcome.UNGRADED, {})
    broken = grade(BROKEN["loop"])
    assert over_unsure(broken, said, "judge-1", trusted=True).outcome is Outcome.WRONG


def test_without_a_reader_there_is_no_accuracy_and_nothing_is_wrong(tmp_path: Path) -> None:
    found = measured(tmp_path, {"a": answer(GOOD), "b": answer(GOOD), "c": BROKEN["loop"]})
    assert found.value("graded") == pytest.approx(1 / 3)  # the rule saw the broken one
    assert "accuracy" not in {result.metric for result in found.results}
    assert found.wrong() == ["c: unfinished, looping"]
    assert all(map(written, found.rows))  # all of them are offered to a reader


def test_with_all_graded_accuracy_is_their_mean(tmp_path: Path) -> None:
    answers = {str(i): answer(f"{GOOD}{i}") for i in range(8)}
    answers |= {"8": BROKEN["loop"], "9": BROKEN["english"]}
    people = {str(i): "right" if i < 6 else "wrong" for i in range(8)}
    found = measured(tmp_path, answers, people)
    by_metric = {result.metric: result for result in found.results}
    accuracy, expected = by_metric["accuracy"], wilson(6, 10)
    assert accuracy.value == pytest.approx(0.6)
    assert accuracy.n == 10
    assert (accuracy.low, accuracy.high) == pytest.approx((expected.low, expected.high))
    assert accuracy.headline
    assert (by_metric["graded"].value, by_metric["graded"].n) == (1.0, 10)


def test_the_graded_ones_stand_for_those_that_are_left(tmp_path: Path) -> None:
    # 8 for a reader, who graded 4 and found 3 good, and 2 broken: (8 · 3/4 + 0) / 10. Over what has
    # a verdict it would be 3 of 6, and worse the more is broken.
    answers = {str(i): answer(f"{GOOD}{i}") for i in range(8)}
    answers |= {"8": BROKEN["loop"], "9": BROKEN["english"]}
    people = {"0": "right", "1": "right", "2": "right", "3": "wrong"}
    found = measured(tmp_path, answers, people)
    by_metric = {result.metric: result for result in found.results}
    assert by_metric["accuracy"].value == pytest.approx(0.6)
    assert by_metric["accuracy"].n == 6
    assert by_metric["graded"].value == pytest.approx(0.6)
    whole = wilson(6, 10)
    assert by_metric["accuracy"].low < whole.low
    assert by_metric["accuracy"].high > whole.high


def test_a_person_may_overrule_the_rule_on_damage(tmp_path: Path) -> None:
    found = measured(tmp_path, {"a": BROKEN["english"]}, {"a": "right"})
    assert found.value("accuracy") == 1.0


def test_only_broken_answers_are_all_wrong_without_anybody(tmp_path: Path) -> None:
    found = measured(tmp_path, {"a": BROKEN["loop"], "b": BROKEN["empty"]})
    assert (found.value("accuracy"), found.value("graded")) == (0.0, 1.0)


def test_what_is_asked(tmp_path: Path) -> None:
    write_rows(tmp_path / "q.jsonl", rows("a", topic="料理", reference="水につける"))
    (sample,) = Qualitative(prompt="Q: {question}").load(tmp_path / "q.jsonl")
    assert sample.request == Request("Q: ごはんを炊くコツは？(a)", max_new_tokens=256)
    assert (sample.gold, sample.cluster, sample.stratum) == (("水につける",), "a", "")
    assert sample.detail == {"question": "ごはんを炊くコツは？(a)", "kind": "料理"}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([{"id": "a"}], "'question' is missing"),
        ([{"question": " "}], "'question' must be a text"),
        ([{"question": "何？", "reference": ""}], "'reference' must be a text"),
        (rows("a", "a"), "id 'a' was used before"),
    ],
)
def test_bad_rows_are_named(tmp_path: Path, data: list[Any], message: str) -> None:
    write_rows(tmp_path / "q.jsonl", data)
    with pytest.raises(DataError, match=message):
        Qualitative().load(tmp_path / "q.jsonl")


def test_bad_parameters_are_refused() -> None:
    with pytest.raises(ConfigError, match="max_new_tokens must be a whole number"):
        Qualitative(max_new_tokens=0)


def test_the_shipped_questions_are_sound() -> None:
    samples = Qualitative().load(SHIPPED)
    assert len(samples) == len({s.detail["question"] for s in samples}) == 40
    assert sum(bool(s.gold) for s in samples) == 12
    for sample in samples:
        # None of their own references looks damaged, nor is a plain Japanese answer foreign.
        for text in (*sample.gold, GOOD):
            assert Qualitative().grade(sample, answer(text)).outcome is Outcome.UNGRADED
