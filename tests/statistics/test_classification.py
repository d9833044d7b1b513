"""Classification figures against scikit-learn; their bootstrap against a plain loop."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from harness.records import Interval
from harness.statistics.bootstrap import bootstrap_interval, cluster_sums
from harness.statistics.classification import (
    accuracy,
    balanced_accuracy,
    indicators,
    macro_f1,
    summarise,
)
from harness.statistics.intervals import mean_interval

LABELS = ["positive", "negative", "neutral"]


def _answers(seed: int, n: int = 200) -> tuple[list[str], list[str]]:
    generator = np.random.default_rng(seed)
    gold = generator.choice(LABELS[:2], size=n, p=[0.8, 0.2]).tolist()
    wrong = generator.random(n) < 0.25
    predicted = [
        str(generator.choice(LABELS)) if flip else answer
        for answer, flip in zip(gold, wrong, strict=True)
    ]
    return gold, predicted


@pytest.mark.parametrize("seed", range(5))
def test_figures_agree_with_scikit_learn(seed: int) -> None:
    gold, predicted = _answers(seed)
    counts = indicators(gold, predicted, LABELS).sum(axis=0)
    assert (counts == metrics.confusion_matrix(gold, predicted, labels=LABELS)).all()
    assert accuracy(counts) == pytest.approx(metrics.accuracy_score(gold, predicted))
    with pytest.warns(UserWarning, match="y_pred contains classes not in y_true"):
        expected = metrics.balanced_accuracy_score(gold, predicted)
    assert balanced_accuracy(counts) == pytest.approx(expected)
    assert macro_f1(counts) == pytest.approx(metrics.f1_score(gold, predicted, average="macro"))


def test_weighted_figures_agree_with_scikit_learn() -> None:
    gold, predicted = _answers(9)
    weights = np.random.default_rng(3).integers(0, 4, size=len(gold)).astype(float)
    counts = np.tensordot(weights, indicators(gold, predicted, LABELS), axes=1)
    expected = metrics.f1_score(gold, predicted, average="macro", sample_weight=weights)
    assert macro_f1(counts) == pytest.approx(expected)


def test_figures_of_a_small_table_by_hand() -> None:
    # 8 positive (6 found), 2 negative (1 found): recalls .75 and .5; F1 12/15 and 2/5
    counts = np.array([[6.0, 2.0], [1.0, 1.0]])
    assert accuracy(counts) == pytest.approx(0.7)
    assert balanced_accuracy(counts) == pytest.approx(0.625)
    assert macro_f1(counts) == pytest.approx((0.8 + 0.4) / 2)


def test_always_answering_the_majority_is_seen_through() -> None:
    gold = ["positive"] * 80 + ["negative"] * 20
    figures = summarise(gold, ["positive"] * 100, LABELS, [str(i) for i in range(100)])
    assert figures["accuracy"][0] == pytest.approx(0.8)
    assert figures["balanced_accuracy"][0] == pytest.approx(0.5)
    assert figures["macro_f1"][0] == pytest.approx((160 / 180) / 2)


def test_one_call_serves_many_tables() -> None:
    tables = np.random.default_rng(0).integers(1, 9, size=(4, 3, 3)).astype(float)
    for figure in (accuracy, balanced_accuracy, macro_f1):
        assert figure(tables) == pytest.approx([float(figure(table)) for table in tables])


def test_accuracy_has_the_interval_of_a_mean() -> None:
    gold, predicted = _answers(2)
    clusters = [str(index // 4) for index in range(len(gold))]
    right = [float(a == b) for a, b in zip(gold, predicted, strict=True)]
    assert summarise(gold, predicted, LABELS, clusters)["accuracy"] == mean_interval(
        right, clusters
    )


def test_unknown_labels_and_unequal_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="not among"):
        indicators(["good"], ["positive"], LABELS)
    with pytest.raises(ValueError, match="1 gold labels but 0"):
        indicators(["positive"], [], LABELS)


def test_cluster_sums_by_hand() -> None:
    sums = cluster_sums(np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), ["b", "a", "b"])
    assert sums.tolist() == [[6.0, 8.0], [3.0, 4.0]]


def test_the_bootstrap_agrees_with_resampling_rows() -> None:
    gold, predicted = _answers(4, n=240)
    clusters = [str(index // 4) for index in range(240)]
    rows = indicators(gold, predicted, LABELS)
    got = bootstrap_interval(rows, clusters, macro_f1)
    generator = np.random.default_rng(11)
    members = np.arange(240).reshape(60, 4)
    figures = []
    for _ in range(2000):
        drawn = members[generator.integers(0, 60, size=60)].ravel()
        figures.append(float(macro_f1(rows[drawn].sum(axis=0))))
    low, high = np.quantile(figures, [0.025, 0.975])
    # Two runs of 2,000 resamples: each bound has a standard error of about .05 widths.
    assert (got.low, got.high) == pytest.approx((low, high), abs=0.2 * (high - low))


def test_the_bootstrap_of_a_mean_is_near_its_t_interval() -> None:
    scores = np.random.default_rng(5).uniform(size=300)
    clusters = [str(index // 3) for index in range(300)]
    rows = np.stack([scores, np.ones(300)], axis=1)
    got = bootstrap_interval(rows, clusters, lambda sums: sums[:, 0] / sums[:, 1])
    _, expected = mean_interval(scores.tolist(), clusters)
    width = expected.high - expected.low
    assert (got.low, got.high) == pytest.approx((expected.low, expected.high), abs=0.2 * width)


def test_the_bootstrap_repeats_itself() -> None:
    rows = indicators(*_answers(6), LABELS)
    clusters = [str(index) for index in range(200)]
    one = bootstrap_interval(rows, clusters, macro_f1)
    assert one == bootstrap_interval(rows, clusters, macro_f1)
    assert one != bootstrap_interval(rows, clusters, macro_f1, seed=1)
    assert one.method == "cluster bootstrap, 2000 resamples"


def test_one_cluster_can_not_be_resampled() -> None:
    got = bootstrap_interval(np.ones((3, 1)), ["a"] * 3, lambda sums: sums[:, 0])
    assert got == Interval(0.0, 1.0, "one cluster: not estimable")


def test_a_bootstrap_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="0 rows and 0 clusters"):
        bootstrap_interval(np.ones((0, 1)), [], lambda sums: sums[:, 0])
    with pytest.raises(ValueError, match="undefined in every resample"):
        bootstrap_interval(np.ones((2, 1)), ["a", "b"], lambda sums: sums[:, 0] * np.nan)


def test_no_label_is_wrong_for_its_gold_label_and_no_class_of_its_own() -> None:
    from sklearn.metrics import balanced_accuracy_score, f1_score

    labels = ["positive", "negative"]
    gold = ["positive"] * 6 + ["negative"] * 4
    said = ["positive"] * 4 + ["", "negative"] + ["negative"] * 3 + [""]
    clusters = [str(i) for i in range(10)]
    figures = summarise(gold, said, labels, clusters, no_label="")
    assert figures["accuracy"][0] == 0.7
    # scikit-learn averages F1 over the labels that it is given; "" is none of them.
    assert figures["macro_f1"][0] == pytest.approx(
        f1_score(gold, said, labels=labels, average="macro")
    )
    recall = (4 / 6 + 3 / 4) / 2
    assert figures["balanced_accuracy"][0] == pytest.approx(recall)
    with pytest.warns(UserWarning, match="y_pred contains classes not in y_true"):
        assert balanced_accuracy_score(gold, said) == pytest.approx(recall)
