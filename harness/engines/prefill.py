"""Prompts are read before they are answered: row by row here, as one stream in `packed`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.engines.batching import pad_left
from harness.engines.cache import growing_cache


@dataclass(frozen=True, slots=True)
class Read:
    """Prompts that a network has read.

    cache: keys and values, padded on the left. mask: [rows, tokens], 0 where a row is only padded.
    logits: [rows, words] for the token after each row's last.
    """

    cache: Any
    mask: Any
    logits: Any


def read_padded(network: Any, prompts: Sequence[Sequence[int]], pad: int, room: int) -> Read:
    """Prompts as rows of one length. room: tokens that will be written after them."""
    ids, mask = pad_left(prompts, pad, network.device)
    cache = growing_cache(network, room)
    logits = network(
        input_ids=ids,
        attention_mask=mask,
        position_ids=positions(mask),
        past_key_values=cache,
        use_cache=True,
        logits_to_keep=1,
    ).logits[:, -1]
    return Read(cache, mask, logits)


def positions(mask: Any) -> Any:
    """Where in its row each token stands, padding aside."""
    return (mask.cumsum(-1) - 1).clamp(min=0)
