from __future__ import annotations

import math

from harness.engines.likeness import alike


def test_a_difference_counts_among_likely_words_only() -> None:
    import torch

    one = torch.arange(20.0).flip(0)[None]
    assert alike(one, one + 3.0, "float32")  # a constant changes no probability
    rare = one.clone()
    rare[0, -1] = -math.inf
    assert alike(one, rare, "float32")
    likely = one.clone()
    likely[0, 1] += 0.1
    assert not alike(one, likely, "float32")
    assert alike(one, likely, "bfloat16")


def test_what_is_no_number_is_like_nothing() -> None:
    import torch

    one = torch.zeros(1, 20)
    assert not alike(one, one * math.nan, "float32")
    assert not alike(one * math.nan, one, "float32")
