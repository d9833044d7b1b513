"""Sampled tokens that depend on the request alone, not on the batch or the order it is asked in."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from harness.engines.generation import Choose
from harness.records import Request


def sampler(requests: Sequence[Request]) -> Choose:
    """How to draw the next tokens of a batch of `requests`, all of one temperature > 0.

    A token is drawn from softmax(logits / temperature) by inverting its distribution function: one
    uniform number a token, where Gumbel noise takes one for each word of the vocabulary. The
    numbers come from a stream of the request's own, seeded with its prompt and draw. Python
    guarantees that a string seeds the same `random()` in every version.
    """
    import torch

    temperature = requests[0].temperature
    streams = [random.Random(f"{request.draw}\n{request.prompt}") for request in requests]

    def choose(logits: Any, rows: Sequence[int]) -> Any:
        # In double precision: a float32 sum over 256,000 words loses the rare ones.
        table = (logits.double() / temperature).softmax(-1).cumsum(-1)
        drawn = [[streams[row].random()] for row in rows]
        point = torch.tensor(drawn, dtype=table.dtype, device=table.device) * table[:, -1:]
        return torch.searchsorted(table, point, right=True).clamp(max=table.shape[-1] - 1)

    return choose
