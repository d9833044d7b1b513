"""Texts in vectors, for what is looked up by meaning.

`embedder` takes what it has from the store (`kept`) and has only the rest encoded: by a
sentence-transformers folder (`local`) or a server's model (`served`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from harness.records import Usage

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

QUERY, PASSAGE = "query", "passage"


class Text(NamedTuple):
    """What is encoded. role: "query" | "passage": models are trained to tell them apart."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Vector:
    """One text's. values: (width,). cut: whether the model takes no text that long.

    model: what a server says has answered; "" for a folder here.
    """

    values: NDArray[float32]
    cut: bool = False
    model: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """What was encoded at a time. usage: of a server, all texts together."""

    texts: Sequence[Text]
    vectors: Sequence[Vector]
    usage: Usage | None = None


class Encoder(Protocol):
    """A model that is there and ready."""

    def encode(self, texts: Sequence[Text]) -> Iterator[list[Batch]]:
        """All texts, each once, in an order that suits. Raises WeightsError, ServiceError."""
        ...

    def close(self) -> None:
        """Give memory and connections back."""
        ...
