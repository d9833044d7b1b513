"""What the plugin's tests read out of a test project after a run of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

Row = dict[str, Any]


def asked(project: pytest.Pytester) -> list[str]:
    """What the scripted engine was asked, as "CHECKPOINT PROMPT", in order, over all runs."""
    return [line.removeprefix("ask ") for line in log_lines(project) if line.startswith("ask ")]


def opened(project: pytest.Pytester) -> list[tuple[str, str]]:
    """(process id, model) of each opening of a base model."""
    lines = [line.split() for line in log_lines(project) if line.startswith("open ")]
    return [(process, model) for _, model, process in lines]


def log_lines(project: pytest.Pytester) -> list[str]:
    log = project.path / "asked.log"
    return log.read_text("utf-8").splitlines() if log.exists() else []


def forget_asked(project: pytest.Pytester) -> None:
    (project.path / "asked.log").unlink(missing_ok=True)


def rows(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def latest(project: pytest.Pytester) -> Path:
    return project.path / "reports" / "latest"


def report(folder: Path) -> Row:
    document: Row = json.loads((folder / "report.json").read_text("utf-8"))
    return document


def items(folder: Path) -> dict[tuple[str, str], Row]:
    """The items of a run as its report tells them, by checkpoint and task."""
    return {(i["checkpoint"], i["task"]): i for i in report(folder)["items"]}


def figures(folder: Path) -> dict[tuple[str, str, str], float]:
    results = report(folder)["results"]
    return {(r["checkpoint"], r["task"], r["metric"]): r["value"] for r in results}


def sample_files(folder: Path) -> dict[str, bytes]:
    base = folder / "samples"
    return {str(f.relative_to(base)): f.read_bytes() for f in sorted(base.rglob("*.jsonl"))}


def add_to_conftest(project: pytest.Pytester, source: str) -> None:
    path = project.path / "conftest.py"
    path.write_text(f"{path.read_text('utf-8')}\n\n{source}", "utf-8")


def add_to_matrix(project: pytest.Pytester, text: str) -> None:
    path = project.path / "world" / "matrix.toml"
    path.write_text(f"{path.read_text('utf-8')}\n{text}", "utf-8")


def set_ini(project: pytest.Pytester, text: str) -> None:
    project.makepyprojecttoml(f'[tool.pytest]\neval_matrix = "world/matrix.toml"\n{text}\n')


def output(result: pytest.RunResult) -> str:
    return "\n".join([*result.outlines, *result.errlines])


def told_cleanly(result: pytest.RunResult) -> bool:
    """Whether an error was told as the user's: no traceback, no fault inside pytest."""
    text = output(result)
    return not any(sign in text for sign in ("Traceback", "INTERNALERROR", "\nE   "))


def outcomes(result: pytest.RunResult) -> dict[str, int]:
    """pytest's closing counts, without deselected items and warnings."""
    counts = result.parseoutcomes()
    return {key: counts[key] for key in counts if key not in ("deselected", "warnings")}


def start(project: pytest.Pytester, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
    """pytest in a process of its own, still running when this returns."""
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", *arguments],
        cwd=project.path,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
