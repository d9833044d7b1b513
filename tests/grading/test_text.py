"""Normalisation and numerals."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from harness.grading.numerals import NUMERAL, parse
from harness.grading.text import loose, normalise


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("７，７００円", "7,700円"),
        ("￥7700", "¥7700"),
        ("２５㎜", "25mm"),
        ("㌢", "センチ"),
        ("ﾙﾐﾅ", "ルミナ"),
        ("03−0412", "03-0412"),
        ("03–0412", "03-0412"),
        ("03ー0412", "03-0412"),
        ("コーヒー", "コーヒー"),
        ("S〜L", "S~L"),
        ("S～L", "S~L"),
        ("½", "1/2"),
        ("“A”", '"A"'),
        ("東\u200b京", "東京"),
        ("（税込）、。", "(税込)、。"),
    ],
)
def test_signs_that_mean_the_same_become_the_same(text: str, expected: str) -> None:
    assert normalise(text) == expected
    assert normalise(normalise(text)) == expected


def test_free_names_are_equal_but_for_dress() -> None:
    assert loose("「Ｌｕｍｉｎａ・スカイ」 ") == loose("lumina スカイ。") == "luminaスカイ"
    assert loose("ルミナ") != loose("ルミナー")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7,700", "7700"),
        ("7700", "7700"),
        ("七千七百", "7700"),
        ("二万五千", "25000"),
        ("1万2,000", "12000"),
        ("0.77万", "7700"),
        ("3千5百", "3500"),
        ("十", "10"),
        ("二十三", "23"),
        ("百五", "105"),
        ("千", "1000"),
        ("一億二千万", "120000000"),
        ("1.5億", "150000000"),
        ("二〇二六", "2026"),
        ("〇", "0"),
        ("1,234,567.5", "1234567.5"),
        ("壱万", "10000"),
    ],
)
def test_numerals_have_their_value(text: str, expected: str) -> None:
    assert parse(text) == Decimal(expected)
    assert re.fullmatch(NUMERAL, text)


@pytest.mark.parametrize("text", ["", "万", "十百", "万億", "二3", "1,23", "一宮", "十十"])
def test_what_is_no_numeral_has_none(text: str) -> None:
    assert parse(text) is None
