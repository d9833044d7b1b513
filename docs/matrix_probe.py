"""A pytest plugin that tells what a run of evals spends its time on: `-p matrix_probe`.

At the process's end it writes to the file that MATRIX_PROBE names: seconds in the model's forward
passes and when the first began and the last ended, on the clock of `time.time`; and which heavy
libraries were imported. Counted are passes that answer requests, not those that probe a model; the
output layer is one of them, also where `harness.engines.moments` asks it for some words only.
"""

from __future__ import annotations

import atexit
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from harness.engines import local, scoring

HEAVY = ("torch", "transformers", "peft", "tokenizers", "bitsandbytes")


class Clock:
    """Adds up the outermost of what it times, while something is answered."""

    def __init__(self) -> None:
        self.seconds = self.first = self.last = 0.0
        self._answering = self._inside = 0
        self._begun = 0.0

    def begin(self, *_: Any) -> None:
        """A forward pass, or a part of one."""
        if not self._inside:
            self._begun = time.time()
        self._inside += 1

    def end(self, *_: Any) -> None:
        """What `begin` began last is over."""
        self._inside -= 1
        if not self._inside and self._answering:
            self.last = time.time()
            self.seconds += self.last - self._begun
            self.first = self.first or self._begun

    def passing(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function that is a part of a forward pass."""

        def passed(*arguments: Any, **named: Any) -> Any:
            self.begin()
            try:
                return function(*arguments, **named)
            finally:
                self.end()

        return passed

    def answering(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function whose forward passes answer requests."""

        def answered(*arguments: Any, **named: Any) -> Any:
            self._answering += 1
            try:
                return function(*arguments, **named)
            finally:
                self._answering -= 1

        return answered

    def watching(self, load: Callable[..., Any]) -> Callable[..., Any]:
        """What loads a network, which is watched from then on."""

        def loaded(*arguments: Any, **named: Any) -> Any:
            network = load(*arguments, **named)
            for module in (network.base_model, network.get_output_embeddings()):
                module.register_forward_pre_hook(self.begin)
                module.register_forward_hook(self.end)
            return network

        return loaded


def pytest_configure() -> None:
    """Begin to watch; nothing heavy is imported for it."""
    clock = Clock()
    local.load_weights = clock.watching(local.load_weights)
    local.read_prefix = clock.answering(local.read_prefix)
    local.LocalEngine._written = clock.answering(local.LocalEngine._written)
    scoring.score = clock.answering(scoring.score)
    for name in ("target_logprobs", "likeliest"):
        setattr(scoring, name, clock.passing(getattr(scoring, name)))

    def tell() -> None:
        found = {"forward": clock.seconds, "first": clock.first, "last": clock.last}
        imported = [name for name in HEAVY if name in sys.modules]
        with open(os.environ["MATRIX_PROBE"], "w", encoding="utf-8") as file:
            json.dump({**found, "heavy": imported}, file)

    atexit.register(tell)
