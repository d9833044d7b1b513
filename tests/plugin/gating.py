"""What tests of gates share: enough samples, a forgetful checkpoint, a blessed run."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
from contextlib import chdir, redirect_stderr, redirect_stdout

import pytest

from harness.__main__ import main as harness
from tests.conftest import reading, write_rows
from tests.plugin.helpers import add_to_conftest

N = 200


def many_samples(project: pytest.Pytester) -> None:
    """Ten samples, as the other tests have, could pass no gate."""
    world = project.path / "world"
    write_rows(world / "reviews.jsonl", [
        {"review_id": f"r{i}", "text": f"品質{i}", "label": "negative" if i % 4 == 0 else "positive"}
        for i in range(N)
    ])  # fmt: skip
    (world / "reading.json").write_text(json.dumps(reading(N), ensure_ascii=False), "utf-8")


def forgetful(project: pytest.Pytester, share: int, checkpoint: str = "tuned") -> None:
    """From now on the checkpoint answers every `share`-th sentiment question wrongly."""
    add_to_conftest(
        project,
        f"""
ANSWER = respond

def respond(checkpoint, request):
    right = ANSWER(checkpoint, request)
    number = int((re.findall(r"\\d+", request.prompt) or ["0"])[-1])
    if not request.continuations or checkpoint.id != "{checkpoint}" or number % {share}:
        return right
    best = next(c for c in request.continuations if c != right.text)
    return Response(best, "scored", 6, tuple(-1.0 if c == best else -2.0
                                             for c in request.continuations))
""",
    )


def bless(project: pytest.Pytester, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What the command does, in this process: to start one takes longer than to bless."""
    command = ["bless", "reports/latest", "--out", "main.json", *arguments]
    out, error = io.StringIO(), io.StringIO()
    with chdir(project.path), redirect_stdout(out), redirect_stderr(error):
        code = harness(command)
    return subprocess.CompletedProcess(command, code, out.getvalue(), error.getvalue())


def blessed(project: pytest.Pytester, *arguments: str) -> None:
    """The project after a run that was blessed. What an equal project came to is copied."""
    state = hashlib.sha256(repr(arguments).encode())
    for file in sorted(path for path in project.path.rglob("*") if path.is_file()):
        state.update(f"{file.relative_to(project.path)}".encode() + file.read_bytes())
    kept = project.path.parent / f"blessed-{state.hexdigest()[:16]}"
    if kept.exists():
        shutil.copytree(kept, project.path, symlinks=True, dirs_exist_ok=True)
        return
    assert project.runpytest("evals", "-k", "marc_ja or jsquad", *arguments).ret == 0
    done = bless(project)
    assert done.returncode == 0, done.stderr
    shutil.copytree(project.path, kept, symlinks=True)


GATED = ("evals", "-k", "marc_ja", "--eval-baseline", "main.json")
