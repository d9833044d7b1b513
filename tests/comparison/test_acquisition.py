"""Differences in differences of a run: which questions they are made of, and what they amount to."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.comparison.acquisition import acquisition_results
from harness.comparison.derived import Derived
from harness.records import Verdict
from harness.runs import read_run
from tests.report import builder as build

FORMS = ("seen", "paraphrase", "held_out", "untrained", "control")


def measured(
    folder: Path, name: str, right: dict[str, int], n: int = 40, **changes: object
) -> None:
    """A knowledge item: of each form n questions, two a document, the first `right` answered."""
    rows = [
        build.row(
            f"{form}/{number}",
            stratum=form,
            cluster=f"{'control' if form == 'control' else 'new'}-{number // 2}",
            correct=number < count,
            scores={"correct": float(number < count)},
        )
        for form, count in right.items()
        for number in range(n)
    ]
    seen = build.result(name, "knowledge", "accuracy_seen", 0.5, headline=True, **changes)
    build.measure(folder, name, "knowledge", [seen], rows)


def acquired(folder: Path, base: dict[str, int], tuned: dict[str, int]) -> Derived:
    build.start(folder, [build.BASE, build.QA])
    measured(folder, "base", base)
    measured(folder, "qa-e3", tuned)
    return acquisition_results(read_run(folder))


def test_what_rises_on_control_documents_is_taken_off(tmp_path: Path) -> None:
    found = acquired(
        tmp_path,
        base={"seen": 4, "paraphrase": 4, "held_out": 4, "control": 4},
        tuned={"seen": 36, "paraphrase": 28, "held_out": 12, "control": 8},
    )
    new, seen = found.result("qa-e3"), found.result("qa-e3", "acquisition_seen")
    assert new is not None
    assert seen is not None
    # (28 + 12 - 4 - 4)/80 and (36 - 4)/40, less (8 - 4)/40.
    assert new.value == pytest.approx(32 / 80 - 4 / 40)
    assert seen.value == pytest.approx(32 / 40 - 4 / 40)
    assert (new.n, new.clusters) == (120, 40)
    assert new.low < new.value < new.high < 1
    assert seen.low > 0
    assert (new.task, new.metric, new.headline) == ("acquisition", "acquisition", True)


def test_a_checkpoint_that_rose_everywhere_acquired_nothing(tmp_path: Path) -> None:
    base = dict.fromkeys(FORMS, 8)
    found = acquired(tmp_path, base, tuned=dict.fromkeys(FORMS, 16))
    for result in found.results:
        assert result.value == pytest.approx(0)
        assert result.low < 0 < result.high


def test_untrained_facts_are_a_figure_of_their_own(tmp_path: Path) -> None:
    found = acquired(
        tmp_path,
        base={"paraphrase": 4, "untrained": 4, "control": 4},
        tuned={"paraphrase": 40, "untrained": 4, "control": 4},
    )
    untrained = found.result("qa-e3", "acquisition_untrained")
    assert untrained is not None
    assert untrained.value == 0
    assert found.result("qa-e3", "acquisition_seen") is None
    new = found.result("qa-e3")
    assert new is not None
    assert new.value == pytest.approx(36 / 40)


def test_the_base_itself_is_not_compared(tmp_path: Path) -> None:
    found = acquired(tmp_path, dict.fromkeys(FORMS, 8), dict.fromkeys(FORMS, 8))
    assert {r.checkpoint for r in found.results} == {"qa-e3"}


def test_without_control_questions_it_is_said_that_nothing_is_shown(tmp_path: Path) -> None:
    found = acquired(tmp_path, {"seen": 4}, {"seen": 40})
    assert found.results == ()
    assert "No control questions" in found.notes[0]


def test_another_prompt_is_incomparable(tmp_path: Path) -> None:
    build.start(tmp_path, [build.BASE, build.QA])
    measured(tmp_path, "base", dict.fromkeys(FORMS, 8), identity={"prompt": "a"})
    measured(tmp_path, "qa-e3", dict.fromkeys(FORMS, 30), identity={"prompt": "b"})
    new = acquisition_results(read_run(tmp_path)).result("qa-e3")
    assert new is not None
    assert (new.verdict, new.reason) == (Verdict.INCOMPARABLE, "prompt not as in base")


def test_a_run_without_knowledge_says_nothing(run_folder: Path, tmp_path: Path) -> None:
    build.start(tmp_path / "other", [build.BASE, build.QA])
    assert acquisition_results(read_run(tmp_path / "other")) == Derived()


def test_without_new_questions_the_seen_ones_are_the_headline(tmp_path: Path) -> None:
    found = acquired(tmp_path, {"seen": 4, "control": 4}, {"seen": 40, "control": 4})
    headline = found.result("qa-e3")
    assert headline is not None
    assert (headline.metric, headline.value) == ("acquisition_seen", pytest.approx(0.9))
