"""The top of the page in a real headless Chromium: verdict, chart of acquisition against ability."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.report.write import write_reports
from tests.report import builder as build
from tests.report.synthetic import synthetic_run
from tests.report.visiting import Visit, section_rows

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
MOST_BYTES = 1_500_000


def _labels(page: Page) -> list[dict[str, float]]:
    # In the drawing's own units, without the halo that is drawn round the letters.
    box = "n => { const { x, y, width, height } = n.getBBox(); return { x, y, width, height } }"
    return [label.evaluate(box) for label in page.locator(".scatter .marked").all()]


def _overlap(one: dict[str, float], other: dict[str, float]) -> bool:
    # A glyph's box is higher than its ink.
    across = min(one["x"] + one["width"], other["x"] + other["width"]) - max(one["x"], other["x"])
    down = min(one["y"] + one["height"], other["y"] + other["height"]) - max(one["y"], other["y"])
    return across > 1 and down > 4


@pytest.mark.parametrize("count", [2, 7, pytest.param(20, marks=pytest.mark.slow)])
def test_each_checkpoint_is_a_point_and_no_label_covers_another(
    visit: Visit, tmp_path: Path, count: int
) -> None:
    folder = synthetic_run(tmp_path, count, 120)
    for width in (1280, 390):
        visit.page.set_viewport_size({"width": width, "height": 900})
        page = visit.open(folder)
        page.reload()
        page.wait_for_selector("main")

        assert page.locator(".scatter circle").count() == count - 1  # what the base acquired is 0
        labels = _labels(page)
        assert len(labels) == count - 1
        assert not any(_overlap(a, b) for a, b in itertools.combinations(labels, 2))
        drawn = page.locator("svg.scatter").evaluate("n => n.viewBox.baseVal.width")
        assert all(box["x"] >= 0 and box["x"] + box["width"] <= drawn for box in labels)
        page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true })")
        rows = section_rows(page, "scatter")
        places = [str(n) for n in range(2, count + 1)]
        assert [row[0] for row in rows] == places
        assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")


def test_points_stand_where_their_figures_are_and_epochs_are_joined(
    visit: Visit, tmp_path: Path
) -> None:
    page = visit.open(synthetic_run(tmp_path, 7, 400))
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true })")
    figures = {row[1]: [float(cell.split("\n")[0].replace("−", "-")) for cell in row[2:]]
               for row in section_rows(page, "scatter")}  # fmt: skip
    places = {
        circle.locator("title").text_content().split(":")[0]: (
            float(circle.get_attribute("cx")), float(circle.get_attribute("cy")))
        for circle in page.locator(".scatter circle").all()
    }  # fmt: skip

    assert sorted(places) == sorted(figures)
    # One straight scale each way: equal steps of a figure are equal steps of the drawing.
    for axis, tolerance in ((0, 1.0), (1, 2.0)):
        low, high = (
            min(figures, key=lambda c: figures[c][axis]),
            max(figures, key=lambda c: figures[c][axis]),
        )
        share = {c: (figures[c][axis] - figures[low][axis]) / (figures[high][axis] - figures[low][axis])
                 for c in figures}  # fmt: skip
        span = places[high][axis] - places[low][axis]
        assert span > 0 if axis == 0 else span < 0
        for c in figures:
            assert places[c][axis] == pytest.approx(
                places[low][axis] + share[c] * span, abs=tolerance
            )
    paths = [
        [tuple(map(float, point.split(","))) for point in line.get_attribute("points").split()]
        for line in page.locator(".scatter polyline").all()
    ]
    assert paths == [[places[f"{of}-e1"], places[f"{of}-e3"]] for of in ("general", "qa", "both")]


def test_without_both_axes_there_is_no_chart(visit: Visit, tmp_path: Path) -> None:
    page = visit.open(synthetic_run(tmp_path / "alone", 1, 40))
    assert page.locator("#scatter").count() == 0
    assert "No checkpoint was measured beside the baseline" in page.inner_text(".called")

    folder = build.start(tmp_path / "known", [build.BASE, build.QA])
    for name in ("base", "qa-e3"):
        build.measure_knowledge(folder, name, 0.5, [build.row("q", stratum="seen")])
    page = visit.open(folder)
    assert page.locator("#scatter").count() == 0
    assert "What it retained was not measured." in page.inner_text(".called")


def test_accuracy_stands_in_where_nothing_controls_it(visit: Visit, tmp_path: Path) -> None:
    folder = build.start(tmp_path, [build.BASE, build.QA])
    for name, value in (("base", 0.2), ("qa-e3", 0.7)):
        build.measure_knowledge(folder, name, value, [build.row("q", stratum="seen")])
        build.measure_jsquad(folder, name, {"a": 0.5, "b": value})
    page = visit.open(folder)

    assert page.locator(".scatter circle").count() == 2
    axes = page.locator(".scatter .axis-name").all_text_contents()
    assert axes == ["Accuracy (%)", "of JSQuAD F1"]
    called = page.inner_text(".called")
    assert called.startswith("No checkpoint can be recommended: without control questions")
    assert "qa-e3 has an accuracy of 70.0 % [65.0, 75.0]." in called


def _told(folder: Path, visit: Visit) -> str:
    return str(visit.open(folder).inner_text(".called"))


def test_the_verdict_is_plain_sentences_with_every_interval(visit: Visit, tmp_path: Path) -> None:
    page = visit.open(synthetic_run(tmp_path, 7, 400))
    called, counted = page.inner_text(".called"), page.inner_text(".gates-counted")

    assert "] of base’s scores." in called
    assert called.endswith(".")
    assert called.count("[") == called.count("]") >= 2
    assert counted.startswith("Of 12 gates ")
    page.click(".gates-counted a")
    assert page.evaluate("location.hash") == "#gates"
    page.click(".language")
    assert page.inner_text(".called").endswith("。")
    assert "区間" in page.inner_text(".called")


def test_a_lead_that_is_not_shown_is_not_claimed(visit: Visit, tmp_path: Path) -> None:
    folder = build.start(tmp_path, [build.BASE, build.QA, build.checkpoint("both", "両方", 3)])
    right = {"base": 0, "qa-e3": 31, "both": 30}
    for name, count in right.items():
        rows = [
            build.row(f"{form}{n}", stratum=form, cluster=f"{form[0]}{n}",
                      scores={"correct": float(form != "control" and n < count)})
            for form in ("paraphrase", "control") for n in range(40)
        ]  # fmt: skip
        build.measure_knowledge(folder, name, 0.5, rows)
    called = _told(folder, visit)

    assert called.startswith(
        "No checkpoint can be recommended: no gate says how much ability may be lost. "
        "qa-e3 acquired most: +77.5 points ["
    )
    assert "; it is not shown to be ahead of both (+2.5 points [−" in called
    assert called.endswith(" What it retained was not measured.")
    visit.page.click(".language")
    called = visit.page.inner_text(".called")
    assert called.startswith(
        "推奨するチェックポイントは決まりません。失ってよい能力を定めるゲートがないためです。"
        "習得分が最も大きいのはqa-e3(+77.5ポイント、区間 +"
    )
    assert "ですが、bothを上回るとまではいえません(差 +2.5ポイント、区間 −" in called
    assert called.endswith("維持した能力は測っていません。")


def test_kinds_and_definitions_have_tables(visit: Visit, tmp_path: Path) -> None:
    page = visit.open(synthetic_run(tmp_path, 2, 400))

    kinds = page.locator("section:has(> #kinds) details >> nth=0 >> tbody th").all_inner_texts()
    assert [kind.split(",")[0] for kind in kinds] == [
        "price", "phone", "date", "shop", "size", "name",
    ]  # fmt: skip
    rows = section_rows(page, "jsquad")
    assert [row[1] for row in rows] == [
        "JGLUE v1.3", "JGLUE v1.3", "lm-evaluation-harness, ja_leaderboard_jsquad",
        "llm-jp-eval, char_f1",
    ]  # fmt: skip
    assert "edit ratio" in rows[3][0]


def test_kinds_with_hardly_a_question_are_told_together(visit: Visit, tmp_path: Path) -> None:
    folder = build.start(tmp_path, [build.BASE])
    asked = {"price": (6, 3), "price+weight": (5, 5), "width": (4, 1), "height": (2, 2)}
    rows = [
        build.row(f"{kind}/{n}", stratum="seen", detail={"kind": kind}, correct=n < right,
                  outcome="correct" if n < right else "wrong")
        for kind, (size, right) in asked.items() for n in range(size)
    ]  # fmt: skip
    build.measure_knowledge(folder, "base", 0.5, rows)
    page = visit.open(folder)

    shown = section_rows(page, "kinds")
    assert [row[0] for row in shown] == [
        "price, n\u00a06", "price + weight, n\u00a05",
        "other (each asked fewer than 5 times), n\u00a06",
    ]  # fmt: skip
    assert [row[1].split("\n")[0] for row in shown] == ["50.0", "100.0", "50.0"]


def test_a_run_of_seven_checkpoints_on_two_thousand_samples_fits(tmp_path: Path) -> None:
    folder = synthetic_run(tmp_path)
    write_reports(folder)
    size = (folder / "report.html").stat().st_size

    assert 700_000 < size <= MOST_BYTES  # less would mean that something was left out


def test_the_data_named_at_the_top_is_what_was_evaluated(visit: Visit, tmp_path: Path) -> None:
    data = {"knowledge": "own questions", "jsquad": "reading", "marc_ja": "reviews"}
    build.start(tmp_path, [build.BASE], data={task: {"label": data[task]} for task in data})
    for task in ("knowledge", "marc_ja"):
        build.measure(tmp_path, "base", task, [], [build.row("q1")])

    page = visit.open(tmp_path)

    assert page.inner_text(".title .label bdi") == "Knowledge: own questions; MARC-ja: reviews"
