"""A GPU for each worker: seen from outside, by what a suite finds in its environment."""

from __future__ import annotations

import pytest

from tests.plugin.helpers import add_to_conftest, outcomes, output

SPY = """
import os

@__import__("pytest").fixture(autouse=True)
def spy(request, checkpoint):
    worker = os.environ.get("PYTEST_XDIST_WORKER", "-")
    note(f"gpu {worker} {os.environ.get('CUDA_VISIBLE_DEVICES', '-')}")
"""
PLAIN = """
import os, pathlib

def test_plain():
    with pathlib.Path(__file__).with_name("asked.log").open("a") as log:
        log.write(f"gpu {os.environ.get('CUDA_VISIBLE_DEVICES', '-')}\\n")
"""


def seen(project: pytest.Pytester) -> set[str]:
    lines = (project.path / "asked.log").read_text("utf-8").splitlines()
    return {line.removeprefix("gpu ") for line in lines if line.startswith("gpu ")}


def test_each_worker_sees_one_of_the_callers_gpus(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-a, 3")
    add_to_conftest(project, SPY)
    project.runpytest("evals", "-n", "2")
    assert seen(project) == {"gw0 GPU-a", "gw1 3"}


def test_auto_is_a_worker_for_each_gpu(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5,6,7")
    result = project.runpytest("evals", "-n", "auto", "-k", "jsquad")
    assert "3 workers" in output(result)


def test_without_a_gpu_auto_means_what_it_always_means(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    monkeypatch.setenv("PYTEST_XDIST_AUTO_NUM_WORKERS", "2")
    add_to_conftest(project, SPY)
    result = project.runpytest("evals", "-n", "auto", "-k", "jsquad")
    assert "2 workers" in output(result)
    assert seen(project) == {"gw0 -1", "gw1 -1"}


def test_other_sessions_keep_their_gpus(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2")
    monkeypatch.setenv("PYTEST_XDIST_AUTO_NUM_WORKERS", "2")
    project.makepyfile(test_plain=PLAIN)
    result = project.runpytest("test_plain.py", "-n", "auto")
    assert outcomes(result) == {"passed": 1}
    assert "2 workers" in output(result)
    assert seen(project) == {"0,1,2"}


def test_workers_beyond_the_gpus_share_them(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4")
    add_to_conftest(project, SPY)
    project.runpytest("evals", "-n", "2")
    assert seen(project) == {"gw0 4", "gw1 4"}
