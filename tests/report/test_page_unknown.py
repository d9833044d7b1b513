"""The page's section on what was unknown before, in a real headless Chromium."""

from __future__ import annotations

import dataclasses
import datetime
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.membership.panel import Scored, judge
from harness.records import Request, Response, Sample
from harness.tasks.dates import Dates
from tests.report import builder as build
from tests.report import unknown
from tests.report.test_unknown import emptied
from tests.report.visiting import Visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

SECTION = "section:has(> #unknown)"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return unknown.unknown_run(tmp_path)


def _curve(page: Page) -> str | None:
    return page.locator(".plane .curve").first.get_attribute("points")


def test_what_was_found_comes_first_in_a_sentence_each(visit: Visit, folder: Path) -> None:
    page = visit.open(folder)

    lines = [text.split("\n") for text in page.locator(".findings li").all_inner_texts()]
    assert [word for word, _ in lines] == [
        "not after release", "works", "no power here", "known", "unknown", "unknown", "guessable",
        "detected", "not detected", "not detected",
    ]  # fmt: skip
    assert lines[1][1] == (
        "base, English: Min-K%++ 20 tells members from others: AUROC 0.790 (0.760 to 0.820), blind "
        "0.520 (0.490 to 0.550), on 128 tokens"
    )
    assert lines[0][1].startswith("base: 99.3 % of 150 documents are dated after the release on")
    assert "new-0004 (published 2025-03-30" in page.locator(f"{SECTION} > .notes").inner_text()
    assert "embedded, fictional" in page.locator("#unknown + p").inner_text()


def test_languages_stand_side_by_side_on_one_scale(visit: Visit, folder: Path) -> None:
    page = visit.open(folder)
    english, japanese = page.locator(".contrast figure").all()

    places = [figure.bounding_box() for figure in (english, japanese)]
    assert places[0]
    assert places[1]
    assert places[0]["y"] == places[1]["y"]
    assert english.locator(".bar-name").all_inner_texts() == [
        "Loss", "zlib", "Min-K% 20", "Min-K%++ 20", "Reference model", "DC-PDD",
    ]  # fmt: skip
    assert english.locator("circle.unsure").count() == 0
    assert japanese.locator("circle.unsure").count() == 6
    ticks = [figure.locator(".axis text").all_text_contents() for figure in (english, japanese)]
    assert ticks[0] == ticks[1] == ["0.4", "0.5", "0.6", "0.7", "0.8", "0.9"]
    best = english.locator("svg.bar").nth(3)
    assert best.get_attribute("aria-label") == (
        "Min-K%++ 20: AUROC 0.790 (0.760 to 0.820), blind 0.520 (0.490 to 0.550)"
    )
    dot = best.locator("circle").get_attribute("cx")
    assert dot == "78.000%"  # 0.79 between 0.4 and 0.9


def test_the_curves_are_the_verdicts_until_others_are_chosen(visit: Visit, folder: Path) -> None:
    page = visit.open(folder)

    chosen = [page.input_value(f"#filter-{name}") for name in ("language", "tokens", "method")]
    assert chosen == ["en", "128", "min_k_plus_plus_20"]
    curves = [_curve(page)]
    for name, value in (("language", "ja"), ("tokens", "64"), ("method", "loss")):
        page.focus(f"#filter-{name}")
        page.select_option(f"#filter-{name}", value)
        curves.append(_curve(page))
    assert len(set(curves)) == 4
    assert page.evaluate("document.activeElement.id") == "filter-method"
    label = page.locator(".plane").first.get_attribute("aria-label")
    assert label == "ROC curve, base, Japanese, Loss, 64 tokens: AUROC 0.516 (0.486 to 0.546)"
    assert "TPR" not in page.locator(".plots .notes").first.inner_text()
    assert "Members found at 5 % FPR: " in page.locator(".plots .notes").first.inner_text()

    page.click("text=日本語 >> nth=0")
    assert _curve(page) == curves[-1]
    address = page.evaluate("location.hash")
    page.click("nav >> text=サンプル")
    page.wait_for_selector("#search")
    page.go_back()
    page.wait_for_selector(".plane")
    assert page.evaluate("location.hash") == address
    assert _curve(page) == curves[-1]


def test_an_address_opens_its_curves(visit: Visit, folder: Path) -> None:
    page = visit.open(folder, "#curves?language=ja&tokens=256&method=zlib")

    label = page.locator(".plane").first.get_attribute("aria-label") or ""
    assert label.startswith("ROC curve, base, Japanese, zlib, 256 tokens")
    page = visit.open(folder, "#curves?language=__proto__&tokens=1&method=%E0%A4%A")
    page.reload()
    label = page.locator(".plane").first.get_attribute("aria-label") or ""
    assert label.startswith("ROC curve, base, English, Min-K%++ 20, 128 tokens")


def test_every_method_length_and_k_has_its_figures(visit: Visit, folder: Path) -> None:
    page = visit.open(folder)

    page.click(f"{SECTION} summary:has-text('base, Japanese')")
    rows = page.locator("details:has(> summary:has-text('base, Japanese')) tbody tr")
    assert rows.count() == 18
    assert rows.nth(9).locator("th, td").all_inner_texts() == [
        "Min-K%++ 20", "128", "284 / 282", "0.550\n0.520 to 0.580", "+0.020\n−0.030 to +0.070",
        "7.1\n2.1 to 13.1", "1.6*\n0.0 to 7.6",
    ]  # fmt: skip
    assert (
        "new-0006" in page.locator("details:has(> summary:has-text('base, Japanese'))").inner_text()
    )
    page.click(".plot:nth-of-type(3) summary")
    ks = page.locator(".plot:nth-of-type(3) tbody th").all_inner_texts()
    assert ks == ["5", "10", "20", "30", "40", "50", "60"]


def _shown(page: Page, plot: int) -> list[list[str]]:
    figure = page.locator(".plots figure").nth(plot)
    if not figure.locator("tbody").is_visible():
        figure.locator("summary").click()
    rows = figure.locator("tbody tr").all()
    return [row.locator("th, td").all_inner_texts() for row in rows]


def test_curves_and_histograms_can_be_read_as_tables(visit: Visit, folder: Path) -> None:
    page = visit.open(folder)
    found = unknown.language("en", 0.79, 0.52, "works")["bands"][1]["attacks"]["min_k_plus_plus_20"]

    roc, scores = _shown(page, 0), _shown(page, 1)
    assert [[float(cell) / 100 for cell in row] for row in roc] == [
        [pytest.approx(at, abs=0.00051) for at in point] for point in found["roc"]
    ]
    assert len(scores) == len(found["histogram"]["members"])
    assert scores[0] == ["−6 to −5.6", "0.0", "0.0"]
    assert sum(float(row[2]) for row in scores) == pytest.approx(100, abs=1)

    page.select_option("#filter-method", "loss")
    tables = page.locator(".plots table:visible")
    assert tables.count() == 2  # those that were open stay so
    assert _shown(page, 0) != roc
    ranks = page.locator("div:has(> #ranks) > details").first
    ranks.locator("summary").click()
    assert ranks.locator("tbody tr").first.locator("th, td").all_inner_texts() == [
        "0 to 0.05", "60.0", "5.0", "6.0", "9.0",
    ]  # fmt: skip


def test_ranks_are_drawn_against_what_an_unknown_fact_has(visit: Visit, folder: Path) -> None:
    page = visit.open(folder)
    plots = page.locator(".small-plots svg")

    assert plots.count() == 4
    flat = plots.nth(1).locator("rect")
    assert flat.count() == 20
    even = float(plots.nth(1).locator("line.reference").get_attribute("y1") or "nan")
    assert {float(bar.get_attribute("y") or "nan") for bar in flat.all()} == {even}
    table = page.locator("div:has(> #ranks) > .scroll table")
    assert table.locator("tbody tr").nth(1).locator("th, td").all_inner_texts() == [
        "unseen", "unknown", "0.503\n0.485 to 0.521", "0.497\n0.479 to 0.515", "0.6000", "900", "200",
        "0",
    ]  # fmt: skip
    assert "new-0007" in page.locator("div:has(> #ranks) details[open]").inner_text()


def test_trained_questions_are_drawn_by_checkpoint(visit: Visit, folder: Path) -> None:
    page = visit.open(folder)
    own, general = page.locator("div:has(> #trained) figure").all()

    assert own.locator(".bar-name").all_inner_texts() == ["base", "qa-e3"]
    assert own.locator(".bar-value").all_inner_texts() == ["0.500", "0.930"]
    assert [figure.locator("circle.unsure").count() for figure in (own, general)] == [1, 2]


def test_a_newcomer_is_told_what_the_letters_stand_for(browser: Browser, folder: Path) -> None:
    whole = {"en-GB": "area under the receiver operating characteristic (ROC) curve",
             "ja-JP": "受信者動作特性(ROC)曲線の下の面積"}  # fmt: skip
    for locale, told in whole.items():
        visit = Visit(browser, locale=locale)
        text = visit.open(folder).inner_text(SECTION)
        assert told in text
        assert text.index(told) < text.index("AUROC 0.790")
        assert max(text.index("FPR"), text.index("TPR")) < text.index("AUROC 0.790")
        visit.page.context.close()


def test_the_margin_and_flags_are_those_of_the_run(visit: Visit, folder: Path) -> None:
    told = unknown.ranks() | {"margin": 0.025, "flagged": []}
    told["sets"] = [{**entry, "flagged": 0} for entry in told["sets"]]
    told["sets"][1]["p"] = 0.003
    unknown.study(folder, "base", "ranks", told, [])
    page = visit.open(folder)

    text = page.inner_text("div:has(> #ranks)")
    assert "interval lies within 0.475 to 0.525." in text
    assert "(Benjamini-Hochberg, q < 0.05): none." in text
    assert (
        page.locator(".findings li").nth(4).inner_text().endswith("a little below 0.5 (p 0.0030)")
    )


def test_runs_count_from_each_languages_own_length(visit: Visit, folder: Path) -> None:
    told = unknown.verbatim() | {"characters": "20 (ja), 50 (en)", "left_out": {"en/asked": 2}}
    told["sets"] = [
        {**entry, "set": name, "characters": n}
        for entry, (name, n) in zip(
            told["sets"], [("ja/member", 20), ("en/member", 50)] * 2, strict=True
        )
    ]
    unknown.study(folder, "base", "verbatim", told, [])
    page = visit.open(folder)

    part = page.inner_text("div:has(> #verbatim)")
    assert "20 (Japanese), 50 (English) or more (%)" in part
    assert "Texts too short to be asked about: English, asked about 2" in part


def test_a_pair_without_a_blind_baseline_says_so(visit: Visit, folder: Path) -> None:
    pair = {**unknown.language("en", 0.79, 0.52, "works"), "blind": {}, "best_blind": ""}
    few = {**pair, "language": "ja", "verdict": "too few",
           "not_run": [{"attack": "reference", "reason": "not run: no reference model"}]}  # fmt: skip
    own = {**unknown.trained(0.9, 0.5)["datasets"][0], "blind": {}, "best_blind": ""}
    unknown.study(folder, "base", "membership", {"languages": [pair, few]}, [])
    for name in ("base", "qa-e3"):
        unknown.study(folder, name, "trained", {"datasets": [own]}, [])
    page = visit.open(folder)

    works, open_ = page.locator(".findings li").all_inner_texts()[1:3]
    assert works.endswith("AUROC 0.790 (0.760 to 0.820), no blind baseline, on 128 tokens")
    assert open_.startswith("too few texts\nbase, Japanese: open: the best, Min-K%++ 20")
    assert "Shaded" not in page.inner_text(SECTION)
    page.click(f"{SECTION} summary:has-text('base, Japanese')")
    noted = page.inner_text("details:has(> summary:has-text('base, Japanese'))")
    assert "no blind baseline" in noted
    assert "Not run: Reference model (not run: no reference model)" in noted


def _reasons() -> dict[str, str]:
    """Every reason of fixed shape, from where it arises."""
    late = Dates(datetime.date(2025, 4, 1))
    dated = {"none": "", "odd": "spring", "early": "2025-03-30"}

    def wrong(task: Dates, published: str) -> str:
        detail = {"published": published}
        sample = Sample("d", Request(prompt="d", chat=False), (), "d", detail=detail)
        return task.grade(sample, Response("", "stop", 0)).reason

    def judged(n: int, attack: float, blind: float) -> str:
        texts = [
            Scored(f"{side}{i}", f"{side}{i}", side == "m", {"loss": i + n * attack * (side == "m")},
                   {"ngrams": i + n * blind * (side == "m")})
            for side in "mo" for i in range(n)
        ]  # fmt: skip
        return judge(texts).reason

    return {
        **{name: wrong(late, published) for name, published in dated.items()},
        "margin": wrong(dataclasses.replace(late, margin=30), "2025-04-09"),
        "few": judged(5, 0, 0),
        "invalid": judged(40, 0, 0.8),
        "no power": judged(40, 0.01, 0),
        "little power": judged(1000, 0.01, 0),
    }


def test_kinds_and_reasons_are_japanese_on_the_japanese_page(
    browser: Browser, folder: Path
) -> None:
    reasons = _reasons()
    entries = [
        {**unknown.language("ja", 0.6, 0.5, "works"), "attack": "", "reason": reason}
        for reason in reasons.values()
    ]
    unknown.study(folder, "base", "membership", {"languages": entries}, [])
    visit = Visit(browser, locale="ja-JP")
    page = visit.open(folder)

    told = [line.partition("：")[2] for line in page.locator(".findings li").all_inner_texts()[1:9]]
    assert len(set(told)) == len(reasons)
    for text in told:
        words = re.findall("[A-Za-z]{2,}", text.replace("AUROC", "").replace("YYYY-MM-DD", ""))
        assert set(words) <= {"gram", "spring"}, text
    page.locator("summary:has-text('事実の種類別')").click()
    kinds = page.locator("details:has(> summary:has-text('事実の種類別')) tbody th")
    assert kinds.all_inner_texts() == ["価格", "取り扱い店舗"]
    page.context.close()
    assert visit.noise == []


def test_texts_that_were_only_read_are_not_offered_as_samples(visit: Visit, folder: Path) -> None:
    page = visit.open(folder, "#samples")

    assert page.locator("#filter-task option").all_inner_texts() == ["Dates"]
    assert page.locator("tbody tr").count() == 2


def test_names_of_figures_are_readable_in_both_languages(visit: Visit, folder: Path) -> None:
    page = visit.open(folder)

    text = page.inner_text("section:has(> #all)")
    for name in ("AUROC Min-K%++ 20, English", "Blind AUROC, English", "Mean rank, unseen",
                 "AUROC, own qa", "Verbatim, Japanese, members, continued"):  # fmt: skip
        assert name in text
    page.click("text=日本語 >> nth=0")
    assert "AUROC Min-K%++ 20、英語" in page.inner_text("section:has(> #all)")


def _hostile(value: Any, text: str) -> Any:
    """Details with `text` for every name that a data file or a suite can give."""
    given = (
        "language",
        "dataset",
        "set",
        "kind",
        "document",
        "sentence",
        "reason",
        "style",
        "verdict",
    )
    if isinstance(value, dict):
        return {
            key: text if key in given and isinstance(entry, str) else _hostile(entry, text)
            for key, entry in value.items()
        }
    if isinstance(value, list):
        return [_hostile(entry, text) for entry in value]
    return text if isinstance(value, str) and value.startswith("new-") else value


def test_hostile_names_are_shown_and_never_run(visit: Visit, folder: Path) -> None:
    pair = unknown.language("en", 0.79, 0.52, "works")
    whole = {"membership": {"languages": [pair]}, "ranks": unknown.ranks(),
             "trained": unknown.trained(0.9, 0.5), "verbatim": unknown.verbatim()}  # fmt: skip
    for text in build.HOSTILE:
        pair["bands"][1]["attacks"][text] = unknown.attack(0.7, 0.5)
        pair["blind"][text] = unknown.auroc(0.5)
    for task, found in whole.items():
        hostile = {
            name: [_hostile(entry, text) for text in build.HOSTILE for entry in entries]
            for name, entries in found.items()
            if isinstance(entries, list)
        }
        unknown.study(folder, "base", task, {**found, **hostile}, [])
    page = visit.open(folder)

    assert page.locator(f"{SECTION} figure").count() > 5 * len(build.HOSTILE)
    for place in range(len(build.HOSTILE)):
        page.select_option("#filter-language", index=place)
        page.select_option("#filter-method", index=6 + place)
        label = page.locator(".plane").first.get_attribute("aria-label") or ""
        assert "AUROC 0.700" in label
    page.select_option("#filter-method", index=6)
    page.reload()  # the choice stands in the address
    assert page.evaluate("document.querySelector('#filter-method').selectedIndex") == 6
    assert page.locator("img, iframe, main script, main a:not([href^='#'])").count() == 0
    assert page.evaluate("window.pwned") is None


def test_null_figures_and_absent_keys_leave_a_page(visit: Visit, folder: Path) -> None:
    pair = {"languages": [unknown.language("en", 0.79, 0.52, "works")]}
    whole = {"membership": pair, "ranks": unknown.ranks(), "trained": unknown.trained(0.9, 0.5),
             "verbatim": unknown.verbatim()}  # fmt: skip

    def bare(found: dict[str, Any]) -> dict[str, Any]:
        return {name: [{}] for name, entry in found.items() if isinstance(entry, list)}

    for change in (emptied, bare):
        for task, found in whole.items():
            unknown.study(folder, "base", task, change(found), [])
        (folder / "report.html").unlink(missing_ok=True)
        page = visit.open(folder)
        assert page.locator("#unknown, #all, #gaps").count() == 3
        text = page.inner_text(SECTION)
        assert not [word for word in ("null", "undefined", "NaN") if word in text]


@pytest.mark.parametrize(
    "options",
    [
        {"color_scheme": "dark", "locale": "ja-JP"},
        {"viewport": {"width": 390, "height": 844}},
        {"viewport": {"width": 390, "height": 844}, "locale": "ja-JP"},
    ],
    ids=["dark", "phone", "phone-ja"],
)
def test_nothing_is_wider_than_the_window(
    browser: Browser, folder: Path, options: dict[str, Any]
) -> None:
    visit = Visit(browser, **options)
    page = visit.open(folder)

    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if options.get("locale"):
        heads = page.locator(f"{SECTION} h2, {SECTION} h3").all_inner_texts()
        assert heads[0] == "もともと知らなかったか"
        assert not [head for head in heads if head.isascii()]
    page.context.close()
    assert visit.noise == []
