"""How an item ends, and where it is told: exit code, results, JUnit, terminal."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest

from tests.plugin.helpers import (
    add_to_matrix,
    asked,
    figures,
    items,
    latest,
    outcomes,
    output,
    rows,
)

GATE = """
from harness.tasks.jsquad import JSQuAD

def test_jsquad(evaluate):
    assert evaluate(JSQuAD()).value("f1") > .99
"""


def set_gate(project: pytest.Pytester, source: str = GATE) -> None:
    (project.path / "evals" / "test_jsquad.py").write_text(source, "utf-8")


def test_without_a_gate_an_item_passes_as_measured(project: pytest.Pytester) -> None:
    result = project.runpytest("evals", "-k", "jsquad and base")
    assert result.ret == 0
    assert items(latest(project))["base", "jsquad"]["status"] == "measured"


def test_a_failed_assertion_of_the_suite_fails_the_item(project: pytest.Pytester) -> None:
    set_gate(project)
    result = project.runpytest("evals", "-k", "jsquad")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert outcomes(result) == {"failed": 2, "passed": 2}
    assert 'value("f1") > .99' in output(result)


def test_what_a_failed_item_measured_is_kept_and_reported(project: pytest.Pytester) -> None:
    set_gate(project)
    project.runpytest("evals", "-k", "jsquad")
    kept = {r["checkpoint"]: r["status"] for r in rows(latest(project) / "results.jsonl")}
    assert kept["base"] == kept["other"] == "failed"
    assert items(latest(project))["base", "jsquad"]["status"] == "failed"
    assert figures(latest(project))["base", "jsquad", "f1"] == 0.4
    assert "assert 0.4 > 0.99" in items(latest(project))["base", "jsquad"]["message"]


def test_an_error_in_the_suite_itself_is_a_failure_with_a_traceback(
    project: pytest.Pytester,
) -> None:
    set_gate(project, GATE.replace('value("f1")', 'value("f2")'))
    result = project.runpytest("evals", "-k", "jsquad and base")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert "no metric 'f2'; measured: f1, exact_match" in output(result)


def test_a_suite_that_fails_before_it_measures_is_an_error(project: pytest.Pytester) -> None:
    set_gate(project, "def test_jsquad(evaluate):\n    raise RuntimeError('mine')\n")
    result = project.runpytest("evals", "-k", "base")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    item = items(latest(project))["base", "jsquad"]
    assert (item["status"], item["message"]) == ("error", "RuntimeError: mine")
    assert items(latest(project))["base", "marc_ja"]["status"] == "measured"


def test_one_suite_may_measure_two_tasks(project: pytest.Pytester) -> None:
    set_gate(
        project,
        "from harness.tasks.jsquad import JSQuAD\nfrom harness.tasks.marc_ja import MarcJa\n"
        "def test_both(evaluate):\n    evaluate(JSQuAD())\n    evaluate(MarcJa())\n",
    )
    assert project.runpytest("evals/test_jsquad.py", "-k", "base").ret == 0
    assert set(items(latest(project))) == {("base", "jsquad"), ("base", "marc_ja")}


def test_junit_carries_score_n_and_interval(project: pytest.Pytester) -> None:
    project.runpytest("evals", "-k", "jsquad and base", "--junitxml=out.xml")
    case = next(ElementTree.parse(project.path / "out.xml").iter("testcase"))
    properties = {p.attrib["name"]: float(p.attrib["value"]) for p in case.iter("property")}
    # 4 of 10 right; Wilson's 95 % interval by hand: (0.5 ± ...) of the textbook formula.
    z, p, n = 1.959964, 0.4, 10
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
    assert properties == {
        "jsquad.f1": 0.4,
        "jsquad.f1.low": pytest.approx(middle - half, abs=2e-6),
        "jsquad.f1.high": pytest.approx(middle + half, abs=2e-6),
        "jsquad.f1.n": 10,
    }


def test_junit_carries_the_figures_of_workers_too(project: pytest.Pytester) -> None:
    project.runpytest("evals", "-k", "jsquad", "-n", "2", "--junitxml=out.xml")
    cases = list(ElementTree.parse(project.path / "out.xml").iter("testcase"))
    found = {
        case.attrib["name"]: next(p.attrib["value"] for p in case.iter("property"))
        for case in cases
    }
    assert len(found) == 4
    assert float(found["test_jsquad[base]"]) == 0.4
    assert float(found["test_jsquad[tuned]"]) == 1.0


def test_the_terminal_shows_two_tables_and_then_where_the_report_is(
    project: pytest.Pytester,
) -> None:
    lines = project.runpytest("evals").outlines
    accuracy = next(i for i, line in enumerate(lines) if line.startswith("Knowledge accuracy"))
    relative = next(i for i, line in enumerate(lines) if line.startswith("Relative score"))
    place = next(i for i, line in enumerate(lines) if line.startswith("report: "))
    assert accuracy < relative < place
    assert lines[place] == "report: reports/latest/report.html"
    for column in ("dataset", "epochs", "accuracy (%)"):
        assert column in lines[accuracy + 2]
    for column in ("dataset", "epochs", "relative score"):
        assert column in lines[relative + 2]
    tuned = next(line for line in lines[accuracy:relative] if " tuned " in line)
    assert "own QA" in tuned
    assert "100.0 [" in tuned


def test_quiet_runs_still_show_where_the_report_is(project: pytest.Pytester) -> None:
    assert "report: reports/latest/report.html" in project.runpytest("evals", "-q").outlines


def on_a_terminal(project: pytest.Pytester, *arguments: str, **environment: str) -> str:
    """What pytest writes when a person watches."""
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", "evals", "-k", "base and jsquad", *arguments],
        cwd=project.path,
        env={**os.environ, "TERM": "xterm", "SLOW": "0.25", **environment},
        stdout=theirs,
        stderr=theirs,
        stdin=subprocess.DEVNULL,
    )
    os.close(theirs)
    seen = b""
    try:
        while piece := os.read(ours, 4096):
            seen += piece
    except OSError:  # Linux's way to say that the other side is closed
        pass
    os.close(ours)
    assert process.wait(30) == 0
    return seen.decode()


def test_progress_is_visible_on_a_terminal(project: pytest.Pytester) -> None:
    seen = on_a_terminal(project)
    assert "\x1b7\x1b[48X[base]  4/10" in seen
    assert "s left" in seen


def test_progress_of_workers_is_visible_side_by_side(project: pytest.Pytester) -> None:
    seen = on_a_terminal(project, "-n", "2", COLUMNS="160")
    assert "\x1b[48X[base]  4/10" in seen


@pytest.mark.parametrize(("arguments", "environment"), [(["-q"], {}), ([], {"CI": "1"})])
def test_no_progress_line_in_quiet_runs_and_in_ci(
    project: pytest.Pytester, arguments: list[str], environment: dict[str, str]
) -> None:
    assert "/10" not in on_a_terminal(project, *arguments, **environment)


def test_no_progress_line_in_a_log(project: pytest.Pytester) -> None:
    assert "/10" not in output(project.runpytest("evals", "-k", "base and jsquad"))


API = """
[models.remote]
weights = "remote-1"
engine = "api"
released = 2025-06-01
[checkpoints.remote]
model = "remote"
"""


def test_a_run_of_skipped_checkpoints_alone_ends_well(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    add_to_matrix(project, API)
    result = project.runpytest("evals", "-k", "remote")
    assert outcomes(result) == {"skipped": 3}
    assert result.ret == 0
    assert asked(project) == []
    assert {i["status"] for i in items(latest(project)).values()} == {"skipped"}
