"""Answers drawn anew: what they come to when a judge says which of them mean the same."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from harness.grading.meanings import Comparer, Told, Wordings
from harness.records import Request, Response, Sample
from harness.tasks.hallucination import Hallucination

GIVEN = "水に強いからです。"
# Three about water, one about the price, one about leather.
DRAWN = (
    "雨の水をはじくため。",
    "安いから。",
    "水を通さないので。",
    "革が高いから。",
    "水に負けないから。",
)
WHY = {"id": "w", "document": "d", "question": "なぜナイロン製なのですか。", "answer": GIVEN}
PRICE = {
    "id": "p",
    "document": "d",
    "question": "いくらですか。",
    "answer": "7,700円です。",
    "fact": {"type": "money", "text": "7,700円"},
}


def loaded(folder: Path, *rows: Mapping[str, object]) -> list[Sample]:
    path = folder / "questions.jsonl"
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines), "utf-8")
    return Hallucination().load(path)


def said(text: str) -> Response:
    return Response(text, "stop", len(text))


def redrawn(sample: Sample, texts: Sequence[str]) -> dict[Request, Response]:
    return {
        replace(sample.request, temperature=1.0, draw=draw): said(text)
        for draw, text in enumerate(texts, 1)
    }


def of_water(pairs: Sequence[Wordings]) -> Told:
    return {pair: ("水" in pair.one) and ("水" in pair.other) for pair in pairs}


def never(pairs: Sequence[Wordings]) -> Told:
    raise AssertionError("nobody is to be asked")


JUDGE = Comparer("gpt", "ab12cd34", of_water)


def test_judged_meanings_make_entropy_and_inconsistency(tmp_path: Path) -> None:
    (sample,) = loaded(tmp_path, WHY)
    task, answered = Hallucination(draws=5), [(sample, said(GIVEN))]
    followed = redrawn(sample, DRAWN)

    (judged,) = task.compared(answered, followed, JUDGE).grades(answered, {}, followed)
    (alone,) = task.grades(answered, {}, followed)

    # 3/5, 1/5, 1/5: -(.6 ln .6 + .4 ln .2) = .3065 + .6438. By words ln 5.
    assert judged.figures["semantic_entropy"] == pytest.approx(0.9503, abs=1e-4)
    assert judged.figures["inconsistency"] == pytest.approx(2 / 5)
    assert alone.figures["semantic_entropy"] == pytest.approx(1.6094, abs=1e-4)
    assert alone.figures["inconsistency"] == 1.0
    assert judged.detail["meanings"] == {"judge": 6, "compared": 6, "unread": 0}
    assert alone.detail["meanings"] == {"words": 6, "compared": 0, "unread": 0}


def test_the_study_tells_how_many_answers_were_told_each_way(tmp_path: Path) -> None:
    why, price = loaded(tmp_path, WHY, PRICE)
    answered = [(why, said(GIVEN)), (price, said("7,700円です。"))]
    followed = redrawn(why, DRAWN) | redrawn(
        price, ["7,700円", "8,800円", "分かりません。", "", "8,800円"]
    )
    task = Hallucination(draws=5).compared(answered, followed, Comparer("gpt", "1", of_water))
    grades = task.grades(answered, {}, followed)
    graded = [
        (sample, task.relabelled(sample, response, grade))
        for (sample, response), grade in zip(answered, grades, strict=True)
    ]
    assert task.study(graded).details["meanings"] == {
        "judge": "gpt",
        "questions": 2,
        "ways": {"values": 4, "abstained": 2, "words": 0, "judge": 6},
        "compared": 6,
        "unread": 0,
    }
    # 7,700円 once, 8,800円 twice, not known twice.
    assert grades[1].figures["semantic_entropy"] == pytest.approx(1.0549, abs=1e-4)


def test_who_compared_is_a_part_of_the_identity_where_something_was_drawn(tmp_path: Path) -> None:
    (sample,) = loaded(tmp_path, WHY)
    answered, followed = [(sample, said(GIVEN))], redrawn(sample, DRAWN)
    plain = Hallucination(draws=5)

    assert plain.compared(answered, followed, JUDGE).identity == {
        **plain.identity,
        "meanings": "gpt/ab12cd34",
    }
    assert "meanings" not in plain.identity
    without = Hallucination()
    asked = without.compared(answered, {}, Comparer("gpt", "1", never))
    assert asked.identity == without.identity
    (grade,) = asked.grades(answered, {}, {})
    assert asked.study([(sample, asked.relabelled(*answered[0], grade))]).details.keys() == (
        without.study([(sample, without.relabelled(*answered[0], grade))]).details.keys()
    )
    assert "meanings" not in grade.detail


def test_what_a_server_says_in_place_of_an_answer_is_silence(tmp_path: Path) -> None:
    (sample,) = loaded(tmp_path, WHY)
    followed = redrawn(sample, ["安いから。", "", "分かりません。"])
    first = next(iter(followed))
    followed[first] = Response("content policy", "refused", 0)
    answered = [(sample, said(GIVEN))]
    task = Hallucination(draws=3).compared(answered, followed, Comparer("gpt", "1", never))
    (grade,) = task.grades(answered, {}, followed)
    assert grade.figures["semantic_entropy"] == 0.0
    assert grade.detail["meanings"] == {"abstained": 3, "words": 1, "compared": 0, "unread": 0}
