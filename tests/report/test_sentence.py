"""The verdict in words: the same in summary.md, on the page and, in short, on the badge."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from harness.records import Verdict
from harness.report.sentence import verdict_sentence
from harness.report.write import write_reports
from tests.report import builder as build
from tests.report.test_verdict import SHARES, measure_shares
from tests.report.visiting import Visit


def _summary(folder: Path) -> str:
    """Its verdict, as Markdown shows it."""
    write_reports(folder)
    text = (folder / "summary.md").read_text("utf-8")
    found = re.search(r"^\*\*.*?\.\*\* (.*)$", text, re.MULTILINE)
    assert found
    return re.sub(r"\\(.)", r"\1", found[1])


def _badge(folder: Path) -> str:
    return str(json.loads((folder / "badge.json").read_text("utf-8"))["message"])


_PASSED = {"one": "passed", "two": "passed"}


@pytest.mark.parametrize(
    ("shares", "gates", "begins", "badge"),
    [
        (
            SHARES,
            _PASSED,
            "two is recommended. It acquired +90.0 points [+",
            "+90.0 points · passed",
        ),
        (
            SHARES,
            {"one": "passed", "two": "regressed"},
            "one is recommended. It acquired +40.0 points [+",
            "+40.0 points · regressed",
        ),
        (
            SHARES,
            {},
            "No checkpoint can be recommended: no gate says how much ability may be lost. two "
            "acquired most: +90.0 points [+",
            "+90.0 points · measured",
        ),
        (
            {**SHARES, "one": 0.875},
            _PASSED,
            "two and one can be recommended: which of them is better can't be told. two acquired "
            "most: +90.0 points [+",
            "+90.0 points · passed",
        ),
    ],
)
def test_it_is_plain_sentences_whose_figure_is_also_the_badges(
    tmp_path: Path, shares: dict[str, float], gates: dict[str, str], begins: str, badge: str
) -> None:
    measure_shares(tmp_path, shares, gates)
    assert _summary(tmp_path).startswith(begins)
    assert _badge(tmp_path) == f"acquired {badge}"


def test_a_lead_is_told_with_its_interval_and_so_is_a_gate_that_bars(tmp_path: Path) -> None:
    measure_shares(tmp_path / "ahead", SHARES, _PASSED)
    told = _summary(tmp_path / "ahead")
    # .9 - .4 of the documents, and no control question is answered by either.
    assert re.search(r"; it is ahead of one by 50\.0 points \[\+[\d.]+, \+[\d.]+\]\. ", told)

    measure_shares(tmp_path / "tied", {**SHARES, "one": 0.875}, _PASSED)
    pattern = r"; it is not shown to be ahead of one \(\+2\.5 points \[−[\d.]+, \+[\d.]+\]\)\. "
    assert re.search(pattern, _summary(tmp_path / "tied"))

    measure_shares(tmp_path / "barred", SHARES, {"one": "passed", "two": "regressed"})
    assert _summary(tmp_path / "barred").endswith(" Gates bar two, ahead of it.")


def test_of_many_that_can_be_recommended_three_are_named() -> None:
    names = [f"c{n}" for n in range(6)]
    found = {
        "task": "acquisition", "metric": "acquisition", "ranked": names, "lead": None,
        "call": "tied", "ships": names, "barred": {},
    }  # fmt: skip
    results = [build.result("c0", "acquisition", "acquisition", 0.25, headline=True)]
    kept = build.result("c0", "relative", "relative_jsquad_f1", 0.9)
    assert verdict_sentence(found, [*results, kept], "base") == (
        "c0, c1, c2, and 3 more can be recommended: which of them is better can't be told. "
        "c0 acquired most: +25.0 points [+20.0, +30.0]. "
        "It retained 0.900 [0.850, 0.950] of JSQuAD F1."
    )
    unlike = build.result(
        "c0", "relative", "relative_score", float("nan"), verdict=Verdict.INCOMPARABLE
    )
    told = verdict_sentence(found, [*results, unlike], "base")
    assert told.endswith(" What it retained can't be compared.")


def test_without_controls_it_is_accuracy_as_trained(tmp_path: Path) -> None:
    measure_shares(tmp_path, SHARES, _PASSED, controls=False)
    assert "two has the highest accuracy: 90.0 % [85.0, 95.0];" in _summary(tmp_path)
    assert _badge(tmp_path) == "accuracy (seen) 90 % · passed"


def test_the_highest_of_nothing_is_called_nothing(tmp_path: Path) -> None:
    none = dict.fromkeys(SHARES, 0.0)
    measure_shares(tmp_path / "both", none, _PASSED, controls=False)
    told = _summary(tmp_path / "both")
    assert "No checkpoint beside the baseline answered any question (seen) right: 0.0 % [" in told
    alone = {name: 0.0 for name in SHARES if name != "two"}
    measure_shares(tmp_path / "one", alone, {}, controls=False)
    assert "one answered no question (seen) right: 0.0 % [" in _summary(tmp_path / "one")
    measure_shares(tmp_path / "controls", none, _PASSED)
    assert "acquired most" not in _summary(tmp_path / "controls")


def test_the_page_says_the_same_of_nothing(visit: Visit, tmp_path: Path) -> None:
    measure_shares(tmp_path, dict.fromkeys(SHARES, 0.0), _PASSED, controls=False)
    said = _summary(tmp_path)
    assert visit.open(tmp_path).inner_text(".called").replace("’", "'") == said


@pytest.mark.parametrize("gates", [{}, _PASSED, {"one": "passed", "two": "regressed"}])
def test_the_page_says_the_same(visit: Visit, tmp_path: Path, gates: dict[str, str]) -> None:
    measure_shares(tmp_path, SHARES, gates)
    build.measure_jsquad(tmp_path, "base", {f"q{n}": 0.8 for n in range(20)})
    build.measure_jsquad(tmp_path, "two", {f"q{n}": 0.7 + n / 100 for n in range(20)})
    said = _summary(tmp_path)
    page = visit.open(tmp_path)
    assert page.inner_text(".called").replace("’", "'") == said
