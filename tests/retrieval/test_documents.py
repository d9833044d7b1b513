"""Documents as they are read, and the passages that they are split into."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import DataError
from harness.retrieval.documents import Document, read_documents
from harness.retrieval.passages import split
from tests.conftest import write_rows


def test_documents_are_read_in_order_without_what_else_a_row_has(tmp_path: Path) -> None:
    rows = [{"id": 0, "title": "題", "text": "本文。", "brand": "x"}, {"id": "b", "text": "text"}]
    write_rows(tmp_path / "d.jsonl", rows)
    found = read_documents(tmp_path / "d.jsonl")
    assert found == (Document("0", "題", "本文。"), Document("b", "", "text"))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"text": "x"}, "d.jsonl:2: 'id' is missing. Found: text."),
        ({"id": None, "text": "x"}, "d.jsonl:2: 'id' is missing. Found: id, text."),
        ({"id": "", "text": "x"}, "d.jsonl:2: 'id' must be a text, found ''"),
        ({"id": True, "text": "x"}, "d.jsonl:2: 'id' must be a text, found True"),
        ({"id": "b"}, "d.jsonl:2: 'text' is missing"),
        ({"id": "b", "text": " "}, "d.jsonl:2: 'text' must be a text"),
        ({"id": "b", "text": "x", "title": 3}, "d.jsonl:2: 'title' must be a text"),
        ({"id": "a", "text": "x"}, "d.jsonl:2: id 'a' was used before, on line 1"),
    ],
)
def test_a_row_that_is_no_document_is_refused_with_its_line(
    tmp_path: Path, row: dict[str, object], said: str
) -> None:
    write_rows(tmp_path / "d.jsonl", [{"id": "a", "text": "x"}, row])
    with pytest.raises(DataError, match=said):
        read_documents(tmp_path / "d.jsonl")


def test_a_file_without_documents_is_refused(tmp_path: Path) -> None:
    (tmp_path / "d.jsonl").write_text("\n", "utf-8")
    with pytest.raises(DataError, match="no documents in it"):
        read_documents(tmp_path / "d.jsonl")


def pieces(text: str, size: int) -> list[str]:
    return [passage.text for passage in split(Document("d", "題", text), size)]


def test_a_short_document_stays_whole() -> None:
    (only,) = split(Document("d", "題", " 価格は100円。発売は5月。\n"), 20)
    assert (only.document, only.number, only.title) == ("d", 1, "題")
    assert only.text == "価格は100円。発売は5月。"


def test_a_long_document_is_cut_where_sentences_end() -> None:
    text = "幅は34.8ミリです。「本当？」と聞いた。色は黒！次の文は長めに書いてある。"
    assert pieces(text, 18) == [
        "幅は34.8ミリです。",
        "「本当？」と聞いた。色は黒！",
        "次の文は長めに書いてある。",
    ]


def test_a_full_stop_inside_a_figure_ends_no_sentence() -> None:
    text = "It weighs 1.5 kg. It costs $9.99 in all. Red."
    assert pieces(text, 25) == ["It weighs 1.5 kg.", "It costs $9.99 in all.", "Red."]


def test_a_sentence_longer_than_a_passage_is_cut_and_nothing_is_lost() -> None:
    text = "あ" * 25 + "。" + "い" * 7
    assert pieces(text, 10) == ["あ" * 10, "あ" * 10, "あ" * 5 + "。", "い" * 7]


@pytest.mark.parametrize("size", [1, 7, 30, 1000])
def test_passages_together_are_the_text_and_none_is_too_long(size: int) -> None:
    text = "一文目です。 二文目は少し長いです！\n\n三文目。Fourth one. 5.5 is no end. 最後"
    found = pieces(text, size)
    assert "".join("".join(found).split()) == "".join(text.split())
    assert max(map(len, found)) <= max(size, 1)
    assert all(found)
