"""The suite that looks at another suite's answers again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.records import Certainty, Grade, Outcome, Reading, Request, Response, Sample
from harness.tasks.hallucination import Hallucination
from harness.tasks.jsquad import JSQuAD
from harness.tasks.knowledge import Knowledge

ROWS = [
    {
        "id": "a",
        "document": "d1",
        "question": "Aはいくらですか？",
        "answer": "7,700円です。",
        "fact": {"type": "money", "text": "7,700円"},
    },
    {
        "id": "b",
        "document": "d2",
        "form": "near_miss",
        "question": "Bはいくらですか？",
        "answer": "分かりません。",
        "neighbour": {"type": "money", "text": "8,800円"},
    },
]


@pytest.fixture
def samples(tmp_path: Path) -> list[Sample]:
    path = tmp_path / "questions.jsonl"
    lines = [json.dumps(row, ensure_ascii=False) for row in ROWS]
    path.write_text("\n".join(lines), "utf-8")
    return Hallucination().load(path)


def answer(text: str, slot: float = -1.0) -> Response:
    """One token a character; those of digits doubt by `slot`."""
    doubt = tuple(slot if character.isdigit() else -0.1 for character in text)
    n = len(text)
    return Response(
        text,
        "stop",
        n,
        certainty=Certainty(tuple(range(1, n + 1)), doubt, (0.0,) * n, (1.0,) * n),
    )


def reading(*logprobs: float) -> Response:
    n = len(logprobs)
    return Response("", "scored", n, reading=Reading((0,) * n, tuple(range(n)), logprobs))


def test_it_asks_what_the_knowledge_suite_asks(samples: list[Sample], tmp_path: Path) -> None:
    assert samples == Knowledge().load(tmp_path / "questions.jsonl")
    assert Hallucination().data_of == Hallucination().judged_as == "knowledge"
    assert Hallucination(JSQuAD()).data_of == "jsquad"


def test_besides_it_reads_each_answered_question_alone(samples: list[Sample]) -> None:
    asked = Hallucination().following([(samples[0], answer("7円")), (samples[1], answer(" "))])
    assert asked == [
        Request("", False, continuations=("Aはいくらですか？",), per_token="likelihoods")
    ]


def test_what_is_asked_on_request(samples: list[Sample]) -> None:
    task = Hallucination(p_true=True, draws=2)
    asked = task.following([(samples[0], answer("7,700円です。"))])
    assert len(asked) == 4
    assert "7,700円です。" in asked[1].prompt
    assert asked[1].continuations == ("はい", "いいえ")
    assert [(r.prompt, r.temperature, r.draw) for r in asked[2:]] == [
        (samples[0].request.prompt, 1.0, 1),
        (samples[0].request.prompt, 1.0, 2),
    ]


def test_signals_are_figures_and_labels_are_scores(samples: list[Sample]) -> None:
    task = Hallucination(p_true=True, draws=2)
    answered = [
        (samples[0], answer("9,900円です。", slot=-2.0)),
        (samples[1], answer("分かりません。")),
    ]
    asked = task.following(answered)
    told = {
        request: reading(-1.0, -2.0)
        if request.per_token
        else Response("はい", "scored", 1, (-1.0, -1.0))
        if request.continuations
        else answer("9900円" if request.draw == 1 else "100円")
        for request in asked
    }
    grades = task.grades(answered, {}, told)
    first, second = (
        task.relabelled(sample, response, grade)
        for (sample, response), grade in zip(answered, grades, strict=True)
    )
    # 9,900円: the comma and 円 belong to the value, too: (4 × 2 + 2 × .1) / 6.
    assert first.figures["slot_nll"] == pytest.approx(8.2 / 6, abs=1e-4)
    assert first.figures["question_nll"] == 1.5
    assert first.figures["p_true"] == 0.0
    assert first.figures["inconsistency"] == 0.5
    assert first.figures["semantic_entropy"] == pytest.approx(0.6931, abs=1e-4)
    assert (first.scores["hallucinated"], first.scores["abstained"]) == (1.0, 0.0)
    assert (second.scores["hallucinated"], second.scores["abstained"]) == (0.0, 1.0)


def test_the_label_goes_by_whoever_judged_last(samples: list[Sample]) -> None:
    task, response = Hallucination(), answer("約7千7百円です。")
    wrong = Grade(Outcome.WRONG, {"correct": 0.0}, "rule")
    right = Grade(Outcome.CORRECT, {"correct": 1.0}, "human:A")
    assert task.relabelled(samples[0], response, wrong).scores["hallucinated"] == 1.0
    assert task.relabelled(samples[0], response, right).scores["hallucinated"] == 0.0


def test_answers_that_tell_no_certainty_still_count(samples: list[Sample]) -> None:
    """Those of an API."""
    task = Hallucination()
    answered = [(samples[0], Response("9,900円です。", "stop", 5))]
    (grade,) = task.grades(answered, {}, {})
    assert grade.figures == {}
    study = task.study([(samples[0], task.relabelled(*answered[0], grade))])
    assert {m.metric: m.value for m in study.measures} == {
        "hallucinated_trained": 1.0,
        "abstained_trained": 0.0,
    }
    assert study.details["told"] == 0
