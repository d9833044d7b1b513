"""What tests of gates share: enough samples, a forgetful checkpoint, a blessed run."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

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
    return subprocess.run(
        [sys.executable, "-m", "harness", "bless", "reports/latest", "--out", "main.json", *arguments],
        cwd=project.path, capture_output=True, text=True, check=False,
    )  # fmt: skip


def blessed(project: pytest.Pytester, *arguments: str) -> None:
    assert project.runpytest("evals", "-k", "marc_ja or jsquad", *arguments).ret == 0
    done = bless(project)
    assert done.returncode == 0, done.stderr


GATED = ("evals", "-k", "marc_ja", "--eval-baseline", "main.json")
