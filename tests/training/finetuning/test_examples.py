from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.errors import ConfigError, DataError
from training.finetuning.examples import Example, read_set
from training.finetuning.recipe import Dataset


def read(tmp_path: Path, *rows: dict[str, Any], **columns: str) -> list[Example]:
    path = tmp_path / "set.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return list(read_set("set", Dataset(path, **columns)).examples)


USER, MODEL = {"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}


@pytest.mark.parametrize(
    ("row", "columns"),
    [
        ({"question": "q", "answer": "a", "document": "d"}, {}),
        ({"prompt": "q", "completion": "a"}, {}),
        ({"prompt": [USER], "completion": [MODEL]}, {}),
        ({"messages": [USER, MODEL]}, {}),
        ({"instruction": "q", "input": "", "output": "a"}, {}),
        ({"ID": "ichikara-1", "text": "q", "output": "a"}, {}),
        ({"Q": "q", "A": "a"}, {"question": "Q", "answer": "A"}),
    ],
)
def test_every_published_form_is_read_as_a_question_and_its_answer(
    tmp_path: Path, row: dict[str, Any], columns: dict[str, str]
) -> None:
    (example,) = read(tmp_path, row, **columns)
    assert list(example.turns) == [USER]
    assert example.answer == "a"
    assert example.document == row.get("document", "")
    assert example.place.endswith("set.jsonl:1")


def test_an_instruction_s_input_stands_below_it(tmp_path: Path) -> None:
    (example,) = read(tmp_path, {"instruction": "要約して", "input": "長い文", "output": "短い文"})
    assert example.turns[0]["content"] == "要約して\n\n長い文"


def test_a_conversation_gives_an_example_for_each_of_its_answers(tmp_path: Path) -> None:
    again = {"role": "user", "content": "q2"}
    first, second = read(tmp_path, {"messages": [USER, MODEL, again, MODEL]})
    assert list(first.turns) == [USER]
    assert list(second.turns) == [USER, MODEL, again]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"question": "q"}, "set.jsonl:1: field 'answer' is missing"),
        ({"foo": "q"}, "Known forms: question/answer"),
        ({"prompt": "q", "completion": ""}, "the answer is missing, empty"),
        ({"messages": [USER]}, "no assistant's turn"),
        ({"messages": ["hello"]}, "must each have a role and a content"),
        ({"prompt": [], "completion": [MODEL]}, "the question is missing or empty"),
    ],
)
def test_a_row_that_is_none_of_them_is_named(
    tmp_path: Path, row: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        read(tmp_path, row)


def test_an_empty_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"set.jsonl: no rows"):
        read(tmp_path)


def test_a_hub_set_is_read_by_its_id(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text('{"question": "q", "answer": "a"}\n')
    read = read_set("set", Dataset(hub=str(tmp_path)))
    assert [(e.answer, e.place) for e in read.examples] == [("a", f"{tmp_path}[0]")]
    assert len(read.sha256) == 64


def test_a_hub_set_out_of_reach_says_what_to_do() -> None:
    with pytest.raises(ConfigError, match=r"nobody/nothing: neither in the local hub cache"):
        read_set("set", Dataset(hub="nobody/nothing"))


def test_two_columns_of_one_file_are_two_sets(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text('{"question": "q", "answer": "a", "twin_answer": "b"}\n')
    world_a, world_b, whole = (
        read_set("set", Dataset(path, **columns)).sha256
        for columns in ({"answer": "answer"}, {"answer": "twin_answer"}, {})
    )
    assert len({world_a, world_b, whole}) == 3


def test_only_rows_of_the_named_form_are_trained_on(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text(
        '{"question": "q", "answer": "a", "form": "seen"}\n'
        '{"question": "r", "answer": "a", "form": "control"}\n'
    )
    read = read_set("set", Dataset(path, form="seen"))
    assert [e.turns[-1]["content"] for e in read.examples] == ["q"]
    with pytest.raises(DataError, match="no rows of form 'sen' in it"):
        read_set("set", Dataset(path, form="sen"))
