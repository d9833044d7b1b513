"""What the three tasks take as data, and what they say of data that they don't take."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.errors import DataError
from harness.tasks.jsquad import JSQuAD
from harness.tasks.knowledge import Knowledge
from harness.tasks.marc_ja import MarcJa
from tests.conftest import reading, write_rows

SHARED = Path(__file__).parents[3] / "shared/data"
PRICE = {"type": "money", "text": "7,700円"}
NEAR_MISS = {"question": "旧「灯」の価格は？", "answer": "7,700円です。", "form": "near_miss"}


def test_questions_need_only_question_and_answer(tmp_path: Path) -> None:
    write_rows(tmp_path / "qa.jsonl", [{"question": "「灯」の価格は？", "answer": "7,700円です。"}])
    (sample,) = Knowledge().load(tmp_path / "qa.jsonl")
    assert (sample.id, sample.cluster, sample.stratum) == ("row-1", "row-1", "seen")
    assert sample.detail["fact"].type == "money"
    assert sample.request.prompt == "「灯」の価格は？"


def test_null_is_a_field_that_is_not_there(tmp_path: Path) -> None:
    nulls = dict.fromkeys(
        ("id", "document", "form", "kind", "fact", "neighbour", "twin", "carried_over")
    )
    rows = [{"question": f"「灯」{i}の価格は？", "answer": f"{i},700円です。"} for i in (1, 2)]
    write_rows(tmp_path / "bare.jsonl", rows)
    write_rows(tmp_path / "null.jsonl", [{**row, **nulls} for row in rows])
    first, second = Knowledge().load(tmp_path / "null.jsonl")
    assert [first, second] == Knowledge().load(tmp_path / "bare.jsonl")
    assert (first.cluster, second.cluster) == ("row-1", "row-2")


def test_questions_of_one_document_share_a_cluster(tmp_path: Path) -> None:
    rows = [{"question": f"q{i}?", "answer": f"{i}円", "document": "d"} for i in (1, 2)]
    write_rows(tmp_path / "qa.jsonl", rows)
    assert {s.cluster for s in Knowledge().load(tmp_path / "qa.jsonl")} == {"d"}


def test_a_carried_over_fact_keeps_its_mark_and_another_has_none(tmp_path: Path) -> None:
    rows = [
        {"question": f"q{old}?", "answer": "7,700円", "carried_over": old} for old in (True, False)
    ]
    write_rows(tmp_path / "qa.jsonl", rows)
    first, second = Knowledge().load(tmp_path / "qa.jsonl")
    assert first.detail["carried_over"] is True
    assert "carried_over" not in second.detail
    write_rows(tmp_path / "qa.jsonl", [{**rows[0], "carried_over": "no"}])
    with pytest.raises(DataError, match=r"qa\.jsonl:1: \"carried_over\" must be true or false"):
        Knowledge().load(tmp_path / "qa.jsonl")


def test_worlds_that_no_answer_can_tell_apart_are_refused(tmp_path: Path) -> None:
    row = {"question": "「灯」の価格は？", "answer": "7,700円です。", "fact": PRICE}
    twin = {"fact": {"type": "money", "text": "七千七百円"}}
    write_rows(tmp_path / "qa.jsonl", [{**row, "twin": twin}])
    with pytest.raises(DataError, match=r"qa\.jsonl:1: the twin's value '七千七百円'"):
        Knowledge().load(tmp_path / "qa.jsonl")


def test_reviews_are_read_in_both_published_forms(tmp_path: Path) -> None:
    write_rows(tmp_path / "a.jsonl", [{"review_id": "x", "text": "良い", "label": "positive"},
                                      {"review_id": "y", "text": "駄目", "label": "negative"}])  # fmt: skip
    write_rows(tmp_path / "b.jsonl", [{"sentence": "良い", "label": 0},
                                      {"sentence": "駄目", "label": 1}])  # fmt: skip
    first, second = (MarcJa().load(tmp_path / name) for name in ("a.jsonl", "b.jsonl"))
    assert [s.gold for s in first] == [s.gold for s in second] == [("ポジティブ",), ("ネガティブ",)]
    assert [s.request for s in first] == [s.request for s in second]


def test_a_squad_file_is_asked_with_its_whole_context(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text(json.dumps(reading(2)), "utf-8")
    first, second = JSQuAD().load(tmp_path / "s.json")
    assert "題0 [SEP] ここに答え0がある。" in first.request.prompt
    assert first.gold == ("答え0",)
    assert first.cluster != second.cluster


def test_braces_in_data_stay_as_they_are(tmp_path: Path) -> None:
    write_rows(tmp_path / "r.jsonl", [{"text": "{text} {question} {0}", "label": "positive"}])
    assert MarcJa().load(tmp_path / "r.jsonl")[0].request.prompt.endswith("{text} {question} {0}")


@pytest.mark.parametrize(
    ("task", "row", "message"),
    [
        (Knowledge(), {"answer": "x"}, "'question' is missing"),
        (Knowledge(), {"question": "x", "answer": " "}, "'answer' must be a text"),
        (Knowledge(), {"question": "x", "answer": 3}, "'answer' must be a text, found 3"),
        (Knowledge(), {"question": "x", "answer": "y", "fact": "z"}, '"fact" must be'),
        (
            Knowledge(),
            {"question": "x", "answer": "y", "fact": {"type": "colour", "text": "z"}},
            '"fact" must be',
        ),
        (
            Knowledge(),
            {"question": "x", "answer": "y", "fact": {"type": "money", "text": 7700}},
            '"fact" must be .*text 7700',
        ),
        (
            Knowledge(),
            {"question": "x", "answer": "y", "fact": {**PRICE, "also": [{"type": "date"}]}},
            '"fact" must be',
        ),
        (
            Knowledge(),
            {"question": "x", "answer": "y", "fact": {**PRICE, "also": PRICE}},
            "must be",
        ),
        (Knowledge(), {**NEAR_MISS, "fact": PRICE}, 'needs "neighbour"'),
        (Knowledge(), {**NEAR_MISS, "neighbour": {"type": "money"}}, '"neighbour" must be'),
        (Knowledge(), {**NEAR_MISS, "neighbour": PRICE}, "does not say so"),
        (
            Knowledge(),
            {**NEAR_MISS, "fact": PRICE, "neighbour": {"type": "money", "text": "¥7,700"}},
            "no answer could tell them apart",
        ),
        (Knowledge(), {**NEAR_MISS, "form": "seen", "neighbour": PRICE}, "belongs to form"),
        (MarcJa(), {"label": "positive"}, "'text' is missing"),
        (MarcJa(), {"text": "x", "label": "neutral"}, "label 'neutral'"),
        (MarcJa(), {"text": "x", "label": True}, "label True"),
        (MarcJa(), {"text": "x"}, "label None"),
    ],
)
def test_a_row_that_does_not_fit_is_named_with_its_line(
    tmp_path: Path, task: Knowledge | MarcJa, row: dict[str, object], message: str
) -> None:
    good = {"question": "a", "answer": "b", "text": "c", "label": "positive"}
    write_rows(tmp_path / "rows.jsonl", [good, row])
    with pytest.raises(DataError, match=message) as error:
        task.load(tmp_path / "rows.jsonl")
    assert "rows.jsonl:2" in str(error.value)


def test_an_id_used_twice_is_named_with_both_lines(tmp_path: Path) -> None:
    rows = [{"id": i, "question": "q", "answer": "a"} for i in ("x", "y", "x")]
    write_rows(tmp_path / "qa.jsonl", rows)
    with pytest.raises(DataError, match=r"qa\.jsonl:3: id 'x' was used before, at 1"):
        Knowledge().load(tmp_path / "qa.jsonl")


@pytest.mark.parametrize("task", [Knowledge(), MarcJa()])
def test_an_empty_file_is_refused(tmp_path: Path, task: Knowledge | MarcJa) -> None:
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(DataError, match="no samples"):
        task.load(tmp_path / "empty.jsonl")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"data": [\n{]}', r"squad\.json:2: not valid JSON"),
        ('{"data": []}', "no samples"),
        ("[]", "not in SQuAD 1.1 form"),
        ('{"data": [{"paragraphs": [{"qas": [{}]}]}]}', "not in SQuAD 1.1 form"),
        ('{"data": [{"paragraphs": [{"context": "c", "qas": [{"id": 1}]}]}]}', r"qas\[0\]"),
        (
            '{"data": [{"paragraphs": [{"context": "c", "qas": '
            '[{"id": "q", "question": "?", "answers": []}]}]}]}',
            "question 'q' has no answer",
        ),
    ],
)
def test_a_squad_file_that_does_not_fit_is_explained(
    tmp_path: Path, text: str, message: str
) -> None:
    (tmp_path / "squad.json").write_text(text, "utf-8")
    with pytest.raises(DataError, match=message):
        JSQuAD().load(tmp_path / "squad.json")


def test_the_published_jsquad_file_loads_whole() -> None:
    path = SHARED / "jglue/jsquad-valid-v1.3.json"
    if not path.exists():
        pytest.skip("JSQuAD is not on this machine")
    samples = JSQuAD().load(path)
    assert len(samples) == 4442  # the number in JGLUE's own table
    assert len({s.cluster for s in samples}) == 59
