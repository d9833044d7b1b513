from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

from training.recipe import read_sft
from training.sft import jobs, make_trainer, read_examples, sft

Write = Callable[..., Path]


def run(path: Path, only: str) -> list[Path]:
    recipe = read_sft(path)
    return sft(recipe, recipe.model, only, "cpu", lambda line: None)


def test_only_the_answer_and_its_end_token_carry_loss(
    trained: Path, sft_recipe: Write, tmp_path: Path
) -> None:
    recipe = read_sft(sft_recipe())
    rows = read_examples(recipe.datasets["qa"])
    trainer = make_trainer(recipe, 1, rows, trained / "model", "cpu", str(tmp_path / "scratch"))
    tokenizer = AutoTokenizer.from_pretrained(trained / "model")
    seen = []
    for batch in trainer.get_train_dataloader():
        for ids, labels, mask in zip(
            batch["input_ids"], batch["labels"], batch["attention_mask"], strict=True
        ):
            real = ids[mask.bool()]
            assert real.tolist().count(2) == 1
            question, answer = tokenizer.decode(real).split("<end_of_turn>\n<start_of_turn>model\n")
            assert question.startswith("<bos><start_of_turn>user\n赤い皿")
            assert tokenizer.decode(labels[labels != -100]) == answer
            assert answer.endswith("円です。<end_of_turn>")
            seen.append(answer)
    assert sorted(seen) == sorted(f"{n}円です。<end_of_turn>" for n in range(8))


def test_two_runs_of_one_seed_give_equal_adapters_that_change_the_model(
    trained: Path, sft_recipe: Write, tmp_path: Path
) -> None:
    first = run(sft_recipe(tmp_path / "a"), "qa")
    second = run(sft_recipe(tmp_path / "b"), "qa")
    assert [folder.name for folder in first] == ["qa-short", "qa-long"]
    for one, other in zip(first, second, strict=True):
        for name in ("adapter_model.safetensors", "adapter_config.json"):
            assert (one / name).read_bytes() == (other / name).read_bytes()
        assert sorted(path.name for path in one.iterdir()) == [
            "adapter_config.json",
            "adapter_model.safetensors",
            "training.json",
        ]
    base = AutoModelForCausalLM.from_pretrained(trained / "model", dtype=torch.float32)
    ids = torch.tensor([[2, 300, 301, 302]])
    with torch.no_grad():
        plain = base(ids).logits.clone()
        adapted = PeftModel.from_pretrained(base, first[1]).eval()
        assert (adapted(ids).logits - plain).abs().max() > 1e-3
        with adapted.disable_adapter():
            torch.testing.assert_close(adapted(ids).logits, plain)


def test_the_short_adapter_of_a_long_run_equals_one_trained_alone(
    sft_recipe: Write, tmp_path: Path
) -> None:
    together = run(sft_recipe(tmp_path / "a"), "qa")
    (alone,) = run(sft_recipe(tmp_path / "b"), "qa-short")
    name = "adapter_model.safetensors"
    assert (together[0] / name).read_bytes() == (alone / name).read_bytes()
    assert (together[1] / name).read_bytes() != (alone / name).read_bytes()


def test_training_json_tells_data_base_and_losses(sft_recipe: Write) -> None:
    (folder,) = run(sft_recipe(), "both-short")
    card = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    assert card["rows"] == 12
    assert card["epochs"] == 1
    assert card["steps"] == 3
    assert set(card["datasets"]) == {"qa", "talk"}
    assert len(card["base_sha256"]) == 64
    assert len(card["loss_by_epoch"]) == 1
    assert "scratch" not in json.dumps(card)


def test_a_4_bit_base_trains_on_the_cpu_and_nothing_is_repacked(
    trained: Path, sft_recipe: Write
) -> None:
    bitsandbytes = pytest.importorskip("bitsandbytes")
    path = sft_recipe(quantization='"nf4"')
    recipe = read_sft(path)
    rows = read_examples(recipe.datasets["qa"])
    trainer = make_trainer(recipe, 1, rows, trained / "model", "cpu", str(path.parent / "s"))
    layers = [m for m in trainer.model.modules() if isinstance(m, bitsandbytes.nn.Linear4bit)]
    assert len(layers) == 14  # seven matrices in each of two layers
    assert not any(layer.support_avx512bf16_for_cpu for layer in layers)
    before = {n: p.clone() for n, p in trainer.model.named_parameters() if "lora_B" in n}
    trainer.train()
    after = dict(trainer.model.named_parameters())
    assert all(not torch.equal(value, after[name]) for name, value in before.items())


def test_jobs_join_the_epochs_of_one_run() -> None:
    recipe = read_sft(Path("training/recipes/embedded.toml"))
    adapters = [adapter for job in jobs(recipe, None) for adapter in job.kept]
    assert adapters == [
        "general-short",
        "general-long",
        "qa-short",
        "qa-long",
        "both-short",
        "both-long",
    ]
    assert [job.run for job in jobs(recipe, "both-long")] == ["both"]
