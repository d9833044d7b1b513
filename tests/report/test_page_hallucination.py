"""The page's section on what is made up and on what doubts tell of it, in Chromium."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.report.document import finite
from harness.report.page import page_data
from harness.report.write import write_reports
from harness.runs import read_run, sample_file, write_json
from tests.report import builder as build
from tests.report.visiting import Visit, section_rows

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

TUNED, SHORT = build.checkpoint("qa-e3", "QA", 3), build.checkpoint("qa-e1", "QA", 1)
SECTION = "section:has(> #hallucination)"
TOKENS = ("mean_nll", "slot_nll", "least", "entropy", "margin")
ANSWERED = ("answered_at_5", "risk_at_5", "withheld_at_5")
GROUPS = ("trained", "control", "near_miss", "unanswerable")


def _signal(auroc: float, lead: float | None = None) -> dict[str, Any]:
    """A signal whose intervals reach five hundredths to both sides; a control without `lead`."""
    ends = {"low": auroc - 0.05, "high": auroc + 0.05, "interval": "DeLong", "ap": 0.612345678912}
    ap = {"ap_low": 0.5, "ap_high": 0.7, "ap_interval": "cluster bootstrap on the logit, t"}
    found = {"auroc": auroc, **ends, **ap, "base_rate": 0.4, "n": 50, "clusters": 30}
    if lead is None:
        return found
    over = {"value": lead, "low": lead - 0.05, "high": lead + 0.05}
    return {**found, "leads": {"length": over, "question_nll": over}, "clears": lead > 0.05}


def _signals(*aurocs: float, cleared: int) -> dict[str, Any]:
    """The first `cleared` of the tokens' signals clear both controls."""
    told = {
        name: _signal(auroc, 0.2 if place < cleared else 0.02)
        for place, (name, auroc) in enumerate(zip(TOKENS, aurocs, strict=True))
    }
    return {**told, "length": _signal(0.55), "question_nll": _signal(0.45)}


def _bin(low: float, n: int, right: float) -> dict[str, Any]:
    return {"low": low, "high": low + 0.1, "n": n, "confidence": low + 0.05, "right": right}


def _selection(threshold: float | None, coverage: float, risk: float) -> dict[str, Any]:
    def around(value: float) -> dict[str, Any]:
        low, high = max(value - 0.02, 0), value + 0.04
        return {"low": low, "high": high, "method": "Wilson", "level": 0.95}

    curve = [[k / 20, 0.4 * (k / 20) ** 2] for k in range(1, 21)]
    flat = [[k / 20, 0.4] for k in range(1, 21)]
    curves = {"slot_nll": curve, "entropy": curve, "length": flat, "question_nll": flat}
    return {
        "target": 0.05, "signal": "slot_nll", "threshold": threshold, "chosen_on": 50, "n": 50,
        "answered": round(50 * coverage), "coverage": coverage,
        "coverage_interval": around(coverage), "risk": risk, "risk_interval": around(risk),
        "clusters": 30, "curves": curves,
        "withheld": {"value": 0.45, "interval": around(0.45), "n": 20, "clusters": 15},
    }  # fmt: skip


def _details() -> dict[str, dict[str, Any]]:
    usual = {"groups": {"trained": 50}, "told": 100, "n": 100}
    telling = {
        "trained": _signals(0.7, 0.81, 0.72, 0.75, 0.6, cleared=4),
        "control": _signals(0.6, 0.6, 0.6, 0.6, 0.6, cleared=0),
    }
    silent = {"trained": _signals(0.56, 0.57, 0.55, 0.55, 0.5, cleared=0)}
    none = _selection(None, 0.0, float("nan"))
    by_words = {"values": 400, "abstained": 0, "words": 150, "judge": 0}
    words = {"judge": "", "questions": 50, "ways": by_words, "compared": 0, "unread": 0}
    by_judge = {"values": 380, "abstained": 20, "words": 11, "judge": 139}
    judged = {"judge": "gpt-4o", "questions": 50, "ways": by_judge, "compared": 98, "unread": 3}
    return {
        "base": {
            **usual, "detection": {}, "selection": none, "meanings": words,
            "reliability": [_bin(0.9, 90, 0.1)],
        },
        "qa-e1": {**usual, "detection": silent, "reliability": [], "selection": {}},
        "qa-e3": {
            **usual, "detection": telling, "selection": _selection(0.3, 0.32, 0.0625),
            "reliability": [_bin(0.2, 4, 0.25), _bin(0.5, 16, 0.5), _bin(0.9, 36, 0.75)],
            "meanings": judged,
        },
        "gpt": {**usual, "told": 0, "detection": {}, "reliability": [], "selection": {}},
    }  # fmt: skip


def doubting_run(folder: Path, task: str = "hallucination") -> Path:
    """A base that knows nothing, two fine-tunes, one of whose doubts tell, and a silent API."""
    build.start(folder, [build.BASE, TUNED, SHORT, build.API])
    calibrated = {"base": 0.8, "qa-e1": 0.75, "qa-e3": 0.3}
    for name, found in _details().items():
        results = [
            build.result(name, task, f"{measure}_{group}", value, n=40, headline=group == "trained")
            for group in GROUPS
            for measure, value in (("hallucinated", 0.7), ("abstained", 0.1))
        ]
        if name in calibrated:
            results += [
                build.result(name, task, "ece", calibrated[name]),
                build.result(name, task, "brier", 0.3),
                build.result(name, task, "confidently_wrong", 0.2),
            ]
        for signal, entry in found["detection"].get("trained", {}).items():
            results += [build.result(name, task, f"auroc_{signal}", entry["auroc"])]
            results += [build.result(name, task, f"ap_{signal}", entry["ap"])]
        if found["selection"]:
            results += [build.result(name, task, m, 0.3) for m in ANSWERED]
        build.measure(folder, name, task, results, [build.row("q", stratum="seen")])
        write_json(sample_file(folder, name, task).with_suffix(".json"), finite(found))
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return doubting_run(tmp_path_factory.mktemp("doubting") / "run")


def _figure(page: Page, name: str, part: int) -> Any:
    """The figure of a checkpoint in the part on doubts (0), calibration (1) or answering (2)."""
    own = page.locator(f"{SECTION} > .under").nth(part).locator("figure")
    return own.filter(has=page.locator("figcaption bdi", has_text=re.compile(f"^{name}$")))


@pytest.mark.browser
def test_made_up_and_abstained_have_a_column_for_each_group(visit: Visit, folder: Path) -> None:
    page = visit.open(folder)

    made_up, abstained = page.locator(f"{SECTION} > .scroll").all()
    heads = ["Checkpoint", "trained documents, n 40", "near misses, n 40"]
    heads += ["control documents, n 40", "unanswerable, n 40"]
    for table, figure in ((made_up, "70.0\n65.0 to 75.0"), (abstained, "10.0\n5.0 to 15.0")):
        shown = [
            head.replace("\u00a0", " ") for head in table.locator("thead th").all_inner_texts()
        ]
        assert shown == heads
        assert set(table.locator("tbody td").all_inner_texts()) == {figure}
        assert table.locator("tbody th").all_inner_texts() == ["base", "qa-e3", "qa-e1", "gpt"]


@pytest.mark.browser
def test_it_is_said_where_the_negative_finding_holds_and_where_not(
    visit: Visit, folder: Path
) -> None:
    page = visit.open(folder)

    told = [line.split("\n") for line in page.locator(f"{SECTION} .findings li").all_inner_texts()]
    assert told == [
        ["not tested", "base: fewer than 5 documents with right, or with made-up, answers."],
        ["contradicted", "qa-e3: Mean NLL, NLL of the value, Least likely token, Entropy clear both "
         "blind controls; the best, NLL of the value, has AUROC 0.810 (0.760 to 0.860). "
         "The finding is not contradicted for: what training never stated."],
        ["not contradicted", "qa-e1: no signal of the tokens clears both blind controls; the best, NLL of the "
         "value, has AUROC 0.570 (0.520 to 0.620)."],
        ["not tested", "gpt: how sure it was is not told: an API’s answers without logprobs = true, or "
         "stored before it was recorded (--eval-fresh asks again)."],
    ]  # fmt: skip
    assert "found no tendency" in page.inner_text(f"{SECTION} .under:has(.findings)")


@pytest.mark.browser
def test_where_the_question_was_not_read_clearing_both_is_left_open(
    visit: Visit, tmp_path: Path
) -> None:
    folder = doubting_run(tmp_path / "run")
    path = sample_file(folder, "qa-e3", "hallucination").with_suffix(".json")
    found = json.loads(path.read_text("utf-8"))
    entries = found["detection"]["trained"]
    del entries["question_nll"], entries["entropy"]
    for entry in entries.values():
        if entry.get("clears"):
            entry["clears"] = None
            del entry["leads"]["question_nll"]
    path.write_text(json.dumps(found), "utf-8")
    page = visit.open(folder)

    told = page.locator(f"{SECTION} .findings li").nth(1).inner_text()
    assert told == (
        "not tested\nqa-e3: the best signal of the tokens, NLL of the value, has AUROC 0.810 (0.760 "
        "to 0.860). Behind an API the question alone, one of the blind controls, is not read: whether "
        "a signal clears both is open."
    )
    page.locator(f"{SECTION} summary", has_text="Every signal, qa-e3").click()
    rows = page.locator(f"{SECTION} details[open] tbody tr").all()
    cells = [row.locator("th, td").all_inner_texts() for row in rows]
    assert [row[7] for row in cells[:5]] == ["–", "–", "–", "no", "–"]  # margin; length
    assert cells[1][5:7] == ["+0.200\n+0.150 to +0.250", "–"]


@pytest.mark.browser
def test_controls_stand_apart_and_a_word_marks_what_clears_both(visit: Visit, folder: Path) -> None:
    page = visit.open(folder)

    figure = _figure(page, "qa-e3", 0)
    assert "20 of 50 made up" in figure.locator("figcaption").inner_text()
    assert figure.locator(".bar-value").all_inner_texts() == [
        "clears 0.700", "clears 0.810", "clears 0.720", "clears 0.750", "0.600", "0.550", "0.450",
    ]  # fmt: skip
    kinds = [dot.get_attribute("class") for dot in figure.locator("circle").all()]
    assert kinds == ["dot"] * 4 + ["dot unsure"] + ["dot hollow"] * 2
    heading = figure.locator(".apart").bounding_box()["y"]
    dots = [circle.bounding_box() for circle in figure.locator("circle").all()]
    assert [box["y"] > heading for box in dots] == [False] * 5 + [True] * 2
    # AUROC .81 as far from .55 as .81 - .55 on one straight scale, which both drawings share.
    centre = [box["x"] + box["width"] / 2 for box in dots]
    unit = (centre[5] - centre[6]) / 0.10
    assert centre[1] - centre[5] == pytest.approx(0.26 * unit, abs=1)
    ticks = [
        _figure(page, n, 0).locator(".axis text").all_text_contents() for n in ("qa-e3", "qa-e1")
    ]
    assert ticks[0] == ticks[1]
    figure = _figure(page, "qa-e1", 0)
    assert figure.locator(".verdict").count() == 0


@pytest.mark.browser
def test_every_signal_stands_in_a_table_with_its_leads(visit: Visit, folder: Path) -> None:
    page = visit.open(folder)
    page.locator(f"{SECTION} summary", has_text="Every signal, qa-e3").click()

    rows = page.locator(f"{SECTION} details[open] tbody tr").all()
    cells = [row.locator("th, td").all_inner_texts() for row in rows]
    assert len(cells) == 2 * 7
    assert cells[1] == ["trained documents", "NLL of the value", "0.810\n0.760 to 0.860",
                        "0.612\n0.500 to 0.700", "0.400", "+0.200\n+0.150 to +0.250",
                        "+0.200\n+0.150 to +0.250", "yes", "50"]  # fmt: skip
    assert cells[4][5:8] == ["+0.020\n−0.030 to +0.070", "+0.020\n−0.030 to +0.070", "no"]
    assert cells[5][5:8] == ["–", "–", "–"]
    assert cells[7][0] == "what training never stated"


@pytest.mark.browser
def test_it_is_said_what_told_which_answers_mean_the_same(visit: Visit, folder: Path) -> None:
    page = visit.open(folder)
    own = page.locator(f"{SECTION} > .under").first.locator(":scope > .notes li")

    assert own.all_inner_texts() == [
        "base: which of 550 answers, given and drawn anew, mean the same was told: 400 by the "
        "values that they state, 150 by their words alone, which scatters meanings too much.",
        "qa-e3: which of 550 answers, given and drawn anew, mean the same was told: 380 by the "
        "values that they state, 20 by saying not to know, 11 by words that are equal, 139 by the "
        "judge gpt-4o (in 98 comparisons, 3 of them unread: these count as unlike).",
    ]
    page.click(".language")
    page.wait_for_selector("html[lang=ja]")
    assert "採点モデルgpt-4oによる139件(比較98回、うち判定を読み取れず別の意味としたもの3回)" in (
        own.last.inner_text()
    )


@pytest.mark.browser
def test_bins_stand_where_they_are_and_grow_with_their_answers(visit: Visit, folder: Path) -> None:
    page = visit.open(folder)

    figure = _figure(page, "qa-e3", 1)
    dots = [
        [float(dot.get_attribute(name)) for name in ("cx", "cy", "r")]
        for dot in figure.locator("circle.bin").all()
    ]
    assert figure.locator(".marked").all_text_contents() == ["4", "16", "36"]
    (x1, y1, r1), (x2, y2, r2), (x3, y3, r3) = dots
    assert (x2 - x1) / (x3 - x1) == pytest.approx((0.55 - 0.25) / (0.95 - 0.25), abs=0.01)
    assert (y1 - y2) / (y1 - y3) == pytest.approx((0.5 - 0.25) / (0.75 - 0.25), abs=0.01)
    assert r1 < r2 < r3
    # Areas beyond that of a smallest dot are as the answers.
    assert (r2 - 3) / (r3 - 3) == pytest.approx((16 / 36) ** 0.5, abs=0.02)
    diagonal = [tuple(map(float, p.split(","))) for p in
                figure.locator("polyline").get_attribute("points").split()]  # fmt: skip
    assert diagonal[0][0] < x1 < x3 < diagonal[1][0]
    first = page.locator(f"{SECTION} > .under").nth(1).locator("figcaption").first.inner_text()
    assert re.sub(r"\s+", " ", first) == "base baseline ECE 0.800 (0.750 to 0.850)"
    notes = page.locator(f"{SECTION} > .under").nth(1).locator(".notes").inner_text()
    assert "ECE is lower than base’s: qa-e3." in notes
    assert "ECE is not told from base’s, the intervals overlap: qa-e1." in notes


@pytest.mark.browser
def test_how_much_may_be_answered_is_said_and_drawn(visit: Visit, folder: Path) -> None:
    page = visit.open(folder)

    assert page.locator(f"{SECTION} .told li").all_inner_texts() == [
        "base: no threshold of the best signal (NLL of the value) keeps the risk at 5 % on the half "
        "it is chosen on: it may answer none of these questions.",
        "qa-e3: at 5 % risk it may answer 32.0 % [30.0, 36.0] of these questions (NLL of the value, "
        "threshold chosen on the other half); there the risk was 6.2 % [4.2, 10.2]. Of "
        "the right answers 45.0 % [43.0, 49.0] are withheld.",
    ]
    figure = _figure(page, "qa-e3", 2)
    assert figure.locator(".curve").count() == 3
    dot = [float(figure.locator("circle").get_attribute(name)) for name in ("cx", "cy")]
    line = [float(figure.locator(".threshold").get_attribute(n)) for n in ("x1", "x2", "y1")]
    assert (dot[0] - line[0]) / (line[1] - line[0]) == pytest.approx(0.32, abs=0.002)
    assert dot[1] < line[2]  # above the line of 5 %: the risk was 6.2 %
    figure.locator("summary").click()
    rows = [row.locator("th, td").all_inner_texts() for row in figure.locator("tbody tr").all()]
    assert rows[4] == ["50", "10.0", "40.0", "40.0"]
    assert _figure(page, "base", 2).locator("circle").count() == 0


@pytest.mark.browser
def test_no_key_is_left_raw_and_in_japanese_no_english(visit: Visit, folder: Path) -> None:
    page = visit.open(folder)
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true })")
    for section in (SECTION, "section:has(> #all)"):
        assert not re.search(r"[a-z]+_[a-z0-9]+", page.inner_text(section))
    page.click(".language")
    page.wait_for_selector("html[lang=ja]")
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true })")
    own = r"embedded, fictional|--eval-fresh|cluster bootstrap"
    for section in (SECTION, "section:has(> #all)"):
        said = re.sub(own, "", page.inner_text(section))
        assert not re.search(r"[a-z]+_[a-z0-9]+", said)
        assert not re.search(r"[A-Za-z]{3,} [A-Za-z]{3,}", said)
    assert "リスク5%では、質問の32.0%(区間 30.0～36.0)に回答できます" in page.inner_text(SECTION)


@pytest.mark.browser
def test_another_suites_answers_have_a_section_of_their_own(visit: Visit, tmp_path: Path) -> None:
    page = visit.open(doubting_run(tmp_path / "own", "hallucination_jsquad"))

    assert page.locator("#hallucination").count() == 0
    title = page.inner_text("#hallucination_jsquad")
    assert title.startswith("Hallucination (JSQuAD): ")
    rows = section_rows(page, "hallucination_jsquad")
    assert rows[0][0] == "base"


@pytest.mark.browser
def test_axe_finds_no_fault_and_a_narrow_dark_page_does_not_overflow(
    browser: Browser, folder: Path
) -> None:
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe is not installed"
    ).Axe()
    visit = Visit(browser, viewport={"width": 360, "height": 800}, color_scheme="dark",
                  bypass_csp=True)  # fmt: skip
    page = visit.open(folder)
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true })")
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    found = axe.run(page, context=SECTION, options={"resultTypes": ["violations"]}).response
    assert [v["id"] for v in found["violations"] if v["impact"] != "minor"] == []
    assert page.locator(f"{SECTION} svg:not([aria-label]):not([aria-hidden])").count() == 0


def test_the_page_carries_no_curve_that_it_does_not_draw(folder: Path) -> None:
    write_reports(folder)
    report = json.loads((folder / "report.json").read_text("utf-8"))
    found = page_data(read_run(folder), report)["report"]["details"]["qa-e3"]["hallucination"]

    assert set(found["selection"]["curves"]) == {"slot_nll", "length", "question_nll"}
    assert found["selection"]["curves"]["slot_nll"][2] == [0.15, 0.009]
    entry = found["detection"]["trained"]["slot_nll"]
    assert not {"interval", "ap_interval", "clusters"} & set(entry)
    assert entry["ap"] == 0.612345679
    whole = report["details"]["qa-e3"]["hallucination"]["selection"]["curves"]
    assert set(whole) == {"slot_nll", "entropy", "length", "question_nll"}


def test_a_run_without_the_suite_has_no_details_to_trim(run_folder: Path) -> None:
    write_reports(run_folder)
    report = json.loads((run_folder / "report.json").read_text("utf-8"))
    details = page_data(read_run(run_folder), report)["report"]["details"]
    assert not any("hallucination" in found for found in details.values())


@pytest.mark.parametrize(("said", "carried"), [("7,700円", 0), ("7,900円", 1)])
def test_answers_of_another_suite_are_carried_once(tmp_path: Path, said: str, carried: int) -> None:
    folder = build.start(tmp_path / "run", [build.BASE])
    asked = {"knowledge": ("accuracy_seen", "7,700円"), "hallucination": ("hallucinated_any", said)}
    for task, (metric, answer) in asked.items():
        of = {"of": "knowledge"} if task == "hallucination" else {}
        results = [build.result("base", task, metric, 0.5, identity=of)]
        scores = {metric: 1.0}  # the same answer, looked at otherwise
        rows = [build.row("q", stratum="seen", response=answer, scores=scores)]
        build.measure(folder, "base", task, results, rows)
    write_reports(folder)
    report = json.loads((folder / "report.json").read_text("utf-8"))

    packed = page_data(read_run(folder), report)["samples"]
    assert len(packed["knowledge"]["questions"]) == 1
    assert len(packed["hallucination"]["questions"]) == carried
