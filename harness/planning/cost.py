"""What a request costs beside others, told from the matrix alone: no model is opened."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from harness.ledger import tokens_of
from harness.records import Model, Request

# A written token beside one that is read. With Gemma-7B's shape on an H100 a prompt's token took
# 27 us and one that was written 200 us (docs/performance.md), but answers end before they must.
_WRITTEN = 4
_API = 1 << 30  # bytes that a model behind a server counts as


def tokens(request: Request) -> tuple[int, int]:
    """(read, written at most), guessed on the high side; a prompt is read once for all after it.

    A text that is only split into tokens costs next to nothing.
    """
    if request.per_token == "ids":
        return 0, 0
    read = tokens_of(request.prompt) + sum(map(tokens_of, request.continuations))
    if request.window:
        read = min(read, request.window)
    return read, 0 if request.continuations else request.max_new_tokens


def kind(request: Request) -> str:
    """ "ids" | "read" | "score" | "generate": what takes a time of its own."""
    if request.per_token:
        return "ids" if request.per_token == "ids" else "read"
    return "score" if request.continuations else "generate"


def cost(request: Request) -> int:
    """In tokens that are read; at least 1."""
    read, written = tokens(request)
    return max(1, read + _WRITTEN * written)


@lru_cache(maxsize=256)
def size(model: Model) -> int:
    """Megabytes of the model's weights, which a token takes time for; at least 1.

    A hub id that is not on this machine counts as a model behind a server does.
    """
    folder = Path(model.weights)
    if not model.is_folder or not folder.is_dir():
        return _API >> 20
    return max(1, sum(file.stat().st_size for file in folder.glob("*.safetensors")) >> 20)
