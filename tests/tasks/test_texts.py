"""Texts with labels: WikiMIA's rows, an index of files, and what is said of faulty ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.errors import MichiError
from harness.tasks.membership import Membership
from harness.tasks.texts import Text, load_texts
from tests.conftest import write_rows

FIXTURES = Path(__file__).parents[2] / "fixtures"


def rows_of(folder: Path, *rows: dict[str, Any], name: str = "texts.jsonl") -> Path:
    write_rows(folder / name, list(rows))
    return folder / name


def index(folder: Path, text: str) -> Path:
    (folder / "index.toml").write_text(text, "utf-8")
    return folder / "index.toml"


def by_id(texts: list[Text]) -> dict[str, Text]:
    return {text.id: text for text in texts}


def test_rows_in_the_form_of_wikimia_are_members_others_and_asked(tmp_path: Path) -> None:
    path = rows_of(
        tmp_path,
        {"input": "read in training", "label": 1},
        {"input": "written later", "label": 0},
        {"input": "our own"},
        {"input": "our own, too", "label": None},
    )
    texts = load_texts(path)
    assert [t.label for t in texts] == ["member", "non-member", "asked", "asked"]
    assert [t.text for t in texts][:2] == ["read in training", "written later"]
    assert [t.id for t in texts] == [f"texts-{n}" for n in (1, 2, 3, 4)]
    assert texts[1].place == f"{path}:2"


def test_a_row_says_its_language_or_its_letters_do(tmp_path: Path) -> None:
    path = rows_of(
        tmp_path,
        {"text": "新作の発表がありました。", "label": 1},
        {"text": "A new scarf was announced.", "label": 1},
        {"text": "カタカナ", "label": 1, "language": "ja-kana"},
    )
    assert [t.language for t in load_texts(path)] == ["ja", "en", "ja-kana"]


def test_what_texts_share_is_their_document_and_dates_go_by_either_name(tmp_path: Path) -> None:
    path = rows_of(
        tmp_path,
        {"id": "a/1", "document": "a", "text": "one", "label": 1, "published": "2023-05-01"},
        {"id": "b", "text": "two", "label": 1, "date": "2023-06-01", "title": "Two"},
    )
    one, two = load_texts(path)
    assert (one.document, one.published) == ("a", "2023-05-01")
    assert (two.document, two.published, two.title) == ("b", "2023-06-01", "Two")


def test_an_index_joins_fields_and_gives_files_their_label_and_language(tmp_path: Path) -> None:
    rows_of(tmp_path, {"id": "a", "title": "題", "text": "文"}, name="old.jsonl")
    rows_of(
        tmp_path,
        {"id": "j", "language": "ja", "text": "数えるだけ"},
        {"id": "e", "language": "en", "text": "only counted"},
        name="sub/mixed.jsonl",
    )
    path = index(
        tmp_path,
        """
        [[texts]]
        path = "old.jsonl"
        language = "ja"
        label = "member"
        fields = ["title", "text"]
        [[texts]]
        path = "sub/mixed.jsonl"
        language = "en"
        label = "frequencies"
        """,
    )
    texts = by_id(load_texts(path))
    assert set(texts) == {"a", "e"}  # a row in another language than its entry's is not of it
    assert (texts["a"].text, texts["a"].label, texts["a"].language) == ("題\n文", "member", "ja")
    assert texts["e"].label == "frequencies"


def test_texts_without_ids_in_files_of_one_name_are_told_apart_by_folder(tmp_path: Path) -> None:
    for folder in ("old", "new", "."):
        rows_of(tmp_path, {"text": folder}, name=f"{folder}/texts.jsonl")
    entry = '[[texts]]\npath = "{}texts.jsonl"\nlabel = "asked"\n'
    path = index(tmp_path, "".join(map(entry.format, ("old/", "new/", ""))))
    assert {t.id: t.text for t in load_texts(path)} == {
        "old/texts-1": "old",
        "new/texts-1": "new",
        "texts-1": ".",
    }
    # Outside of the index's folder a file goes by its own folder: not by where that lies here.
    rows_of(tmp_path, {"text": "elsewhere"}, name="b/texts.jsonl")
    absolute = index(tmp_path / "old", entry.format(f"{tmp_path.as_posix()}/b/"))
    assert [t.id for t in load_texts(absolute)] == ["b/texts-1"]


def test_an_id_or_a_document_of_0_is_one(tmp_path: Path) -> None:
    path = rows_of(
        tmp_path,
        {"id": 0, "text": "one", "label": 1, "document": 0},
        {"id": "", "text": "two", "label": 1, "document": None},
    )
    found = [(text.id, text.document) for text in load_texts(path)]
    assert found == [("0", "0"), ("texts-2", "texts-2")]


def test_texts_that_are_counted_may_be_asked_about_too(tmp_path: Path) -> None:
    rows_of(tmp_path, {"id": "a", "text": "one"})
    entry = '[[texts]]\npath = "texts.jsonl"\nlabel = "{}"\n'
    path = index(tmp_path, entry.format("asked") + entry.format("frequencies"))
    assert [t.label for t in load_texts(path)] == ["asked", "frequencies"]
    assert [s.id for s in Membership().load(path)] == ["a"]


ROW: dict[str, Any] = {"text": "some text", "label": 1}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([ROW, {"text": "x", "label": 2}], r"texts\.jsonl:2: label 2: expected 1 \(member\), 0"),
        ([{"text": "x", "label": "1"}], r"texts\.jsonl:1: label '1': expected 1 \(member\)"),
        ([{"text": "x", "label": True}], r"texts\.jsonl:1: label True: expected 1"),
        ([{"text": "x", "label": [1]}], r"texts\.jsonl:1: label \[1\]: expected 1"),
        ([ROW, {"label": 1}], r"texts\.jsonl:2: 'text' is missing\. Found: label"),
        ([{"text": " ", "label": 1}], r"texts\.jsonl:1: 'text' must be a text, found ' '"),
        ([{"input": 7, "label": 1}], r"texts\.jsonl:1: 'input' must be a text, found 7"),
        (
            [{**ROW, "id": "a"}, ROW, {**ROW, "id": "a"}],
            r"texts\.jsonl:3: id 'a' was used before, at \S+texts\.jsonl:1",
        ),
        ([], r"texts\.jsonl: no text in it\."),
    ],
)
def test_a_faulty_row_is_named_with_file_and_line(
    tmp_path: Path, rows: list[dict[str, Any]], message: str
) -> None:
    with pytest.raises(MichiError, match=message):
        load_texts(rows_of(tmp_path, *rows))


GOOD = '[[texts]]\npath = "texts.jsonl"\nlabel = "member"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            GOOD + 'lable = "member"\n',
            r"\[\[texts\]\] 1: unknown key 'lable'\. Did you mean 'label'",
        ),
        (GOOD + GOOD.replace("member", "members"), r"\[\[texts\]\] 2: label = 'members': expected"),
        (GOOD.replace('path = "texts.jsonl"', ""), r"\[\[texts\]\] 1: 'path' is missing"),
        (GOOD.replace("texts.js", "absent.js"), r"\[\[texts\]\] 1: \S+absent\.jsonl: no such file"),
        (GOOD.replace('"texts.jsonl"', "3"), r"\[\[texts\]\] 1: path = 3: expected a string"),
        (GOOD + 'fields = "text"\n', r"\[\[texts\]\] 1: fields = 'text': expected a list"),
        (GOOD + "fields = []\n", r"\[\[texts\]\] 1: fields = \[\]: expected names of fields"),
        (GOOD + "fields = [1]\n", r"\[\[texts\]\] 1: fields = \[1\]: expected names of fields"),
        (GOOD + 'fields = ["title"]\n', r"texts\.jsonl:1: 'title' is missing\. Found: text"),
        (GOOD + "language = 1\n", r"\[\[texts\]\] 1: language = 1: expected a string"),
        (
            GOOD + 'language = "en"\n',
            r"texts\.jsonl: no text in it of language 'en'; of others: ja",
        ),
        ('texts = ["texts.jsonl"]\n', r"\[\[texts\]\] 1: 'texts\.jsonl': expected a table"),
        ("[texts]\npath = 1\n", r"index\.toml: no \[\[texts\]\] in it"),
        ("", r"index\.toml: no \[\[texts\]\] in it"),
        (GOOD + "[data]\n", r"top level: unknown key 'data'\. Known: texts"),
        (GOOD + "=\n", r"index\.toml: not valid TOML"),
        (GOOD + GOOD, r"texts\.jsonl:1: id 'texts-1' was used before, at \S+texts\.jsonl:1"),
    ],
)
def test_a_faulty_index_is_named_with_file_and_entry(
    tmp_path: Path, text: str, message: str
) -> None:
    rows_of(tmp_path, {"text": "文", "language": "ja"})
    with pytest.raises(MichiError, match=message):
        load_texts(index(tmp_path, text))


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(MichiError, match=r"absent\.jsonl: can't be read: No such file"):
        load_texts(tmp_path / "absent.jsonl")
    with pytest.raises(
        MichiError, match=r"absent\.toml: index of texts can't be read.*--eval-data"
    ):
        load_texts(tmp_path / "absent.toml")


def test_the_shipped_index_has_both_sides_in_both_languages() -> None:
    texts = load_texts(FIXTURES / "membership.toml")
    found = {(t.language, t.label) for t in texts}
    pairs = {(language, side) for language in ("ja", "en") for side in ("member", "non-member")}
    counted = {("ja", "frequencies"), ("en", "frequencies")}
    assert found == {*pairs, *counted, ("ja", "asked")}
