"""One worker of a cluster: an actor that keeps a base model and answers what it is given.

It is told which checkpoint's fingerprint the driver found, and looks whether its own files have it:
on another node the same path may hold other weights.
"""

from __future__ import annotations

import os
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.engines import Engine, asked_together
from harness.engines.loading import first_line
from harness.errors import ConfigError, MichiError, WeightsError
from harness.fingerprint import FileHashes, checkpoint_fingerprint
from harness.opened import OpenEngines
from harness.records import Checkpoint, Model, Request, Response
from harness.versions import versions

# What answers depend on besides weights: a node with others would give figures of its own.
MUST_AGREE = ("pytest-michi", "torch", "transformers", "peft", "bitsandbytes", "vllm")
_LINGER = 1.0  # seconds in which its last words reach the driver


class EngineDied(Exception):
    """An engine failed in a way that is nobody's mistake; its process ends."""


@dataclass(frozen=True, slots=True)
class About:
    """What a worker says of itself."""

    pid: int
    versions: Mapping[str, str]


class Worker:
    """Answers with whatever `open` opens, one base model at a time.

    environment: variables that are set before a library is imported. memory: file of hashes that
    are known already (`FileHashes`), where this node sees it.
    """

    def __init__(
        self, open: Callable[[Model], Engine], environment: Mapping[str, str], memory: Path
    ) -> None:
        os.environ.update(environment)
        self._engines = OpenEngines(open)
        self._hashes = FileHashes(memory if memory.parent.is_dir() else None)
        self._seen: set[tuple[Checkpoint, str]] = set()

    def about(self) -> About:
        """Tell that it is there."""
        return About(os.getpid(), versions(MUST_AGREE))

    def batches(
        self, checkpoint: Checkpoint, fingerprint: str, requests: Sequence[Request]
    ) -> list[list[int]]:
        """Which requests are asked together, by their places. Raises MichiError, EngineDied."""
        try:
            self._refuse_others(checkpoint, fingerprint)
            engine = self._engines.of(checkpoint.model)
            return asked_together(engine, checkpoint, requests)
        except MichiError:
            raise
        except Exception as error:
            raise self._dying(error) from error

    def answer(
        self,
        checkpoint: Checkpoint,
        fingerprint: str,
        requests: Sequence[Request],
        places: Sequence[int],
    ) -> Iterator[tuple[list[tuple[int, Response]], float]]:
        """Yield answers by place, batch by batch, with the seconds that they took.

        Raises MichiError, EngineDied.
        """
        try:
            self._refuse_others(checkpoint, fingerprint)
            engine = self._engines.of(checkpoint.model)
            wanted = {requests[place]: place for place in places}
            begun = time.monotonic()
            for answers in engine.answer(checkpoint, requests, skip=_AllBut(wanted)):
                now = time.monotonic()
                yield [(wanted[request], response) for request, response in answers], now - begun
                begun = time.monotonic()
        except MichiError:
            raise
        except Exception as error:
            raise self._dying(error) from error

    def _refuse_others(self, checkpoint: Checkpoint, fingerprint: str) -> None:
        if (checkpoint, fingerprint) in self._seen:
            return
        try:
            found = checkpoint_fingerprint(checkpoint, self._hashes)
        except ConfigError as error:
            raise ConfigError(f"node {os.uname().nodename}: {error}") from error
        if found != fingerprint:
            raise WeightsError(
                f"checkpoint {checkpoint.id}: on node {os.uname().nodename} its files are others "
                "than on the machine that pytest runs on. Have all nodes see the same files."
            )
        self._seen.add((checkpoint, fingerprint))

    def _dying(self, error: Exception) -> EngineDied:
        """What a GPU or a library is in after an unknown error nobody knows: a new process is.

        An actor that lived on with a dead engine would be given work for ever (ray issue 60145).
        """
        traceback.print_exc()  # into the worker's log
        threading.Timer(_LINGER, os._exit, [1]).start()
        return EngineDied(first_line(error))


class _AllBut:
    """Holds every request that is not wanted."""

    def __init__(self, wanted: Mapping[Request, int]) -> None:
        self._wanted = wanted

    def __contains__(self, request: object) -> bool:
        return request not in self._wanted
