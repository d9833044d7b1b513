"""A project with four checkpoints and a hundred questions, and Ray clusters of its own."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import write_rows, write_safetensors
from tests.plugin.helpers import log_lines, rows

POISON = "商品77の"


@pytest.fixture
def fire(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Fire:
    """The project, run on clusters that are not treated well."""
    write_rows(project.path / "world/knowledge.jsonl", [
        {"id": f"d{i}/{i}", "question": f"商品{i}の価格はいくらですか。", "answer": f"{1000 + i}円です。",
         "document": f"d{i}", "form": "seen", "fact": {"type": "money", "text": f"{1000 + i}円"}}
        for i in range(100)
    ])  # fmt: skip
    world = project.path / "world"
    write_safetensors(world / "longer/adapter_model.safetensors", {"a": [2]}, b"\4")
    (world / "longer/adapter_config.json").write_text("{}")
    matrix = (world / "matrix.toml").read_text("utf-8")
    head, tail = matrix.split("[checkpoints.tuned-long]")
    tail = tail.replace("./tuned", "./longer", 1)
    (world / "matrix.toml").write_text(f"{head}[checkpoints.tuned-long]{tail}", "utf-8")
    for name in [n for n in os.environ if n.startswith("RAY_")]:
        monkeypatch.delenv(name)
    return Fire(project)


class Fire:
    """Runs of the project's knowledge suite: 4 checkpoints × 100 requests."""

    def __init__(self, project: pytest.Pytester) -> None:
        self.project = project

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """pytest in a process of its own."""
        command = [sys.executable, "-m", "pytest", "evals", "-k", "knowledge", *arguments]
        return subprocess.Popen(
            command,
            cwd=self.project.path,
            env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str, **environment: str) -> tuple[int, str]:
        """Exit code and output."""
        with self.start(*arguments, **environment) as process:
            said = process.communicate(timeout=300)[0]
        return process.returncode, said

    @property
    def events(self) -> list[dict[str, Any]]:
        """The clusters' logs, of all runs."""
        files = sorted(self.project.path.glob("reports/runs/*/cluster.jsonl"))
        return [row for file in files for row in rows(file)]

    def wait_for(self, sign: Callable[[], Any], seconds: float = 60.0) -> Any:
        """What the sign gives once it gives anything."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if found := sign():
                return found
            time.sleep(0.05)
        raise AssertionError(f"nothing within {seconds} s: {self.events}")

    def workers(self) -> list[int]:
        """The processes of the workers that were there."""
        told = [e["text"] for e in self.events if e["event"] == "worker"]
        return [int(text.rpartition(" ")[2]) for text in told]

    def asked(self) -> Counter[str]:
        """How often each request came to an engine."""
        return Counter(line for line in log_lines(self.project) if line.startswith("ask "))

    def stored(self) -> Counter[tuple[str, str]]:
        """How often each has an answer in the store."""
        files = (self.project.path / "reports/store").glob("*.jsonl")
        return Counter((file.name, row["key"]) for file in files for row in rows(file))


@pytest.fixture
def token(fire: Fire, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a cluster asks for; set for all processes that are started from here."""
    made = secrets.token_hex(32)
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.setenv("RAY_AUTH_TOKEN", made)
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    return made


def alive(process: int) -> bool:
    """Whether there is such a process."""
    return Path(f"/proc/{process}").exists()


class TwoNodes:
    """See two_nodes.py."""

    def __init__(self) -> None:
        program = Path(__file__).with_name("two_nodes.py")
        self._process = subprocess.Popen(
            [sys.executable, str(program)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.address = self._line()

    def tell(self, what: str) -> None:
        """ "lose" kills all processes of the second node, "add" starts another."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{what}\n")
        self._process.stdin.flush()
        assert self._line() == "done"

    def end(self) -> None:
        """End the cluster."""
        self._process.communicate(timeout=60)

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@pytest.fixture
def two_nodes(fire: Fire, token: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[TwoNodes]:
    """A cluster of two slow nodes, which asks for the token."""
    monkeypatch.setenv("SLOW", "0.2")  # its workers have its environment, not the run's
    cluster = TwoNodes()
    yield cluster
    cluster.end()
