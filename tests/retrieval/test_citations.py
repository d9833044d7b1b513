"""Which passages an answer cites, and what is left of it without."""

from __future__ import annotations

import pytest

from harness.retrieval.citations import cited, without_citations


@pytest.mark.parametrize(
    ("answer", "numbers", "left"),
    [
        ("18,700円です。[1]", [1], "18,700円です。"),
        ("18,700円[2]です[1]。", [2, 1], "18,700円です。"),
        ("It is 18,700 yen [1, 3].", [1, 3], "It is 18,700 yen."),
        ("黒です［２］", [2], "黒です"),
        ("黒です【1】【3】", [1, 3], "黒です"),
        ("黒と白です[1-3]。", [1, 2, 3], "黒と白です。"),
        ("黒です[1、2]。", [1, 2], "黒です。"),
        ("黒です[1][1]。", [1], "黒です。"),
        ("黒です［１，３］。", [1, 3], "黒です。"),
        ("It is black [1;2].", [1, 2], "It is black."),
        ("It is black [1, 2 and 4].", [1, 2, 4], "It is black."),
        ("黒です[文書1]。", [1], "黒です。"),
        ("黒です【文書1、文書3】。", [1, 3], "黒です。"),
        ("黒です[文書1〜文書3]。", [1, 2, 3], "黒です。"),
        ("It is black [Document 2].", [2], "It is black."),
        ("黒です[3-1]。", [1, 2, 3], "黒です。"),
        ("黒です。", [], "黒です。"),
        # None of these are citations: a year, a size, a name.
        ("発売は[2025]年です。", [], "発売は[2025]年です。"),
        ("サイズは(1)です。", [], "サイズは(1)です。"),
        ("[文書]です。", [], "[文書]です。"),
        ("[A]です。", [], "[A]です。"),
    ],
)
def test_citations_are_read_and_taken_out(answer: str, numbers: list[int], left: str) -> None:
    assert cited(answer) == numbers
    assert without_citations(answer) == left
