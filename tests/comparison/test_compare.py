from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar

from harness.comparison.compare import Comparison, Row, Side, compare
from harness.comparison.scores import Scored, ScoreSet
from harness.comparison.sources import read_source
from harness.errors import ConfigError
from harness.records import Verdict
from tests.comparison import writers as write


def _set(
    scores: Sequence[float],
    metric: str = "f1",
    checkpoint: str = "base",
    task: str = "quiz",
    per_document: int = 1,
    **identity: object,
) -> ScoreSet:
    samples = tuple(
        Scored(f"k{n}", f"q{n}", f"d{n // per_document}", "", {metric: s}, f"said {s}", None)
        for n, s in enumerate(scores)
    )
    lower = frozenset({"errors"})
    return ScoreSet(checkpoint, task, identity, samples, lower)


def _row(a: ScoreSet, b: ScoreSet, **options: object) -> Row:
    (row,) = compare(Side("A", [a]), Side("B", [b]), **options).rows  # type: ignore[arg-type]
    return row


def _outcomes(n: int, rate: float, seed: int) -> list[float]:
    chance = random.Random(seed)
    return [float(chance.random() < rate) for _ in range(n)]


def test_figures_agree_with_scipy_and_statsmodels() -> None:
    a, b = _outcomes(400, 0.7, 1), _outcomes(400, 0.55, 2)

    row = _row(_set(a, "acc"), _set(b, "acc"))

    first, second = np.array(a), np.array(b)
    table = [[int(((first == x) & (second == y)).sum()) for y in (1, 0)] for x in (1, 0)]
    assert row.difference == pytest.approx(second.mean() - first.mean())
    assert (len(row.lost), len(row.won)) == (table[0][1], table[1][0])
    assert row.mcnemar == pytest.approx(mcnemar(table, exact=True).pvalue)
    # Without shared documents both tests flip coins for the pairs that differ.
    coins = stats.binomtest(table[0][1], table[0][1] + table[1][0]).pvalue
    assert row.p == pytest.approx(coins, abs=0.01)
    assert row.interval is not None
    # Two pseudo-pairs widen it a little and draw it towards 0: little, at 400 pairs.
    plain = stats.ttest_rel(second, first).confidence_interval(0.95)
    assert row.interval.low == pytest.approx(plain.low, abs=0.002)
    assert row.interval.high == pytest.approx(plain.high, abs=0.002)


def test_samples_of_one_document_count_for_less() -> None:
    a = _outcomes(60, 0.5, 3)
    alone, shared = ([x for x in a for _ in range(5)], 5)
    b = [x for x in _outcomes(60, 0.5, 4) for _ in range(5)]

    wide = _row(_set(alone, per_document=shared), _set(b, per_document=shared))
    narrow = _row(_set(alone), _set(b))

    assert (wide.n, wide.clusters, narrow.clusters) == (300, 60, 300)
    assert wide.interval is not None
    assert narrow.interval is not None
    assert wide.interval.high - wide.interval.low > 2 * (narrow.interval.high - narrow.interval.low)


@pytest.mark.parametrize(
    ("rates", "n", "verdict"),
    [
        ((0.7, 0.7), 600, Verdict.PASSED),
        ((0.7, 0.55), 600, Verdict.REGRESSED),
        ((0.55, 0.7), 600, Verdict.PASSED),
        ((0.7, 0.7), 40, Verdict.INCONCLUSIVE),
    ],
)
def test_verdicts(rates: tuple[float, float], n: int, verdict: Verdict) -> None:
    # The same chance for both sides of a pair: what differs is the rate alone.
    chance = random.Random(6)
    chances = [chance.random() for _ in range(n)]
    a, b = ([float(c < rate) for c in chances] for rate in rates)

    assert _row(_set(a), _set(b)).verdict is verdict


def test_inconclusive_says_how_many_samples_would_tell() -> None:
    row = _row(_set([1.0, 0.0] * 20), _set([1.0, 0.0] * 20))

    # (1.96 + 1.2816)² · (2 / 42) / 0.03², by hand; nothing differed, two pairs are feared to.
    assert row.needed == 556
    assert (row.needed, row.reason) == (556, "")


def test_a_difference_near_the_margin_is_not_promised_to_be_told() -> None:
    # 80 lost and 62 won of 1,300: 1.4 points down, give or take nearly two.
    a = [1.0] * 80 + [0.0] * 62 + [1.0] * 1158
    row = _row(_set(a), _set([0.0] * 80 + [1.0] * 1220))

    assert (row.verdict, row.needed) == (Verdict.INCONCLUSIVE, None)
    assert row.reason == "too near the margin to tell"


def test_lower_is_better_turns_the_verdict_round() -> None:
    few, many = _set([0.0] * 300, "errors"), _set([1.0] * 100 + [0.0] * 200, "errors")

    worse, better = _row(few, many), _row(many, few)

    assert (worse.verdict, better.verdict) == (Verdict.REGRESSED, Verdict.PASSED)
    assert (len(worse.won), len(worse.lost)) == (0, 100)
    assert (len(better.won), len(better.lost)) == (100, 0)
    assert worse.difference == pytest.approx(1 / 3)


def test_flips_name_the_sample_and_both_answers() -> None:
    row = _row(_set([1, 0, 0.5]), _set([0, 0, 0.75]))

    (lost,), (won,) = row.lost, row.won
    assert (lost.id, lost.score_a, lost.score_b) == ("q0", 1, 0)
    assert (lost.answer_a, lost.answer_b) == ("said 1", "said 0")
    assert won.id == "q2"


def test_p_values_are_adjusted_over_all_rows() -> None:
    tasks = {"one": (0.7, 0.5), "two": (0.7, 0.65), "three": (0.7, 0.6)}
    sides = [
        Side(name, [_set(_outcomes(200, r[i], 9 + i), task=t) for t, r in tasks.items()])
        for i, name in enumerate("AB")
    ]

    rows = sorted(compare(*sides).rows, key=lambda row: row.p or 0)

    raw = [row.p or 0 for row in rows]
    stepped = [3 * raw[0], 2 * raw[1], raw[2]]
    expected = [min(1, max(stepped[: place + 1])) for place in range(3)]
    assert [row.adjusted for row in rows] == pytest.approx(expected)


def test_what_was_measured_otherwise_is_incomparable_unless_allowed() -> None:
    a, b = _set([1.0] * 50, prompt="一", n=50), _set([1.0] * 50, prompt="二", n=50)

    row = _row(a, b)
    allowed = _row(a, b, allow_unlike=True)

    assert (row.verdict, row.difference, row.p) == (Verdict.INCOMPARABLE, None, None)
    assert row.reason == "measured otherwise: prompt"
    assert allowed.difference == 0
    assert "although measured otherwise: prompt" in allowed.reason


def test_another_prompt_in_lm_eval_is_incomparable(tmp_path: Path) -> None:
    rows = [write.lm_eval_row(n, acc=1.0) for n in range(4)]
    other = [*rows[:3], write.lm_eval_row(3, acc=1.0, prompt_hash=write.digest("one shot"))]
    a, b = (
        Side(name, read_source(write.write_lm_eval(tmp_path / name, content)))
        for name, content in (("a", rows), ("b", other))
    )

    (row,) = compare(a, b).rows

    assert row.verdict is Verdict.INCOMPARABLE
    assert row.reason == "measured otherwise: the prompt of 1 of 4 samples"


def test_other_choices_in_lm_eval_are_incomparable(tmp_path: Path) -> None:
    row = write.lm_eval_choice(0, (-1, -2), 1.0)
    arguments = {**row["arguments"], "gen_args_1": {"arg_0": "question 0", "arg_1": " nope"}}
    a, b = (
        Side(name, read_source(write.write_lm_eval(tmp_path / name, [content])))
        for name, content in (("a", row), ("b", {**row, "arguments": arguments}))
    )

    assert compare(a, b).rows[0].verdict is Verdict.INCOMPARABLE


def test_documents_that_nobody_shares_are_incomparable(tmp_path: Path) -> None:
    a, b = (
        Side(name, read_source(write.write_lm_eval(tmp_path / name, rows)))
        for name, rows in (
            ("a", [write.lm_eval_row(n, acc=1.0) for n in (0, 1)]),
            ("b", [write.lm_eval_row(n, acc=1.0) for n in (2, 3, 4)]),
        )
    )

    (row,) = compare(a, b).rows

    assert (row.verdict, row.reason, row.n) == (
        Verdict.INCOMPARABLE,
        "no sample in common",
        0,
    )
    assert (row.missing_a, row.missing_b) == (3, 2)


def test_checkpoints_go_by_name_and_the_rest_is_told() -> None:
    def side(name: str, *checkpoints: str) -> Side:
        return Side(name, [_set([1.0] * 20, checkpoint=c) for c in checkpoints])

    comparison = compare(side("A", "base", "old", "qa"), side("B", "base", "new", "qa"))

    assert [row.checkpoint_a for row in comparison.rows] == ["base", "qa"]
    assert comparison.notes == ("Only in A, checkpoints: old.", "Only in B, checkpoints: new.")


def test_a_task_of_one_side_is_told() -> None:
    a = Side("A", [_set([1.0] * 9, task="quiz"), _set([1.0] * 9, task="other")])

    assert compare(a, Side("B", [_set([1.0] * 9)])).notes == ("Only in A, other: base.",)


def test_the_only_checkpoint_of_each_side_is_compared_whatever_its_name() -> None:
    row = _row(_set([1.0] * 9, checkpoint="fp32"), _set([1.0] * 9, checkpoint="bf16"))

    assert (row.checkpoint_a, row.checkpoint_b) == ("fp32", "bf16")


def test_figures_beyond_0_to_1_get_no_verdict() -> None:
    row = _row(_set([3.0, 4.0, 5.0]), _set([4.0, 5.0, 7.0]))

    assert (row.verdict, row.interval) == (Verdict.MEASURED, None)
    assert row.difference == pytest.approx(4 / 3)


def test_sides_without_a_task_in_common_are_refused() -> None:
    a = Side("A", [_set([1.0], task="one"), _set([1.0], task="two")])

    with pytest.raises(
        ConfigError, match=r"A holds checkpoints base; tasks one, two. B .* tasks three"
    ):
        compare(a, Side("B", [_set([1.0], task="three")]))


def test_a_metric_that_nobody_measured_is_refused_with_those_there_are() -> None:
    side = Side("A", [_set([1.0])])

    with pytest.raises(ConfigError, match=r"no metric 'acc' here\. There are: f1"):
        compare(side, side, metric="acc")


@pytest.mark.parametrize(
    ("verdict", "on_regressed", "on_inconclusive"),
    [
        (Verdict.PASSED, False, False),
        (Verdict.MEASURED, False, False),
        (Verdict.INCONCLUSIVE, False, True),
        (Verdict.REGRESSED, True, True),
        (Verdict.INCOMPARABLE, True, True),
    ],
)
def test_what_fails(verdict: Verdict, on_regressed: bool, on_inconclusive: bool) -> None:
    rows = (Row("a", "b", "quiz", "f1", Verdict.PASSED), Row("a", "b", "quiz", "em", verdict))
    comparison = Comparison("A", "B", 0.03, rows, ())

    assert comparison.fails("regressed") is on_regressed
    assert comparison.fails("inconclusive") is on_inconclusive
