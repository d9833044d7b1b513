"""Grading by eye as a person does it: in a real headless Chromium, from the disk."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from harness.comparison.drawn import answer_strata, pair_strata
from harness.comparison.rated import Rated
from harness.review.events import GradeEvent, event_from_row, sample_key
from harness.review.judgement import Judgement, judgements, plain
from harness.statistics.double_sampling import (
    PairStratum,
    Stratum,
    corrected_accuracy,
    corrected_difference,
    next_stratum,
)
from harness.statistics.power import design_effect
from tests.report import builder as build
from tests.report.grading import gradeable_run, rows, truly_right
from tests.report.visiting import Visit, reloaded

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

Row = dict[str, Any]
ONE = "#grade?suite=knowledge&a=qa-e3&blind=1"
TRULY = """card => card.querySelector('.the-answer').textContent
    .startsWith(card.querySelector('.gold li').textContent)"""
TWO = "#grade?suite=knowledge&a=base&b=qa-e3&blind=1"


@pytest.fixture
def grader(browser: Browser) -> Iterator[Visit]:
    """A visitor who leaves although the page warns of grades that were not downloaded."""
    made = Visit(browser)
    made.page.on("dialog", lambda dialog: dialog.accept())
    yield made
    made.page.context.close()
    assert [noise for noise in made.noise if noise] == []


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return gradeable_run(tmp_path_factory.mktemp("graded"))


def _begin(visit: Visit, folder: Path, address: str = ONE, author: str = "山田 花子") -> Page:
    page = visit.open(folder, address)
    page.fill(".grader", author)
    page.keyboard.press("Enter")
    page.wait_for_selector(".grade-keys")
    return page


def _card(page: Page) -> str:
    return page.inner_text(".grade-card")


def _grade_truly(page: Page, times: int) -> None:
    """Grade what is shown by whether the answer begins with the gold, as `truly_right` does."""
    for _ in range(times):
        page.keyboard.press("1" if page.eval_on_selector(".grade-card", TRULY) else "0")


def _download(page: Page) -> list[GradeEvent]:
    with page.expect_download() as waiting:
        page.click(".download")
    assert waiting.value.suggested_filename == "grades-20261123-231502-4f2a-山田_花子.jsonl"
    lines = waiting.value.path().read_text("utf-8").rstrip("\n").split("\n")
    return [event_from_row(json.loads(line), f"line {n}") for n, line in enumerate(lines, 1)]


def _key(row: Row, suite: str = "knowledge") -> str:
    return sample_key(suite, row["id"], row["prompt"], row["response"])


def _by_rule(all_rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Answers in the order of their keys, by form and the rule's outcome."""
    found: dict[str, list[Row]] = {}
    for row in sorted(all_rows, key=_key):
        found.setdefault(f"{row['stratum']}, {row['outcome']}", []).append(row)
    return found


def _strata(all_rows: Sequence[Row], people: dict[str, Judgement]) -> list[Stratum]:
    strata = []
    for name, members in _by_rule(all_rows).items():
        said = [people[_key(row)].verdict for row in members if _key(row) in people]
        strata.append(Stratum(name, len(members), sum(map(bool, said)), said.count("right")))
    return strata


def test_two_hundred_grades_by_keyboard_come_back_as_events(grader: Visit, folder: Path) -> None:
    page = _begin(grader, folder)
    for _ in range(4):
        _grade_truly(page, 50)
        assert "qa-e3" not in _card(page)
        assert "Rule" not in _card(page)
    assert "All answers here are graded" in _card(page)
    assert page.inner_text(".said-now").endswith(", 200 graded")

    events = _download(page)

    answers = {_key(row): row for row in rows(200, 1)}
    assert {event.sample for event in events} == set(answers)
    assert len({event.event for event in events}) == len(events) == 200
    for event in events:
        row = answers[event.sample]
        assert (event.suite, event.item) == ("knowledge", row["id"])
        assert (event.verdict == "right") == truly_right(row)
        assert (event.author, event.picked) == ("山田 花子", "queue:qa-e3")
    assert [e.moment for e in events] == sorted({e.moment for e in events})
    assert "All grades were downloaded." in page.inner_text(".bring-back")
    assert "python -m harness review --import grades-20261123" in page.inner_text(".bring-back")


def test_the_queue_and_the_figures_are_those_of_the_statistics(grader: Visit, folder: Path) -> None:
    page = _begin(grader, folder)
    _grade_truly(page, 60)
    page.click(".unblind")
    page.wait_for_selector(".people")
    line = page.locator(".people dd").nth(1).inner_text()
    events = _download(page)

    answers = rows(200, 1)
    order = {name: [_key(r) for r in members] for name, members in _by_rule(answers).items()}
    for place, event in enumerate(events):
        before = judgements(events[:place])
        chosen = next_stratum(_strata(answers, before))
        assert chosen
        assert event.sample == next(key for key in order[chosen] if key not in before)
    people = judgements(events)
    rule = sum(row["correct"] for row in answers) / 2
    mixed = sum(people[_key(r)].verdict == "right" if _key(r) in people else r["correct"]
                for r in answers) / 2  # fmt: skip
    by_rule = [float(row["correct"]) for row in answers]
    effect = design_effect(by_rule, [row["cluster"] for row in answers])
    found = corrected_accuracy(_strata(answers, people), effect)
    assert found.value is not None
    assert found.interval is not None
    low, high = found.interval.low, found.interval.high
    assert line == (
        f"rule {rule:.1f} % · with people’s grades {mixed:.1f} % · corrected {found.value:.1%} "
        f"[{low * 100:.1f}, {high * 100:.1f}] · 60 graded of 200"
    ).replace("%  [", " % [").replace(f"{found.value:.1%}", f"{found.value * 100:.1f} %")
    shown = page.locator("section:has(> #grade) .notes a").all_inner_texts()
    unlike = [row["id"] for row in answers if _key(row) in people
              and (people[_key(row)].verdict == "right") != row["correct"]]  # fmt: skip
    assert shown == unlike


def test_a_comparison_asks_for_unlike_answers_and_settles(grader: Visit, folder: Path) -> None:
    page = _begin(grader, folder, TWO)
    assert page.inner_text(".counts") == "0 graded of 300"  # blind: no forecast either
    graded = 0
    while "settled" not in page.inner_text(".counts") or graded < 60:
        _grade_truly(page, 10)
        graded += 10
        assert graded <= 300
    assert "settled: end the blindness" in page.inner_text(".counts")
    assert "ahead by" not in page.inner_text("main")
    page.click(".unblind")
    page.wait_for_selector(".people")
    told = page.inner_text(".counts")
    events = _download(page)

    pairs = list(zip(rows(200, 0), rows(200, 1), strict=True))
    people = judgements(events)
    alike = {_key(ours) for ours, theirs in pairs if _key(ours) == _key(theirs)}
    assert alike
    assert not alike & set(people)
    by_key = {_key(row): pair for pair in pairs for row in pair}
    first = by_key[events[0].sample]
    assert first[0]["correct"] != first[1]["correct"]  # those that the rule tells apart come first
    assert by_key[events[1].sample] is first
    groups: dict[tuple[str, ...], list[tuple[str, str]]] = {}
    for ours, theirs in pairs:
        if _key(ours) not in alike:
            name = (ours["stratum"], ours["outcome"], theirs["outcome"])
            groups.setdefault(name, []).append((_key(ours), _key(theirs)))
    strata = [PairStratum("alike", size=len(alike), certain=len(alike))]
    for name, group in groups.items():
        said = [
            [people[k].verdict for k in pair] for pair in group if all(k in people for k in pair)
        ]
        won, lost = said.count(["right", "wrong"]), said.count(["wrong", "right"])
        strata.append(PairStratum(str(name), len(group), len(said), won, lost))
    apart = [float(ours["correct"]) - float(theirs["correct"]) for ours, theirs in pairs]
    effect = design_effect(apart, [ours["cluster"] for ours, _ in pairs])
    found = corrected_difference(strata, effect)
    assert found.value is not None
    assert found.interval is not None
    figures = [100 * f for f in (found.value, found.interval.low, found.interval.high)]
    assert "settled: base is ahead by {:.1f} points [{:.1f}, {:.1f}]".format(*figures) in told


def _rated(
    all_rows: Sequence[Row], people: dict[str, Judgement], form: str, checkpoint: str
) -> list[Rated]:
    return [
        Rated(
            checkpoint=checkpoint, suite="knowledge", item=row["id"], form=form, kind="", cluster=row["cluster"],
            key=_key(row), outcome=row["outcome"], rule=row["correct"], counted=row["correct"],
            verdict=people[_key(row)].verdict if _key(row) in people else "",
            opinions=plain(people[_key(row)]) if _key(row) in people else {},
        )
        for row in all_rows if row["stratum"] == form
    ]  # fmt: skip


def _shown_figures(page: Page) -> list[list[Rated]]:
    """The figures of both checkpoints are those of Python; returns the answers."""
    page.evaluate("location.hash = '#grade?suite=knowledge&a=base&b=qa-e3&form=seen&blind=0'")
    page.wait_for_selector(".people")
    people = judgements(_download(page))
    both = [_rated(rows(200, i), people, "seen", name) for i, name in enumerate(("base", "qa-e3"))]
    lines = page.locator(".people dd").all_inner_texts()
    for line, answers in zip(lines, both, strict=True):
        effect = design_effect([float(a.rule) for a in answers], [a.cluster for a in answers])
        found = corrected_accuracy(answer_strata(answers), effect)
        assert (found.interval is None) == ("needs grades" in line)
        if found.value is not None and found.interval is not None:
            ends = f"[{_told(found.interval.low)}, {_told(found.interval.high)}]"
            assert f"corrected {_told(found.value)} % {ends}" in line
    return both


def _told(figure: float) -> str:
    return f"{figure * 100:.1f}"


def test_what_a_comparison_will_take_is_told_in_pairs(grader: Visit, folder: Path) -> None:
    page = _begin(grader, folder, TWO.replace("blind=1", "blind=0"))
    # Both answers of a question are graded; about outcomes without grades the rule is believed.
    told = page.inner_text(".counts")
    assert re.search(r"· if the rule is right, about \d+ more pairs of answers to settle$", told)
    for _ in range(10):
        _grade_truly(page, 10)
        told = page.inner_text(".counts")
        if " points · about" in told:
            break
    assert re.search(r" points · about \d+ more pairs of answers to settle$", told)


def test_grades_of_several_queues_and_of_hands_count_as_in_reports(
    grader: Visit, folder: Path
) -> None:
    page = _begin(grader, folder, TWO)
    _grade_truly(page, 40)
    for item in ("q-001/price/paraphrase", "q-002/price/seen", "q-006/price/seen"):
        page.evaluate(
            "hash => { location.hash = hash }", f"#sample/knowledge/{quote(item, safe='')}"
        )
        page.wait_for_selector(f"#sample >> text={item}")
        for card in page.locator(".answer").all():
            card.focus()
            page.keyboard.press("1")
    for address, times in ((ONE, 20), ("#grade?suite=knowledge&a=base&form=seen", 15)):
        page.evaluate("hash => { location.hash = hash }", address)
        page.wait_for_selector(".grade-card")
        page.keyboard.press("s")
        _grade_truly(page, times)
    open_ones = _shown_figures(page)
    assert {o["picked"] for a in open_ones[0] for o in a.opinions.values()} == {
        "hand",
        "queue:base",
        "queue:base|qa-e3",
        "queue:qa-e3",
    }
    # The queue of one checkpoint fills what other queues left open.
    page.evaluate("location.hash = '#grade?suite=knowledge&a=qa-e3&form=seen'")
    page.wait_for_selector(".grade-card")
    while page.locator(".the-answer").count():
        _grade_truly(page, 1)
    _shown_figures(page)
    page.evaluate("location.hash = '#grade?suite=knowledge&a=base&b=qa-e3&form=seen'")
    page.wait_for_selector(".grade-card")
    while page.locator(".the-answer").count():
        _grade_truly(page, 1)
    both = _shown_figures(page)
    pairs = list(zip(*both, strict=True))
    apart = [float(ours.rule) - float(theirs.rule) for ours, theirs in pairs]
    effect = design_effect(apart, [ours.cluster for ours, _ in pairs])
    pair = corrected_difference(pair_strata(pairs), effect)
    assert pair.value is not None
    assert pair.interval is not None
    figures = _told(pair.value), _told(pair.interval.low), _told(pair.interval.high)
    told = "base is ahead by {} points [{}, {}]".format(*figures)
    assert told in page.inner_text(".counts")


def test_undo_steps_back_and_looking_on_grades_nothing(grader: Visit, folder: Path) -> None:
    page = _begin(grader, folder)
    first = _card(page)
    page.keyboard.press("u")
    assert page.inner_text(".said-now") == "nothing to undo"
    page.keyboard.press("1")
    second = _card(page)
    page.keyboard.press("0")
    assert page.inner_text(".said-now") == "wrong, 2 graded"
    page.keyboard.press("u")
    assert page.inner_text(".said-now") == "cleared, 1 graded"
    assert _card(page) == second
    page.keyboard.press("u")
    assert _card(page) == first
    page.keyboard.press("j")
    assert _card(page) == second
    page.keyboard.press("j")
    third = _card(page)
    assert third not in (first, second)
    page.keyboard.press("k")
    page.keyboard.press("k")
    assert _card(page) == first
    page.keyboard.press("s")
    assert _card(page) == second  # it was only looked at
    assert page.inner_text(".said-now") == "skipped, 0 graded"
    page.keyboard.press("?")
    assert "clears its grade" in page.inner_text(".grade-legend")
    page.click(".key_right")
    assert page.evaluate("document.activeElement.className") == "key_right"
    verdicts = [event.verdict for event in _download(page)]
    assert verdicts == ["right", "wrong", "cleared", "cleared", "skipped", "right"]


def test_a_note_is_kept_with_its_grade(grader: Visit, folder: Path) -> None:
    page = _begin(grader, folder)
    page.keyboard.press("n")
    page.keyboard.type("1 of 0, so")
    page.keyboard.press("Enter")
    assert "Note: 1 of 0, so" in _card(page)
    page.keyboard.press("0")
    page.keyboard.press("n")
    page.keyboard.type("left")
    page.keyboard.press("Escape")
    assert "left" not in _card(page)
    page.keyboard.press("1")

    assert [(e.verdict, e.note) for e in _download(page)] == [
        ("wrong", "1 of 0, so"),
        ("right", ""),
    ]


def test_grades_outlive_a_reload_and_reach_other_tabs(grader: Visit, folder: Path) -> None:
    page = _begin(grader, folder)
    _grade_truly(page, 12)
    shown = _card(page)
    reloaded(page)
    page.wait_for_selector(".grade-keys")
    assert _card(page) == shown
    assert "12 graded of 200" in page.inner_text(".counts")

    other = page.context.new_page()
    other.goto(page.url)
    other.wait_for_selector(".grade-keys")
    assert _card(other) == shown
    other.keyboard.press("0")
    page.wait_for_selector("text=13 graded of 200")
    other.keyboard.press("u")
    page.wait_for_selector("text=12 graded of 200")
    assert len(_download(page)) == 14
    other.wait_for_selector("text=All grades were downloaded.")


def test_an_answer_is_graded_by_hand_on_its_card(grader: Visit, folder: Path) -> None:
    address = "#sample/knowledge/" + quote("q-001/price/paraphrase", safe="")
    page = grader.open(folder, address)
    cards = page.locator(".answer")
    cards.nth(0).focus()
    page.keyboard.press("0")
    page.keyboard.type("山田 花子")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-verdict=wrong][aria-pressed=true]")
    cards.nth(1).locator(".key_right").click()
    page.keyboard.press("n")
    page.keyboard.type("same")
    page.keyboard.press("Enter")
    assert "山田 花子: right – same" in cards.nth(1).inner_text()
    page.evaluate("location.hash = '#sample/marc_ja/r1'")
    page.wait_for_selector("#sample >> text=r1")
    assert page.locator(".grade-buttons").count() == 0

    page.evaluate("location.hash = '#grade'")
    page.wait_for_selector(".setup")
    assert page.locator("#grade-suite option").all_inner_texts() == ["Knowledge"]
    events = _download(page)
    assert [(e.verdict, e.picked, e.note) for e in events] == [
        ("wrong", "hand", ""), ("right", "hand", ""), ("right", "hand", "same")]  # fmt: skip
    assert [e.sample for e in events][:2] == [_key(rows(200, place)[1]) for place in (0, 1)]


def _event(**changes: Any) -> Row:
    row = rows(200, 1)[3]
    return {
        "schema": 1, "event": "ab" * 16, "sample": _key(row), "suite": "knowledge", "item": row["id"],
        "verdict": "right", "author": "Sato", "time": "2026-11-26T01:02:03.456Z", "note": "",
        "rubric": "default/1", "picked": "queue", **changes,
    }  # fmt: skip


def _load(page: Page, tmp_path: Path, *lines: str) -> str:
    file = tmp_path / "grades.jsonl"
    file.write_text("\n".join(lines), "utf-8")
    page.set_input_files("#load-grades", file)
    page.wait_for_selector(".bring-back [role=status] p")
    said = page.inner_text(".bring-back [role=status]")
    page.evaluate("document.querySelector('.bring-back [role=status]').replaceChildren()")
    return said


def test_loading_takes_all_lines_or_names_the_wrong_ones(
    grader: Visit, folder: Path, tmp_path: Path
) -> None:
    page = _begin(grader, folder)
    good = json.dumps(_event())
    wrong = ["{", json.dumps(_event(verdict="maybe")), json.dumps(_event(time="yesterday")),
             json.dumps(_event(author="x" * 61)), json.dumps(_event(more=1))]  # fmt: skip
    said = _load(page, tmp_path, good, *wrong)
    assert "Nothing was loaded: 5 lines" in said
    for line in (2, 3, 4, 5, 6):
        assert f"Line {line}: " in said
    assert "0 graded of 200" in page.inner_text(".counts")

    away = json.dumps(_event(event="cd" * 16, sample="0" * 16))
    said = _load(page, tmp_path, good, good, away, "")
    assert said == (
        "Entries of the file: 2 loaded, 1 already here, 1 of answers that this report does not have. "
        "An answer graded anew or undone has several entries."
    )
    assert page.inner_text(".counts") == "0 graded of 200 · 1 graded by others"


def test_a_browser_that_keeps_nothing_says_so(browser: Browser, folder: Path) -> None:
    visit = Visit(browser)
    visit.page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new Error('refused'); } })"
    )
    page = _begin(visit, folder)
    page.keyboard.press("1")
    assert "only while it is open" in page.inner_text("[role=alert]")
    assert "1 graded of 200" in page.inner_text(".counts")
    assert len(_download(page)) == 1
    page.context.close()
    assert visit.noise == []


@pytest.mark.parametrize(("kept", "warnings"), [(True, []), (False, ["beforeunload"])])
def test_leaving_is_warned_of_where_grades_would_be_lost(
    browser: Browser, folder: Path, kept: bool, warnings: list[str]
) -> None:
    visit = Visit(browser)
    kinds: list[str] = []
    visit.page.on("dialog", lambda dialog: (kinds.append(dialog.type), dialog.accept()))
    if not kept:
        refused = "get() { throw new Error('refused'); }"
        visit.page.add_init_script(
            f"Object.defineProperty(window, 'localStorage', {{ {refused} }})"
        )
    page = _begin(visit, folder)
    reloaded(page)
    assert kinds == []
    if not kept:
        page.fill(".grader", "山田 花子")
        page.keyboard.press("Enter")
    page.wait_for_selector(".key_right")
    page.keyboard.press("1")
    reloaded(page)
    assert kinds == warnings
    page.context.close()


def test_hostile_texts_are_graded_and_never_run(grader: Visit, tmp_path: Path) -> None:
    run = build.hostile_run(tmp_path)
    page = _begin(grader, run, "#grade?suite=knowledge&a=base")
    for place in range(len(build.HOSTILE) + 1):
        assert page.locator(".the-answer").count() == 1
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.locator("img, iframe, main script, main a:not([href^='#'])").count() == 0
        page.keyboard.press("n")
        page.fill("#note", build.HOSTILE[place % len(build.HOSTILE)])
        page.keyboard.press("Enter")
        page.keyboard.press("01"[place % 2])
    page.click(".unblind")
    page.wait_for_selector(".people")
    assert page.evaluate("window.pwned") is None

    answers = [build.row(f"{place} {text}", prompt=text, response=text)
               for place, text in enumerate(build.HOSTILE)]  # fmt: skip
    answers.append(build.row("long", response="長" * 1_000_000))
    events = _download(page)
    assert {(e.item, e.sample) for e in events} == {(row["id"], _key(row)) for row in answers}


def test_a_second_opinion_hears_nothing_of_the_first(
    grader: Visit, folder: Path, tmp_path: Path
) -> None:
    page = _begin(grader, folder, "#grade?suite=knowledge&a=qa-e3&form=seen&blind=1")
    first = sorted(_key(row) for row in rows(200, 1) if row["stratum"] == "seen")[:30]
    items = {_key(row): row["id"] for row in rows(200, 1)}
    said = [
        json.dumps(_event(event=f"{n:032x}", sample=key, item=items[key], verdict=verdict))
        for n, (key, verdict) in enumerate(zip(first, ["right", "wrong"] * 15, strict=True))
    ]
    assert "30 loaded" in _load(page, tmp_path, *said)
    page.evaluate("location.hash = '#grade?suite=knowledge&a=qa-e3&form=seen&blind=1&second=1'")
    page.wait_for_selector("text=30 graded by others")
    for n in range(30):
        assert page.inner_text(".counts") == (f"{n} graded of 100 · 30 graded by others")
        for told in ("disputed", "settle", "±", "Sato", "qa-e3"):
            assert told not in page.inner_text("section:has(> #grade)")
        page.keyboard.press("1")
        assert page.inner_text(".said-now") == f"right, {n + 1} graded"
    page.click(".unblind")
    page.wait_for_selector(".people")
    assert "people don’t agree" in page.inner_text("main")


def test_what_is_chosen_before_grading_is_told_and_kept(grader: Visit, folder: Path) -> None:
    page = grader.open(folder, "#grade")
    assert page.input_value("#grade-form") == "seen"
    assert "hide the rule’s grade" in page.inner_text(".ticks")
    page.fill(".grader", "花子")
    page.select_option("#grade-b", "base")
    page.check("#grade-second")
    assert page.input_value(".grader") == "花子"
    assert "hide the checkpoint" in page.inner_text(".ticks")
    assert page.inner_text(".outlook").startswith("0 of these ")
    page.fill(".grader", "\u2028")
    page.click(".start")
    assert page.locator(".grader:invalid").count() == 1
    assert "control character" in page.eval_on_selector(".grader", "n => n.validationMessage")
    page.fill(".grader", "花子")
    page.click(".start")
    page.wait_for_selector(".grade-keys")
    assert page.inner_text(".round bdi") == "Knowledge · seen · blind"


def test_figures_of_unlike_forms_say_so(grader: Visit, folder: Path) -> None:
    page = _begin(grader, folder, "#grade?suite=knowledge&a=qa-e3&blind=0")
    assert "all forms together" in page.inner_text("h3:has-text('Rule and people')")
    assert "qa-e3" in page.inner_text(".round")


@pytest.mark.parametrize("locale", ["en-GB", "ja-JP"])
def test_a_phone_holds_it_and_thumbs_can_use_it(
    browser: Browser, folder: Path, tmp_path: Path, locale: str
) -> None:
    visit = Visit(browser, viewport={"width": 360, "height": 740}, has_touch=True, locale=locale)
    page = visit.open(folder, "#grade")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.fill(".grader", "Sato")
    page.tap(".start")
    page.wait_for_selector(".grade-keys")
    for name in ("key_right", "key_wrong", "key_skip", "key_undo", "key_note"):
        box = page.locator(f".{name}").bounding_box()
        assert box
        assert box["height"] >= 44
        assert box["y"] + box["height"] <= 740
    page.tap(".key_wrong")
    page.screenshot(path=tmp_path / f"{locale}.png")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.context.close()
    assert visit.noise == []
