from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

from harness.config import load_matrix, missing_parts
from harness.errors import ConfigError, WeightsError
from tests.training.finetuning.conftest import Train, card, weights
from training.__main__ import main
from training.finetuning.matrix import write_matrix
from training.finetuning.recipe import jobs, read_sft

Write = Callable[..., Path]
ROOT = Path(__file__).parents[3]


def test_two_runs_of_one_seed_give_equal_adapters_that_change_the_model(
    trained: Path, sft_recipe: Write, train: Train, tmp_path: Path
) -> None:
    first = train(sft_recipe(tmp_path / "a"), "qa")
    second = train(sft_recipe(tmp_path / "b"), "qa")
    assert [folder.name for folder in first] == ["qa-short", "qa-long"]
    for one, other in zip(first, second, strict=True):
        for name in ("adapter_model.safetensors", "adapter_config.json"):
            assert (one / name).read_bytes() == (other / name).read_bytes()
        assert sorted(path.name for path in one.iterdir()) == [
            "adapter_config.json",
            "adapter_model.safetensors",
            "training.json",
        ]
    assert sorted(p.name for p in first[0].parent.iterdir()) == ["qa-long", "qa-short"]
    base = AutoModelForCausalLM.from_pretrained(trained / "model", dtype=torch.float32)
    ids = torch.tensor([[2, 300, 301, 302]])
    with torch.no_grad():
        plain = base(ids).logits.clone()
        adapted = PeftModel.from_pretrained(base, first[1]).eval()
        assert (adapted(ids).logits - plain).abs().max() > 1e-3
        with adapted.disable_adapter():
            torch.testing.assert_close(adapted(ids).logits, plain)


def test_the_short_adapter_of_a_long_run_equals_one_trained_alone(
    sft_recipe: Write, train: Train, tmp_path: Path
) -> None:
    together = train(sft_recipe(tmp_path / "a"), "qa")
    (alone,) = train(sft_recipe(tmp_path / "b"), "qa-short")
    assert weights(together[0]) == weights(alone)
    assert weights(together[1]) != weights(alone)


def test_under_a_decaying_rate_shared_and_separate_trainings_differ_as_the_recipe_says(
    sft_recipe: Write, train: Train, tmp_path: Path
) -> None:
    linear = {"schedule": '"linear"', "warm_up": "0", "seed": '7\ntrainings = "{}"'}

    def recipe(name: str, which: str) -> Path:
        return sft_recipe(tmp_path / name, **{**linear, "seed": linear["seed"].format(which)})

    shared, separate = train(recipe("a", "shared"), "qa"), train(recipe("b", "separate"), "qa")
    (alone,) = train(recipe("c", "shared"), "qa-short")
    assert weights(separate[0]) == weights(alone) != weights(shared[0])
    assert weights(separate[1]) == weights(shared[1])
    assert card(shared[0])["training"] == "epoch 1 of a training of 3"
    assert card(separate[0])["training"] == "whole"


def test_the_card_tells_recipe_data_base_losses_time_and_memory(
    sft_recipe: Write, train: Train, tmp_path: Path
) -> None:
    (folder,) = train(sft_recipe(), "both-short")
    told = card(folder)
    assert told["rows"] == 12
    assert told["epochs"] == 1
    assert told["steps"] == 3
    assert [step for step, _ in told["loss"]] == [1, 2, 3]
    assert {name: d["rows"] for name, d in told["datasets"].items()} == {"qa": 8, "talk": 4}
    assert told["recipe"]["lora"] == {
        "rank": 2, "alpha": 4, "dropout": 0.1, "targets": "all-linear"
    }  # fmt: skip
    assert len(told["base_sha256"]) == 64
    assert told["seconds"] > 0
    assert told["peak_memory_gib"] > 0
    assert torch.__version__ == told["versions"]["torch"]
    assert str(tmp_path) not in json.dumps(told)


def test_what_is_finished_is_not_trained_again_unless_something_changed(
    sft_recipe: Write, train: Train
) -> None:
    recipe = sft_recipe()
    (folder,) = train(recipe, "both-short")
    before = (folder / "training.json").stat().st_mtime_ns
    train(recipe, "both-short")
    assert (folder / "training.json").stat().st_mtime_ns == before
    train(recipe, "both-short", again=True)
    again = (folder / "training.json").stat().st_mtime_ns
    assert again > before
    recipe.write_text(recipe.read_text("utf-8").replace("rank = 2", "rank = 3"), "utf-8")
    train(recipe, "both-short")
    assert (folder / "training.json").stat().st_mtime_ns > again
    assert card(folder)["recipe"]["lora"]["rank"] == 3


def test_the_matrix_of_a_run_is_one_that_pytest_evals_takes(
    capsys: pytest.CaptureFixture[str], sft_recipe: Write, tmp_path: Path
) -> None:
    recipe = sft_recipe()
    assert main(["sft", str(recipe), "--only", "qa", "--device", "cpu"]) == 0
    printed = capsys.readouterr().out
    matrix = load_matrix(tmp_path / "adapters/matrix.toml")
    assert "pytest evals --eval-matrix" in printed
    assert [c.id for c in matrix.checkpoints] == ["base", "qa-short", "qa-long"]
    assert [c.epochs for c in matrix.checkpoints] == [None, 1, 3]
    assert [c.baseline for c in matrix.checkpoints] == [True, False, False]
    assert all(missing_parts(c) == [] for c in matrix.checkpoints)
    assert matrix.checkpoints[0].model.dtype == "float32"


def test_the_shipped_matrix_is_what_the_embedded_recipe_writes() -> None:
    path = ROOT / "training/recipes/embedded.toml"
    shipped = (ROOT / "fixtures/embedded.toml").read_bytes()
    try:
        write_matrix(read_sft(path), Path("training/recipes/embedded.toml"))
        assert (ROOT / "fixtures/embedded.toml").read_bytes() == shipped
    finally:
        (ROOT / "fixtures/embedded.toml").write_bytes(shipped)


def test_jobs_join_the_epochs_of_one_run() -> None:
    recipe = read_sft(ROOT / "training/recipes/embedded.toml")
    adapters = [adapter for job in jobs(recipe, None) for adapter in job.kept]
    assert adapters == [
        "general-short", "general-long", "qa-short", "qa-long", "both-short", "both-long"
    ]  # fmt: skip
    assert [job.run for job in jobs(recipe, "both-long")] == ["both"]


def test_the_article_s_recipe_is_its_table() -> None:
    recipe = read_sft(ROOT / "training/recipes/article.toml")
    lora = recipe.lora
    assert recipe.model == "google/gemma-7b"
    assert (lora.rank, lora.alpha, lora.dropout, recipe.learning_rate) == (64, 32, 0.1, 2e-4)
    assert recipe.base.quantization == "nf4"
    assert [(job.run, sorted(job.kept.values())) for job in jobs(recipe, None)] == [
        ("instruction", [1, 3]), ("qa", [1, 3]), ("both", [1, 3])
    ]  # fmt: skip


def test_an_adapter_that_changes_nothing_is_not_kept(
    sft_recipe: Write, train: Train, tmp_path: Path
) -> None:
    # One step, and the warm-up's first rate is zero.
    recipe = sft_recipe(batch_size="64", warm_up="5")
    with pytest.raises(WeightsError, match="qa-short: the adapter changes nothing"):
        train(recipe, "qa-short")
    assert not (tmp_path / "adapters/qa-short").exists()


def test_out_of_memory_says_what_to_change(
    sft_recipe: Write, train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trl import SFTTrainer

    def exhausted(*arguments: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB")

    monkeypatch.setattr(SFTTrainer, "training_step", exhausted)
    with pytest.raises(ConfigError, match=r"batch_size = 4.*Halve batch_size and double"):
        train(sft_recipe(), "qa")
