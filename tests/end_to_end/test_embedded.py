"""The shipped suites on the shipped model, through the command line, as a user runs them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.model


def command(reports: Path, *arguments: str) -> list[str]:
    return [
        sys.executable, "-m", "pytest", "evals", "-p", "no:cacheprovider",
        "-p", "tests.full_precision", "-o", f"eval_reports={reports}", *arguments,
    ]  # fmt: skip


def run_evals(reports: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        command(reports, *arguments), cwd=ROOT, env={**os.environ, **environment},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def report(reports: Path) -> dict:
    return json.loads((reports / "latest/report.json").read_text("utf-8"))


def figures(reports: Path) -> dict[tuple[str, str, str], tuple[float, float, float, int]]:
    return {
        (r["checkpoint"], r["task"], r["metric"]): (r["value"], r["low"], r["high"], r["n"])
        for r in report(reports)["results"]
    }


def asked(reports: Path) -> int:
    return sum(item["asked"] for item in report(reports)["items"])


# Without the known and hallucination suites: they share requests with knowledge, which are then
# asked once.
LIMIT = 16
SOME = ("-k", "(base or qa-short) and not known and not hallucination", "--eval-limit", str(LIMIT))
ALL = 2 * 4 * LIMIT

NO_NETWORK = """
import socket

def refuse(*a, **k):
    raise AssertionError(f"network used: {a[1:]}")

socket.socket.connect = socket.getaddrinfo = socket.create_connection = refuse
"""


NO_MODEL = """
import sys

for name in ("torch", "transformers", "peft", "tokenizers"):
    assert name not in sys.modules, name
    sys.modules[name] = None  # to import it is an error from here on
"""


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Reports of an undisturbed run of two checkpoints in one process that reaches no network."""
    folder = tmp_path_factory.mktemp("plain")
    (folder / "nonetwork.py").write_text(NO_NETWORK, "utf-8")
    done = run_evals(
        folder / "reports", *SOME, "-p", "nonetwork", PYTHONPATH=str(folder), HF_HUB_OFFLINE="0"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "reports"


def test_nothing_reaches_the_network(plain: Path) -> None:
    assert asked(plain) == ALL


@pytest.mark.slow  # the same on a smaller model: tests/plugin/test_workers.py
def test_two_workers_give_the_same_figures_and_samples(plain: Path, tmp_path: Path) -> None:
    done = run_evals(tmp_path, *SOME, "-n", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert figures(tmp_path) == figures(plain)
    for path in sorted((plain / "latest/samples").rglob("*.jsonl")):
        twin = tmp_path / "latest" / path.relative_to(plain / "latest")
        assert _answers(twin) == _answers(path)


def _answers(path: Path) -> list[tuple[str, str]]:
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [(row["id"], row["response"]) for row in rows]


def test_a_second_run_asks_nothing_imports_no_torch_and_gives_the_same_figures(
    plain: Path, tmp_path: Path
) -> None:
    shutil.copytree(plain / "store", tmp_path / "store")
    (tmp_path / "nomodel.py").write_text(NO_MODEL, "utf-8")
    done = run_evals(tmp_path, *SOME, "-p", "nomodel", PYTHONPATH=str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert asked(tmp_path) == 0
    assert figures(tmp_path) == figures(plain)


@pytest.mark.slow  # tests/plugin/test_resume.py kills a scripted one
def test_a_killed_run_goes_on_where_it_was(plain: Path, tmp_path: Path) -> None:
    with subprocess.Popen(
        command(tmp_path, *SOME), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        wait_for_rows(tmp_path, process)
        process.send_signal(signal.SIGKILL)
    kept = stored(tmp_path)
    assert 0 < kept < ALL
    assert run_evals(tmp_path, *SOME).returncode == 0
    assert figures(tmp_path) == figures(plain)
    assert asked(tmp_path) == ALL - kept


def wait_for_rows(reports: Path, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + 120
    while stored(reports) < ALL // 5 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert process.poll() is None


def stored(reports: Path) -> int:
    return sum(path.read_bytes().count(b"\n") for path in (reports / "store").glob("*.jsonl"))


def test_what_was_trained_is_known_and_what_was_not_is_not(tmp_path: Path) -> None:
    wanted = "knowledge and (base or qa-long)"
    done = run_evals(tmp_path, "-k", wanted, "--eval-limit", "320")
    assert done.returncode == 0, done.stdout + done.stderr
    values = {key[::2]: value for key, (value, *_) in figures(tmp_path).items()}
    assert values["base", "accuracy_seen"] <= 0.15
    assert values["qa-long", "accuracy_seen"] >= 0.6
    assert abs(values["qa-long", "accuracy_control"] - values["base", "accuracy_control"]) <= 0.05


def test_the_articles_matrix_plans_offline_and_says_what_is_missing(tmp_path: Path) -> None:
    matrix = ("--eval-matrix", "fixtures/gemma-7b.toml")
    done = run_evals(tmp_path, *matrix, "--co")
    assert done.returncode == 0
    assert "test_jsquad[qa-e3]" in done.stdout or "test_jsquad[qa-e3]>" in done.stdout
    assert "checkpoint qa-e3: not found: adapter" in done.stdout
    ran = run_evals(tmp_path, *matrix, "-k", "qa-e3 or gpt-4o")
    assert ran.returncode == 4
    assert "adapters/gemma-7b/qa-e3" in ran.stdout
    # Of the API's rows the data are missed first, before anybody asks for a key.
    assert "gpt-4o] - DataError" in ran.stdout
    assert "private/knowledge.jsonl" in ran.stdout
    assert "Traceback" not in ran.stdout
