"""What a session has open: engines, of weights of our own one at a time, and retrievers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harness.embedding.opening import Embedders
from harness.engines import Engine
from harness.records import Checkpoint, Model, Retrieval
from harness.retrieval.retriever import Retriever


def open_for(
    open: Callable[..., Engine], checkpoints: Sequence[Checkpoint], model: Model
) -> Engine:
    """A model's engine, by `engines.open_engine`. checkpoints: that it may be asked as.

    Raises ConfigError, WeightsError and UnavailableError.
    """
    if model.engine != "vllm":
        return open(model)
    of_model = (checkpoint.adapter for checkpoint in checkpoints if checkpoint.model == model)
    return open(model, [adapter for adapter in of_model if adapter])


class OpenEngines:
    """Opens engines as they are needed, and closes what has to make room. open: how."""

    def __init__(self, open: Callable[[Model], Engine]) -> None:
        self._open_engine = open
        self._open: dict[Model, Engine] = {}

    def of(self, model: Model) -> Engine:
        """The model's engine. Raises ConfigError, WeightsError and UnavailableError."""
        if model not in self._open:
            if model.here:
                for other in [m for m in self._open if m.here]:
                    self._open.pop(other).close()
            self._open[model] = self._open_engine(model)
        return self._open[model]

    def close(self) -> None:
        """Give the models' memory back."""
        while self._open:
            self._open.popitem()[1].close()


class OpenRetrievers:
    """Opens each when it is first needed: suites without documents never do."""

    def __init__(self, embedders: Embedders) -> None:
        self._embedders = embedders
        self._open: dict[Retrieval, Retriever] = {}

    def of(self, retrieval: Retrieval | None) -> Callable[[], Retriever] | None:
        """What opens it; None for closed-book."""
        if retrieval is None:
            return None

        def opened() -> Retriever:
            if retrieval not in self._open:
                self._open[retrieval] = Retriever(retrieval, self._embedders.of(retrieval))
            return self._open[retrieval]

        return opened
