from __future__ import annotations

from pathlib import Path

from harness.comparison.within import comparisons
from harness.records import Verdict
from harness.report.markdown import LIMIT, summary
from harness.runs import read_run
from tests.report import builder as build


def _summary(folder: Path) -> str:
    run = read_run(folder)
    return summary(run, comparisons(run))


def test_summary_has_a_first_sentence_both_tables_gaps_and_all_results(run_folder: Path) -> None:
    text = _summary(run_folder)

    assert text.splitlines()[2].startswith(
        "**7 items of 3 checkpoints; measured, no gate was set.**"
    )
    assert "Highest accuracy: qa-e3, 65.0" in text
    assert "| 2 | qa-e3 | 独自QAデータセット | 3 | 65.0 \\[60.0, 70.0\\] | 1200 |" in text
    assert "## Relative score – data: embedded, fictional" in text
    assert "- knowledge skipped: gpt – no API key: set OPENAI\\_API\\_KEY" in text
    assert "`report.html`" in text
    assert text.count("<details>") == text.count("</details>") == 1


def test_first_sentence_counts_the_gate_verdicts(tmp_path: Path) -> None:
    folder = build.start(tmp_path, [build.BASE, build.QA], status="partial")
    for name, verdict in (("base", Verdict.PASSED), ("qa-e3", Verdict.REGRESSED)):
        status = "passed" if verdict is Verdict.PASSED else "failed"
        number = build.result(name, "knowledge", "accuracy_seen", 0.5, verdict=verdict)
        build.measure(folder, name, "knowledge", [number], status=status)

    assert (
        "**2 items of 2 checkpoints; the run is partial; 1 failed or ended in an error; "
        "verdicts: 1 regressed, 1 passed.**" in _summary(folder)
    )


def test_summary_is_cut_below_the_limit_of_a_comment(tmp_path: Path) -> None:
    names = [f"checkpoint-{n:04}" for n in range(400)]
    folder = build.start(tmp_path, [build.checkpoint(n, "独自" * 40, 3) for n in names])
    for name in names:
        build.measure_knowledge(folder, name, 0.5)

    text = _summary(folder)

    assert LIMIT - 5_000 < len(text) < LIMIT
    assert "<details>" not in text
    assert text.endswith("… cut here; the whole is in report.html.\n")


def test_hostile_names_make_no_html_link_or_mention(tmp_path: Path) -> None:
    text = _summary(build.hostile_run(tmp_path))

    assert len(text) < LIMIT
    assert "<script" not in text
    assert "<img" not in text
    assert "](http" not in text
    assert "@somebody" not in text
    assert "\0" not in text
