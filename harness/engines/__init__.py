"""Who answers. The only room that imports torch, transformers or peft, and only when opened."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from harness.fingerprint import weights_folder
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


def asked_together(
    engine: Engine, checkpoint: Checkpoint, requests: Sequence[Request]
) -> list[list[int]]:
    """Which of the requests an engine asks in one batch, by their places, in its order.

    Each by itself where the engine has no batches of its own (servers make theirs). Whoever asks
    for whole batches of these gets what `answer` says of all requests. Raises WeightsError.
    """
    if not hasattr(engine, "batches"):
        return [[place] for place in range(len(requests))]
    batches: list[list[int]] = engine.batches(checkpoint, requests)
    return batches


def abilities(model: Model) -> frozenset[str]:
    """What the model's engine can do: "generate", "score" continuations, "read" token by token.

    Known from the matrix alone: whether a task is asked in another form must not hang on a server
    that answers today otherwise than yesterday.
    """
    if model.engine == "local":
        return frozenset({"generate", "score", "read"})
    if model.engine == "vllm":
        return frozenset({"generate", "score"})
    scores = model.api is not None and model.api.prompt_logprobs
    return frozenset({"generate", "score"} if scores else {"generate"})


def open_engine(model: Model, adapters: Sequence[Path] = ()) -> Engine:
    """The engine that answers for a model. adapters: that it will be asked with.

    Raises ConfigError, WeightsError, and UnavailableError where an API's key is missing, or vLLM.
    """
    if model.engine == "local":
        from harness.engines.local import LocalEngine

        return LocalEngine(model, weights_folder(model))
    if model.engine == "vllm":
        from harness.engines.vllm import VllmEngine

        return VllmEngine(model, weights_folder(model), adapters)
    from harness.engines.api import ApiEngine

    return ApiEngine(model)
