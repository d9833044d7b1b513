"""When gates are judged, and what a run is worth that was stopped or went wrong otherwise."""

from __future__ import annotations

import pytest

from tests.conftest import write_rows
from tests.plugin.gating import GATED, N, bless, blessed, forgetful, many_samples
from tests.plugin.helpers import (
    add_to_conftest,
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


@pytest.mark.parametrize("workers", ["0", pytest.param("2", marks=pytest.mark.slow)])
def test_what_can_not_be_told_fails_where_warnings_are_errors(
    project: pytest.Pytester, workers: str
) -> None:
    blessed(project)
    add_to_matrix(project, "[gates.marc_ja.accuracy]\nmargin = 0.03\n")
    forgetful(project, share=67, checkpoint="other")
    warned = project.runpytest(*GATED, "--eval-fresh", "-n", workers)
    assert (warned.ret, outcomes(warned)) == (0, {"passed": 4})
    assert output(warned).count("InconclusiveWarning: inconclusive: marc_ja accuracy") == 1
    strict = project.runpytest(*GATED, "-W", "error::UserWarning", "-n", workers)
    assert (strict.ret, outcomes(strict)) == (1, {"failed": 1, "passed": 3})
    item = items(latest(project))["other", "marc_ja"]
    assert item["status"] == "failed"
    assert item["message"].startswith("inconclusive: marc_ja accuracy 83.5 → 82.0 %")
    assert "Traceback" not in output(strict)


@pytest.mark.parametrize("workers", ["0", pytest.param("2", marks=pytest.mark.slow)])
def test_a_run_that_was_stopped_at_a_failed_gate_is_partial(
    project: pytest.Pytester, workers: str
) -> None:
    blessed(project)
    forgetful(project, share=5, checkpoint="base")
    stopped = project.runpytest(*GATED, "--eval-fresh", "-x", "-n", workers)
    assert stopped.ret == pytest.ExitCode.TESTS_FAILED
    found = items(latest(project))
    assert found["base", "marc_ja"]["status"] == "failed"
    assert len(found) < 4
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


def test_a_reference_that_can_not_be_asked_lets_nothing_through(project: pytest.Pytester) -> None:
    add_to_matrix(project, "[gates.marc_ja.accuracy]\n")
    add_to_conftest(
        project,
        """
from harness.errors import UnavailableError

def respond(checkpoint, request, answer=respond):
    if checkpoint.id == "base":
        raise UnavailableError("no key")
    return answer(checkpoint, request)
""",
    )
    result = project.runpytest("evals", "-k", "marc_ja and tuned")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "but base, which it is held against, can't be asked: no key" in output(result)
    assert told_cleanly(result)


def test_workers_hold_against_the_base_as_one_process_does(project: pytest.Pytester) -> None:
    add_to_matrix(project, "[gates.marc_ja.accuracy]\n[gates.jsquad.f1]\n")
    forgetful(project, share=2, checkpoint="other")
    arguments = ("evals", "-k", "marc_ja or jsquad", "--eval-fresh")
    alone = project.runpytest(*arguments)
    one = {key: (i["status"], i["message"]) for key, i in items(latest(project)).items()}
    spread = project.runpytest(*arguments, "-n", "2")
    two = {key: (i["status"], i["message"]) for key, i in items(latest(project)).items()}
    assert (alone.ret, spread.ret) == (1, 1)
    assert one == two
    assert one["tuned", "jsquad"] == ("passed", "")


def test_a_worker_that_dies_takes_no_verdict_with_it(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    blessed(project)
    monkeypatch.setenv("DIE_AT", "tuned-long:4")
    result = project.runpytest(*GATED, "--eval-fresh", "-n", "2")
    statuses = {checkpoint: i["status"] for (checkpoint, _), i in items(latest(project)).items()}
    assert result.ret == pytest.ExitCode.INTERNAL_ERROR
    assert statuses.pop("tuned-long") == "crashed"
    assert set(statuses.values()) == {"passed"}
    refused = bless(project)
    assert "a partial run (marc_ja[tuned-long] crashed)" in refused.stderr


def test_what_must_not_break_breaks_by_rising_where_less_is_better(
    project: pytest.Pytester,
) -> None:
    write_rows(project.path / "world" / "knowledge.jsonl", [
        {"id": f"q{i}", "question": f"商品{i}の価格はいくらですか。", "answer": f"{1000 + i}円です。",
         "document": f"d{i}", "form": "near_miss",
         "fact": {"type": "money", "text": f"{1000 + i}円"},
         "neighbour": {"type": "money", "text": "5円"}}
        for i in range(N)
    ])  # fmt: skip
    gate = '[gates.knowledge.bleed_near_miss]\nmargin = 0.99\nmust_not_break = ["q1"]\n'
    # The base answers two in three with the neighbour's 5円, a tuned one none: no break.
    add_to_matrix(project, gate)
    arguments = ("evals", "-k", "knowledge and tuned and not long")
    assert project.runpytest(*arguments).ret == 0
    item = items(latest(project))["tuned", "knowledge"]
    assert item["status"] == "passed"
    matrix = project.path / "world" / "matrix.toml"
    text = matrix.read_text("utf-8").replace("baseline = true\n", "")
    matrix.write_text(text.replace("epochs = 3\n", "epochs = 3\nbaseline = true\n"), "utf-8")
    assert project.runpytest("evals", "-k", "knowledge and base").ret == 1
    assert items(latest(project))["base", "knowledge"]["message"].endswith(
        "; must not break, and broke: q1"
    )
