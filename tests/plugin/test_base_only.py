"""Suites marked base_only ask checkpoints without an adapter, under the ids they always have."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.plugin.helpers import add_to_matrix, figures, items, latest, outcomes

SUITE = """
import pytest
from harness.tasks.marc_ja import MarcJa

@pytest.mark.base_only
def test_bare(evaluate):
    evaluate(MarcJa())
"""


KNOWN = Path(__file__).parents[2] / "evals/test_known.py"


def listed(result: pytest.RunResult) -> list[str]:
    return [line for line in result.outlines if "::" in line]


def test_only_checkpoints_without_an_adapter_become_items(project: pytest.Pytester) -> None:
    (project.path / "evals" / "test_bare.py").write_text(SUITE, "utf-8")
    result = project.runpytest("evals/test_bare.py", "--co", "-q", "--strict-markers")
    ids = [f"evals/test_bare.py::test_bare[{name}]" for name in ("base", "other")]
    assert listed(result) == ids


def test_an_adapter_on_a_server_is_no_bare_model(project: pytest.Pytester) -> None:
    (project.path / "evals" / "test_bare.py").write_text(SUITE, "utf-8")
    served = '[models.far]\nengine = "api"\nweights = "far"\nreleased = 2025-06-01\n'
    checkpoints = '[checkpoints.far]\nmodel = "far"\n[checkpoints.far-qa]\nmodel = "far"\n'
    add_to_matrix(project, f'{served}{checkpoints}served_as = "qa-e3"\n')
    result = project.runpytest("evals/test_bare.py", "--co", "-q", "--strict-markers")
    ids = [f"evals/test_bare.py::test_bare[{name}]" for name in ("base", "other", "far")]
    assert listed(result) == ids


def test_an_unmarked_suite_beside_it_keeps_all_checkpoints(project: pytest.Pytester) -> None:
    (project.path / "evals" / "test_bare.py").write_text(SUITE, "utf-8")
    result = project.runpytest("evals/test_bare.py", "evals/test_jsquad.py", "--co", "-q")
    assert len(listed(result)) == 2 + 4


def test_the_marker_is_listed_with_its_meaning(project: pytest.Pytester) -> None:
    result = project.runpytest("--markers")
    result.stdout.fnmatch_lines(["@pytest.mark.base_only: *without an adapter*"])


def test_the_known_suite_takes_the_data_of_knowledge(project: pytest.Pytester) -> None:
    (project.path / "evals" / KNOWN.name).write_text(KNOWN.read_text("utf-8"), "utf-8")
    result = project.runpytest("evals", "-k", "known")
    assert outcomes(result) == {"passed": 2}
    assert set(items(latest(project))) == {("base", "known"), ("other", "known")}
    # The engine without a model knows every third of the six facts.
    assert figures(latest(project))["base", "known", "share_unknown"] == pytest.approx(4 / 6)


def test_data_named_for_the_known_suite_go_before_those_of_knowledge(
    project: pytest.Pytester,
) -> None:
    (project.path / "evals" / KNOWN.name).write_text(KNOWN.read_text("utf-8"), "utf-8")
    result = project.runpytest("evals", "-k", "known and base", "--eval-data", "known=absent.jsonl")
    assert "absent.jsonl: can't be read" in result.stdout.str() + result.stderr.str()
