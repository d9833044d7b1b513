"""Supervised fine-tuning of LoRA adapters by recipe, with trl and peft."""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
import platform
import resource
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.engines.loading import load_tokenizer, load_weights, quiet
from harness.engines.memory import keep_freed_blocks, out_of_memory
from harness.errors import ConfigError, StorageError
from harness.fingerprint import sha256_of, weights_folder
from harness.versions import versions
from training.finetuning.adapters import read_card, write_card
from training.finetuning.examples import ReadSet, read_set
from training.finetuning.leaks import read_controls, refuse_leaks
from training.finetuning.recipe import Job, SftRecipe, jobs
from training.finetuning.resume import close_work, open_work
from training.finetuning.tokens import encode_all
from training.recipe import as_table
from training.report import Report

_PACKAGES = ("torch", "transformers", "peft", "trl", "bitsandbytes")
# Fields of a recipe that say where and how often, not what is trained.
_NOT_TRAINING = (
    "out", "matrix", "runs", "datasets", "control", "save_seconds", "model", "chat_template",
)  # fmt: skip
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)


def sft(
    recipe: SftRecipe, only: str | None, again: bool, device: str, report: Report
) -> list[Path]:
    """Train what is not trained yet, or all of it `again`; returns the adapters' folders.

    What would go wrong later is told first: unknown runs, broken rows, control documents in the
    training set, a base that isn't there. Raises MichiError.
    """
    todo = jobs(recipe, only)
    names = dict.fromkeys(name for job in todo for name in job.datasets)
    sets = {name: read_set(name, recipe.datasets[name]) for name in names}
    controls = read_controls(recipe.control)
    for read in sets.values():
        refuse_leaks(read.examples, controls)
    folder = weights_folder(recipe.base)
    base_sha256 = sha256_of(sorted(folder.glob("*.safetensors")))
    written: list[Path] = []
    with _quiet():
        for job in todo:
            training = _Training(recipe, job, [sets[n] for n in job.datasets], base_sha256)
            if training.finished() and not again:
                report(f"{job.name}: trained already, from the same recipe, data and base")
            else:
                training.run(folder, device, report)
            written += [recipe.out / adapter for adapter in job.kept]
    return written


class _Training:
    """One job: what it is made of, whether it is done, and doing it."""

    def __init__(
        self, recipe: SftRecipe, job: Job, sets: Sequence[ReadSet], base_sha256: str
    ) -> None:
        self.recipe, self.job, self.sets, self.base_sha256 = recipe, job, sets, base_sha256
        table: dict[str, Any] = as_table(recipe)
        self.settings = {key: table[key] for key in table if key not in _NOT_TRAINING}
        template = recipe.chat_template
        self.settings["chat_template_sha256"] = sha256_of([template]) if template else None
        told = [self.settings, base_sha256, [s.sha256 for s in sets], job.epochs]
        self.fingerprint = hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]

    def finished(self) -> bool:
        """Whether every adapter of the job is there, made of the same things."""
        cards = [read_card(self.recipe.out / adapter) for adapter in self.job.kept]
        return all(card and card.get("fingerprint") == self.fingerprint for card in cards)

    def run(self, folder: Path, device: str, report: Report) -> None:
        """Train, or go on with a training that was cut off."""
        with quiet():
            from training.finetuning.keeper import Keeper
            from training.finetuning.trainer import make_trainer

        keep_freed_blocks()
        recipe, job = self.recipe, self.job
        tokenizer = load_tokenizer(recipe.base, folder)
        examples = [example for read in self.sets for example in read.examples]
        rows = encode_all(examples, tokenizer, recipe.max_length, recipe.too_long == "drop")
        network = load_weights(recipe.base, folder, device)
        with _told(recipe, job):
            work, checkpoint = open_work(recipe.out, job, self.fingerprint)
            trainer = make_trainer(recipe, job.epochs, rows, network, tokenizer, work)
            trainer.add_callback(Keeper(recipe, job, _base_name(recipe), report))
            report(
                f"{job.name}: {len(rows):,} rows, {job.epochs} epochs"
                + (f", going on after {checkpoint.name}" if checkpoint else "")
            )
            started = time.monotonic()
            trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
            seconds = time.monotonic() - started
            for adapter, epoch in job.kept.items():
                card = self._card(adapter, epoch, len(rows), trainer.state)
                card |= {
                    "seconds": round(seconds, 1),
                    "resumed_after": checkpoint.name if checkpoint else None,
                    "peak_memory_gib": round(_peak_bytes(device) / 2**30, 2),
                    "device": _device_name(device),
                    "versions": versions(_PACKAGES),
                }
                write_card(recipe.out / adapter, card)
            close_work(recipe.out, job)

    def _card(self, adapter: str, epoch: int, rows: int, state: Any) -> dict[str, Any]:
        job = self.job
        steps = state.max_steps // job.epochs * epoch
        losses = [
            [entry["step"], round(entry["loss"], 4)]
            for entry in state.log_history
            if "loss" in entry and entry["step"] <= steps
        ]
        return {
            "id": adapter,
            "fingerprint": self.fingerprint,
            "recipe": self.settings,
            "base": _base_name(self.recipe),
            "base_sha256": self.base_sha256,
            "datasets": {
                s.name: {"sha256": s.sha256, "rows": len(s.examples), "label": s.label}
                for s in self.sets
            },
            "rows": rows,
            "epochs": epoch,
            "training": (
                f"epoch {epoch} of a training of {job.epochs}" if epoch < job.epochs else "whole"
            ),
            "steps": steps,
            "loss": losses,
        }


def _base_name(recipe: SftRecipe) -> str:
    """The base as an adapter's configuration names it: a hub id, or a folder as seen from here."""
    if not recipe.base.is_folder:
        return recipe.model
    seen = Path(os.path.relpath(recipe.model))
    return Path(recipe.model).name if seen.parts[:1] == ("..",) else seen.as_posix()


@contextmanager
def _told(recipe: SftRecipe, job: Job) -> Iterator[None]:
    """Errors of memory and of disk as one message each."""
    try:
        yield
    except Exception as error:
        if out_of_memory(error):
            raise _too_large(recipe, job) from error
        if _is_full(error):
            raise StorageError(
                f"{recipe.out}: can't be written: {error}. Adapters kept so far are whole. Free "
                "space and run the same command again: it goes on from the last state saved."
            ) from error
        raise


def _too_large(recipe: SftRecipe, job: Job) -> ConfigError:
    return ConfigError(
        f"{job.name}: out of memory with batch_size = {recipe.batch_size} and rows of at most "
        f"{recipe.max_length} tokens. Halve batch_size and double accumulate (the same steps), say "
        "group_by_length = true, or recompute_activations = true. Then run the same command again."
    )


def _is_full(error: BaseException) -> bool:
    """Whether a disk is full or read-only; safetensors and torch say so in words only."""
    if isinstance(error, OSError) and error.errno in _FULL:
        return True
    return any(os.strerror(number) in str(error) for number in _FULL)


def _peak_bytes(device: str) -> int:
    """Peak memory of this process: allocated on the GPU, or resident on the CPU."""
    import torch

    if device == "cuda":
        return int(torch.cuda.max_memory_allocated())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _device_name(device: str) -> str:
    import torch

    return torch.cuda.get_device_name() if device == "cuda" else platform.machine()


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the libraries' progress bars and their warnings of each other."""
    from transformers.utils import logging as hub_logging

    hub_logging.set_verbosity_error()
    hub_logging.disable_progress_bar()
    for library in ("trl", "bitsandbytes"):
        logging.getLogger(library).setLevel(logging.ERROR)
    with warnings.catch_warnings():
        # trl still asks by the old name whether activations are recomputed.
        warnings.simplefilter("ignore", FutureWarning)
        # peft of the trainer's checkpoints, whose base it does not know by name.
        warnings.filterwarnings("ignore", message="Could not find a config file")
        yield
