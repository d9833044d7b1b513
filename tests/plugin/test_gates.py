"""Gates: what fails an item, what it says, and with which exit code."""

from __future__ import annotations

import json
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest

from tests.plugin.gating import GATED, N, bless, blessed, forgetful, many_samples
from tests.plugin.helpers import (
    add_to_conftest,
    add_to_matrix,
    asked,
    forget_asked,
    items,
    latest,
    outcomes,
    output,
    report,
    told_cleanly,
)


@pytest.fixture(autouse=True)
def _many_samples(project: pytest.Pytester) -> None:
    many_samples(project)


def test_what_did_not_change_passes_every_time(project: pytest.Pytester) -> None:
    blessed(project)
    for _ in range(3):
        result = project.runpytest(*GATED, "--eval-fresh")
        assert (result.ret, outcomes(result)) == (0, {"passed": 4})
        assert items(latest(project))["tuned", "marc_ja"]["status"] == "passed"


def test_a_regression_fails_with_one_line_that_says_what_fell(project: pytest.Pytester) -> None:
    blessed(project)
    forgetful(project, share=5)
    result = project.runpytest(*GATED, "--eval-fresh")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert outcomes(result) == {"failed": 1, "passed": 3}
    assert told_cleanly(result)
    item = items(latest(project))["tuned", "marc_ja"]
    assert item["status"] == "failed"
    # 40 of 200 right answers turned wrong, none the other way.
    start = "regressed: marc_ja accuracy 100.0 → 80.0 % against main.json: -20.0 points ["
    assert item["message"].startswith(start)
    assert "margin 5, n 200, 40 worse, 0 better" in item["message"]
    assert any(line.startswith(start) for line in result.outlines)


def test_a_verdict_stands_in_report_table_and_junit(project: pytest.Pytester) -> None:
    blessed(project)
    forgetful(project, share=5)
    result = project.runpytest(*GATED, "--eval-fresh", "--junitxml=out.xml")
    gated = {
        (r["checkpoint"], r["metric"]): r for r in report(latest(project))["results"] if r["gate"]
    }
    assert gated["tuned", "accuracy"]["verdict"] == "regressed"
    assert gated["tuned", "accuracy"]["gate"]["difference"] == pytest.approx(-0.2)
    assert (gated["base", "accuracy"]["verdict"], gated["base", "accuracy"]["reason"]) == (
        "passed",
        "",
    )
    assert "Gates – against main.json" in output(result)
    assert any("marc_ja accuracy" in line and "regressed" in line for line in result.outlines)
    cases = ElementTree.parse(project.path / "out.xml").iter("testcase")
    verdicts = {
        case.attrib["name"]: p.attrib["value"]
        for case in cases
        for p in case.iter("property")
        if p.attrib["name"] == "marc_ja.accuracy.verdict"
    }
    assert verdicts["test_marc_ja[tuned]"] == "regressed"
    assert verdicts["test_marc_ja[base]"] == "passed"


def test_workers_judge_as_one_process_does(project: pytest.Pytester) -> None:
    blessed(project)
    forgetful(project, share=5)
    alone = project.runpytest(*GATED, "--eval-fresh")
    one = [r["gate"] for r in report(latest(project))["results"] if r["gate"]]
    spread = project.runpytest(*GATED, "--eval-fresh", "-n", "2")
    two = [r["gate"] for r in report(latest(project))["results"] if r["gate"]]
    assert (alone.ret, spread.ret) == (1, 1)
    assert one == two


def test_a_changed_prompt_is_incomparable_and_a_matter_of_configuration(
    project: pytest.Pytester,
) -> None:
    blessed(project)
    suite = project.path / "evals" / "test_marc_ja.py"
    suite.write_text(
        suite.read_text("utf-8").replace("MarcJa()", 'MarcJa(prompt="この文は？{text}")'), "utf-8"
    )
    result = project.runpytest(*GATED)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert told_cleanly(result)
    text = output(result)
    assert "incomparable: marc_ja accuracy: prompt, samples not as in main.json" in text
    assert "bless a new run" in text
    measured = {r["checkpoint"]: r for r in report(latest(project))["results"] if r["gate"]}
    assert measured["tuned"]["verdict"] == "incomparable"
    assert measured["tuned"]["value"] == 1.0  # what was measured is kept


def test_a_checkpoint_that_the_baseline_does_not_hold_is_incomparable(
    project: pytest.Pytester,
) -> None:
    blessed(project)
    add_to_matrix(project, '[checkpoints.new]\nmodel = "two"\n')
    result = project.runpytest(*GATED)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "main.json holds no marc_ja of new" in output(result)


def test_what_can_not_be_told_warns_and_in_ci_fails(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    blessed(project)
    add_to_matrix(project, "[gates.marc_ja.accuracy]\nmargin = 0.03\n")
    forgetful(project, share=67, checkpoint="other")  # 3 of 200: a drop of 1.5 points
    warned = project.runpytest(*GATED, "--eval-fresh")
    assert (warned.ret, outcomes(warned)) == (0, {"passed": 4})
    assert "InconclusiveWarning: inconclusive: marc_ja accuracy 83.5 → 82.0 %" in output(warned)
    assert items(latest(project))["other", "marc_ja"]["status"] == "measured"
    chosen = project.runpytest(*GATED, "--eval-inconclusive", "fail")
    assert (chosen.ret, outcomes(chosen)) == (1, {"failed": 1, "passed": 3})
    monkeypatch.setenv("CI", "true")
    assert project.runpytest(*GATED).ret == 1
    assert project.runpytest(*GATED, "--eval-inconclusive", "warn").ret == 0


def test_margins_and_metrics_come_from_the_matrix(project: pytest.Pytester) -> None:
    blessed(project)
    forgetful(project, share=30)
    add_to_matrix(project, "[gates.marc_ja.accuracy]\nmargin = 0.1\n")
    result = project.runpytest(*GATED, "--eval-fresh")
    assert result.ret == 0
    assert items(latest(project))["tuned", "marc_ja"]["status"] == "passed"


def test_an_item_that_must_not_break_fails_within_any_margin(project: pytest.Pytester) -> None:
    blessed(project)
    forgetful(project, share=100)  # samples r0 and r100
    add_to_matrix(
        project,
        '[gates.marc_ja.accuracy]\nmargin = 0.5\nmust_not_break = ["r100", "r101"]\n',
    )
    result = project.runpytest(*GATED, "--eval-fresh")
    assert result.ret == 1
    assert items(latest(project))["tuned", "marc_ja"]["message"].endswith(
        "; must not break, and broke: r100"
    )


def test_without_a_file_the_baseline_checkpoint_of_the_run_is_the_reference(
    project: pytest.Pytester,
) -> None:
    add_to_matrix(project, "[gates.marc_ja.accuracy]\nmargin = 0.05\n")
    forgetful(project, share=2, checkpoint="other")
    result = project.runpytest("evals", "-k", "marc_ja")
    found = items(latest(project))
    assert result.ret == 1
    assert found["base", "marc_ja"]["status"] == "measured"  # nothing to be held against
    assert found["tuned", "marc_ja"]["status"] == "passed"
    assert found["other", "marc_ja"]["message"].startswith(
        "regressed: marc_ja accuracy 83.5 → 66.5 % against base"
    )


def test_a_reference_that_was_not_selected_is_asked_and_written_nowhere(
    project: pytest.Pytester,
) -> None:
    add_to_matrix(project, "[gates.marc_ja.accuracy]\nmargin = 0.05\n")
    assert project.runpytest("evals", "-k", "marc_ja and tuned-long").ret == 0
    assert sum(line.startswith("base ") for line in asked(project)) == N
    assert set(items(latest(project))) == {("tuned-long", "marc_ja")}
    assert not (latest(project) / "samples" / "base").exists()
    forget_asked(project)
    assert project.runpytest("evals", "-k", "marc_ja and tuned-long").ret == 0
    assert asked(project) == []


def test_too_few_samples_are_told_before_anything_is_asked(project: pytest.Pytester) -> None:
    add_to_matrix(project, "[gates.marc_ja.accuracy]\nmargin = 0.03\n")
    result = project.runpytest("evals", "-k", "marc_ja", "--co", "-q")
    told = [line for line in result.outlines if "underpowered" in line]
    # By hand: (1.960 + 1.282)² · .1 / .03² = 1,168; and sqrt(10.51 · .1 / 200) = 7.2 points.
    assert told == [
        "michi: gate marc_ja accuracy: underpowered: n 200 for a margin of 3 points. If 10% of "
        "answers differ, 7.2 points can be told, and 3 take n ≈ 1,168; expect inconclusive"
    ]
    assert asked(project) == []
    assert "underpowered" not in output(project.runpytest("evals", "-k", "jsquad", "--co", "-q"))


@pytest.mark.parametrize(
    ("gates", "message"),
    [
        ("[gates.marc_ja.acuracy]\n", "no such metric. Did you mean 'accuracy'?"),
        (
            "[gates.marc_ja.balanced_accuracy]\n",
            "no mean over samples, so it can't be compared answer by answer. Gates can be set for: "
            "accuracy.",
        ),
        (
            "[gates.marc_jaa.accuracy]\n",
            "no data for a task 'marc_jaa', so this gate would never be judged. "
            "Did you mean 'marc_ja'?",
        ),
        ("[gates.marc_ja]\nmargin = 0.1\n", "a gate is set for a metric of a task"),
        ("[gates.marc_ja.accuracy]\nmargin = 3\n", "margin = 3: expected a share between 0 and 1"),
        ("[gates.marc_ja.accuracy]\nmagin = 0.1\n", "unknown key 'magin'. Did you mean 'margin'?"),
        ('[gates.marc_ja.accuracy]\nmust_not_break = ["r7000"]\n', "must_not_break names r7000"),
    ],
)
def test_mistakes_in_gates_are_told(project: pytest.Pytester, gates: str, message: str) -> None:
    add_to_matrix(project, gates)
    result = project.runpytest("evals", "-k", "marc_ja and tuned")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert message in output(result)
    assert told_cleanly(result)


def test_a_gate_without_anything_to_hold_against_is_told(project: pytest.Pytester) -> None:
    matrix = project.path / "world" / "matrix.toml"
    matrix.write_text(matrix.read_text("utf-8").replace("baseline = true\n", ""), "utf-8")
    add_to_matrix(project, "[gates.marc_ja.accuracy]\n")
    result = project.runpytest("evals", "-k", "marc_ja and tuned")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "mark a checkpoint with baseline = true, or give --eval-baseline FILE" in output(result)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "baseline can't be read: No such file or directory"),
        ("{", "no baseline file"),
        ('{"schema": 9}', "not a baseline file of schema 1"),
    ],
)
def test_a_baseline_that_is_none_is_told_at_once(
    project: pytest.Pytester, content: str | None, message: str
) -> None:
    if content is not None:
        (project.path / "main.json").write_text(content)
    result = project.runpytest(*GATED)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert message in output(result)
    assert "python -m harness bless RUN --out FILE" in output(result)
    assert asked(project) == []


def test_an_outcome_changed_by_hand_is_noticed(project: pytest.Pytester) -> None:
    blessed(project)
    path = project.path / "main.json"
    text = path.read_text("utf-8")
    at = text.index('": "1 1 1 1"')
    path.write_text(text[:at] + text[at:].replace("1 1 1 1", "0 1 1 1", 1), "utf-8")
    result = project.runpytest(*GATED)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "its outcomes are not those that were blessed" in output(result)


def test_a_baseline_file_is_sorted_has_a_line_a_sample_and_no_question(
    project: pytest.Pytester,
) -> None:
    blessed(project)
    text = (project.path / "main.json").read_text("utf-8")
    samples = json.loads(text)["tasks"]["marc_ja"]["scores"]["correct"]["samples"]
    assert len(samples) == N
    assert list(samples) == sorted(samples)
    assert all(f'     "{key}": "{row}"' in text for key, row in samples.items())
    assert "品質" not in text.replace("{text}", "")


def test_a_partial_run_is_not_blessed_unless_told(project: pytest.Pytester) -> None:
    project.runpytest("evals", "-k", "marc_ja", "-x", "-p", "no:cacheprovider")
    run = latest(project) / "run.json"
    run.write_text(run.read_text("utf-8").replace('"status": "complete"', '"status": "partial"'))
    refused = bless(project)
    assert refused.returncode == 2
    assert "a partial run" in refused.stderr
    assert not (project.path / "main.json").exists()
    assert bless(project, "--allow-partial").returncode == 0


def test_a_run_of_uncommitted_changes_is_not_blessed_unless_told(
    project: pytest.Pytester,
) -> None:
    for command in (["init", "-q"], ["add", "-A"],
                    ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"]):  # fmt: skip
        subprocess.run(["git", *command], cwd=project.path, check=True, capture_output=True)
    (project.path / "change.txt").write_text("")
    project.runpytest("evals", "-k", "marc_ja")
    refused = bless(project)
    assert refused.returncode == 2
    assert "uncommitted changes" in refused.stderr
    assert bless(project, "--allow-dirty").returncode == 0


def test_an_engine_that_breaks_is_neither_a_failed_gate_nor_configuration(
    project: pytest.Pytester,
) -> None:
    add_to_conftest(
        project,
        "def respond(checkpoint, request):\n    raise RuntimeError('CUDA error: device lost')\n",
    )
    result = project.runpytest("evals", "-k", "marc_ja and tuned")
    assert result.ret == pytest.ExitCode.INTERNAL_ERROR
    assert items(latest(project))["tuned", "marc_ja"]["status"] == "error"
