"""--eval-engine ray on the command line: what does not go with it, and what is said of it."""

from __future__ import annotations

import importlib.util

import pytest

from tests.plugin.helpers import log_lines, output, told_cleanly


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--eval-engine=dask"], "--eval-engine dask: expected local, vllm, ray or ray://ADDRESS."),
        (["--eval-engine=ray", "-n", "2"], "its workers do what -n's would: leave -n out"),
        (["--eval-engine=ray", "--eval-shard=1/2"], "it shares the work out itself"),
        (["--eval-engine=ray", "--eval-ray-cores=-1"], "--eval-ray-cores -1: expected 1 or more"),
        (["--eval-engine=ray://head:6379"], "with a token only"),
    ],
)
def test_what_does_not_go_with_a_cluster_is_refused_before_anything_is_asked(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    pytest.importorskip("ray")
    monkeypatch.delenv("RAY_AUTH_MODE", raising=False)
    result = project.runpytest("evals", *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert said in output(result)
    assert told_cleanly(result)
    assert log_lines(project) == []


def test_without_ray_the_run_says_what_to_install(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *of: None if name == "ray" else real(name, *of)
    )
    result = project.runpytest("evals", "--eval-engine=ray")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "pip install 'pytest-michi[ray]'" in output(result)


def test_a_plan_starts_no_cluster(project: pytest.Pytester) -> None:
    pytest.importorskip("ray")
    result = project.runpytest("evals", "--eval-plan", "--eval-engine=ray")
    assert result.ret == 0, output(result)
    assert log_lines(project) == []
    assert not list(project.path.glob("reports/runs/*/cluster.jsonl"))


def test_where_everything_is_answered_no_cluster_is_started(project: pytest.Pytester) -> None:
    pytest.importorskip("ray")
    project.runpytest("evals")
    result = project.runpytest("evals", "--eval-engine=ray")
    assert result.ret == 0, output(result)
    assert not list(project.path.glob("reports/runs/*/cluster.jsonl"))
