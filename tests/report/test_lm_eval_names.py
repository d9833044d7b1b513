"""Tasks of lm-eval on the page: their metrics go by lm-eval's own names."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.report import builder as build
from tests.report.visiting import Visit


@pytest.mark.browser
def test_metrics_of_lm_eval_are_not_put_into_words(visit: Visit, run_folder: Path) -> None:
    identity = {"lm_eval_task": "quiz"}
    results = [
        build.result("base", "quiz", metric, 0.5, headline=metric == "acc_norm", identity=identity)
        for metric in ("acc_norm", "exact_match,strict")
    ]
    build.measure(run_folder, "base", "quiz", results)
    shown = visit.open(run_folder).locator("section:has(> #all)").inner_text()
    assert "acc_norm" in shown
    assert "exact_match,strict" in shown
    # Ours stay in words.
    assert "exact_match_lm_eval" not in shown
