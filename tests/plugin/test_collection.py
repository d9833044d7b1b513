"""Which items there are, how they are chosen, and what collecting costs."""

from __future__ import annotations

import pytest

from tests.plugin.helpers import add_to_conftest, asked, items, latest, outcomes, output

CHECKPOINTS = ("base", "tuned", "tuned-long", "other")
TASKS = ("jsquad", "knowledge", "marc_ja")


def listed(result: pytest.RunResult) -> list[str]:
    return [line for line in result.outlines if "::" in line]


def test_a_suite_becomes_one_item_for_each_checkpoint(project: pytest.Pytester) -> None:
    ids = listed(project.runpytest("evals", "--co", "-q"))
    wanted = {f"evals/test_{t}.py::test_{t}[{c}]" for t in TASKS for c in CHECKPOINTS}
    assert set(ids) == wanted
    assert len(ids) == len(wanted)


def test_k_selects_one_suite(project: pytest.Pytester) -> None:
    result = project.runpytest("evals", "-k", "jsquad")
    assert outcomes(result) == {"passed": 4}
    assert {task for _, task in items(latest(project))} == {"jsquad"}


def test_k_selects_a_checkpoint_of_a_suite(project: pytest.Pytester) -> None:
    result = project.runpytest("evals", "-k", "tuned and knowledge")
    assert result.ret == 0
    assert set(items(latest(project))) == {("tuned", "knowledge"), ("tuned-long", "knowledge")}


def test_a_node_id_selects_one_item(project: pytest.Pytester) -> None:
    result = project.runpytest("evals/test_marc_ja.py::test_marc_ja[other]")
    assert outcomes(result) == {"passed": 1}


def test_collecting_imports_no_model_or_numeric_library(project: pytest.Pytester) -> None:
    project.makeconftest(
        """
        import sys

        def pytest_unconfigure():
            heavy = "torch transformers peft numpy scipy rapidfuzz datasets openai".split()
            print("HEAVY", [name for name in heavy if name in sys.modules])
        """
    )
    result = project.runpytest_subprocess("evals", "--co", "-q")
    result.stdout.fnmatch_lines(["HEAVY [[]]"])
    assert len(listed(result)) == 12


def test_collecting_leaves_no_folder(project: pytest.Pytester) -> None:
    assert project.runpytest("evals", "--co", "-q").ret == 0
    assert not (project.path / "reports").exists()


def test_x_stops_after_the_first_failed_item(project: pytest.Pytester) -> None:
    (project.path / "evals" / "test_gate.py").write_text(GATE, "utf-8")
    result = project.runpytest("evals/test_gate.py", "-x")
    assert outcomes(result) == {"failed": 1}
    assert len(asked(project)) == 10


def test_lf_reruns_what_failed_and_nothing_else(project: pytest.Pytester) -> None:
    (project.path / "evals" / "test_gate.py").write_text(GATE, "utf-8")
    first = project.runpytest("evals")
    assert outcomes(first) == {"failed": 2, "passed": 14}
    again = project.runpytest("evals", "--lf", "-v")
    assert outcomes(again) == {"failed": 2}
    assert {i.split(" ")[0] for i in listed(again) if "FAILED" in i and "%" in i} == {
        "evals/test_gate.py::test_gate[base]",
        "evals/test_gate.py::test_gate[other]",
    }


def test_lf_chooses_the_same_items_after_a_run_over_workers(project: pytest.Pytester) -> None:
    (project.path / "evals" / "test_gate.py").write_text(GATE, "utf-8")
    project.runpytest("evals/test_gate.py", "-n", "2")
    assert outcomes(project.runpytest("evals/test_gate.py", "--lf")) == {"failed": 2}


@pytest.mark.parametrize("workers", ["0", pytest.param("2", marks=pytest.mark.slow)])
def test_an_unknown_checkpoint_in_k_names_those_there_are(
    project: pytest.Pytester, workers: str
) -> None:
    result = project.runpytest("evals", "-k", "tunned and jsquad", "-n", workers)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    told = [line for line in output(result).splitlines() if "selects nothing" in line]
    assert len(told) == 1
    assert "base, tuned, tuned-long, other" in told[0]
    assert "world/matrix.toml" in told[0]
    assert not (project.path / "reports").exists()


def test_a_misspelt_checkpoint_in_k_is_answered_with_the_near_one(
    project: pytest.Pytester,
) -> None:
    result = project.runpytest("evals", "-k", "tunedlong")
    assert "Did you mean 'tuned-long'?" in output(result)
    assert asked(project) == []


def test_a_suite_may_have_parameters_of_its_own(project: pytest.Pytester) -> None:
    (project.path / "evals" / "test_more.py").write_text(
        "import pytest\n"
        "from harness.tasks.marc_ja import MarcJa\n\n"
        '@pytest.mark.parametrize("size", ["small", "large"])\n'
        "def test_more(evaluate, size):\n    evaluate(MarcJa())\n"
    )
    result = project.runpytest("evals/test_more.py", "-k", "base")
    assert outcomes(result) == {"passed": 2}


def test_evals_without_a_matrix_say_how_to_name_one(project: pytest.Pytester) -> None:
    project.makepyprojecttoml("[tool.pytest]\n")
    result = project.runpytest("evals")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "--eval-matrix FILE" in output(result)
    assert "Traceback" not in output(result)


def test_the_item_order_keeps_a_base_model_loaded(project: pytest.Pytester) -> None:
    add_to_conftest(project, "")
    project.runpytest("evals")
    assert [line.split()[1] for line in asked_models(project)] == ["one", "two"]


def asked_models(project: pytest.Pytester) -> list[str]:
    log = (project.path / "asked.log").read_text("utf-8").splitlines()
    return [line for line in log if line.startswith("open ")]


GATE = """
from harness.tasks.jsquad import JSQuAD

def test_gate(evaluate):
    assert evaluate(JSQuAD()).value("f1") > 0.99
"""
