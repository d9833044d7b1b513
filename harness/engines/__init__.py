"""Who answers. The only room that imports torch, transformers or peft, and only when opened."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from harness.errors import UnavailableError
from harness.records import Checkpoint, Model, Request, Response

Answer = tuple[Request, Response]


class Engine(Protocol):
    """One model, ready to answer for any checkpoint on it."""

    def answer(
        self, checkpoint: Checkpoint, requests: Sequence[Request], skip: Container[Request] = ()
    ) -> Iterator[list[Answer]]:
        """Yield answers batch by batch, in any order, for all requests but those in `skip`.

        Batches are planned over all requests, so that a resumed run asks in the same company as an
        undisturbed one: an answer may depend, in the last bits, on what it is batched with.
        """
        ...

    def close(self) -> None:
        """Give the memory back."""
        ...


def open_engine(model: Model, folder: Path) -> Engine:
    """The engine for a model whose files lie in `folder`. Raises UnavailableError, WeightsError."""
    if model.engine == "local":
        from harness.engines.local import LocalEngine

        return LocalEngine(model, folder)
    raise UnavailableError(
        f"{model.id} is answered by an API ({model.weights}); this version has no API engine."
    )
