"""Whom a checkpoint is fit for, from intervals that are worked out by another library."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from statsmodels.stats.proportion import proportion_confint

from harness.comparison.fit import Fits, Quadrant, fit_of, state
from harness.config.fit import Fit
from harness.records import Result
from harness.runs import read_run
from tests.report import builder as build

# The article's fine-tune: 65 % right, hallucination seen for certain, nothing said of damage.
ARTICLE = {
    ("knowledge", "accuracy_seen"): (86, 132),
    ("knowledge", "damaged"): (0, 132),
    ("hallucination", "hallucinated_trained"): (46, 132),
    ("hallucination", "confidently_wrong"): (18, 46),
    ("hallucination", "abstained_unanswerable"): (0, 40),
}
PERFECT = {
    ("knowledge", "accuracy_seen"): (990, 1000),
    ("knowledge", "damaged"): (0, 1000),
    ("hallucination", "hallucinated_trained"): (2, 1000),
    ("hallucination", "abstained_unanswerable"): (298, 300),
}
Counts = Mapping[tuple[str, str], tuple[int, int]]


def share(task: str, metric: str, hits: int, n: int) -> Result:
    """A share with Wilson's interval."""
    low, high = proportion_confint(hits, n, method="wilson")
    return build.result(
        "qa-e3", task, metric, hits / n, low=low, high=high, n=n,
        headline=metric == "accuracy_seen",
    )  # fmt: skip


def fits(folder: Path, counts: Counts, **manifest: Any) -> Fits:
    build.start(folder, [build.BASE, build.QA], **manifest)
    for task in dict.fromkeys(task for task, _ in counts):
        found = [share(*to, *of) for to, of in counts.items() if to[0] == task]
        build.measure(folder, "qa-e3", task, found)
    return fit_of(read_run(folder))


def quadrants(found: Fits) -> dict[str, str]:
    return {f"{q.domain} {q.user}": q.verdict for q in found.checkpoints["qa-e3"]}


def quadrant(found: Fits, domain: str, user: str) -> Quadrant:
    (one,) = (q for q in found.checkpoints["qa-e3"] if (q.domain, q.user) == (domain, user))
    return one


def test_the_articles_fine_tune_is_fit_for_experts_in_an_easy_domain_and_nowhere_else(
    tmp_path: Path,
) -> None:
    found = fits(tmp_path, ARTICLE)
    assert quadrants(found) == {
        "easy expert": "fit",
        "easy layperson": "unfit",
        "hard expert": "unfit",
        "hard layperson": "unfit",
    }
    accuracy, damaged = quadrant(found, "easy", "expert").deciding
    assert (accuracy.figure, accuracy.threshold, accuracy.n) == ("accuracy", 0.5, 132)
    # Wilson by hand: (86 + 1.921) / (132 + 3.841) ± 1.96 / 135.841 · √(86 · 46 / 132 + .960)
    assert accuracy.low == pytest.approx(0.6472 - 0.0802, abs=2e-3)
    assert accuracy.high == pytest.approx(0.6472 + 0.0802, abs=2e-3)
    assert (damaged.task, damaged.high) == ("knowledge", pytest.approx(0.0283, abs=1e-4))
    assert [r.figure for r in quadrant(found, "hard", "expert").deciding] == ["accuracy"]
    assert [r.figure for r in quadrant(found, "easy", "layperson").deciding] == [
        "hallucinated_trained",
        "confidently_wrong",
        "abstained_unanswerable",
    ]


def test_what_keeps_to_every_threshold_is_fit_for_all(tmp_path: Path) -> None:
    assert set(quadrants(fits(tmp_path, PERFECT)).values()) == {"fit"}


def test_the_interval_decides_and_not_the_point(tmp_path: Path) -> None:
    few = {**ARTICLE, ("knowledge", "accuracy_seen"): (13, 20)}  # 65 % too: [43, 82]
    found = fits(tmp_path, few)
    assert quadrants(found)["easy expert"] == "not shown"
    assert quadrants(found)["hard expert"] == "not shown"
    assert [r.state for r in quadrant(found, "hard", "expert").reasons] == ["open", "open"]


@pytest.mark.parametrize(
    ("spoiled", "unfit"),
    [
        (("knowledge", "damaged"), {"expert", "layperson"}),
        (("hallucination", "hallucinated_trained"), {"layperson"}),
    ],
)
def test_experts_bear_errors_that_deceive_laypeople(
    tmp_path: Path, spoiled: tuple[str, str], unfit: set[str]
) -> None:
    found = fits(tmp_path, {**PERFECT, spoiled: (200, 1000)})
    for domain in ("easy", "hard"):
        said = {user for user in ("expert", "layperson")
                if quadrant(found, domain, user).verdict == "unfit"}  # fmt: skip
        assert said == unfit
        for user in unfit:
            reason = quadrant(found, domain, user).deciding[0]
            assert (reason.figure, reason.task) == (spoiled[1], spoiled[0])


def test_what_answers_about_products_that_do_not_exist_is_for_experts_alone(
    tmp_path: Path,
) -> None:
    found = fits(tmp_path, {**PERFECT, ("hallucination", "abstained_unanswerable"): (0, 300)})
    assert list(quadrants(found).values()) == ["fit", "unfit", "fit", "unfit"]


def test_confidently_wrong_counts_of_all_answers_and_not_of_the_wrong_ones(tmp_path: Path) -> None:
    made_up, sure = (
        ("hallucination", "hallucinated_trained"),
        ("hallucination", "confidently_wrong"),
    )
    # 7 % are made up, which an easy domain allows for, but all of them with certainty.
    found = fits(tmp_path / "sure", {**PERFECT, made_up: (70, 1000), sure: (70, 70)})
    (reason,) = quadrant(found, "easy", "layperson").deciding
    low, high = proportion_confint(70, 1000, method="wilson")
    least, _ = proportion_confint(70, 70, method="wilson")
    assert (reason.figure, reason.n) == ("confidently_wrong", 1000)
    assert reason.value == pytest.approx(0.07)
    assert (reason.low, reason.high) == (pytest.approx(low * least), pytest.approx(high))
    assert low * least > 0.05
    # Two in five of them with certainty are allowed for, too.
    fewer = fits(tmp_path / "fewer", {**PERFECT, made_up: (70, 1000), sure: (28, 70)})
    assert quadrant(fewer, "easy", "layperson").verdict == "fit"


def test_few_made_up_answers_need_no_share_of_which_the_model_was_sure(tmp_path: Path) -> None:
    made_up = ("hallucination", "hallucinated_trained")
    few = quadrant(fits(tmp_path / "few", PERFECT), "hard", "layperson")
    reason = next(r for r in few.reasons if r.figure == "confidently_wrong")
    _, high = proportion_confint(2, 1000, method="wilson")
    assert (reason.state, reason.value, reason.low) == ("met", None, 0.0)
    assert reason.high == pytest.approx(high)
    many = fits(tmp_path / "many", {**PERFECT, made_up: (70, 1000)})
    assert [(r.figure, r.state) for r in quadrant(many, "easy", "layperson").deciding] == [
        ("confidently_wrong", "not measured")
    ]


def test_what_was_not_measured_is_not_shown_but_where_a_figure_missed(tmp_path: Path) -> None:
    known = {key: of for key, of in PERFECT.items() if key[0] == "knowledge"}
    found = fits(tmp_path / "good", known)
    assert list(quadrants(found).values()) == ["fit", "not shown", "fit", "not shown"]
    missing = quadrant(found, "easy", "layperson").deciding
    assert {r.state for r in missing} == {"not measured"}
    assert [r.figure for r in missing] == [
        "hallucinated_trained", "confidently_wrong", "abstained_unanswerable",
    ]  # fmt: skip
    # A miss is a miss, whatever else would be found.
    bad = {**known, ("knowledge", "accuracy_seen"): (100, 1000)}
    assert set(quadrants(fits(tmp_path / "bad", bad)).values()) == {"unfit"}
    nan = {("knowledge", "accuracy_seen"): (990, 1000)}
    folder = tmp_path / "nan"
    fits(folder, nan)
    broken = dataclasses.replace(share("knowledge", "accuracy_seen", 1, 2), value=float("nan"))
    build.measure(folder, "qa-e3", "knowledge", [broken])
    assert set(quadrants(fit_of(read_run(folder))).values()) == {"not shown"}


def test_of_several_suites_the_worst_counts_by_name(tmp_path: Path) -> None:
    counts = {**PERFECT, ("jsquad", "damaged"): (0, 40), ("qualitative", "damaged"): (12, 12)}
    reason = quadrant(fits(tmp_path / "a", counts), "easy", "expert").deciding[0]
    assert (reason.task, reason.n, reason.state) == ("qualitative", 12, "missed")
    # 0 of 40 could be 8.8 %: a small suite can't show that damage is rare, and need not.
    del counts["qualitative", "damaged"]
    assert quadrant(fits(tmp_path / "b", counts), "easy", "expert").verdict == "fit"


def test_thresholds_are_the_manifests_and_the_usual_of_older_runs(tmp_path: Path) -> None:
    strict = dataclasses.asdict(Fit())
    strict["easy"]["accuracy"] = 0.6  # within [57, 73]
    found = fits(tmp_path / "strict", ARTICLE, fit=strict)
    assert quadrants(found)["easy expert"] == "not shown"
    assert found.thresholds["easy"]["accuracy"] == 0.6
    assert fits(tmp_path / "old", ARTICLE).thresholds == dataclasses.asdict(Fit())


def test_a_threshold_that_asks_for_nothing_needs_no_measurement(tmp_path: Path) -> None:
    lax = dataclasses.asdict(Fit())
    for domain in lax.values():
        domain |= {"abstained_unanswerable": 0.0, "confidently_wrong": 1.0}
    counts = {key: of for key, of in PERFECT.items()
              if key[1] not in ("abstained_unanswerable", "confidently_wrong")}  # fmt: skip
    found = fits(tmp_path, counts, fit=lax)
    assert set(quadrants(found).values()) == {"fit"}
    assert len(quadrant(found, "easy", "layperson").reasons) == 3


@pytest.mark.parametrize(
    ("low", "high", "more", "less"),
    [
        (0.5, 0.7, "met", "open"),  # at the bound itself
        (0.2, 0.5, "open", "met"),
        (0.2, 0.4, "missed", "met"),
        (0.4, 0.6, "open", "open"),
        (0.6, 0.7, "met", "missed"),
        (float("nan"), 0.7, "not measured", "not measured"),
    ],
)
def test_where_an_interval_lies(low: float, high: float, more: str, less: str) -> None:
    assert state(0.5, low, high, 0.5, at_least=True) == more
    assert state(0.5, low, high, 0.5, at_least=False) == less


def test_only_checkpoints_whose_knowledge_was_measured_and_no_twins(tmp_path: Path) -> None:
    build.start(tmp_path, [build.BASE, build.QA, build.TWIN])
    for name in ("base", build.TWIN.id):
        build.measure_knowledge(tmp_path, name, 0.5)
    build.measure_jsquad(tmp_path, "qa-e3", {"a": 1.0})
    found = fit_of(read_run(tmp_path))
    assert list(found.checkpoints) == ["base"]
    assert found.notes == (
        "qa-b learnt the values of another world than qa-e3: whom it is fit for is not asked.",
    )
    only = build.start(tmp_path / "reading", [build.BASE])
    build.measure_jsquad(only, "base", {"a": 1.0})
    assert not fit_of(read_run(only))
