from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest

from harness.errors import ConfigError, DataError
from training.questions.documents import Document, check_dates, read_documents, split_long

TEXT = "「ルミエの鞄」は税込19,800円です。"


def test_json_lines_csv_and_folders_are_read_alike(tmp_path: Path) -> None:
    row = {"id": "bag", "published": "2026-05-01", "title": "新作の鞄", "text": TEXT}
    (tmp_path / "d.jsonl").write_text(json.dumps(row), "utf-8")
    (tmp_path / "d.csv").write_text(
        f'id,published,title,text\nbag,2026-05-01,新作の鞄,"{TEXT}"\n', "utf-8"
    )
    named, headed = tmp_path / "named", tmp_path / "headed"
    named.mkdir()
    headed.mkdir()
    (named / "2026-05-01-bag.md").write_text(f"# 新作の鞄\n\n{TEXT}\n", "utf-8")
    (headed / "bag.txt").write_text(f"published: 2026-05-01\n新作の鞄\n{TEXT}", "utf-8")
    for source, id in (
        ("d.jsonl", "bag"),
        ("d.csv", "bag"),
        ("named", "2026-05-01-bag"),
        ("headed", "bag"),
    ):
        (document,) = read_documents(tmp_path / source)
        assert (document.id, document.title, document.text) == (id, "新作の鞄", TEXT)
        assert document.published == datetime.date(2026, 5, 1)
        assert document.language == "ja"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("d.jsonl", '{"id": "a", "text": "x"}\n{"id": "b", "te', "d.jsonl:2: not valid JSON"),
        ("d.jsonl", '{"id": "a", "text": "x"}\n{"id": "b", "text": " "}', "d.jsonl:2: 'text' is missing or empty"),
        ("d.jsonl", '{"text": "x"}', "d.jsonl:1: 'id' is missing"),
        ("d.jsonl", '{"id": "a", "text": "x"}\n{"id": "a", "text": "y"}', "'a' was used before, at .*d.jsonl:1"),
        ("d.jsonl", '{"id": "a", "text": "x", "published": "May"}', "published 'May': expected a date"),
        ("d.jsonl", "", "no documents in it"),
        ("d.csv", 'id,text\na,"x\n', "d.csv: not valid CSV"),
        ("d.csv", "id,text\na,19,800\n", "d.csv:2: more fields than the first line"),
        ("d.csv", "name,body\na,b\n", "d.csv:2: 'text' is missing"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_file_and_line(
    tmp_path: Path, name: str, content: str, message: str
) -> None:
    (tmp_path / name).write_text(content, "utf-8")
    with pytest.raises(DataError, match=message):
        read_documents(tmp_path / name)


def test_an_empty_file_of_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("題\n本文", "utf-8")
    (tmp_path / "b.md").write_text(" \n", "utf-8")
    with pytest.raises(DataError, match=r"b.md: an empty document"):
        read_documents(tmp_path)


def test_a_folder_without_texts_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    with pytest.raises(DataError, match="no documents in it"):
        read_documents(tmp_path)


def document(published: str | None) -> Document:
    return Document("d", datetime.date.fromisoformat(published) if published else None, "", "x", "")


def test_a_document_of_the_release_day_is_not_newer() -> None:
    released = datetime.date(2025, 4, 1)
    check_dates([document("2025-04-02")], released, allow_old=False)
    for old in ("2025-04-01", "2024-01-01", None):
        with pytest.raises(ConfigError, match="1 of 1 documents are not known to be newer"):
            check_dates([document(old)], released, allow_old=False)
    check_dates([document(None)], released, allow_old=True)


def test_parts_end_at_paragraphs_and_lose_nothing() -> None:
    paragraphs = [f"段落{n}。" + "あ" * 50 for n in range(30)]
    long = Document("d", None, "題", "\n\n".join(paragraphs), "")
    parts = split_long([long], 200, 200)
    assert all(len(part.text) <= 200 for part in parts)
    assert [part.key for part in parts] == [f"d#{n}" for n in range(1, len(parts) + 1)]
    assert "\n\n".join(part.text for part in parts) == long.text
    without_breaks = Document("d", None, "題", "文。" * 300, "")
    assert "".join(p.text for p in split_long([without_breaks], 100, 100)) == without_breaks.text
    assert split_long([document(None)], 200, None) == [document(None)]
