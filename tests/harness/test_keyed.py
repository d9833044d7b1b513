"""Rows of an append-only file by their key, while others append to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness import keyed
from harness.jsonl import append_rows
from harness.keyed import KeyedFile

ROWS = [
    {"key": "a", "text": "一"},
    {"key": "b", "text": "\ud800"},
    {"key": 'c"\\', "text": '{"key": "x"}'},
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    append_rows(tmp_path / "rows.jsonl", ROWS)
    return tmp_path / "rows.jsonl"


def test_rows_are_found_by_their_key(path: Path) -> None:
    rows = KeyedFile(path)

    assert {**rows} == {str(row["key"]): row for row in ROWS}
    assert "x" not in rows
    assert rows.get("x") is None


def test_the_last_row_of_a_key_counts(path: Path) -> None:
    append_rows(path, [{"key": "a", "text": "二"}])

    assert KeyedFile(path)["a"]["text"] == "二"
    assert list(KeyedFile(path)) == ["a", "b", 'c"\\']


def test_what_is_appended_later_is_found_after_a_refresh(path: Path) -> None:
    rows = KeyedFile(path)
    assert rows["a"]["text"] == "一"
    append_rows(path, [{"key": "a", "text": "二"}, {"key": "d", "text": "四"}])
    rows.refresh()

    assert (rows["a"]["text"], rows["d"]["text"], len(rows)) == ("二", "四", 4)


def test_only_what_is_new_and_what_is_asked_for_is_parsed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[bytes] = []
    load = json.loads
    monkeypatch.setattr(keyed.json, "loads", lambda line: parsed.append(line) or load(line))
    append_rows(path, [{"key": f"q{n}", "text": "答え"} for n in range(1_000)])
    rows = KeyedFile(path)
    before = len(parsed)
    assert "q700" in rows
    assert rows["q700"]["text"] == "答え"

    assert before == 1  # a key with a backslash in it
    assert len(parsed) == 2


def test_a_file_that_took_its_place_is_read_anew(path: Path, tmp_path: Path) -> None:
    rows = KeyedFile(path)
    append_rows(tmp_path / "other", [{"key": "z", "text": "末"}] * 9)
    (tmp_path / "other").replace(path)
    rows.refresh()

    assert list(rows) == ["z"]
    path.unlink()
    rows.refresh()
    assert list(rows) == []


@pytest.mark.parametrize("cut", range(1, 75))
def test_half_a_line_is_no_row(tmp_path: Path, cut: int) -> None:
    """Wherever a process was killed; the next append ends the line, and counts."""
    path = tmp_path / "rows.jsonl"
    whole: dict[str, Any] = {"key": "a", "text": "}", "usage": {"tokens": 3}, "of": {"b": {}}}
    line = json.dumps(whole).encode()
    path.write_bytes(line[:cut])
    rows = KeyedFile(path)
    assert ("a" in rows) is (cut >= len(line))
    append_rows(path, [{"key": "b", "text": "後"}])
    rows.refresh()

    for read in (rows, KeyedFile(path)):
        assert ("a" in read) is (cut >= len(line))
        assert read.get("a") == (whole if cut >= len(line) else None)
        assert read["b"]["text"] == "後"


def test_a_row_is_handed_on_as_it_stands(path: Path) -> None:
    rows = KeyedFile(path)
    lines = path.read_bytes().splitlines(keepends=True)

    assert [rows.line(key) for key in rows] == lines
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    assert KeyedFile(path).line('c"\\') == lines[-1]


def test_a_closed_file_is_opened_again(path: Path) -> None:
    rows = KeyedFile(path)
    assert rows["a"]
    rows.close()
    assert rows["b"]["text"] == "\ud800"


def test_rows_go_by_another_first_field(tmp_path: Path) -> None:
    append_rows(tmp_path / "samples", [{"id": "q1", "key": "no"}, {"id": "q2"}])

    assert list(KeyedFile(tmp_path / "samples", field="id")) == ["q1", "q2"]


def test_a_file_is_read_from_a_byte_on(path: Path) -> None:
    start = path.stat().st_size
    append_rows(path, [{"key": "d", "text": "四"}])

    assert list(KeyedFile(path, start)) == ["d"]


def test_a_file_that_is_not_there_has_no_rows(tmp_path: Path) -> None:
    rows = KeyedFile(tmp_path / "none")
    assert list(rows) == []
    append_rows(tmp_path / "none", ROWS)
    rows.refresh()
    assert len(rows) == 3
