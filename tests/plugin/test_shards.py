"""pytest evals --eval-shard I/N, and python -m harness merge."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.__main__ import main
from tests.plugin.helpers import (
    add_to_matrix,
    asked,
    figures,
    forget_asked,
    latest,
    log_lines,
    outcomes,
    output,
    rows,
    sample_files,
    told_cleanly,
)

Merged = Callable[..., tuple[int, str, str]]


@pytest.fixture
def merge(project: pytest.Pytester, capsys: pytest.CaptureFixture[str]) -> Merged:
    """python -m harness merge FOLDER..., in the project: exit code, output and errors."""

    def run(*folders: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(["merge", *folders])
        return code, *capsys.readouterr()

    return run


def shard(project: pytest.Pytester, which: str, *arguments: str) -> pytest.RunResult:
    return project.runpytest("evals", f"--eval-shard={which}", *arguments)


def shards(count: int) -> list[str]:
    return [f"reports/shards/{which}-of-{count}" for which in range(1, count + 1)]


def test_shards_merged_give_what_one_run_gives(project: pytest.Pytester, merge: Merged) -> None:
    project.runpytest("evals")
    whole, whole_figures, whole_samples = (
        sorted(asked(project)),
        figures(latest(project)),
        sample_files(latest(project)),
    )
    (project.path / "reports").rename(project.path / "before")
    forget_asked(project)

    first = shard(project, "1/2")
    of_first = asked(project)
    assert first.ret == 0
    assert 0 < len(of_first) < len(whole)
    assert not (project.path / "reports/latest").exists()
    assert shard(project, "2/2").ret == 0
    assert sorted(asked(project)) == whole  # nothing twice, nothing left out

    code, out, err = merge(*shards(2))
    assert code == 0, err
    assert f"{len(whole)} answers of 4 checkpoints added, 0 were there already" in out
    forget_asked(project)
    project.runpytest("evals")
    assert log_lines(project) == []
    assert figures(latest(project)) == whole_figures
    assert sample_files(latest(project)) == whole_samples


def test_a_shard_says_what_it_did_and_what_comes_next(project: pytest.Pytester) -> None:
    result = shard(project, "1/3")
    text = output(result)
    count = len(asked(project))
    assert f"michi: shard 1/3: {count} requests of" in text
    assert f"reports/shards/1-of-3: {count} requests answered, 0 were there already" in text
    assert "python -m harness merge reports/shards/*" in text
    assert set(outcomes(result)) == {"passed"}


def test_a_shard_that_is_missing_is_named_and_asked_by_the_run(
    project: pytest.Pytester, merge: Merged
) -> None:
    shard(project, "2/3")
    known = len(asked(project))
    code, out, err = merge("reports/shards/2-of-3")
    assert code == 1
    assert "missing: shards 1, 3 of 3" in err
    assert "pytest evals, which asks what is missing" in out
    forget_asked(project)
    assert project.runpytest("evals").ret == 0
    rest = len(asked(project))
    assert rest > 0
    (project.path / "reports").rename(project.path / "before")
    forget_asked(project)
    project.runpytest("evals")
    assert len(asked(project)) == known + rest


def test_a_shard_that_died_goes_on_and_until_then_is_told(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, merge: Merged
) -> None:
    monkeypatch.setenv("DIE_AT", "base:4")
    died = project.runpytest_subprocess("evals", "--eval-shard=1/2", "-k", "knowledge")
    assert died.ret != 0
    monkeypatch.delenv("DIE_AT")
    before = asked(project)
    code, _, err = merge("reports/shards/1-of-2")
    assert code == 1
    assert "test_knowledge[base]: 6 of 10 requests (shard 1/2, reports/shards/1-of-2)" in err
    assert shard(project, "1/2", "-k", "knowledge").ret == 0
    again = asked(project)[len(before) :]
    # The batch in flight, and what came after it.
    assert not set(before[:4]) & set(again)
    assert "missing: test_knowledge" not in merge("reports/shards/1-of-2")[2]


def test_what_the_store_has_is_not_asked_by_a_shard(
    project: pytest.Pytester, merge: Merged
) -> None:
    project.runpytest("evals", "-k", "knowledge")
    forget_asked(project)
    for which in ("1/2", "2/2"):
        shard(project, which)
    assert not [line for line in asked(project) if "価格" in line]
    assert merge(*shards(2))[0] == 0


def test_workers_share_a_shard(project: pytest.Pytester) -> None:
    assert shard(project, "1/2", "-n", "2").ret == 0
    in_two = sorted(asked(project))
    (project.path / "reports").rename(project.path / "before")
    forget_asked(project)
    shard(project, "1/2")
    assert sorted(asked(project)) == in_two


def test_workers_with_nothing_to_do_are_no_error(project: pytest.Pytester) -> None:
    only = "-k", "other and jsquad", "--eval-limit=1", "-n", "2"
    assert {shard(project, f"{which}/3", *only).ret for which in (1, 2, 3)} == {0}
    assert len(asked(project)) == 1


def test_more_shards_than_requests_is_no_error(project: pytest.Pytester, merge: Merged) -> None:
    results = [
        shard(project, f"{which}/9", "-k", "other and jsquad", "--eval-limit=3")
        for which in range(1, 10)
    ]
    assert [result.ret for result in results] == [0] * 9
    assert len(asked(project)) == 3
    assert merge(*shards(9))[0] == 0


def test_shards_of_unlike_runs_are_refused_and_nothing_is_merged(
    project: pytest.Pytester, merge: Merged
) -> None:
    shard(project, "1/2")
    shard(project, "2/2", "--eval-limit=4")
    code, _, err = merge(*shards(2))
    assert code == 2
    assert "asks 10 and 4 requests" in err
    shard(project, "2/2", "-k", "not jsquad")
    code, _, err = merge(*shards(2))
    assert "unlike selections: evals/test_jsquad.py::test_jsquad[base]" in err
    assert not list((project.path / "reports/store").glob("[0-9a-f]*.jsonl"))


def test_shards_on_other_data_are_refused(project: pytest.Pytester, merge: Merged) -> None:
    shard(project, "1/2", "-k", "knowledge")
    data = project.path / "world/knowledge.jsonl"
    data.write_text(data.read_text("utf-8").replace("いくらですか", "いくらでしょうか"), "utf-8")
    shard(project, "2/2", "-k", "knowledge")
    code, _, err = merge(*shards(2))
    assert code == 2
    assert "test_knowledge[base] asks other questions (data or prompts differ)" in err


def test_two_answers_to_one_request_are_refused(project: pytest.Pytester, merge: Merged) -> None:
    shard(project, "1/2", "-k", "knowledge and other")
    shard(project, "2/2", "-k", "knowledge and other")
    first, second = (project.path / folder / "answers" for folder in shards(2))
    (file,) = first.glob("*.jsonl")
    row = {**rows(file)[0], "text": "別の答え"}
    with (second / file.name).open("a", encoding="utf-8") as answers:
        answers.write(json.dumps(row, ensure_ascii=False) + "\n")
    code, _, err = merge(*shards(2))
    assert code == 2
    assert "two answers of other to one request" in err
    assert "別の答え" in err
    assert not (project.path / "reports/store" / file.name).exists()


def test_broken_data_are_told_by_one_shard(project: pytest.Pytester) -> None:
    with (project.path / "world/reviews.jsonl").open("a", encoding="utf-8") as file:
        file.write("{\n")
    results = [shard(project, which) for which in ("1/2", "2/2")]
    assert sorted({result.ret for result in results}) in ([0, 4], [4])
    text = "".join(map(output, results))
    assert "reviews.jsonl:11: not valid JSON" in text
    assert all(map(told_cleanly, results))


@pytest.mark.parametrize("given", ["0/2", "3/2", "2", "a/b", "1/0"])
def test_a_shard_that_cannot_be_is_refused(project: pytest.Pytester, given: str) -> None:
    result = shard(project, given)
    assert result.ret == 4
    assert f"--eval-shard {given}: expected I/N" in output(result)


def test_a_folder_that_is_no_shard_is_refused(project: pytest.Pytester, merge: Merged) -> None:
    code, _, err = merge("evals")
    assert code == 2
    assert "evals: no folder of a shard" in err


def test_a_judge_is_not_asked_by_a_shard(project: pytest.Pytester, merge: Merged) -> None:
    add_to_matrix(project, '[judge]\nmodel = "two"\nwhen = "always"\n')
    shard(project, "1/1", "-k", "knowledge and base")
    assert all("採点" not in line for line in asked(project))
    merge("reports/shards/1-of-1")
    forget_asked(project)
    project.runpytest("evals", "-k", "knowledge and base")
    assert asked(project)
    assert all("採点" in line for line in asked(project))


def test_gates_follow_on_a_merged_run(project: pytest.Pytester, merge: Merged) -> None:
    add_to_matrix(project, "[gates.knowledge.accuracy_seen]\nmargin = 0.01\n")
    for which in ("1/2", "2/2"):
        assert shard(project, which).ret == 0
    merge(*shards(2))
    result = project.runpytest("evals", "-k", "knowledge", "--eval-inconclusive=fail")
    assert result.ret == 1
    assert Path(latest(project), "report.html").exists()
