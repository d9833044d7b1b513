from __future__ import annotations

from pathlib import Path

import pytest

from harness.comparison.scores import (
    Scored,
    ScoreSet,
    measured,
    metric_samples,
    paired,
    sample_key,
    score_set,
    worse_if_more,
)
from harness.runs import read_run
from tests.report import builder as build


def _sample(key: str, stratum: str = "", **scores: float) -> Scored:
    return Scored(key, f"id-{key}", f"document-{key}", stratum, scores, "", None)


def _set(*samples: Scored) -> ScoreSet:
    return ScoreSet("base", "quiz", {}, samples)


def test_the_key_hangs_on_the_prompt_and_on_each_accepted_answer() -> None:
    keys = {
        sample_key("値段は？", ["7,700円"]),
        sample_key("値段は？ ", ["7,700円"]),
        sample_key("値段は？", ["7,900円"]),
        sample_key("値段は？", ["7,700円", "7700円"]),
        sample_key("\ud800", ["lone surrogate"]),
    }

    assert len(keys) == 5
    assert {len(key) for key in keys} == {16}


def test_a_question_that_stands_twice_is_paired_twice() -> None:
    ours = _set(_sample("a", correct=1), _sample("b", correct=0), _sample("a", correct=0))
    theirs = _set(_sample("a", correct=0), _sample("a", correct=1), _sample("b", correct=1))

    pairs = paired(ours, theirs, "correct")

    assert (pairs.ours, pairs.theirs) == ([1, 0, 0], [0, 1, 1])
    assert (pairs.missing_here, pairs.missing_there) == (0, 0)


def test_samples_of_one_side_are_counted_not_paired() -> None:
    ours = _set(_sample("a", f1=0.5), _sample("b", f1=0.25), _sample("c", other=1))
    theirs = _set(_sample("b", f1=1), _sample("c", f1=1), _sample("d", f1=1), _sample("e", other=1))

    pairs = paired(ours, theirs, "f1")

    assert (pairs.ours, pairs.theirs) == ([0.25], [1])
    assert (pairs.ids, pairs.clusters) == (["id-b"], ["document-b"])
    assert (pairs.missing_here, pairs.missing_there) == (2, 1)  # c and d; a


def test_a_stratum_keeps_to_itself() -> None:
    ours = _set(_sample("a", "seen", correct=1), _sample("b", "control", correct=0))
    theirs = _set(_sample("a", "seen", correct=0), _sample("b", "control", correct=1))

    assert paired(ours, theirs, "correct", "seen").ours == [1]
    assert paired(ours, theirs, "correct").ours == [1, 0]


def test_metrics_of_a_run_lead_to_scores_and_back(tmp_path: Path) -> None:
    folder = build.start(tmp_path, [build.BASE])
    rows = [
        build.row("a", stratum="seen"),
        build.row("b", stratum="near_miss", scores={"correct": 0.0, "bleed": 1.0}),
    ]
    build.measure(folder, "base", "knowledge", [], rows)
    scores = score_set(read_run(folder), "base", "knowledge")

    assert scores is not None
    found = measured(scores)
    assert set(found) == {"accuracy_seen", "accuracy_near_miss", "bleed_near_miss"}
    assert all(metric_samples(metric) == way for metric, way in found.items())
    assert metric_samples("accuracy") == ("correct", None)
    assert metric_samples("exact_match") == ("exact_match", None)


def test_figures_that_are_no_numbers_are_left_out(tmp_path: Path) -> None:
    folder = build.start(tmp_path, [build.BASE])
    scores = {"f1": 0.5, "lost": float("nan"), "pair": [1, 2], "none": None}
    build.measure(folder, "base", "jsquad", [], [build.row("a", scores=scores)])

    (sample,) = score_set(read_run(folder), "base", "jsquad").samples  # type: ignore[union-attr]

    assert sample.scores == {"f1": 0.5}


@pytest.mark.parametrize("task", ["jsquad", "marc_ja"])
def test_an_item_without_samples_gives_none(run_folder: Path, task: str) -> None:
    assert score_set(read_run(run_folder), "gpt", task) is None


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    return build.whole_run(tmp_path / "run")


@pytest.mark.parametrize(
    ("metric", "worse"),
    [
        ("accuracy_seen", False),
        ("hallucinated_control", True),
        ("damaged", True),
        # What can't be known is not to be answered, and what can is.
        ("abstained_unanswerable", False),
        ("abstained_control", False),
        ("abstained_trained", True),
        ("abstained_any", True),
    ],
)
def test_which_figures_are_worse_when_they_rise(metric: str, worse: bool) -> None:
    assert worse_if_more(*metric_samples(metric)) == worse
