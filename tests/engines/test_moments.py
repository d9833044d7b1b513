"""The vocabulary is never held whole, and half precision is not slower than it must be."""

from __future__ import annotations

import subprocess
import sys

MEASURE = """
import resource, torch
from harness.engines.moments import moments
from harness.engines.output import _layer
torch.set_num_threads(1)
words, tokens, width = 256_000, 2048, 8
head = torch.nn.Linear(width, words, bias=False)
hidden, targets = torch.randn(tokens, width), torch.randint(0, words, (tokens,))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with torch.inference_mode():
    logprobs, means, deviations = moments(_layer(head, None, words), hidden, targets)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    table = head(hidden[-1:]).double().log_softmax(-1)
mean = (table.exp() * table).sum()
found = [abs(logprobs[-1] - table[0, targets[-1]]), abs(means[-1] - mean)]
print((after - before) * 1024, max(found).item())
"""


def test_two_thousand_tokens_of_a_quarter_million_words_stay_far_below_2_gib() -> None:
    done = subprocess.run(
        [sys.executable, "-c", MEASURE], capture_output=True, text=True, check=True
    )
    grown, difference = map(float, done.stdout.split())
    assert grown < 200e6  # one copy of the logits is 2.1e9 bytes
    assert difference < 1e-4


def test_products_of_halves_are_rounded_once_as_torch_rounds_them() -> None:
    import torch
    from torch.nn.functional import linear, scaled_dot_product_attention

    from harness.engines.halves import _mode

    torch.manual_seed(0)
    for dtype in (torch.bfloat16, torch.float16):
        x, weight = torch.randn(3, 9, 64, dtype=dtype), torch.randn(20, 64, dtype=dtype)
        bias = torch.randn(20, dtype=dtype)
        q = torch.randn(1, 2, 9, 16, dtype=dtype)
        with _mode():
            product = linear(x, weight, bias)
            mixed = scaled_dot_product_attention(q, q, q, is_causal=True)
            assert linear(x.float(), weight.float()).dtype == torch.float32
        assert product.dtype == mixed.dtype == dtype
        exact = linear(x.double(), weight.double(), bias.double()).to(dtype)
        # Where the sum lies near the middle of two halves, it may be rounded to either.
        assert (product == exact).float().mean() > 0.99
        torch.testing.assert_close(product, exact)
        plain = scaled_dot_product_attention(q, q, q, is_causal=True)
        torch.testing.assert_close(mixed, plain, atol=2e-3, rtol=0.02)


def test_a_network_in_half_precision_gives_what_it_gives_without_the_detour() -> None:
    import torch

    from harness.engines.halves import fast_halves
    from tests.engines.networks import network

    model = network("Llama", "bfloat16", initializer_range=0.1)
    ids = torch.randint(6, 60, (2, 12))
    with torch.inference_mode():
        plain = model(ids).logits
        with fast_halves(model):
            ours = model(ids).logits
    assert ours.dtype == torch.bfloat16
    torch.testing.assert_close(ours, plain, atol=0.05, rtol=0.05)
