"""The trainer's callback: keeps adapters at their epochs, saves its state, tells how far it is."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from training.finetuning.adapters import save_adapter
from training.finetuning.recipe import Job, SftRecipe
from training.report import Report

_SAID_EVERY = 3.0  # seconds


class Keeper(TrainerCallback):  # type: ignore[misc]
    """Works on steps rather than on trainer's epochs, so that a resumed run keeps what it should.

    An adapter is kept before the trainer's state of the same step is saved: whatever state a killed
    run goes on from, the adapters of its past are there.
    """

    def __init__(self, recipe: SftRecipe, job: Job, base_name: str, report: Report) -> None:
        self._recipe, self._job, self._report = recipe, job, report
        self._base_name = base_name
        self._saved = self._said = time.monotonic()
        self._begun: tuple[float, int] | None = None  # when, at which step

    def folder(self, adapter: str) -> Path:
        """Where an adapter is kept."""
        return self._recipe.out / adapter

    def on_step_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        """Begin to count the rate with the first step of this process."""
        if self._begun is None:
            self._begun = (time.monotonic(), state.global_step)

    def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        """Keep what is to be kept of this step; save the state from time to time."""
        per_epoch = state.max_steps // self._job.epochs
        if state.global_step % per_epoch == 0:
            epoch = state.global_step // per_epoch
            for adapter in [id for id, wanted in self._job.kept.items() if wanted == epoch]:
                save_adapter(
                    more["model"],
                    self.folder(adapter),
                    self._base_name,
                    self._recipe.adapter_dtype,
                )
                self._report(f"{adapter}: kept after epoch {epoch}, step {state.global_step}")
        now = time.monotonic()
        if now - self._saved >= self._recipe.save_seconds and state.global_step < state.max_steps:
            self._saved = now
            control.should_save = True

    def on_log(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        """Step, loss, rate and time left, every few seconds."""
        now = time.monotonic()
        if "loss" not in more["logs"] or now - self._said < _SAID_EVERY or self._begun is None:
            return
        self._said = now
        started, first = self._begun
        rate = (state.global_step - first) / (now - started)
        left = (state.max_steps - state.global_step) / rate
        self._report(
            f"{self._job.name}: step {state.global_step}/{state.max_steps}  "
            f"loss {float(more['logs']['loss']):.4f}  {rate:.2g} steps/s  {left:.0f} s left"
        )
