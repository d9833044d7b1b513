"""The page's queue and estimates against Python's, on histories of grading made by chance."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.comparison.drawn import answer_strata, pair_strata
from harness.comparison.rated import Rated
from harness.report.page import page as written_page
from harness.report.write import write_reports
from harness.review.events import GradeEvent, event_row, sample_key
from harness.review.judgement import Judgement, judgements, plain
from harness.statistics.double_sampling import PairStratum, corrected_accuracy, corrected_difference
from tests.report.grading import gradeable_run, rows

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

N = 60
QUEUES = ("queue:base", "queue:qa-e3", "queue:base|qa-e3")
ASSETS = Path(written_page.__code__.co_filename).parent / "assets"
SCRIPTS = ("texts", "columns", "data", "elsewhere", "grades", "estimate", "queue")
LOAD = """source => {
  window.made = new Function(`${source}; return { grades, addEvents, strataOf, poolOf, lackingIn, settles };`)();
}"""
# Of what was graded: the strata of either checkpoint and of the pair, and what each lacks.
STRATA = """events => {
  made.grades.events.clear();
  made.addEvents(events, false);
  return [['base', ''], ['qa-e3', ''], ['qa-e3', 'base']].map(([a, b]) => {
    const strata = made.strataOf(made.poolOf({ suite: 'knowledge', a, b, form: 'seen' }));
    const lacking = made.lackingIn(strata).map(([names, n]) => [names.slice(1).join(', '), n]);
    return [strata.map((s) => [s.name && JSON.parse(s.name).slice(1).join(', '), s.size, s.graded,
      s.won, s.lost, s.certain, s.certainWon, s.certainLost, s.gaps]).sort(), lacking.sort()];
  });
}"""
# As estimate.js takes them; which of them the rule tells apart is of no consequence here.
SETTLES = """([strata, effect]) => made.settles(strata.map(
  ([name, size, graded, won, lost, certain]) => ({ name, unlike: false, size, graded, won, lost,
    certain, certainWon: 0, certainLost: 0, gaps: 0 })), effect)"""


@pytest.fixture(scope="module")
def page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The queue's scripts alone, on a page of nothing but a report's data."""
    folder = gradeable_run(tmp_path_factory.mktemp("graded"), N)
    write_reports(folder)
    block = re.search(
        '<script type="application/json" id="data">.*?</script>',
        (folder / "report.html").read_text("utf-8"),
        re.DOTALL,
    )
    assert block
    opened = browser.new_page()
    opened.set_content(block[0])
    opened.evaluate(LOAD, "\n".join((ASSETS / f"{s}.js").read_text("utf-8") for s in SCRIPTS))
    yield opened
    opened.close()


def _rated(place: int, people: dict[str, Judgement]) -> list[Rated]:
    found = []
    for row in (r for r in rows(N, place) if r["stratum"] == "seen"):
        key = sample_key("knowledge", row["id"], row["prompt"], row["response"])
        said = people.get(key)
        found.append(
            Rated(
                ("base", "qa-e3")[place], "knowledge", row["id"], "seen", "", row["cluster"], key,
                outcome=row["outcome"], rule=row["correct"], counted=row["correct"],
                verdict=said.verdict if said else "", opinions=plain(said) if said else {},
            )
        )  # fmt: skip
    return found


def _history(seed: int) -> list[GradeEvent]:
    """Grades by two people in batches: looked up, offered by some queue, some out of its order."""
    chance = random.Random(seed)
    answers = [answer for place in (0, 1) for answer in _rated(place, {})]
    events: list[GradeEvent] = []
    for _ in range(chance.randint(2, 7)):
        picked = chance.choice(("hand", "hand", *QUEUES))
        mine = [a for a in answers if a.checkpoint in picked or picked == "hand"]
        wrong_only = picked == "hand" and chance.random() < 0.5
        batch = [a for a in mine if not (wrong_only and a.rule)]
        if picked == "hand":
            chance.shuffle(batch)
        else:  # in order of keys, now and then with a hole in it
            batch.sort(key=lambda a: a.key)
            batch = [a for a in batch if chance.random() < chance.choice((0.9, 1.0))]
        author = chance.choice(("花子", "太郎"))
        for answer in batch[: chance.choice((3, 15, len(batch)))]:
            number = len(events)
            verdict = chance.choices(("right", "wrong", "skipped"), (5, 4, 1))[0]
            time = f"2026-11-26T0{number // 60}:{number % 60:02}:00{chance.choice(('Z', '+00:00'))}"
            events.append(GradeEvent(f"{number:032x}", answer.key, "knowledge", answer.item,
                                     verdict, author, time, rubric="default/2", picked=picked))  # fmt: skip
    return events


def test_what_counts_as_drawn_is_the_same_in_the_page_and_in_reports(page: Page) -> None:
    apart = gaps = figures = 0
    for seed in range(60):
        events = _history(seed)
        people = judgements(events)
        base, qa = _rated(0, people), _rated(1, people)
        shown = page.evaluate(STRATA, list(map(event_row, events)))

        singles = [answer_strata(base), answer_strata(qa)]
        pairs = pair_strata(list(zip(qa, base, strict=True)))
        expected: list[Any] = [
            [
                sorted([s.name, s.size, s.graded, s.right, 0, s.certain, s.certain_right, 0, s.gaps]
                       for s in strata),
                sorted(map(list, corrected_accuracy(strata).lacking)),
            ]
            for strata in singles
        ]  # fmt: skip
        expected.append([
            sorted([s.name.replace("equal answers", ""), s.size, s.graded, s.won, s.lost, s.certain,
                    s.certain_won, s.certain_lost, s.gaps] for s in pairs),
            sorted(map(list, corrected_difference(pairs).lacking)),
        ])  # fmt: skip
        assert shown == expected, seed
        apart += sum(s.certain > 0 for strata in singles for s in strata)
        gaps += sum(s.gaps > 0 for strata in singles for s in strata)
        figures += sum(not corrected_accuracy(strata).lacking for strata in singles)
    assert min(apart, gaps, figures) >= 10  # the histories hold all of it


def _settled(strata: Sequence[PairStratum], effect: float) -> bool:
    """As docs/grading.md has it: the 98 % interval without 0, or the 95 % one within ±3 points."""
    usual = corrected_difference(strata, effect)
    careful = corrected_difference(strata, effect, level=0.98)
    if usual.value is None or usual.interval is None or careful.interval is None:
        return False
    far = max(usual.value - usual.interval.low, usual.interval.high - usual.value)
    return careful.interval.low > 0 or careful.interval.high < 0 or far <= 0.03


def test_a_comparison_is_settled_where_its_careful_interval_says_so(page: Page) -> None:
    chance = random.Random(5)
    told: list[bool] = []
    for _ in range(300):
        size, equal = chance.choice((40, 200, 2000)), chance.choice((0, 400, 4000))
        graded = chance.randint(0, size)
        won = chance.randint(0, graded)
        lost = chance.randint(0, graded - won)
        effect = chance.choice((1.0, 1.7))
        strata = [PairStratum("unlike", size, graded, won, lost)]
        strata += [PairStratum("", equal, certain=equal)] if equal else []
        packed = [[s.name, s.size, s.graded, s.won, s.lost, s.certain] for s in strata]

        told.append(page.evaluate(SETTLES, [packed, effect]))

        assert told[-1] == _settled(strata, effect), (strata, effect)
    assert min(told.count(True), told.count(False)) >= 50
