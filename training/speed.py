"""How fast QLoRA is at Gemma-7B's shape on a GPU, and what each choice contributes.

    python -m training speed --out docs/training_speed.json

The base has random weights of Gemma-7B's shape (speed does not depend on their values), quantized
to NF4 by our own loader; rows are the embedded question-answer pairs. Each variant trains a few
steps through the code that `sft` runs; "plain trl" is trl's SFTTrainer as it comes, and "full
logits" is transformers' Trainer, which holds 256,000 scores for every token.
"""

from __future__ import annotations

import dataclasses
import gc
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.engines.loading import load_tokenizer, load_weights
from harness.errors import ConfigError
from training.finetuning.examples import read_set
from training.finetuning.recipe import Dataset, SftRecipe, read_sft
from training.finetuning.tokens import encode_all
from training.finetuning.trainer import lora_config, make_trainer
from training.report import Report

ROOT = Path(__file__).parents[1]
ARTICLE = ROOT / "training/recipes/article.toml"
WARM = 3  # steps that are not timed
PAIRS = 3600  # 1,200 pairs, three epochs: what the goal is stated in


@dataclass(frozen=True, slots=True)
class Figure:
    """One variant's speed. seconds: for 3,600 pairs at this rate. gib: peak GPU memory."""

    name: str
    pairs_per_second: float
    steps_per_second: float
    seconds: float
    gib: float


def make_base(folder: Path, tokenizer: Path, layers: int | None, report: Report) -> None:
    """Random weights of Gemma-7B's shape (8.5 B parameters, 17 GB), with another's tokenizer."""
    import shutil

    import torch
    from transformers import AutoModelForCausalLM, GemmaConfig

    started = time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    shape = {"num_hidden_layers": layers} if layers else {}
    config = GemmaConfig(vocab_size=256_000, **shape)
    config.pad_token_id, config.eos_token_id, config.bos_token_id = 0, 1, 2
    torch.manual_seed(0)
    torch.set_default_dtype(torch.bfloat16)
    with torch.device("cuda"):
        model = AutoModelForCausalLM.from_config(config)
    torch.set_default_dtype(torch.float32)
    model.save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        shutil.copy(tokenizer / name, folder)
    report(f"base of random weights written in {time.monotonic() - started:.0f} s")
    del model
    _free()


def measure(base: Path, steps: int, only: str, report: Report) -> list[Figure]:
    """Every variant in turn whose name has `only` in it, on one quantized base."""
    recipe = dataclasses.replace(
        read_sft(ARTICLE), model=str(base), chat_template=None, seed=1, warm_up=0
    )
    model = recipe.base
    started = time.monotonic()
    network = load_weights(model, base, "cuda")
    report(f"quantized in {time.monotonic() - started:.0f} s, {_allocated():.1f} GiB")
    tokenizer = load_tokenizer(model, base)
    examples = read_set("qa", Dataset(ROOT / "fixtures/data/own_qa.jsonl")).examples
    rows = encode_all(examples, tokenizer, recipe.max_length, drop_longer=False)
    figures: list[Figure] = []
    variants = _variants(recipe, steps, tokenizer)
    _, network = _timed(*variants[0][:2], steps, variants[0][2], network, rows)  # to warm up
    for name, batch, make in [variant for variant in variants if only in variant[0]]:
        try:
            figure, network = _timed(name, batch, steps, make, network, rows)
        except Exception as error:
            if "out of memory" not in str(error):
                raise
            report(f"{name}: out of memory")
            network = load_weights(model, base, "cuda")
            continue
        figures.append(figure)
        report(
            f"{name}: {figure.pairs_per_second:.1f} pairs/s, {figure.seconds:.0f} s for "
            f"{PAIRS:,} pairs, {figure.gib:.1f} GiB"
        )
    return figures


Rows = Sequence[dict[str, list[int]]]
Make = Callable[[Any, Rows], Any]


def _variants(recipe: SftRecipe, steps: int, tokenizer: Any) -> list[tuple[str, int, Make]]:
    def ours(**changes: Any) -> tuple[int, Make]:
        changed = dataclasses.replace(recipe, **changes)
        work = Path("/tmp/training-speed")
        return changed.batch_size, lambda network, rows: make_trainer(
            changed, 1, rows[: (WARM + steps) * changed.batch_size], network, tokenizer, work
        )

    def attention(name: str) -> tuple[int, Make]:
        batch, make = ours()

        def chosen(network: Any, rows: Rows) -> Any:
            network.set_attn_implementation(name)
            return make(network, rows)

        return batch, chosen

    def long(batch: int, **changes: Any) -> tuple[int, Make]:
        size, make = ours(batch_size=batch, **changes)
        return size, lambda network, rows: make(network, [_twice(row) for row in rows])

    named = {
        "the article's recipe as shipped": ours(),
        "rows of twice the length": long(recipe.batch_size),
        "rows of twice the length, batch 8": long(8),
        "rows of twice the length, recomputed": long(16, recompute_activations=True),
        "rows of twice the length, recomputed, batch 32": long(32, recompute_activations=True),
        "batch 4": ours(batch_size=4),
        "batch 8": ours(batch_size=8),
        "batch 32": ours(batch_size=32),
        "without grouping by length": ours(group_by_length=False),
        "activations recomputed": ours(recompute_activations=True),
        "activations recomputed, batch 32": ours(recompute_activations=True, batch_size=32),
        "attention eager": attention("eager"),
        "attention sdpa again": attention("sdpa"),
        "full logits (transformers' Trainer)": (
            recipe.batch_size,
            lambda network, rows: _transformers(recipe, steps, network, rows, tokenizer),
        ),
        "plain trl with its defaults": (
            8,
            lambda network, rows: _plain_trl(recipe, steps, network, rows, tokenizer),
        ),
    }
    return [(name, batch, make) for name, (batch, make) in named.items()]


def _twice(row: dict[str, list[int]]) -> dict[str, list[int]]:
    """A row with its question and its answer said twice."""
    split = sum(label < 0 for label in row["labels"])
    head, tail = row["input_ids"][:split], row["input_ids"][split:]
    return {"input_ids": head * 2 + tail * 2, "labels": [-100] * len(head) * 2 + tail * 2}


def _plain_trl(
    recipe: SftRecipe,
    steps: int,
    network: Any,
    rows: Rows,
    tokenizer: Any,
) -> Any:
    """trl as its documentation shows it: a quantized model, a LoRA configuration, nothing else."""
    import datasets
    from trl import SFTConfig, SFTTrainer

    return SFTTrainer(
        model=network,
        args=SFTConfig(
            output_dir="/tmp/training-speed",
            max_steps=WARM + steps,
            report_to="none",
            save_strategy="no",
            disable_tqdm=True,
        ),
        train_dataset=datasets.Dataset.from_list(list(rows)),
        processing_class=tokenizer,
        peft_config=lora_config(recipe),
    )


def _transformers(
    recipe: SftRecipe,
    steps: int,
    network: Any,
    rows: Rows,
    tokenizer: Any,
) -> Any:
    import datasets
    from peft import get_peft_model
    from transformers import DataCollatorForSeq2Seq, Trainer, TrainingArguments

    return Trainer(
        model=get_peft_model(network, lora_config(recipe)),
        args=TrainingArguments(
            output_dir="/tmp/training-speed",
            max_steps=WARM + steps,
            report_to="none",
            save_strategy="no",
            disable_tqdm=True,
            bf16=True,
            per_device_train_batch_size=recipe.batch_size,
            train_sampling_strategy="group_by_length",
        ),
        train_dataset=datasets.Dataset.from_list(list(rows)),
        data_collator=DataCollatorForSeq2Seq(tokenizer, label_pad_token_id=-100),
    )


def _timed(
    name: str,
    batch: int,
    steps: int,
    make: Make,
    network: Any,
    rows: Rows,
) -> tuple[Figure, Any]:
    """A variant's figure, and the bare base again."""
    import torch
    from transformers import TrainerCallback

    class Clock(TrainerCallback):  # type: ignore[misc]
        begun = ended = 0.0

        def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            if state.global_step in (WARM, WARM + steps):
                torch.cuda.synchronize()
                now = time.perf_counter()
                self.begun, self.ended = self.begun or now, now

    _free()
    torch.cuda.reset_peak_memory_stats()
    clock = Clock()
    trainer = make(network, rows)
    trainer.add_callback(clock)
    trainer.train()
    rate = steps / (clock.ended - clock.begun)
    figure = Figure(
        name, rate * batch, rate, PAIRS / (rate * batch), torch.cuda.max_memory_allocated() / 2**30
    )
    base = trainer.model.unload()
    if hasattr(base, "peft_config"):
        del base.peft_config
    base.gradient_checkpointing_disable()
    del trainer
    _free()
    return figure, base


def _allocated() -> float:
    import torch

    return torch.cuda.memory_allocated() / 2**30


def _free() -> None:
    import torch

    gc.collect()
    torch.cuda.empty_cache()


def run(
    out: Path | None, base: Path, steps: int, layers: int | None, only: str, report: Report
) -> None:
    """Measure, and write the figures as JSON."""
    import torch

    if not torch.cuda.is_available():
        raise ConfigError("speed: this measures a GPU, and this machine has none that is usable.")
    if not (base / "config.json").exists():
        make_base(base, ROOT / "fixtures/models/michi-mini", layers, report)
    figures = measure(base, steps, only, report)
    if out is not None:
        told = [dataclasses.asdict(figure) for figure in figures]
        content = {"device": torch.cuda.get_device_name(), "figures": told}
        out.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
