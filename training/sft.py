"""Supervised fine-tuning of LoRA adapters with trl and peft, by recipe."""

from __future__ import annotations

import json
import logging
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.base import base_folder, load_base, save_adapter
from training.corpus import InputError, read_jsonl, sha256_of
from training.recipe import Dataset, SftRecipe, as_table

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase
    from trl import SFTConfig, SFTTrainer

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Job:
    """One training and the adapters kept of it: `kept` maps an adapter's id to its epoch."""

    run: str
    datasets: list[str]
    kept: dict[str, int]


def jobs(recipe: SftRecipe, only: str | None) -> list[Job]:
    """The trainings to do; `only` is a run's id or an adapter's id (`<run>-<suffix>`)."""
    chosen = []
    for name, run in recipe.runs.items():
        kept = {f"{name}-{suffix}": epoch for suffix, epoch in run.epochs_kept.items()}
        if only is not None and only != name:
            kept = {adapter: epoch for adapter, epoch in kept.items() if adapter == only}
        if kept:
            chosen.append(Job(name, list(run.datasets), kept))
    if not chosen:
        known = [*recipe.runs] + [
            f"{name}-{suffix}" for name, run in recipe.runs.items() for suffix in run.epochs_kept
        ]
        raise InputError(f"unknown run {only!r} (known: {', '.join(known)})")
    return chosen


def read_examples(dataset: Dataset) -> list[dict[str, Any]]:
    """Rows in trl's conversational prompt/completion form: the loss falls on the completion."""
    return [
        {
            "prompt": [{"role": "user", "content": row[dataset.question]}],
            "completion": [{"role": "assistant", "content": row[dataset.answer]}],
        }
        for row in read_jsonl(Path(dataset.path), (dataset.question, dataset.answer))
    ]


def sft(recipe: SftRecipe, model: str, only: str | None, device: str, report: Report) -> list[Path]:
    """Trains the recipe's runs (or only one) and returns the adapter folders written.

    `model` is where the base is read from (folder or hub id); adapters name recipe.model.
    """
    todo = jobs(recipe, only)
    examples = {name: read_examples(recipe.datasets[name]) for job in todo for name in job.datasets}
    base = base_folder(model)
    fingerprint = sha256_of(sorted(base.glob("*.safetensors")))
    written: list[Path] = []
    with warnings.catch_warnings():
        # trl still asks by the old name whether activations are recomputed.
        warnings.simplefilter("ignore", FutureWarning)
        _quiet()
        for job in todo:
            rows = [row for name in job.datasets for row in examples[name]]
            report(f"{job.run}: {len(rows):,} rows, {max(job.kept.values())} epochs")
            written += _train(recipe, job, rows, base, fingerprint, device, report)
    return written


def _train(
    recipe: SftRecipe,
    job: Job,
    rows: Sequence[dict[str, Any]],
    base: Path,
    fingerprint: str,
    device: str,
    report: Report,
) -> list[Path]:
    with tempfile.TemporaryDirectory() as scratch:
        trainer = make_trainer(recipe, max(job.kept.values()), rows, base, device, scratch)
        keeper = _keeper(job, Path(recipe.out), recipe.model, report)
        trainer.add_callback(keeper)
        started = time.monotonic()
        trainer.train()
        seconds = time.monotonic() - started
    for adapter, epoch in job.kept.items():
        card = {
            "id": adapter,
            "recipe": _settings(recipe),
            "datasets": {
                name: sha256_of([Path(recipe.datasets[name].path)]) for name in job.datasets
            },
            "rows": len(rows),
            "base_sha256": fingerprint,
            "epochs": epoch,
            "steps": keeper.steps[epoch],
            "loss_by_epoch": keeper.losses[:epoch],
            "seconds": round(seconds * epoch / max(job.kept.values()), 1),
        }
        text = json.dumps(card, indent=2, ensure_ascii=False) + "\n"
        (Path(recipe.out) / adapter / "training.json").write_text(text, encoding="utf-8")
    return [Path(recipe.out) / adapter for adapter in job.kept]


def _settings(recipe: SftRecipe) -> dict[str, Any]:
    """The recipe without its folders and tables of runs."""
    table = as_table(recipe)
    return {name: table[name] for name in table if name not in ("out", "datasets", "runs")}


def make_trainer(
    recipe: SftRecipe,
    epochs: int,
    rows: Sequence[dict[str, Any]],
    base: Path,
    device: str,
    scratch: str,
) -> SFTTrainer:
    """trl's trainer over the base with a fresh adapter; writes nothing but to `scratch`."""
    import datasets
    from peft import LoraConfig
    from transformers import AutoTokenizer, PrinterCallback, set_seed
    from trl import SFTTrainer

    datasets.disable_progress_bars()
    set_seed(recipe.seed)
    tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(str(base))
    lora = LoraConfig(
        r=recipe.lora.rank,
        lora_alpha=recipe.lora.alpha,
        lora_dropout=recipe.lora.dropout,
        target_modules=recipe.lora.targets,
        task_type="CAUSAL_LM",
    )
    trainer = SFTTrainer(
        model=load_base(recipe, base, device),
        args=_arguments(recipe, epochs, device, scratch),
        train_dataset=datasets.Dataset.from_list(list(rows)),
        processing_class=tokenizer,
        peft_config=lora,
    )
    trainer.remove_callback(PrinterCallback)
    return trainer


def _arguments(recipe: SftRecipe, epochs: int, device: str, scratch: str) -> SFTConfig:
    from trl import SFTConfig

    return SFTConfig(
        output_dir=scratch,
        save_strategy="no",
        num_train_epochs=epochs,
        per_device_train_batch_size=recipe.batch_size,
        learning_rate=recipe.learning_rate,
        lr_scheduler_type=recipe.schedule,
        warmup_steps=recipe.warm_up,
        weight_decay=0.0,
        max_grad_norm=1.0,
        max_length=recipe.max_length,
        completion_only_loss=True,
        bf16=recipe.precision == "bf16",
        use_cpu=device == "cpu",
        # trl switches it on; at this size it costs a fifth of the time and saves nothing.
        gradient_checkpointing=False,
        seed=recipe.seed,
        data_seed=recipe.seed,
        logging_steps=1,
        report_to="none",
        disable_tqdm=True,
    )


def _keeper(job: Job, out: Path, base_name: str, report: Report) -> Any:
    """A trainer callback that keeps adapters at their epochs and reports progress."""
    from transformers import TrainerCallback

    class Keeper(TrainerCallback):  # type: ignore[misc]
        def __init__(self) -> None:
            self.steps: dict[int, int] = {}
            self.losses: list[float] = []
            self._epoch: list[float] = []
            self._said = self._started = time.monotonic()

        def on_log(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            logs = more["logs"]
            if "loss" not in logs:
                return
            self._epoch.append(float(logs["loss"]))
            now = time.monotonic()
            if now - self._said < 3:
                return
            self._said = now
            rate = state.global_step / (now - self._started)
            left = (state.max_steps - state.global_step) / rate
            report(
                f"{job.run}: step {state.global_step}/{state.max_steps}  loss {logs['loss']:.4f}  "
                f"{rate:.1f} steps/s  {left:.0f} s left"
            )

        def on_epoch_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            # The last step's loss is logged after this event, so an epoch's mean is of the rest.
            if self._epoch:
                self.losses.append(round(sum(self._epoch) / len(self._epoch), 4))
            self._epoch = []
            epoch = round(state.epoch)
            self.steps[epoch] = state.global_step
            for adapter, wanted in job.kept.items():
                if wanted == epoch:
                    save_adapter(more["model"], out / adapter, base_name)
                    report(f"{adapter}: kept after epoch {epoch}, step {state.global_step}")

    return Keeper()


def _quiet() -> None:
    from transformers.utils import logging as hub_logging

    hub_logging.set_verbosity_error()
    hub_logging.disable_progress_bar()
    for library in ("trl", "bitsandbytes"):
        logging.getLogger(library).setLevel(logging.ERROR)
