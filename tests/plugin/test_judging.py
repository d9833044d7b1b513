"""When gates are judged, and what a run is worth that was stopped or went wrong otherwise."""

from __future__ import annotations

import pytest

from tests.plugin.gating import GATED, bless, blessed, forgetful, many_samples
from tests.plugin.helpers import (
    add_to_matrix,
    items,
    latest,
    outcomes,
    output,
    told_cleanly,
)

TWO = """
from harness.tasks.jsquad import JSQuAD
from harness.tasks.marc_ja import MarcJa

def test_both(evaluate):
    evaluate(MarcJa({prompt}))
    evaluate(JSQuAD())
"""


@pytest.fixture(autouse=True)
def _many_samples(project: pytest.Pytester) -> None:
    many_samples(project)


def both(project: pytest.Pytester, prompt: str = "") -> None:
    (project.path / "evals" / "test_both.py").write_text(TWO.format(prompt=prompt), "utf-8")


BOTH = ("evals/test_both.py", "--eval-baseline", "main.json")


def test_after_a_failed_gate_the_suite_goes_on_and_only_what_fell_is_failed(
    project: pytest.Pytester,
) -> None:
    blessed(project)
    forgetful(project, share=5)
    both(project)
    result = project.runpytest(*BOTH, "-k", "tuned", "--eval-fresh")
    found = items(latest(project))
    assert (result.ret, outcomes(result)) == (1, {"failed": 1, "passed": 1})
    assert found["tuned", "marc_ja"]["status"] == "failed"
    assert found["tuned", "marc_ja"]["message"].startswith("regressed: marc_ja accuracy")
    assert (found["tuned", "jsquad"]["status"], found["tuned", "jsquad"]["message"]) == (
        "passed",
        "",
    )


def test_what_is_incomparable_does_not_take_the_next_task_with_it(
    project: pytest.Pytester,
) -> None:
    blessed(project)
    both(project, 'prompt="この文は？{text}"')
    result = project.runpytest(*BOTH, "-k", "other")
    found = items(latest(project))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert told_cleanly(result)
    assert found["other", "marc_ja"]["status"] == "error"
    assert found["other", "marc_ja"]["message"].startswith("incomparable: marc_ja accuracy")
    assert found["other", "jsquad"]["status"] == "passed"


def test_a_suite_that_catches_exceptions_catches_no_gate(project: pytest.Pytester) -> None:
    blessed(project)
    suite = project.path / "evals" / "test_marc_ja.py"
    text = suite.read_text("utf-8")
    forgetful(project, share=5)
    for prompt, status in (("", 1), ('prompt="この文は？{text}"', 4)):
        caught = f"try:\n        evaluate(MarcJa({prompt}))"
        caught += "\n    except BaseException:\n        pass"
        suite.write_text(text.replace("evaluate(MarcJa())", caught), "utf-8")
        assert project.runpytest(*GATED, "--eval-fresh").ret == status


def test_a_suite_that_skips_after_measuring_skips_no_gate(project: pytest.Pytester) -> None:
    blessed(project)
    forgetful(project, share=5)
    suite = project.path / "evals" / "test_marc_ja.py"
    text = suite.read_text("utf-8").replace("evaluate(MarcJa())", "evaluate(MarcJa())\n    skip()")
    suite.write_text(f"{text}\n\ndef skip():\n    import pytest\n    pytest.skip('x')\n", "utf-8")
    result = project.runpytest(*GATED, "--eval-fresh")
    assert outcomes(result) == {"failed": 1, "skipped": 3}
    assert items(latest(project))["tuned", "marc_ja"]["status"] == "failed"


@pytest.mark.parametrize("workers", ["0", "2"])
def test_what_can_not_be_told_fails_where_warnings_are_errors(
    project: pytest.Pytester, workers: str
) -> None:
    blessed(project)
    add_to_matrix(project, "[gates.marc_ja.accuracy]\nmargin = 0.03\n")
    forgetful(project, share=67, checkpoint="other")
    warned = project.runpytest_subprocess(*GATED, "--eval-fresh", "-n", workers)
    assert (warned.ret, outcomes(warned)) == (0, {"passed": 4})
    assert output(warned).count("InconclusiveWarning: inconclusive: marc_ja accuracy") == 1
    strict = project.runpytest_subprocess(*GATED, "-W", "error::UserWarning", "-n", workers)
    assert (strict.ret, outcomes(strict)) == (1, {"failed": 1, "passed": 3})
    item = items(latest(project))["other", "marc_ja"]
    assert item["status"] == "failed"
    assert item["message"].startswith("inconclusive: marc_ja accuracy 83.5 → 82.0 %")
    assert "Traceback" not in output(strict)


def test_a_run_that_was_stopped_at_a_failed_gate_is_partial(project: pytest.Pytester) -> None:
    blessed(project)
    forgetful(project, share=5, checkpoint="base")
    assert project.runpytest(*GATED, "--eval-fresh", "-x").ret == 1
    assert set(items(latest(project))) == {("base", "marc_ja")}
    refused = bless(project)
    assert refused.returncode == 2
    assert "a partial run (it did not come to its end)" in refused.stderr


def test_a_failed_test_of_the_project_counts_before_a_mistake_in_the_configuration(
    project: pytest.Pytester,
) -> None:
    (project.path / "world" / "reviews.jsonl").unlink()
    project.makepyfile(test_plain="def test_one():\n    assert False\n")
    both = project.runpytest("evals", "test_plain.py", "-k", "marc_ja or one")
    assert (both.ret, outcomes(both)["failed"]) == (1, 2)
    assert project.runpytest("evals", "-k", "marc_ja").ret == pytest.ExitCode.USAGE_ERROR
