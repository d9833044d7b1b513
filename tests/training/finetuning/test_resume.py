"""A training that was cut off goes on, and ends in the same bytes."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.training.finetuning.conftest import Train, card, weights
from training.finetuning.resume import last_whole_checkpoint

Write = Callable[..., Path]
ROOT = Path(__file__).parents[3]


def start(recipe: Path, **options: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.full_precision", "training", "sft", str(recipe),
         "--only", "qa", "--device", "cpu"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options,
    )  # fmt: skip


@pytest.mark.parametrize("sampling", ["random", pytest.param("by length", marks=pytest.mark.slow)])
def test_a_killed_training_ends_in_the_same_bytes(
    sft_recipe: Write, train: Train, tmp_path: Path, sampling: str
) -> None:
    grouped = "\ngroup_by_length = true" if sampling == "by length" else ""
    undisturbed = train(sft_recipe(tmp_path / "a", seed=f"7{grouped}"), "qa")
    recipe = sft_recipe(tmp_path / "b", seed=f"7{grouped}", save_seconds="0")
    work = tmp_path / "b/adapters/.training/qa"
    with start(recipe) as process:
        deadline = time.monotonic() + 120
        while not (work / "checkpoint-3/trainer_state.json").exists():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
    assert not (tmp_path / "b/adapters/qa-long").exists()
    resumed = train(recipe, "qa")
    assert [weights(folder) for folder in resumed] == [weights(f) for f in undisturbed]
    assert card(resumed[1])["resumed_after"].startswith("checkpoint-")
    assert card(undisturbed[1])["resumed_after"] is None
    assert [step for step, _ in card(resumed[1])["loss"]] == [1, 2, 3, 4, 5, 6]
    assert not work.parent.exists()


def test_a_checkpoint_that_was_cut_off_in_the_writing_does_not_count(tmp_path: Path) -> None:
    for step, state in ((2, '{"global_step": 2}'), (10, '{"global_st')):
        (tmp_path / f"checkpoint-{step}").mkdir()
        (tmp_path / f"checkpoint-{step}/trainer_state.json").write_text(state)
    (tmp_path / "checkpoint-12").mkdir()
    assert last_whole_checkpoint(tmp_path) == tmp_path / "checkpoint-2"
    shutil.rmtree(tmp_path / "checkpoint-2")
    assert last_whole_checkpoint(tmp_path) is None


def test_what_another_recipe_left_is_not_gone_on_with(
    sft_recipe: Write, train: Train, tmp_path: Path
) -> None:
    recipe = sft_recipe()
    left = tmp_path / "adapters/.training/both-short/checkpoint-1"
    left.mkdir(parents=True)
    (left / "trainer_state.json").write_text("{}")
    (left.parent / "job.json").write_text('"another"')
    (folder,) = train(recipe, "both-short")
    assert card(folder)["resumed_after"] is None


@pytest.mark.slow
def test_a_full_disk_is_told_in_one_message_and_the_training_goes_on_later(
    sft_recipe: Write, train: Train, tmp_path: Path
) -> None:
    recipe = sft_recipe(save_seconds="0")

    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (8000, 8000))

    with start(recipe, preexec_fn=small_files) as process:
        _, error = process.communicate(timeout=120)
    assert process.returncode == 2, error
    message = error.strip().splitlines()
    assert message[-1].startswith("training: "), error
    assert "can't be written" in message[-1]
    assert os.strerror(27) in error
    assert "Traceback" not in error
    assert len(train(recipe, "qa")) == 2
