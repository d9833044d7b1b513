"""docs/ci.md: what is there to be copied must parse, and name only what exists."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from harness.report.markdown import MARKER

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "ci.md").read_text("utf-8")
GITHUB, GITLAB = (
    yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
)
STEPS: list[dict[str, Any]] = [step for job in GITHUB["jobs"].values() for step in job["steps"]]


def _named(name: str) -> dict[str, Any]:
    (step,) = (step for step in STEPS if step.get("name") == name)
    return step


def _commands() -> list[str]:
    return [_named("Evaluate")["run"], *(line for line in GITLAB["michi"]["script"])]


def test_the_workflow_runs_on_pull_requests_with_the_least_rights() -> None:
    assert True in GITHUB  # YAML 1.1 reads the key "on" as true, and GitHub does not mind
    assert set(GITHUB[True]) == {"pull_request", "push"}
    assert GITHUB["permissions"] == {"contents": "read"}
    jobs = GITHUB["jobs"]
    assert "permissions" not in jobs["evals"]
    # The job that may write runs nothing that the pull request brought.
    assert jobs["comment"]["permissions"] == {"pull-requests": "write"}
    assert not any("checkout" in step.get("uses", "") for step in jobs["comment"]["steps"])
    assert (jobs["comment"]["needs"], "secrets." in str(GITHUB)) == ("evals", False)


def test_every_step_runs_or_uses_and_every_reference_is_to_a_step() -> None:
    for step in STEPS:
        assert len({"run", "uses"} & step.keys()) == 1, step
        assert re.fullmatch(r"actions/[a-z-]+(/[a-z]+)?@v\d+", step.get("uses", "actions/x@v1"))
    ids = {step["id"] for step in STEPS if "id" in step}
    assert set(re.findall(r"steps\.(\w+)\.", PAGE)) == ids == {"evals"}


def test_what_runs_after_a_failed_gate_runs_always() -> None:
    after = STEPS[STEPS.index(_named("Evaluate")) + 1 : STEPS.index(_named("Verdict"))]
    assert [step["if"] for step in after] == ["always()"] * 4
    restore, save = (s["with"] for s in STEPS if s.get("uses", "").startswith("actions/cache/"))
    assert (restore["path"], restore["key"]) == (save["path"], save["key"])
    assert all(restore["key"].startswith(key) for key in restore["restore-keys"].splitlines())


def test_every_option_exists(pytestconfig: pytest.Config) -> None:
    known = {
        name
        for group in [pytestconfig._parser._anonymous, *pytestconfig._parser._groups]
        for option in group.options
        for name in option.names()
    }
    used = {option for command in _commands() for option in re.findall(r"--[a-z-]+", command)}
    assert "--eval-baseline" in used
    assert used - known == set()
    told = set(re.findall(r"`(--[a-z-]+)", PAGE)) - {"--redact", "--extra-index-url"}
    assert {"--eval-redact", "--eval-annotations", "--no-summary"} <= told
    assert told - known == set()
    ini = set(re.findall(r"`?(eval_[a-z]+)\b", PAGE))
    assert {"eval_redact", "eval_annotations"} <= ini
    assert ini <= set(pytestconfig._parser._inidict)


def test_every_path_of_the_commands_exists_or_is_written() -> None:
    for command in _commands():
        for path in re.findall(r"(?:fixtures|reports|evals)\S*|constraints\.txt", command):
            assert (ROOT / path).exists() or path.startswith("reports/runs"), path
    for pattern in re.findall(r"'(fixtures/[^']+)'", PAGE):
        assert list(ROOT.glob(pattern.removesuffix("/**"))), pattern


@pytest.mark.parametrize("code", [0, 1, 3, 4, 5])
def test_the_job_ends_as_pytest_did_and_says_why(code: int) -> None:
    done = subprocess.run(
        ["bash", "-e", "-c", _named("Verdict")["run"]],
        env={"CODE": str(code), "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (code, "")
    assert done.stdout.startswith("::error") == (code not in (0, 1))


def _comment(folder: Path, *existing: str) -> list[str]:
    """What the step asks of GitHub, with a `gh` that only notes its arguments."""
    gh = folder / "gh"
    gh.write_text(
        '#!/bin/sh\necho "$@" | tr "\\n" " " >> "$LOG"; echo >> "$LOG"\n'
        + "".join(f'case "$*" in *paginate*) echo {id};; esac\n' for id in existing)
    )
    gh.chmod(0o755)
    env = {"PATH": f"{folder}:/usr/bin:/bin", "LOG": str(folder / "log"), "GH_TOKEN": "x",
           "ISSUE": "7", "COMMENTS": "repos/us/project/issues"}  # fmt: skip
    script = _named("Write or renew the comment")["run"]
    subprocess.run(["bash", "-e", "-c", script], env=env, cwd=folder, check=True)
    log = folder / "log"
    return log.read_text().splitlines() if log.exists() else []


def test_the_comment_is_written_once_and_then_renewed(tmp_path: Path) -> None:
    (tmp_path / "summary.md").write_text(f"{MARKER}\n# michi\n")
    asked, written = _comment(tmp_path)
    assert f'startswith("{MARKER}")' in asked
    assert written.startswith("api --method POST repos/us/project/issues/7/comments ")
    (tmp_path / "log").unlink()
    _, renewed = _comment(tmp_path, "41", "42")
    assert renewed.startswith("api --method PATCH repos/us/project/issues/comments/41 ")


def test_without_a_summary_there_is_no_comment(tmp_path: Path) -> None:
    assert _comment(tmp_path) == []


def test_torch_comes_for_cpus_and_the_pins_allow_it() -> None:
    index = "https://download.pytorch.org/whl/cpu"
    install = next(step["run"] for step in STEPS if step.get("run", "").startswith("pip"))
    assert install.endswith(f"-c constraints.txt -e . --extra-index-url {index}")
    assert GITLAB["michi"]["variables"]["PIP_EXTRA_INDEX_URL"] == index
    pinned = re.findall(r"^torch==(.*)$", (ROOT / "constraints.txt").read_text("utf-8"), re.M)
    assert len(pinned) == 1
    # PEP 440: a pin without a local part allows any, and pip takes the highest version.
    assert SpecifierSet(f"=={pinned[0]}").contains(f"{pinned[0]}+cpu")
    assert Version(f"{pinned[0]}+cpu") > Version(pinned[0])


def test_gitlab_takes_ten_lines_and_keeps_reports_of_failed_jobs() -> None:
    text = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[1]
    assert len(text.splitlines()) == 10
    job = GITLAB["michi"]
    assert job["artifacts"]["when"] == job["cache"]["when"] == "always"
    assert job["artifacts"]["reports"] == {"junit": "junit.xml"}
