"""A published fine-tuning that a naive test passes, and that acquired nothing.

Margins of the run "instruction x1" (Llama-2-7B-chat) among the judged answers in
github.com/hugoabonizio/knowledge-injection-methods, outputs/results (arXiv 2508.06178): on the
injected years 2023-24 right answers rose from .058 to .122 (n 468), on the control years 2015-21
from .179 to .232 (n 1,800), on all 2,536 from .149 to .202, 255 won and 120 lost. How the flips
fall on the years is not given here: the test takes every split that the totals allow. The answers
are made up to have these margins.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.comparison.acquisition import acquisition_results
from harness.comparison.scores import paired, score_set
from harness.runs import read_run
from harness.statistics.paired import flips, paired_difference
from harness.statistics.significance import mcnemar, sign_flip
from tests.report import builder as build

# form: n, right before, gained on the whole
INJECTED, CONTROL, BETWEEN = (468, 27, 30), (1800, 322, 96), (268, 29, 9)
WON, LOST = 255, 120


@pytest.mark.parametrize(("injected", "control"), [(0, 93), (15, 102), (27, 93), (27, 73)])
def test_a_fine_tune_that_a_naive_test_passes_is_not_passed(
    tmp_path: Path, injected: int, control: int
) -> None:
    """injected, control: how many right answers were lost on either."""
    between = LOST - injected - control
    parts = (
        ("paraphrase", INJECTED, injected),
        ("control", CONTROL, control),
        ("2022", BETWEEN, between),
    )
    build.start(tmp_path, [build.BASE, build.QA])
    for tuned, name in enumerate(("base", "qa-e3")):
        rows = [
            build.row(
                f"{form}/{n}",
                stratum=form,
                cluster=f"document of {form}/{n}",
                correct=right,
                scores={"correct": float(right)},
            )
            for form, (size, before, gained), lost in parts
            for n in range(size)
            for right in [lost <= n < before + lost + gained if tuned else n < before]
        ]
        seen = build.result(name, "knowledge", "accuracy_paraphrase", 0.1, headline=True)
        build.measure(tmp_path, name, "knowledge", [seen], rows)
    run = read_run(tmp_path)

    ours, theirs = score_set(run, "qa-e3", "knowledge"), score_set(run, "base", "knowledge")
    assert ours is not None
    assert theirs is not None
    every, trained = paired(ours, theirs, "correct"), paired(ours, theirs, "correct", "paraphrase")
    changed = flips(every.ours, every.theirs)
    assert (changed.won, changed.lost) == (WON, LOST)
    assert mcnemar(WON, LOST).exact < 1e-11
    for pairs in (every, trained):  # nor do only the injected years help
        differences = [a - b for a, b in zip(pairs.ours, pairs.theirs, strict=True)]
        assert sign_flip(differences, pairs.clusters) < 0.005
        assert paired_difference(pairs.ours, pairs.theirs, pairs.clusters)[1].low > 0.01

    acquired = acquisition_results(run).result("qa-e3")
    assert acquired is not None
    assert acquired.value == pytest.approx(0.011, abs=0.001)
    assert acquired.low < -0.01
    assert 0.02 < acquired.high < 0.06
