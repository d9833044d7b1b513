"""The benches of docs/ hold on to names of the engine's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_what_the_bench_of_a_matrix_watches_is_there(tmp_path: Path) -> None:
    told = tmp_path / "probe.json"
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'docs'}:{ROOT}", "MATRIX_PROBE": str(told)}
    command = [sys.executable, "-c", "import matrix_probe; matrix_probe.pytest_configure()"]
    subprocess.run(command, env=environment, check=True)
    assert json.loads(told.read_text("utf-8")) == {"forward": 0, "first": 0, "last": 0, "heavy": []}
