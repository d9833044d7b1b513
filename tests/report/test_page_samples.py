"""Samples in a real headless Chromium: differences by character, likelihoods, filters, orders."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from harness.report.page import page as written_page
from tests.report import builder as build
from tests.report.visiting import Visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
ASSETS = Path(written_page.__code__.co_filename).parent / "assets"


@pytest.fixture(scope="module")
def differ(browser: Browser) -> Any:
    """diff.js alone, on an empty page: (first, second) -> what `difference` finds."""
    page = browser.new_page()
    source = (ASSETS / "diff.js").read_text("utf-8")
    page.evaluate(
        "source => { window.made = new Function(source + '; return { difference, edits };')() }",
        source,
    )
    yield lambda first, second: page.evaluate(
        """([a, b]) => {
          const script = made.edits(Array.from(a), Array.from(b));
          return { ...made.difference(a, b), edits: script && script.filter(([k]) => k !== '=').length };
        }""",
        [first, second],
    )
    page.close()


def _kept(pieces: list[list[str]], kinds: str) -> str:
    return "".join(text for kind, text in pieces if kind in kinds)


def _fewest_edits(a: str, b: str) -> int:
    """len(a) + len(b) - 2 · longest common subsequence, by the textbook table."""
    above = [0] * (len(b) + 1)
    for x in a:
        row = [0]
        for place, y in enumerate(b):
            row.append(above[place] + 1 if x == y else max(above[place + 1], row[-1]))
        above = row
    return len(a) + len(b) - 2 * above[-1]


def test_differences_lose_nothing_and_are_the_fewest(differ: Any) -> None:
    draw = random.Random(7)
    for _ in range(120):
        first = "".join(draw.choices("価格は円です𠮷👍", k=draw.randint(0, 30)))
        second = "".join(c for c in first if draw.random() < 0.7) + "".join(
            draw.choices("円は千", k=draw.randint(0, 6))
        )
        found = differ(first, second)

        assert _kept(found["pieces"], "=-") == first
        assert _kept(found["pieces"], "=+") == second
        assert found["edits"] == _fewest_edits(first, second)


def test_a_price_differs_in_its_digits_only(differ: Any) -> None:
    assert differ("価格は7,700円です。", "価格は7,900円です。")["pieces"] == [
        ["=", "価格は7,"], ["-", "7"], ["+", "9"], ["=", "00円です。"],
    ]  # fmt: skip


def test_texts_of_a_megabyte_do_not_hang(differ: Any) -> None:
    draw = random.Random(3)
    long = ["".join(draw.choices("あいうえおかきくけこ", k=350_000)) for _ in range(2)]
    found = differ("同じ" + long[0] + "終", "同じ" + long[1] + "終")

    assert found["capped"]
    assert found["pieces"][0][1].startswith("同じ")
    assert [kind for kind, _ in found["pieces"]] == ["=", "-", "+", "="]


ANSWERS = {"base": "価格は7,700円です。", "qa-e3": "価格は7,900円です。"}


def _priced(folder: Path, **recorded: Any) -> Path:
    build.start(folder, [build.BASE, build.QA])
    for name, answer in ANSWERS.items():
        right = name == "base"
        rows = [
            build.row("a/1", prompt="価格は？", gold=["価格は7,800円です。", "価格は7,700円です。"], response=answer,
                      correct=right, outcome="correct" if right else "wrong"),
            build.row("b", prompt="店は？", gold=["銀座"], response="わかりません" if right else "大阪梅田", correct=False,
                      outcome="abstained" if right else "wrong"),
            build.row("c", prompt="色は？", gold=["赤"], response="赤"),
        ]  # fmt: skip
        build.measure_knowledge(folder, name, 0.5, [{**row, **recorded} for row in rows])
    return folder


def _card(page: Page, name: str) -> Any:
    return page.locator(f"article[aria-label='{name}']")


def _plain(page: Page, name: str, dropped: str) -> str:
    """A card's answer without the elements of one kind."""
    return str(_card(page, name).locator(".said").evaluate(
        "(node, tag) => { const copy = node.cloneNode(true); copy.querySelectorAll(tag).forEach((n) => n.remove());"
        " return copy.textContent }", dropped))  # fmt: skip


def test_answers_are_marked_against_the_nearest_gold_or_the_baseline(
    visit: Visit, tmp_path: Path
) -> None:
    folder = _priced(tmp_path)
    address = f"#sample/knowledge/{quote('a/1', safe='')}"
    page = visit.open(folder, address)

    assert _card(page, "base").locator("ins, del").count() == 0
    assert _plain(page, "qa-e3", "del") == ANSWERS["qa-e3"]
    assert _plain(page, "qa-e3", "ins") in ("価格は7,800円です。", "価格は7,700円です。")
    assert _card(page, "qa-e3").locator("ins").all_inner_texts() == ["9"]
    decoration = "n => getComputedStyle(n).textDecorationLine"
    assert _card(page, "qa-e3").locator("ins").evaluate(decoration) == "underline"
    assert _card(page, "qa-e3").locator("del").evaluate(decoration) == "line-through"

    page.select_option("#against", "base")
    assert page.evaluate("location.hash") == f"{address}?against=base"
    assert _plain(page, "qa-e3", "ins") == ANSWERS["base"]
    page.select_option("#against", "off")
    assert page.locator("ins, del").count() == 0
    page.reload()
    page.wait_for_selector("#against")
    assert page.input_value("#against") == "off"
    assert page.locator(".steps .next").get_attribute("href") == "#sample/knowledge/b?against=off"


def test_what_has_nothing_in_common_is_not_marked(visit: Visit, tmp_path: Path) -> None:
    page = visit.open(_priced(tmp_path), "#sample/knowledge/b")

    assert page.locator("ins, del").count() == 0
    assert "hardly anything in common" in _card(page, "qa-e3").inner_text()


def test_tokens_are_shaded_where_likelihoods_were_recorded(visit: Visit, tmp_path: Path) -> None:
    # 2 code points, 1 outside the first plane, part of it, and what the text no longer has.
    reading = {"ends": [2, 3, 3, 6], "logprobs": [-0.1, -9.0, -1.0, -2.9]}
    page = visit.open(_priced(tmp_path, reading=reading), "#sample/knowledge/c?against=likelihood")
    page.wait_for_selector("#against")

    assert page.input_value("#against") == "likelihood"
    assert _card(page, "base").locator(".token").all_inner_texts() == ["赤"]
    page.evaluate("location.hash = '#sample/knowledge/b?against=likelihood'")
    page.wait_for_selector("#sample >> text=b")
    tokens = _card(page, "qa-e3").locator(".said .token")
    assert tokens.all_inner_texts() == ["大阪", "梅", "田"]
    assert [t.get_attribute("class") for t in tokens.all()] == [
        "token shade-0", "token shade-4", "token shade-2",
    ]  # fmt: skip
    assert tokens.nth(1).get_attribute("title") == "log-probability −9.00"
    assert "−3.25" in _card(page, "qa-e3").inner_text()  # (-0.1 - 9 - 1 - 2.9) / 4
    assert page.locator(".swatch").count() == 5


def test_orders_and_filters_are_kept_in_the_address(visit: Visit, tmp_path: Path) -> None:
    folder = _priced(tmp_path)
    page = visit.open(folder, "#samples?sort=outcome")

    def shown() -> list[str]:
        return page.locator("tbody tr th").all_inner_texts()

    assert shown() == ["b", "a/1", "c"]
    page.select_option("#filter-checkpoint", "base")
    assert shown() == ["b", "a/1", "c"]
    assert "sort=outcome" in page.evaluate("location.hash")
    page.select_option("#filter-sort", "id")
    assert shown() == ["a/1", "b", "c"]
    page.select_option("#filter-sort", "")
    page.select_option("#filter-outcome", "lost")
    assert page.locator("text=No sample matches.").count() == 1  # the baseline loses nothing itself
    page.select_option("#filter-checkpoint", "qa-e3")
    assert shown() == ["a/1"]
    assert page.locator("#filter-sort option[value=likelihood]").count() == 0


def test_what_must_not_break_and_broke_is_found(visit: Visit, tmp_path: Path) -> None:
    folder = build.start(tmp_path, [build.BASE, build.QA])
    rows = [build.row("kept"), build.row("hotline", prompt="電話は？")]
    broke = build.gate(-0.01, broken=["hotline"])
    for name in ("base", "qa-e3"):
        gate = {"gate": broke, "verdict": "regressed"} if name == "qa-e3" else {}
        seen = build.result(name, "knowledge", "accuracy_seen", 0.5, headline=True, **gate)
        build.measure(folder, name, "knowledge", [seen], rows)
    page = visit.open(folder, "#samples?outcome=broken")

    assert page.locator("tbody tr th").all_inner_texts() == ["hotline"]
    page.select_option("#filter-checkpoint", "base")
    assert page.locator("text=No sample matches.").count() == 1


def test_people_who_disagree_with_the_rule_are_found(visit: Visit, tmp_path: Path) -> None:
    folder = build.start(tmp_path, [build.BASE])
    rule = {"correct": True, "outcome": "correct", "scores": {"correct": 1.0}, "author": "rule/1",
            "reason": ""}  # fmt: skip
    opinion = {
        "verdict": "wrong",
        "picked": "hand",
        "note": "古い値段",
        "time": "2026-11-26T01:02:03Z",
    }
    said = {"verdict": "wrong", "opinions": {"Aiko": opinion}}
    rows = [
        build.row("right", prompt="一"),
        build.row("overruled", prompt="二", correct=False, outcome="wrong", author="human:Aiko",
                  rule=rule, people=said),
    ]  # fmt: skip
    build.measure_knowledge(folder, "base", 0.5, rows)
    page = visit.open(folder, "#samples?human=disagree")

    assert page.locator("tbody tr th").all_inner_texts() == ["overruled"]
    page.select_option("#filter-human", "ungraded")
    assert page.locator("tbody tr th").all_inner_texts() == ["right"]
    page.select_option("#filter-human", "graded")
    page.click("tbody a")
    page.wait_for_selector("article")
    text = _card(page, "base").inner_text()
    assert "the rule said: correct" in text
    assert "Aiko: wrong (古い値段)" in text
