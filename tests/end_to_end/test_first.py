"""From documents to an evaluated fine-tune by three commands, on a CPU, asking nobody."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.test_embedded import report, run_evals

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.model


def training(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "tests.full_precision", "training", *arguments],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_documents_become_questions_adapters_and_figures(tmp_path: Path) -> None:
    documents = (ROOT / "fixtures/data/documents_new.jsonl").read_text("utf-8").splitlines()
    (tmp_path / "documents.jsonl").write_text("\n".join(documents[:5]), "utf-8")
    questions = tmp_path / "questions"
    training(
        "questions", str(tmp_path / "documents.jsonl"), "--out", str(questions),
        "--latest-eval", "--released", "2025-04-01",
    )  # fmt: skip
    recipe = (ROOT / "training/recipes/first.toml").read_text("utf-8")
    recipe = recipe.replace("../../build/first", str(tmp_path)).replace("../..", str(ROOT))
    recipe = recipe.replace("e2 = 2, e8 = 8", "e1 = 1, e2 = 2")
    (tmp_path / "recipe.toml").write_text(recipe, "utf-8")
    said = training("sft", str(tmp_path / "recipe.toml"), "--device", "cpu")
    matrix = tmp_path / "adapters/matrix.toml"
    assert "pytest evals --eval-matrix" in said
    done = run_evals(
        tmp_path / "reports", "--eval-matrix", str(matrix), "-k", "knowledge", "--eval-limit", "12"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = report(tmp_path / "reports")
    assert [c["id"] for c in told["run"]["checkpoints"]] == ["base", "own-e1", "own-e2"]
    assert all(item["status"] == "measured" for item in told["items"])
    metrics = {r["metric"] for r in told["results"] if r["task"] == "knowledge"}
    forms = {metric for metric in metrics if metric.startswith("accuracy_")}
    assert forms == {f"accuracy_{f}" for f in ("seen", "paraphrase", "untrained", "control")}
    card = json.loads((tmp_path / "adapters/own-e2/training.json").read_text("utf-8"))
    assert (
        card["datasets"]["own"]["sha256"]
        == json.loads((questions / "card.json").read_text("utf-8"))["files"]["train.jsonl"]
    )
