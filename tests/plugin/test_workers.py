"""Under xdist: the same figures, one base model a worker, and workers that die."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import pytest

from harness.runs import write_json
from tests.plugin.helpers import (
    asked,
    forget_asked,
    items,
    latest,
    opened,
    outcomes,
    output,
    report,
    rows,
    sample_files,
)


def crash(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.RunResult:
    """A worker dies in base's jsquad, after the first batch of four was stored."""
    monkeypatch.setenv("DIE_AT", "base:4")
    (project.path / "evals" / "test_knowledge.py").unlink()
    return project.runpytest_subprocess("evals", "-k", "base or other", "-n", "2", timeout=60)


def test_one_process_and_two_workers_give_the_same(project: pytest.Pytester) -> None:
    project.runpytest("evals", "-n", "0")
    alone = latest(project).resolve()
    result = project.runpytest("evals", "-n", "2", "-o", "eval_reports=other")
    spread = project.path / "other" / "latest"
    assert outcomes(result) == {"passed": 12}
    assert report(spread)["results"] == report(alone)["results"]
    assert sample_files(spread) == sample_files(alone)
    assert len(sample_files(alone)) == 12
    assert {(k, i["nodeid"]) for k, i in items(spread).items()} == {
        (k, i["nodeid"]) for k, i in items(alone).items()
    }


def test_each_worker_opens_a_base_at_most_once_and_stays_on_it(project: pytest.Pytester) -> None:
    result = project.runpytest("evals", "-n", "2", "-v")
    openings = opened(project)
    assert len(openings) == len(set(openings))
    assert {model for _, model in openings} == {"one", "two"}
    workers = {i["worker"] for i in items(latest(project)).values()}
    assert workers == {"gw0", "gw1"}
    for worker in workers:
        model = {"base": "one", "tuned": "one", "tuned-long": "one", "other": "two"}
        order = [
            model[row["checkpoint"]]
            for row in rows(latest(project) / "results.jsonl")
            if row["worker"] == worker
        ]
        runs = [name for name, _ in itertools.groupby(order)]
        assert len(runs) == len(set(runs)), order
    ids = [line.split("PASSED ")[1].strip() for line in result.outlines if "PASSED " in line]
    tasks, checkpoints = (
        ("jsquad", "knowledge", "marc_ja"),
        ("base", "tuned", "tuned-long", "other"),
    )
    assert sorted(ids) == sorted(
        f"evals/test_{t}.py::test_{t}[{c}]" for t in tasks for c in checkpoints
    )


def test_another_way_of_distributing_still_works(project: pytest.Pytester) -> None:
    result = project.runpytest("evals", "-k", "jsquad", "-n", "2", "--dist", "worksteal")
    assert outcomes(result) == {"passed": 4}
    assert len(items(latest(project))) == 4
    assert "CheckpointScheduling" not in output(result)


def test_more_workers_than_items_do_it_too(project: pytest.Pytester) -> None:
    result = project.runpytest("evals", "-k", "base and jsquad", "-n", "3")
    assert outcomes(result) == {"passed": 1}


def test_a_worker_that_dies_is_told_and_the_others_finish(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = crash(project, monkeypatch)
    assert result.ret == pytest.ExitCode.INTERNAL_ERROR
    text = output(result)
    assert "crashed while running 'evals/test_jsquad.py::test_jsquad[base]'" in text
    assert "workers that died: gw" in text
    found = {key: item["status"] for key, item in items(latest(project)).items()}
    assert found == {
        ("base", "jsquad"): "crashed",
        ("base", "marc_ja"): "measured",
        ("other", "jsquad"): "measured",
        ("other", "marc_ja"): "measured",
    }
    lines = {(r["checkpoint"], r["task"]): r for r in rows(latest(project) / "results.jsonl")}
    assert lines["base", "jsquad"]["status"] == "crashed"
    assert "finished samples are kept" in lines["base", "jsquad"]["message"]
    assert any(gap["status"] == "crashed" for gap in report(latest(project))["missing"])
    assert "jsquad crashed: base" in text


def test_what_a_dead_worker_finished_is_not_asked_again(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    crash(project, monkeypatch)
    finished = {line for line in asked(project) if line.startswith("base") and "質問：" in line}
    assert len(finished) == 4
    forget_asked(project)
    result = project.runpytest("evals", "-k", "base or other")
    assert outcomes(result) == {"passed": 4}
    assert len(asked(project)) == 6
    assert finished.isdisjoint(asked(project))
    assert items(latest(project))["base", "jsquad"]["status"] == "measured"


def test_a_dead_worker_that_may_not_be_replaced_does_not_hang(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIE_AT", "base:4")
    result = project.runpytest_subprocess(
        "evals", "-k", "base and jsquad", "-n", "1", "--max-worker-restart", "0", timeout=60
    )
    assert result.ret == pytest.ExitCode.INTERNAL_ERROR
    assert items(latest(project))["base", "jsquad"]["status"] == "crashed"


def test_an_error_of_the_users_is_told_once_under_workers_too(project: pytest.Pytester) -> None:
    data = project.path / "world" / "reviews.jsonl"
    data.write_text(data.read_text("utf-8") + "{broken\n", "utf-8")
    result = project.runpytest("evals", "-k", "marc_ja", "-n", "2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    told = [line for line in result.outlines if line.startswith("DataError: ")]
    assert len(told) == 1


def test_two_workers_may_begin_a_run_at_the_same_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, replace, process = tmp_path / "run.json", os.replace, os.getpid()

    def meanwhile(source: str, target: str) -> None:
        """The other worker does the same between this one's writing and its renaming."""
        monkeypatch.setattr(os, "replace", replace)
        monkeypatch.setattr(os, "getpid", lambda: process + 1)
        write_json(path, {"by": "other"})
        replace(source, target)

    monkeypatch.setattr(os, "replace", meanwhile)
    write_json(path, {"by": "one"})
    assert path.read_text().strip().endswith("}")
    assert [p.name for p in tmp_path.iterdir()] == ["run.json"]
