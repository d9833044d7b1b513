"""The likelihood of given continuations after a prompt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.engines import Answer
from harness.engines.batching import Row, pad_left
from harness.records import Response


def length(row: Row) -> int:
    """Tokens that a request occupies in a batch."""
    return sum(len(row.prompt) + len(tail) for tail in row.tails)


def score(network: Any, rows: Sequence[Row], pad: int) -> list[Answer]:
    """Log-probability of each continuation of each row, summed over its tokens."""
    import torch

    pairs = [(row.prompt, tail) for row in rows for tail in row.tails]
    ids, mask = pad_left([prompt + tail for prompt, tail in pairs], pad, network.device)
    keep = max(len(tail) for _, tail in pairs) + 1
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    with torch.inference_mode():
        # The output layer only where a continuation is predicted: over Gemma's 256,000 words
        # logits for a whole prompt would be the largest tensor of all.
        logits = network(
            input_ids=ids,
            attention_mask=mask,
            position_ids=positions,
            use_cache=False,
            logits_to_keep=keep,
        ).logits
        logprobs = logits[:, :-1].float().log_softmax(-1)
        taken = logprobs.gather(-1, ids[:, -keep + 1 :, None]).squeeze(-1).cpu()
    sums = iter([taken[i, -len(tail) :].sum().item() for i, (_, tail) in enumerate(pairs)])
    answers = []
    for row in rows:
        values = tuple(next(sums) for _ in row.tails)
        best = max(range(len(values)), key=values.__getitem__)
        size = sum(len(tail) for tail in row.tails)
        text = row.request.continuations[best]
        answers.append((row.request, Response(text, "scored", size, values)))
    return answers
