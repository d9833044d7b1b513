from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import Any

import pytest

from harness.errors import DataError
from harness.review.events import GradeEvent, event_from_row, event_row, sample_key
from tests.review.making import EVENT, event, row


def test_the_key_of_an_answer_is_a_hash_of_its_four_texts() -> None:
    # The bytes are written out, so that nothing of json.dumps is taken for granted.
    text = '["knowledge","q1","質問\\n\\"A\\"","7,700円"]'
    assert (
        sample_key("knowledge", "q1", '質問\n"A"', "7,700円")
        == hashlib.sha256(text.encode()).hexdigest()[:16]
    )


def test_the_key_of_one_answer_never_changes() -> None:
    # Committed grades hang on it. `printf '["knowledge","q1","質問","7,700円"]' | sha256sum`
    assert sample_key("knowledge", "q1", "質問", "7,700円") == "727669242642dfe0"


def test_each_of_the_four_texts_is_in_the_key() -> None:
    texts = [("s", "i", "p", "a"), ("S", "i", "p", "a"), ("s", "I", "p", "a"), ("s", "i", "P", "a"),
             ("s", "i", "p", "A"), ("s", "ip", "", "a"), ("s", "i", "p", "a\ud800")]  # fmt: skip
    assert len({sample_key(*four) for four in texts}) == len(texts)


def test_an_event_comes_back_from_json_as_it_was() -> None:
    noted = event(note="価格が違う\n\u2028 \ud800", item="</script>\u202e", picked="hand")
    assert event_from_row(json.loads(json.dumps(event_row(noted))), "here") == noted


@pytest.mark.parametrize(
    "changes",
    [
        {"author": "x" * 60},
        {"author": "山田 太郎"},
        {"note": "長" * 2_000},
        {"time": "2026-11-26t01:02:03z"},
        {"time": "2026-11-26 01:02:03.1+09:00"},
        {"time": "0001-01-01T00:00:00+14:00"},
        {"time": "2026-11-26T01:02:03.123456789-00:00"},
        {"verdict": "cleared"},
        {"picked": "queue:base|qa-e3"},
    ],
)
def test_what_is_allowed_is_taken_as_it_is(changes: dict[str, str]) -> None:
    assert dataclasses.asdict(event_from_row(row(**changes), "here")).items() >= changes.items()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"schema": 2}, "'schema' is 2, this version reads 1. Update pytest-michi"),
        ({"schema": True}, "'schema' is True"),
        ({"schema": 1.0}, "'schema' is 1.0"),
        ({"schema": None}, "'schema' is None"),
        ({"prompt": "質問"}, "unknown field 'prompt'"),
        ({"event": "0" * 31}, "'event' is '0{31}': expected 32 digits"),
        ({"event": "A" * 32}, "expected 32 digits"),
        ({"event": "0" * 32 + "\n"}, "expected 32 digits"),
        ({"event": "٣" * 32}, "expected 32 digits"),
        ({"sample": "../../etc/passwd"}, "'sample' is '../../etc/passwd': expected 16 digits"),
        ({"verdict": "good"}, "'verdict' is 'good': expected right, wrong, skipped, cleared"),
        ({"verdict": ["right"]}, "'verdict' is \\['right'\\]: it must be a text"),
        ({"verdict": None}, "it must be a text"),
        ({"author": ""}, "a name of 1 to 60 characters"),
        ({"author": "x" * 61}, "a name of 1 to 60 characters"),
        ({"author": " "}, "without blanks around it"),
        ({"author": "花子\n"}, "without blanks around it"),
        ({"author": "花\0子"}, "no control characters"),
        ({"author": "花\x1b[31m子"}, "no control characters"),
        ({"author": "花\u2028子"}, "no control characters"),
        ({"author": "花\ud800子"}, "no control characters"),
        ({"note": "長" * 2_001}, "2,001 characters long, at most 2,000"),
        ({"time": "2026-11-26T01:02:03"}, "expected a time with its zone"),
        ({"time": "2026-11-26T01:02:03+0900"}, "expected a time with its zone"),
        ({"time": "2026-13-26T01:02:03Z"}, "month must be in 1..12"),
        ({"time": "2026-11-26"}, "expected a time with its zone"),
        ({"time": "２０２６-11-26T01:02:03Z"}, "expected a time with its zone"),
        ({"suite": ""}, "must not be empty"),
        ({"item": ""}, "must not be empty"),
        ({"item": "x" * 2_001}, "at most 2,000"),
        ({"rubric": ""}, "must not be empty"),
        ({"picked": "random"}, "expected hand or queue"),
    ],
)
def test_what_is_wrong_is_named_with_its_place_and_the_way_out(
    changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(DataError, match=f"^grades.jsonl:3: .*{says}"):
        event_from_row(row(**changes), "grades.jsonl:3")


@pytest.mark.parametrize("name", ["schema", *(f.name for f in dataclasses.fields(GradeEvent))])
def test_every_field_must_be_there(name: str) -> None:
    lacking = row()
    del lacking[name]
    with pytest.raises(DataError, match=f"here: '{name}' is"):
        event_from_row(lacking, "here")


@pytest.mark.parametrize("value", [None, [], "right", 1])
def test_what_is_no_object_is_no_event(value: object) -> None:
    with pytest.raises(DataError, match="here: expected a grade as a JSON object"):
        event_from_row(value, "here")


def test_a_message_does_not_repeat_a_megabyte() -> None:
    with pytest.raises(DataError) as caught:
        event_from_row(row(verdict="x" * 1_000_000), "here")
    assert len(str(caught.value)) < 300


def test_moments_of_unlike_zones_compare_as_moments() -> None:
    early, late = event(time="2026-11-26T09:00:00+09:00"), event(time="2026-11-26T00:00:00.001Z")
    assert early.moment < late.moment
    assert EVENT.moment == event(time="2026-11-26T10:02:03.456+09:00").moment
