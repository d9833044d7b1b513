"""The page as a tab, on a phone and on paper: titles, and nothing that is cut, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from harness.report.cells import PERCENT, POINTS, number
from tests.report import builder as build
from tests.report.evidence import evidence_run
from tests.report.grading import gradeable_run
from tests.report.synthetic import synthetic_run
from tests.report.unknown import unknown_run
from tests.report.visiting import Visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
A4 = 718  # CSS pixels between margins of 1 cm, at 96 to the inch
RUN = "20261123-231502-4f2a – michi"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("frames")
    return {
        "evidence": evidence_run(folder / "evidence"),
        "unknown": unknown_run(folder / "unknown"),
        "large": synthetic_run(folder / "large", 20, 60),
        "graded": gradeable_run(folder / "graded", 20),
    }


# In English the same tests are slow ones.
@pytest.fixture(params=[pytest.param("en-GB", marks=pytest.mark.slow), "ja-JP"])
def visitor(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Visit]:
    made = Visit(browser, locale=request.param)
    yield made
    made.page.context.close()
    assert [noise for noise in made.noise if noise] == []


def _opened(visitor: Visit, folder: Path, address: str = "") -> Page:
    visitor.page.goto("about:blank")
    page = visitor.open(folder, address)
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true })")
    return page


def test_each_view_has_a_title_of_its_own(visitor: Visit, folders: dict[str, Path]) -> None:
    sample = "q-001/price/paraphrase"
    ja = visitor.open(folders["graded"]).evaluate("document.documentElement.lang") == "ja"
    suite, found = ("知識", "サンプル：") if ja else ("Knowledge", "Samples: ")
    grading = "採点：" if ja else "Grade: "
    wanted = {
        "": "概要" if ja else "Overview",
        "#forms": "概要" if ja else "Overview",
        "#samples": f"{found}{suite}",
        "#samples?checkpoint=qa-e3": f"{found}{suite} · qa-e3",
        "#sample/knowledge/" + quote(sample, safe=""): f"{found}{sample} · {suite}",
        "#sample/knowledge/none": found.strip("： :"),
        "#grade": grading.strip("： :"),
        "#grade?suite=knowledge&a=qa-e3&blind=0": f"{grading}{suite} · qa-e3",
        "#grade?suite=knowledge&a=qa-e3&blind=1": f"{grading}{suite}",  # blind, it names nobody
        "#run": "実行" if ja else "Run",
    }
    for address, title in wanted.items():
        assert _opened(visitor, folders["graded"], address).title() == f"{title} – {RUN}"

    page = _opened(visitor, folders["graded"], "#samples")
    page.select_option("#filter-checkpoint", "qa-e3")
    assert page.title() == f"{found}{suite} · qa-e3 – {RUN}"
    page.click(".language")
    assert page.title() != f"{found}{suite} · qa-e3 – {RUN}"


_VIEWS = (
    ("evidence", ""), ("unknown", ""), ("large", ""), ("large", "#samples"), ("graded", "#run"),
    ("graded", "#samples?checkpoint=qa-e3"), ("graded", "#grade?suite=knowledge&a=qa-e3&blind=0"),
    ("graded", "#sample/knowledge/" + quote("q-001/price/paraphrase", safe="")),
)  # fmt: skip


@pytest.mark.parametrize("width", [360, pytest.param(390, marks=pytest.mark.slow)])
def test_a_phone_never_scrolls_the_whole_page_sideways(
    visitor: Visit, folders: dict[str, Path], width: int
) -> None:
    visitor.page.set_viewport_size({"width": width, "height": 760})
    for name, address in _VIEWS:
        page = _opened(visitor, folders[name], address)
        assert page.evaluate("document.documentElement.scrollWidth") == width, (name, address)


def _lines(element: Any) -> int:
    """Lines of text that an element shows."""
    return int(
        element.evaluate(
            """(node) => {
              const range = document.createRange();
              range.selectNodeContents(node);
              return new Set([...range.getClientRects()].map((r) => Math.round(r.bottom))).size;
            }"""
        )
    )


def test_on_a_phone_the_first_table_the_list_and_the_buttons_fit(
    visitor: Visit, folders: dict[str, Path]
) -> None:
    visitor.page.set_viewport_size({"width": 360, "height": 760})
    scrolls = "node => node.scrollWidth > node.clientWidth"
    page = _opened(visitor, folders["evidence"])
    assert not page.locator("#accuracy ~ .scroll").evaluate(scrolls)

    page = _opened(visitor, folders["graded"], "#samples?checkpoint=qa-e3")
    assert not page.locator(".samples-table").evaluate(scrolls)
    first = page.locator(".samples-table tbody a").first
    assert _lines(first) <= 2  # q-000/price/paraphrase

    page = _opened(visitor, folders["graded"], "#grade?suite=knowledge&a=qa-e3&blind=1")
    page.fill(".grader", "花子")
    page.keyboard.press("Enter")
    page.wait_for_selector(".grade-keys")
    buttons = page.locator(".grade-keys button").all()
    assert len(buttons) == 8
    assert [_lines(button) for button in buttons] == [1] * 8
    assert all(not button.evaluate(scrolls) for button in buttons)


def test_paper_cuts_no_column(visitor: Visit, folders: dict[str, Path]) -> None:
    visitor.page.set_viewport_size({"width": A4, "height": 1015})
    visitor.page.emulate_media(media="print")
    for name, address in _VIEWS:
        page = _opened(visitor, folders[name], address)
        cut = page.evaluate(
            """() => [document.documentElement, ...document.querySelectorAll('.scroll')]
              .filter((node) => node.scrollWidth > node.clientWidth)
              .map((node) => `${node.getAttribute('aria-label')} ${node.scrollWidth}`)"""
        )
        assert cut == [], (name, address)
    assert page.pdf(format="A4")[:5] == b"%PDF-"


def test_the_page_gives_a_figure_the_sign_that_tables_give_it(visit: Visit, tmp_path: Path) -> None:
    values = [0.0, -0.0, 4e-4, -4e-4, 5e-4, -5e-4, 6e-4, -6e-4, 0.0025, -0.0025, 0.5, -0.5, 1e-12]
    names = [f"c{n}" for n in range(len(values))]
    folder = build.start(
        tmp_path, [build.BASE, *(build.checkpoint(name, "A", 1) for name in names)]
    )
    for name, value in zip(names, values, strict=True):
        figures = [
            build.result(name, "twins", "excess", value, low=-value, high=value),
            build.result(name, "marc_ja", "accuracy", value, low=-value, high=value),
        ]
        build.measure(folder, name, "marc_ja", figures)
    page = visit.open(folder)

    shown = page.locator("section:has(> #all) table").all()
    for table, scale in zip(shown, (PERCENT, POINTS), strict=True):
        cells = [row.locator("td").first.inner_text() for row in table.locator("tbody tr").all()]
        assert cells == [
            f"{number(v, scale)}\n{number(-v, scale)} to {number(v, scale)}" for v in values
        ]
