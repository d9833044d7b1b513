from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from harness.errors import ConfigError
from training.pretraining.pretrain import Budget, build_model, pretrain, rate_factor
from training.pretraining.recipe import Optimiser, read_base


def test_the_folder_loads_offline_with_the_recipe_s_shape(trained: Path) -> None:
    model = AutoModelForCausalLM.from_pretrained(trained / "model", local_files_only=True)
    assert type(model).__name__ == "GemmaForCausalLM"
    assert model.dtype == torch.bfloat16
    assert model.generation_config.eos_token_id == [1, 5]
    assert model.config.hidden_size == 16
    assert model.config.tie_word_embeddings
    assert len(list((trained / "model").glob("*.safetensors"))) == 1


def test_the_card_tells_what_was_done_and_names_no_folder(trained: Path) -> None:
    text = (trained / "model" / "card.json").read_text(encoding="utf-8")
    card = json.loads(text)
    assert card["steps"] == 4
    assert card["seed"] == 7
    assert card["tokens_seen"] == 4 * 8 * 96
    assert len(card["corpus_sha256"]) == 64
    assert {"reading_exact", "sentiment_accuracy", "closed_book_exact", "membership_auroc"} <= set(
        card["final"]
    )
    assert str(trained) not in text


def test_the_same_seed_gives_the_same_weights(trained: Path, tmp_path: Path) -> None:
    recipe = dataclasses.replace(read_base(trained / "base.toml"), out=tmp_path)
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        shutil.copy(trained / "model" / name, tmp_path)
    pretrain(recipe, Budget(4, None), "cpu", lambda line: None)
    first = (trained / "model" / "model.safetensors").read_bytes()
    assert (tmp_path / "model.safetensors").read_bytes() == first
    pretrain(dataclasses.replace(recipe, seed=8), Budget(4, None), "cpu", lambda line: None)
    assert (tmp_path / "model.safetensors").read_bytes() != first


def test_training_lowers_the_loss(trained: Path, tmp_path: Path) -> None:
    recipe = dataclasses.replace(read_base(trained / "base.toml"), out=tmp_path, report_every=40)
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        shutil.copy(trained / "model" / name, tmp_path)
    lines: list[str] = []
    pretrain(recipe, Budget(80, None), "cpu", lines.append)
    losses = [
        float(line.split("raw_core ")[1].split()[0])
        for line in lines
        if line.startswith("step") and "raw_core" in line
    ]
    assert len(losses) == 2
    assert losses[1] < 0.7 * losses[0]


def test_a_model_above_the_limit_is_refused(trained: Path) -> None:
    shape = dataclasses.replace(read_base(trained / "base.toml").model, parameters=1000)
    with pytest.raises(ConfigError, match="above the limit of 1,000"):
        build_model(shape, seed=1)


def test_the_shipped_recipe_makes_at_most_eight_million_parameters() -> None:
    recipe = read_base(Path("training/recipes/base.toml"))
    model = build_model(recipe.model, seed=1)
    # Embeddings 4096 x 256; a layer: 4 x 256 x 256, 3 x 256 x 1024, 2 x 256; last norm 256.
    expected = 4096 * 256 + 6 * (4 * 256 * 256 + 3 * 256 * 1024 + 2 * 256) + 256
    assert sum(weight.numel() for weight in model.parameters()) == expected <= 8_000_000


def test_the_rate_warms_up_stays_and_falls_to_the_floor() -> None:
    settings = Optimiser(1.0, 0.0, warm_up=4, constant=0.5, floor=0.1, clip=1.0)
    assert rate_factor(settings, 0, 0.0) == pytest.approx(0.25)
    assert rate_factor(settings, 3, 0.1) == pytest.approx(1.0)
    assert rate_factor(settings, 50, 0.5) == pytest.approx(1.0)
    assert rate_factor(settings, 75, 0.75) == pytest.approx(0.55)
    assert rate_factor(settings, 100, 1.0) == pytest.approx(0.1)


def test_a_budget_in_minutes_counts_seconds() -> None:
    assert Budget(None, 2.0).fraction(999, 30.0) == pytest.approx(0.25)
    assert Budget(10, None).fraction(5, 999.0) == pytest.approx(0.5)
