"""The benches of docs/ hold on to names of the engine's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.report.visiting import CHROMIUM

ROOT = Path(__file__).parents[1]


def test_what_the_bench_of_a_matrix_watches_is_there(tmp_path: Path) -> None:
    told = tmp_path / "probe.json"
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'docs'}:{ROOT}", "MATRIX_PROBE": str(told)}
    command = [sys.executable, "-c", "import matrix_probe; matrix_probe.pytest_configure()"]
    subprocess.run(command, env=environment, check=True)
    assert json.loads(told.read_text("utf-8")) == {"forward": 0, "first": 0, "last": 0, "heavy": []}


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
def test_the_bench_of_growth_goes_all_the_way(tmp_path: Path) -> None:
    bench = [sys.executable, str(ROOT / "docs" / "growth.py"), "--out", str(tmp_path)]
    size = ["--checkpoints", "3", "--questions", "5", "10"]
    done = subprocess.run([*bench, *size], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

    table = done.stdout.split("\n\n")[-1]
    assert "| 150 samples | 300 samples (× 2) |" in table
    assert "| answers in these pages | 150 | 300 |" in table
    assert "–" not in table
    assert [path.name for path in tmp_path.iterdir()] == ["growth.json"]
