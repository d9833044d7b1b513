"""Generation in which rows leave the batch when they are finished.

transformers' `generate` computes every row until the last one ends. Answers are of unlike length
(here 12 tokens on average, 48 at most), so most of that work is thrown away: on 720 short questions
and 2 cores it took 12.7 s, this 8.6 s, with an adapter 16.9 s and 9.5 s, with the same texts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

# A batch is made smaller when this part of its rows has finished. Copying the cache costs about as
# much as a step; leaving at 1/8, 1/4 and 1/2 measured the same within the noise.
_LEAVING = 0.25

# From logits [rows, vocabulary] and the rows' places in the first batch to tokens [rows, 1].
Choose = Callable[[Any, Sequence[int]], Any]


def likeliest(logits: Any, rows: Sequence[int]) -> Any:
    """Greedy decoding."""
    return logits.argmax(-1, keepdim=True)


def generate(
    network: Any,
    ids: Any,
    mask: Any,
    limit: int,
    finished: Callable[[list[int]], bool],
    choose: Choose = likeliest,
) -> list[list[int]]:
    """Continue each row by a chosen token until `finished` says so or `limit` are written.

    ids, mask: left-padded, [rows, longest]. finished: asked after each token with the row's tokens.
    Returns each row's new tokens, the last one that was asked about included.
    """
    import torch
    from transformers import DynamicCache

    written: list[list[int]] = [[] for _ in ids]
    rows = list(range(len(written)))  # rows still in the batch, by their place in `written`
    done: set[int] = set()
    cache = DynamicCache(config=network.config)
    may_leave = all(hasattr(layer, "batch_select_indices") for layer in cache.layers)
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    for _ in range(limit):
        logits = network(
            input_ids=ids,
            attention_mask=mask,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        ).logits
        ids = choose(logits[:, -1], rows)
        for row, token in zip(rows, ids[:, 0].tolist(), strict=True):
            if row not in done:
                written[row].append(token)
                if finished(written[row]):
                    done.add(row)
        staying = [place for place, row in enumerate(rows) if row not in done]
        if not staying:
            break
        positions = positions[:, -1:] + 1
        mask = torch.cat([mask, mask.new_ones(len(rows), 1)], dim=-1)
        if may_leave and len(staying) <= (1 - _LEAVING) * len(rows):
            index = torch.tensor(staying, device=ids.device)
            cache.batch_select_indices(index)
            ids, mask, positions = ids[index], mask[index], positions[index]
            rows = [rows[place] for place in staying]
    return written
