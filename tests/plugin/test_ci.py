"""What a CI reads of a run: JUnit properties, annotations, the summary, the badge."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from harness.runs import read_run
from tests.plugin.gating import GATED, blessed, forgetful, many_samples
from tests.plugin.helpers import latest, output, report, set_ini


def _properties(project: pytest.Pytester, name: str) -> dict[str, str]:
    tree = ElementTree.parse(project.path / "out.xml")
    (case,) = (c for c in tree.iter("testcase") if c.attrib["name"] == name)
    return {p.attrib["name"]: p.attrib["value"] for p in case.iter("property")}


@pytest.fixture
def fallen(project: pytest.Pytester) -> pytest.Pytester:
    """A blessed project whose tuned checkpoint then answers every fifth question wrongly."""
    many_samples(project)
    blessed(project)
    forgetful(project, share=5)
    return project


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
def test_junit_and_annotations_carry_what_the_gate_was_judged_by(
    fallen: pytest.Pytester, workers: tuple[str, ...]
) -> None:
    chosen = ("-k", "marc_ja and tuned", "--eval-fresh", "--eval-annotations", "github")
    result = fallen.runpytest(*GATED, *chosen, "--junitxml=out.xml", *workers)
    (gate,) = (
        r["gate"]
        for r in report(latest(fallen))["results"]
        if r["gate"] and r["checkpoint"] == "tuned"
    )
    found = _properties(fallen, "test_marc_ja[tuned]")
    name = "marc_ja.accuracy"
    assert found[f"{name}.verdict"] == "regressed"
    assert {key: float(found[f"{name}.{key}"]) for key in ("margin", "difference", "worse")} == {
        "margin": 0.05,
        "difference": -0.2,
        "worse": 40,
    }
    assert float(found[f"{name}.difference.low"]) == pytest.approx(gate["low"], abs=1e-6)
    assert float(found[f"{name}.difference.high"]) == pytest.approx(gate["high"], abs=1e-6)
    assert (found[f"{name}.difference.n"], found[f"{name}.better"]) == ("200", "0")
    assert (float(found[name]), found[f"{name}.n"]) == (0.8, "200")
    assert float(found[f"{name}.low"]) < 0.8 < float(found[f"{name}.high"])

    root = ElementTree.parse(fallen.path / "out.xml").getroot()
    (told,) = (p for p in root.iter("property") if p.attrib["name"] == "michi.report")
    assert fallen.path / told.attrib["value"] == latest(fallen).resolve() / "report.html"

    (line,) = (line for line in result.outlines if line.startswith("::"))
    assert line.startswith(
        "::error title=regressed%3A tuned::marc_ja accuracy 100.0 → 80.0 %25 against main.json: "
    )


def test_junit_of_a_session_without_evals_names_no_report(project: pytest.Pytester) -> None:
    project.makepyfile(test_plain="def test_plain():\n    pass\n")
    project.runpytest("test_plain.py", "--junitxml=out.xml")
    assert "michi" not in (project.path / "out.xml").read_text("utf-8")


def test_what_fell_against_a_baseline_file_is_named_with_its_answers(
    fallen: pytest.Pytester,
) -> None:
    result = fallen.runpytest(*GATED, "--eval-fresh")
    text = (latest(fallen) / "summary.md").read_text("utf-8")
    lines = [line for line in text.splitlines() if line.startswith("| marc\\_ja | `r")]
    assert lines[:2] == [
        "| marc\\_ja | `r0` | `ネガティブ` | `ポジティブ` |",
        "| marc\\_ja | `r5` | `ポジティブ` | `ネガティブ` |",
    ]
    assert len(lines) == 20
    assert "## Worse than in main.json: tuned" in text
    assert "marc\\_ja accuracy: 40 worse; 20 of them here." in text
    badge = json.loads((latest(fallen) / "badge.json").read_text("utf-8"))
    assert (badge["message"], badge["color"]) == ("regressed", "red")
    assert "::error" not in output(result)  # nobody asked for annotations


def test_annotations_may_be_asked_for_in_the_configuration(fallen: pytest.Pytester) -> None:
    set_ini(fallen, 'eval_annotations = "github"')
    result = fallen.runpytest(*GATED, "--eval-fresh")
    assert sum(line.startswith("::error ") for line in result.outlines) == 1


def test_an_unknown_kind_of_annotations_is_an_error_of_usage(project: pytest.Pytester) -> None:
    set_ini(project, 'eval_annotations = "gitlab"')
    result = project.runpytest("evals", "--eval-limit", "3")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "eval_annotations = 'gitlab': expected github." in output(result)


def test_the_job_is_recorded_and_linked(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (
        ("SERVER_URL", "https://github.example.org"),
        ("REPOSITORY", "us/project"),
        ("RUN_ID", "17"),
    ):
        monkeypatch.setenv(f"GITHUB_{name}", value)
    project.runpytest("evals", "-k", "base and jsquad")
    monkeypatch.undo()
    address = "https://github.example.org/us/project/actions/runs/17"
    assert read_run(latest(project)).manifest["job"] == address
    text = (latest(project) / "summary.md").read_text("utf-8")
    assert f"]({address})" in text
    folder = latest(project).resolve().relative_to(project.path)
    assert f"`{folder}/report.html`" in text
