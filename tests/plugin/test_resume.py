"""What was answered is not asked again, however a run ended."""

from __future__ import annotations

import time

import pytest

from tests.plugin.helpers import (
    asked,
    figures,
    forget_asked,
    items,
    latest,
    opened,
    report,
    rows,
    sample_files,
    start,
)

# The project's checkpoints "tuned" and "tuned-long" have the same weights, and so the same answers:
# three fingerprints times three tasks times ten samples.
ALL = 90


def stored(project: pytest.Pytester) -> int:
    store = project.path / "reports" / "store"
    return sum(file.read_bytes().count(b"\n") for file in store.glob("*.jsonl") if file.exists())


def test_a_second_run_asks_nothing_and_opens_no_model(project: pytest.Pytester) -> None:
    project.runpytest("evals")
    assert len(asked(project)) == ALL
    first, first_samples = figures(latest(project)), sample_files(latest(project))
    forget_asked(project)
    project.runpytest("evals")
    assert asked(project) == []
    assert opened(project) == []
    assert figures(latest(project)) == first
    assert sample_files(latest(project)) == first_samples
    assert all((i["asked"], i["stored"]) == (0, 10) for i in items(latest(project)).values())


def test_a_run_killed_in_the_middle_goes_on_where_it_was(project: pytest.Pytester) -> None:
    process = start(project, "evals", SLOW="0.05")
    deadline = time.monotonic() + 30
    while len(asked(project)) < 30:
        assert time.monotonic() < deadline
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.01)
    process.kill()
    process.wait()
    kept = stored(project)
    assert 20 <= kept < ALL
    forget_asked(project)
    assert project.runpytest("evals").ret == 0
    assert len(asked(project)) == ALL - kept
    resumed = latest(project).resolve()
    project.runpytest("evals", "--eval-run-dir", "undisturbed", "-o", "eval_reports=other")
    assert report(resumed)["results"] == report(project.path / "undisturbed")["results"]
    assert sample_files(resumed) == sample_files(project.path / "undisturbed")


def test_a_killed_run_leaves_what_it_had_finished(project: pytest.Pytester) -> None:
    process = start(project, "evals", "--eval-run-dir", "mine", SLOW="0.05")
    results = project.path / "mine" / "results.jsonl"
    deadline = time.monotonic() + 30
    while not results.exists() or results.read_bytes().count(b"\n") < 2:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.kill()
    process.wait()
    kept = rows(results)
    assert len(kept) >= 2
    folder = project.path / "mine"
    for item in kept:
        file = folder / "samples" / item["checkpoint"] / f"{item['task']}.jsonl"
        assert len(rows(file)) == 10


def test_half_a_line_in_the_store_is_asked_again(project: pytest.Pytester) -> None:
    project.runpytest("evals", "-k", "base and jsquad")
    file = next((project.path / "reports" / "store").glob("*.jsonl"))
    file.write_bytes(file.read_bytes()[:-20])
    forget_asked(project)
    assert project.runpytest("evals", "-k", "base and jsquad").ret == 0
    assert len(asked(project)) == 1


def test_changed_weights_are_asked_anew(project: pytest.Pytester) -> None:
    project.runpytest("evals", "-k", "base and jsquad")
    weights = project.path / "world" / "one" / "model.safetensors"
    content = weights.read_bytes()
    weights.write_bytes(content[:-1] + b"\x09")
    forget_asked(project)
    project.runpytest("evals", "-k", "base and jsquad")
    assert len(asked(project)) == 10


def test_a_changed_question_is_asked_and_the_others_are_not(project: pytest.Pytester) -> None:
    project.runpytest("evals", "-k", "base and jsquad")
    data = project.path / "world" / "reading.json"
    data.write_text(data.read_text("utf-8").replace("質問3", "問い3"), "utf-8")
    forget_asked(project)
    project.runpytest("evals", "-k", "base and jsquad")
    assert len(asked(project)) == 1
    assert "問い3" in asked(project)[0]


def test_another_prompt_asks_its_own_suite_again_and_no_other(project: pytest.Pytester) -> None:
    project.runpytest("evals")
    suite = project.path / "evals" / "test_marc_ja.py"
    asking = suite.read_text("utf-8").replace("MarcJa()", 'MarcJa(prompt="評判：{text}")')
    suite.write_text(asking, "utf-8")
    forget_asked(project)
    assert project.runpytest("evals").ret == 0
    assert len(asked(project)) == ALL / 3
    assert all("評判：" in question for question in asked(project))
    again = {task for (_, task), item in items(latest(project)).items() if item["asked"]}
    assert again == {"marc_ja"}


def test_weights_moved_elsewhere_keep_their_answers(project: pytest.Pytester) -> None:
    project.runpytest("evals", "-k", "base and jsquad")
    (project.path / "world" / "one").rename(project.path / "world" / "moved")
    matrix = project.path / "world" / "matrix.toml"
    matrix.write_text(matrix.read_text().replace('"./one"', '"./moved"'))
    forget_asked(project)
    project.runpytest("evals", "-k", "base and jsquad")
    assert asked(project) == []
