"""The run folder: plain files, and reports that can be made of them again."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.plugin.helpers import asked, figures, forget_asked, items, latest, report, rows

REPORTS = ("report.json", "badge.json", "summary.md", "report.html")


def harness(project: pytest.Pytester, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "harness", *arguments],
        cwd=project.path, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_latest_points_at_the_newest_run(project: pytest.Pytester) -> None:
    folders = []
    for _ in range(2):
        project.runpytest("evals", "-k", "base and jsquad")
        folders.append(latest(project).resolve())
    assert folders[0] != folders[1]
    assert {f.parent for f in folders} == {project.path / "reports" / "runs"}
    assert latest(project).is_symlink()
    assert not latest(project).readlink().is_absolute()


def test_results_have_a_line_for_each_item(project: pytest.Pytester) -> None:
    project.runpytest("evals", "-k", "base")
    lines = rows(latest(project) / "results.jsonl")
    assert [(r["checkpoint"], r["task"]) for r in lines] == [
        ("base", "jsquad"), ("base", "knowledge"), ("base", "marc_ja"),
    ]  # fmt: skip
    assert {r["nodeid"] for r in lines} == {
        f"evals/test_{t}.py::test_{t}[base]" for t in ("jsquad", "knowledge", "marc_ja")
    }
    assert all((r["asked"], r["stored"]) == (10, 0) for r in lines)


def test_samples_have_a_row_each_in_the_order_of_the_data(project: pytest.Pytester) -> None:
    project.runpytest("evals", "-k", "base")
    samples = rows(latest(project) / "samples" / "base" / "jsquad.jsonl")
    assert [row["id"] for row in samples] == [f"q{i}" for i in range(10)]
    assert {"id", "prompt", "response", "gold", "correct"} <= samples[0].keys()
    assert samples[3]["prompt"].endswith("質問：質問3")
    assert (samples[3]["response"], samples[3]["gold"], samples[3]["correct"]) == (
        "答え3", ["答え3"], True,
    )  # fmt: skip
    assert (samples[4]["response"], samples[4]["correct"]) == ("ここ", False)


def test_the_report_has_schema_1(project: pytest.Pytester) -> None:
    project.runpytest("evals")
    document = report(latest(project))
    assert document["schema"] == 1
    wanted = {"checkpoint", "task", "metric", "value", "low", "high", "n", "verdict", "identity"}
    assert all(wanted <= result.keys() for result in document["results"])
    assert {result["verdict"] for result in document["results"]} == {"measured"}
    run = document["run"]
    assert run["status"] == "complete"
    assert [c["id"] for c in run["checkpoints"]] == ["base", "tuned", "tuned-long", "other"]
    assert all(len(c["fingerprint"]) == 32 for c in run["checkpoints"])
    assert run["models"][0]["released"] == "2025-04-01"


def test_figures_are_those_that_the_scripted_answers_give(project: pytest.Pytester) -> None:
    project.runpytest("evals")
    found = figures(latest(project))
    # Known by rule: samples 0, 3, 6, 9; of knowledge 0-5 are "seen", the others "control". Of the
    # reviews 0, 4 and 8 are negative, and who does not know says "positive": 4 and 8 are wrong.
    assert found["base", "jsquad", "exact_match"] == 0.4
    assert found["base", "knowledge", "accuracy_seen"] == pytest.approx(2 / 6)
    assert found["base", "knowledge", "accuracy_control"] == pytest.approx(2 / 4)
    assert found["base", "marc_ja", "accuracy"] == 0.8
    assert found["tuned", "jsquad", "f1"] == found["tuned", "knowledge", "accuracy_seen"] == 1
    assert found["tuned", "relative", "relative_score"] == pytest.approx(1.0 / 0.6)


def test_the_report_names_no_place_of_the_machine(project: pytest.Pytester) -> None:
    project.runpytest("evals", "-k", "base", "--rootdir", str(project.path))
    for name in (*REPORTS, "run.json", "results.jsonl"):
        assert str(project.path) not in (latest(project) / name).read_text("utf-8"), name


def test_reports_are_made_again_byte_for_byte_without_a_model(project: pytest.Pytester) -> None:
    project.runpytest("evals")
    folder = latest(project)
    before = {name: (folder / name).read_bytes() for name in REPORTS}
    for name in REPORTS:
        (folder / name).unlink()
    forget_asked(project)
    result = harness(project, "report", "reports/latest")
    assert (result.returncode, result.stderr) == (0, "")
    assert {name: (folder / name).read_bytes() for name in REPORTS} == before
    assert asked(project) == []
    assert [line.rsplit("/", 1)[-1] for line in result.stdout.splitlines()] == list(REPORTS)


def test_making_reports_imports_no_model_library(project: pytest.Pytester) -> None:
    project.runpytest("evals", "-k", "base")
    code = (
        "import sys; from harness.__main__ import main; main(['report', 'reports/latest']); "
        "sys.exit(any(m in sys.modules for m in ('torch', 'transformers', 'peft', 'pytest')))"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], cwd=project.path, check=False).returncode == 0
    )


@pytest.mark.parametrize("place", ["absent", "world", "pyproject.toml"])
def test_a_folder_that_is_no_run_is_told_as_such(project: pytest.Pytester, place: str) -> None:
    result = harness(project, "report", place)
    assert result.returncode == 2
    assert f"{place}: not a run folder" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_changed_grader_regrades_without_asking(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.runpytest("evals", "-k", "base and knowledge")
    forget_asked(project)
    assert figures(latest(project))["base", "knowledge", "accuracy_seen"] < 0.5
    from harness.records import Grade, Outcome

    def kind(text: str, fact: object, question: str) -> Grade:
        return Grade(Outcome.CORRECT, {"correct": 1.0}, "rule:kind/1")

    monkeypatch.setattr("harness.tasks.knowledge.grade_fact", kind)
    project.runpytest("evals", "-k", "base and knowledge")
    assert asked(project) == []
    assert figures(latest(project))["base", "knowledge", "accuracy_seen"] == 1
    samples = rows(latest(project) / "samples" / "base" / "knowledge.jsonl")
    assert {row["author"] for row in samples} == {"rule:kind/1"}


def test_an_interrupted_run_is_reported_as_partial(project: pytest.Pytester) -> None:
    (project.path / "evals" / "test_zz.py").write_text(
        "def test_zz(evaluate):\n    raise KeyboardInterrupt\n"
    )
    result = project.runpytest_subprocess("evals", "-k", "base")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert report(latest(project))["run"]["status"] == "partial"
    assert ("base", "jsquad") in items(latest(project))
