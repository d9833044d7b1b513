"""How sure a model was of each token, told as it wrote it: nothing has to be read again."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from harness.engines.reading import ends_of, split
from harness.records import Certainty

# Log-probability, entropy and margin of one token.
Sure = tuple[float, float, float]

# At a time: copies in float32 of 256,000 words for all 128 rows of a batch would take 0.5 GiB.
_ROWS = 32
_DECIMALS = 4
_NEVER = -1e4


def sure_of(logits: Any, ids: Any) -> list[Sure]:
    """Of the tokens `ids` [rows, 1] that were chosen by `logits` [rows, words], in nats.

    By the model's own distribution, also where tokens are drawn at another temperature. margin:
    how much likelier the likeliest token is than the second.
    """
    import torch

    parts = []
    for part, chosen in zip(logits.split(_ROWS), ids.split(_ROWS), strict=True):
        # A word that can't come: 0 times minus infinity is no number.
        told = part.float().log_softmax(-1).clamp_(min=_NEVER)
        entropy = -told.exp().mul_(told).sum(-1)
        logprob, first = told.gather(-1, chosen)[:, 0], told.amax(-1)
        # Where the likeliest was chosen its place is known. With `topk`, or with logarithms of
        # what was a logarithm before, it took 6 to 7 ms for 40 rows of 12,288 words on a core, so
        # below 2.
        place = chosen if torch.equal(logprob, first) else told.argmax(-1, keepdim=True)
        second = told.scatter_(-1, place, _NEVER).amax(-1)
        parts.append(torch.stack([logprob, entropy, first - second], dim=-1))
    return [(a, b, c) for a, b, c in torch.cat(parts).tolist()]


def certainty(tokenizer: Any, ids: Sequence[int], text: str, sure: Sequence[Sure]) -> Certainty:
    """Of an answer. ids: all that was written, what ended it and what stands after a stop included.

    text: the answer without those.
    """
    again, ends = split(tokenizer, text)
    # Mostly the tokens that the text would be split into, with those that ended it behind them.
    if again != list(ids[: len(again)]):
        again, ends = [], []
    ends += [ends_of(tokenizer, ids[: i + 1], text) for i in range(len(again), len(ids))]
    if ends:
        ends = [*accumulate(ends[:-1], max), len(text)]
    columns = zip(*sure, strict=True)
    logprobs, entropies, margins = (tuple(round(x, _DECIMALS) for x in c) for c in columns)
    return Certainty(tuple(ends), logprobs, entropies, margins)
