"""What each parser finds, in canonical form."""

from __future__ import annotations

from collections.abc import Hashable
from decimal import Decimal as D

import pytest

from harness.grading.values import PARSERS, conflicts, find, matches


def _keys(type_: str, text: str) -> list[Hashable]:
    return [value.key for value in find(type_, text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7,000円（税込7,700円）", [(7000, "JPY", ""), (7700, "JPY", "included")]),
        ("税込7,700円、税抜7,000円", [(7700, "JPY", "included"), (7000, "JPY", "excluded")]),
        ("7,700円（税込）、7,000円（税抜）",
         [(7700, "JPY", "included"), (7000, "JPY", "excluded")]),
        ("7,000円+税", [(7000, "JPY", "excluded")]),
        ("本体価格7,000円", [(7000, "JPY", "excluded")]),
        ("税込価格は7,700円", [(7700, "JPY", "included")]),
        ("価格(税込)は7,700円", [(7700, "JPY", "included")]),
        ("7,700円で、本体の重さは25g", [(7700, "JPY", "")]),
        ("2.5万円", [(25000, "JPY", "")]),
        ("£34 including VAT", [(34, "GBP", "included")]),
        ("7,700 yen plus tax", [(7700, "JPY", "excluded")]),
        ("1,23円", []),
        ("5円形の皿", []),
        ("一宮の七千代さん", []),
    ],
)  # fmt: skip
def test_money(text: str, expected: list[Hashable]) -> None:
    assert _keys("money", text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("直径38ミリ、厚さ9ミリ", [(38, "diameter"), (9, "thickness")]),
        ("縦10cm×横20cm", [(100, "height"), (200, "width")]),
        ("幅30×奥行20cm", [(300, "width"), (200, "depth")]),
        ("10x20mm", [(10, ""), (20, "")]),
        ("10〜15mm", [(10, ""), (15, "")]),
        ("1メートル50センチ", [(1500, "")]),
        ("38 mm in diameter and 9 mm thick", [(38, "diameter"), (9, "thickness")]),
        ("横浜で2m", [(2000, "")]),
        ("50㎡、5ミリグラム、3mL", []),
    ],
)
def test_length(text: str, expected: list[tuple[int, str]]) -> None:
    assert [(value.key, value.label) for value in find("length", text)] == expected


@pytest.mark.parametrize(
    ("type_", "text", "expected"),
    [
        ("weight", "1キロ200グラム", [1200]),
        ("weight", "0.5kgと100mg", [500, D("0.1")]),
        ("weight", "5キロメートル", []),
        ("percentage", "30％、三割、5 percent", [30, 30, 5]),
        ("count", "一宮で限定500個", [500]),
        ("count", "2026年6月に3色で", [3]),
        ("count", "その一つです", []),
        ("telephone", "〒106-0032 03-1234-5678", ["0312345678"]),
        ("telephone", "+81 (0)3-1234-5678 / 0120-123-456", ["0312345678", "0120123456"]),
        ("telephone", "2026-06-14", []),
        ("composition", "表地綿60％、カシミア40％", [("綿", 60), ("カシミヤ", 40)]),
        ("composition", "60％綿/40％麻", [("綿", 60), ("麻", 40)]),
        ("composition", "The label reads 85% cotton, 15% stainless steel.",
         [("綿", 85), ("stainless steel", 15)]),
        ("composition", "Cotton 60%, linen 40%", [("綿", 60), ("麻", 40)]),
        ("sizes", "S〜XL", ["S", "M", "L", "XL"]),
        ("sizes", "S、M、LL", ["S", "M", "XL"]),
        ("sizes", "22.5〜24、25cm",
         [("cm", D("22.5")), ("cm", 23), ("cm", D("23.5")), ("cm", 24), ("cm", 25)]),
        ("sizes", "サイズは36・38です", [("", 36), ("", 38)]),
        ("sizes", "7号、9号", [("号", 7), ("号", 9)]),
        ("sizes", "I'm Mr. L-5, 2026年6月14日、38個", []),
        ("date", "2026年6月14日", [(2026, 6, 14)]),
        ("date", "令和元年5月1日", [(2019, 5, 1)]),
        ("date", "平成31年4月", [(2019, 4, None)]),
        ("date", "R8.6.14", [(2026, 6, 14)]),
        ("date", "2026年6月14日(日)から20日", [(2026, 6, 14), (2026, 6, 20)]),
        ("date", "6/14", [(None, 6, 14)]),
        ("date", "13月1日と6月32日、3年間", []),
        ("date", "Sept. 3rd, 2025", [(2025, 9, 3)]),
        ("names", "黒、白・灰と赤", ["黒", "白灰", "赤"]),
        ("names", "ルミナ・スカイ、ノクト", ["ルミナスカイ", "ノクト"]),
        ("names", "red, green and blue", ["red", "green", "blue"]),
    ],
)  # fmt: skip
def test_other_types(type_: str, text: str, expected: list[Hashable]) -> None:
    assert _keys(type_, text) == expected


def test_spans_are_in_the_normalised_text() -> None:
    (value,) = find("money", "価格は７，７００円（税込）です")
    assert value.text == "7,700円(税込)"
    assert value.span == (3, 13)


def test_texts_without_values_have_none() -> None:
    assert all(find(type_, "") == () for type_ in PARSERS)
    with pytest.raises(ValueError, match="unknown fact type"):
        find("colour", "red")


def test_a_date_coarser_than_gold_neither_states_nor_contradicts_it() -> None:
    (gold,) = find("date", "2026年6月14日")
    (coarse,) = find("date", "2025年7月")
    assert not matches(gold, coarse)
    assert not conflicts(gold, coarse)
    (other,) = find("date", "6月15日")
    assert conflicts(gold, other)


@pytest.mark.parametrize("type_", [name for name in PARSERS if name not in ("name", "names")])
@pytest.mark.parametrize("piece", ["2", "20", "20-", "03-", "1,000", "2.", "一", "二千"])
def test_a_loop_of_digits_is_read_at_once(type_: str, piece: str) -> None:
    """In all the ways in which digits can be divided into numbers this would never end."""
    found = find(type_, f"220点です。{piece * 100}")
    assert [value.text for value in found[:1]] == (["220点"] if type_ == "count" else [])
