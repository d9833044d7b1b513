"""Whether two ways of computing the same say the same."""

from __future__ import annotations

from typing import Any

# Largest difference of a token's log-probability, by dtype: the bounds that are promised for equal
# answers in docs/performance.md.
TOLERANCE = {"float32": 1e-3, "bfloat16": 0.25, "float16": 0.05}
_WORDS = 8


def alike(one: Any, other: Any, dtype: str) -> bool:
    """Whether logits [..., words] of both give the likeliest words of `one` the same probability.

    Of the eight likeliest: far down the order log-probabilities may be infinite. False where one of
    them is not a number. dtype: what both were computed in.
    """
    expected, found = one.float().log_softmax(-1), other.float().log_softmax(-1)
    words = expected.topk(_WORDS).indices
    apart = (expected.gather(-1, words) - found.gather(-1, words)).abs().max().item()
    return bool(apart <= TOLERANCE[dtype])
