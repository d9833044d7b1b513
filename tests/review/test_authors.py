from __future__ import annotations

import itertools
import unicodedata
from pathlib import Path

import pytest

from harness.review.authors import author_fault, slug
from harness.review.files import append, grade_file, read_grades
from tests.review.making import event

HOSTILE = [
    "../../etc/passwd", "..", ".", "/etc/passwd", "C:\\x", "a/b", "a\\b", "a:b", "a*b", "a?b", '"', "<x>",
    "|", "-rf", "--", "~", "$HOME", "`id`", "con", "CON", "nul.txt", "com1", "lpt9", "COM¹", "x.", "x..",
    ".hidden", "💩" * 60, "長" * 60, "ﷺ" * 60, "x" * 60, "\u202ejs.exe", "\u200b", "a\u0301" * 30,
    "%2e%2e%2f", "rubric.md", "aki.jsonl", "a b", "a.b", "a-b", "a_b", "A-B",
]  # fmt: skip
WINDOWS_REFUSES = set('<>:"/\\|?*') | {chr(code) for code in range(32)}
DEVICES = {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(10))}


@pytest.mark.parametrize("author", HOSTILE)
def test_any_name_makes_a_file_name_on_any_system(author: str) -> None:
    name = f"{slug(author)}.jsonl"

    assert author_fault(author) == ""
    assert not set(name) & WINDOWS_REFUSES
    assert name.split(".")[0].lower() not in DEVICES
    assert name[0] not in "-._~ "
    assert name.count(".") == 1
    assert len(name.encode()) <= 143
    assert all(unicodedata.category(c)[0] in "LMN" or c in "-_." for c in name)


def test_unlike_names_never_share_a_file_even_where_case_and_composition_are_ignored() -> None:
    close = ["aki", "Aki", "AKI", "aki-", "-aki", "a.ki", "a ki", "a-ki", "ガク", "ガク",
             unicodedata.normalize("NFD", "ガク"), "ｱｷ", "アキ", slug("Aki"), slug("a ki")]  # fmt: skip
    names = dict.fromkeys([*close, *HOSTILE])
    seen = [unicodedata.normalize("NFKC", slug(name)).casefold() for name in names]
    assert len(set(seen)) == len(names)


def test_japanese_names_stay_readable_and_plain_ones_as_they_are() -> None:
    assert slug("花子").startswith("花子-")
    assert slug("山田 太郎").startswith("山田-太郎-")
    assert slug("aki") == "aki"
    assert slug("kenta_2") == "kenta_2"


def test_hostile_names_stay_in_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "grades"
    events = [event(author=author) for author in HOSTILE]
    append(folder, events)

    written = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert written == {grade_file(folder, author) for author in HOSTILE}
    assert {path.parent for path in written} == {folder}
    assert {e.author for e in read_grades(folder)} == set(HOSTILE)
    assert all(a != b for a, b in itertools.combinations([slug(n) for n in HOSTILE], 2))
