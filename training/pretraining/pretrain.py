"""Pre-training of the embedded Gemma-shaped model from random weights."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from harness.errors import ConfigError
from training.pretraining import probe as probes
from training.pretraining import tokenizer as tokenizers
from training.pretraining.batches import Batch, Mixer, make_step
from training.pretraining.corpus import Corpus, limited, read_corpus
from training.pretraining.packing import ANSWER, KINDS, PROMPT, RAW, pack_corpus
from training.pretraining.recipe import BaseRecipe, ModelShape, Optimiser
from training.recipe import as_table

if TYPE_CHECKING:
    from transformers import GemmaForCausalLM, PreTrainedTokenizerBase

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Budget:
    """When to stop: after `steps`, or after `minutes` of training where steps is None."""

    steps: int | None
    minutes: float | None

    def fraction(self, step: int, seconds: float) -> float:
        """Part of the budget that is used up before `step` (from 0) begins, 0..1."""
        if self.steps is not None:
            return min(step / self.steps, 1.0)
        return min(seconds / (60 * (self.minutes or 1.0)), 1.0)


def build_model(shape: ModelShape, seed: int) -> GemmaForCausalLM:
    """A model with random weights; ConfigError if it has more parameters than allowed."""
    from transformers import GemmaConfig, GemmaForCausalLM, GenerationConfig

    torch.manual_seed(seed)
    config = GemmaConfig(
        vocab_size=shape.vocabulary,
        hidden_size=shape.hidden,
        intermediate_size=shape.intermediate,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.heads,
        head_dim=shape.head_size,
        max_position_embeddings=shape.max_positions,
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
        tie_word_embeddings=True,
        pad_token_id=tokenizers.PAD,
        eos_token_id=tokenizers.EOS,
        bos_token_id=tokenizers.BOS,
    )
    model = GemmaForCausalLM(config)
    count = sum(parameter.numel() for parameter in model.parameters())
    if count > shape.parameters:
        raise ConfigError(f"model: {count:,} parameters, above the limit of {shape.parameters:,}")
    model.generation_config = GenerationConfig(
        bos_token_id=tokenizers.BOS,
        eos_token_id=[tokenizers.EOS, tokenizers.END_OF_TURN],
        pad_token_id=tokenizers.PAD,
    )
    return model


def rate_factor(settings: Optimiser, step: int, fraction: float) -> float:
    """Learning rate as a part of its peak: warm-up, constant, linear decay to the floor."""
    warm = min((step + 1) / max(settings.warm_up, 1), 1.0)
    if fraction <= settings.constant or settings.constant >= 1:
        return warm
    left = (1.0 - fraction) / (1.0 - settings.constant)
    return warm * (settings.floor + (1.0 - settings.floor) * left)


def make_optimiser(model: torch.nn.Module, settings: Optimiser) -> torch.optim.AdamW:
    """AdamW with weight decay on the matrices only, embeddings included."""
    matrices = [weight for weight in model.parameters() if weight.ndim >= 2]
    vectors = [weight for weight in model.parameters() if weight.ndim < 2]
    on_gpu = matrices[0].is_cuda
    return torch.optim.AdamW(
        [
            {"params": matrices, "weight_decay": settings.weight_decay},
            {"params": vectors, "weight_decay": 0.0},
        ],
        lr=settings.learning_rate,
        betas=(0.9, 0.95),
        fused=on_gpu,
    )


def pretrain(recipe: BaseRecipe, budget: Budget, device_name: str, report: Report) -> Path:
    """Trains by the recipe and returns the folder written. Reads the tokenizer from there.

    On the CPU in fp32, the same recipe, seed and number of steps give the same weights.
    """
    folder = recipe.out
    corpus = limited(read_corpus(recipe.corpus), recipe.limits)
    tokenizer = tokenizers.load(folder)
    if len(tokenizer) > recipe.model.vocabulary:
        raise ConfigError(
            f"{folder}: {len(tokenizer)} tokens, above the model's {recipe.model.vocabulary}"
        )
    device = torch.device(device_name)
    model = build_model(recipe.model, recipe.seed).to(device)
    started = time.monotonic()
    packed = pack_corpus(corpus, tokenizer, recipe.shares, recipe.row_length, recipe.seed)
    if not packed:
        raise ConfigError(f"{recipe.corpus}: no rows for any task with a share")
    for task, rows in packed.items():
        note = f", {rows.dropped} chats longer than a row left out" if rows.dropped else ""
        report(f"packed {task}: {len(rows.tokens):,} rows{note}")
    mixer = Mixer(packed, recipe.shares, recipe.rows, recipe.seed, device)
    probe = probes.load_probe(recipe.probe.data, corpus, recipe.probe.rows)
    report(f"ready after {time.monotonic() - started:.0f} s")
    training = _Training(recipe, budget, model, tokenizer, mixer, probe, report)
    training.run()
    _save(training, corpus)
    return folder


class _Training:
    """The loop's moving parts: model, optimiser, mixer, counters."""

    def __init__(
        self,
        recipe: BaseRecipe,
        budget: Budget,
        model: GemmaForCausalLM,
        tokenizer: PreTrainedTokenizerBase,
        mixer: Mixer,
        probe: probes.Probe,
        report: Report,
    ) -> None:
        self.recipe, self.budget, self.report = recipe, budget, report
        self.model, self.tokenizer, self.mixer, self.probe = model, tokenizer, mixer, probe
        self.optimiser = make_optimiser(model, recipe.optimiser)
        self.step, self.seconds = 0, 0.0
        self._said = (0, 0.0)  # tokens and seconds at the last line
        self.probed: list[dict[str, float]] = []
        on_gpu = model.device.type == "cuda"
        names, weights = len(mixer.names), recipe.loss
        self._step = make_step(model, names, weights, bf16=on_gpu)
        if on_gpu:
            torch.set_float32_matmul_precision("high")
            self._step = torch.compile(self._step)
        self._sums = torch.zeros(names, KINDS, device=model.device)
        self._counts = torch.zeros(names, KINDS, device=model.device)

    @property
    def tokens(self) -> int:
        """Tokens seen so far, padding included."""
        return self.step * self.recipe.rows * self.recipe.row_length

    def run(self) -> None:
        """Steps until the budget is used up; at least one."""
        started = time.monotonic()
        self.model.train()
        fraction = 0.0
        while fraction < 1.0:
            self._update(self.mixer.next(), fraction)
            self.step += 1
            if self.step % self.recipe.report_every == 0:
                self._line(time.monotonic() - started, fraction)
            if self.step % self.recipe.probe.every == 0:
                self._measure()
            self.seconds = time.monotonic() - started
            fraction = self.budget.fraction(self.step, self.seconds)
        self._measure()

    def _update(self, batch: Batch, fraction: float) -> None:
        settings = self.recipe.optimiser
        for group in self.optimiser.param_groups:
            group["lr"] = settings.learning_rate * rate_factor(settings, self.step, fraction)
        loss, sums, counts = self._step(batch)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), settings.clip)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self._sums += sums
        self._counts += counts

    def _line(self, seconds: float, fraction: float) -> None:
        means = (self._sums / self._counts.clamp(min=1)).tolist()
        losses = " ".join(
            f"{name} {means[task][RAW]:.3f}"
            if means[task][RAW]
            else f"{name} {means[task][ANSWER]:.3f}/{means[task][PROMPT]:.3f}"
            for task, name in enumerate(self.mixer.names)
        )
        rate = self.optimiser.param_groups[0]["lr"]
        left = seconds / fraction - seconds if fraction else 0.0
        pace = (self.tokens - self._said[0]) / (seconds - self._said[1])
        self._said = (self.tokens, seconds)
        self.report(
            f"step {self.step}  {self.tokens / 1e6:.1f} M tokens  lr {rate:.1e}  {losses}  "
            f"{pace / 1e3:,.0f} k tokens/s  {left:.0f} s left"
        )
        self._sums.zero_()
        self._counts.zero_()

    def _measure(self) -> None:
        if self.probed and self.probed[-1]["step"] == self.step:
            return
        figures = probes.measure(self.model, self.tokenizer, self.probe)
        self.probed.append({"step": self.step, **figures})
        text = "  ".join(f"{name} {value:.3f}" for name, value in figures.items())
        self.report(f"step {self.step}  probe  {text}")


def _save(training: _Training, corpus: Corpus) -> None:
    from transformers.utils import logging as hub_logging

    recipe, folder = training.recipe, training.recipe.out
    hub_logging.disable_progress_bar()
    training.model.to("cpu", torch.bfloat16).save_pretrained(folder, max_shard_size="1GB")
    (folder / "model.safetensors").chmod(0o644)  # written for its owner alone
    card: dict[str, Any] = {
        "recipe": _without_paths(recipe),
        "seed": recipe.seed,
        "corpus_sha256": corpus.sha256,
        "parameters": sum(weight.numel() for weight in training.model.parameters()),
        "steps": training.step,
        "tokens_seen": training.tokens,
        "passes": {name: round(value, 2) for name, value in training.mixer.passes().items()},
        "seconds": round(training.seconds, 1),
        "final": training.probed[-1],
        "probes": training.probed,
    }
    text = json.dumps(card, indent=2, ensure_ascii=False) + "\n"
    (folder / "card.json").write_text(text, encoding="utf-8")


def _without_paths(recipe: BaseRecipe) -> dict[str, Any]:
    """The recipe's settings; folders say where a machine keeps things, not how it trained."""
    table: dict[str, Any] = as_table(recipe)
    del table["corpus"], table["out"], table["probe"]["data"]
    return table
