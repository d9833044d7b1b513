"""The gate on real weights: an adapter that unlearns sentiment is caught, the same one passes."""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path

import pytest

from fixtures.catalogue import reviews
from harness.__main__ import main as harness
from harness.tasks.marc_ja import LABELS, PROMPT
from tests.conftest import write_rows
from tests.end_to_end.test_embedded import command, report, run_evals
from training.__main__ import main as training

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "fixtures"
pytestmark = pytest.mark.model

RECIPE = """
model = "{fixtures}/models/michi-mini"
out = "adapters"
seed = 1
learning_rate = 2e-3
schedule = "constant"
batch_size = 16
max_length = 512
precision = "fp32"

[lora]
rank = 8
alpha = 16
dropout = 0.0
targets = "all-linear"

[datasets.turned]
path = "turned.jsonl"

[runs.turned]
datasets = ["turned"]
epochs_kept = {{ e1 = 1 }}

[matrix]
released = 2025-04-01
baseline = "base"
"""

MATRIX = """
[models.mini]
weights = "{fixtures}/models/michi-mini"
released = 2025-04-01

[checkpoints.release]
model = "mini"
adapter = "{adapter}"

[data.marc_ja]
path = "{fixtures}/data/reviews.jsonl"
limit = 200
"""


@pytest.fixture(scope="module")
def turned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter trained on reviews whose labels were turned round."""
    folder = tmp_path_factory.mktemp("turned")
    generator = random.Random(1)
    rows = reviews.distinct(generator, reviews.labels(generator, 128, 1, 1))
    wrong = {True: LABELS["negative"], False: LABELS["positive"]}
    write_rows(
        folder / "turned.jsonl",
        [{"question": PROMPT.replace("{text}", t), "answer": wrong[good]} for t, good in rows],
    )
    (folder / "recipe.toml").write_text(RECIPE.format(fixtures=FIXTURES), "utf-8")
    assert training(["sft", str(folder / "recipe.toml"), "--device", "cpu"]) == 0
    return folder / "adapters" / "turned-e1"


def matrix(folder: Path, adapter: Path) -> str:
    path = folder / "matrix.toml"
    path.write_text(MATRIX.format(fixtures=FIXTURES, adapter=adapter), "utf-8")
    return str(path)


EIGHT_RUNS = "import sys, pytest; print(*(pytest.main(sys.argv[1:]).value for _ in range(8)))"


def passes(reports: Path, *arguments: str) -> int:
    """How many of eight runs pass; one process does them all, for it takes seconds to start."""
    python, _, _, *rest = command(reports, *arguments)
    done = subprocess.run(
        [python, "-c", EIGHT_RUNS, *rest], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()[-1].split().count("0")


@pytest.mark.slow
def test_the_same_checkpoint_passes_ten_times_and_a_damaged_one_fails(
    turned: Path, tmp_path: Path
) -> None:
    reports, baseline = tmp_path / "reports", tmp_path / "main.json"
    arguments = ["--eval-matrix", matrix(tmp_path, FIXTURES / "adapters" / "qa-short"),
                 "-k", "marc_ja", "-q"]  # fmt: skip
    assert run_evals(reports, *arguments).returncode == 0
    blessing = ["bless", str(reports / "latest"), "--out", str(baseline), "--allow-dirty"]
    assert harness(blessing) == 0

    gated = [*arguments, "--eval-baseline", str(baseline), "--eval-inconclusive", "fail"]
    # Once asked anew, then from the store: same weights, same answers, same verdict.
    for fresh in [["--eval-fresh"], []]:
        done = run_evals(reports, *gated, *fresh)
        assert done.returncode == 0, done.stdout
    assert passes(reports, *gated) == 8
    assert [item["status"] for item in report(reports)["items"]] == ["passed"]

    matrix(tmp_path, turned)
    done = run_evals(reports, *gated)
    assert done.returncode == 1
    (item,) = report(reports)["items"]
    assert item["status"] == "failed"
    assert item["message"].startswith("regressed: marc_ja accuracy ")
    assert "\n" not in item["message"]
    accuracy = next(r for r in report(reports)["results"] if r["metric"] == "accuracy")
    assert accuracy["gate"]["difference"] < -0.2
    # What the reason says can be counted from the samples of both runs.
    before = json.loads(baseline.read_text("utf-8"))["tasks"]["marc_ja"]["figures"]["accuracy"]
    assert accuracy["gate"]["difference"] == pytest.approx(
        accuracy["value"] - before["release"], abs=1e-4
    )
