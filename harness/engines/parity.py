"""Do two engines with the same weights say the same? Asked before one's likelihoods count."""

from __future__ import annotations

from collections.abc import Sequence

from harness.engines import Engine
from harness.records import Checkpoint, Request, Response

# A continuation's log-likelihood: what half precision and other kernels may make of three tokens
# (docs/performance.md has .29 between bfloat16 and float32), and what float32 may.
TOLERANCE = {"float32": 1e-2, "bfloat16": 0.25, "float16": 0.25}
# A server splits prompt and continuation into tokens together, the local engine apart: after a line
# break, as at a turn's beginning, both come to the same.
_TEXTS = (
    "2026年の新作について、価格と発売日を教えてください。\n",
    "次の文章の内容は肯定的ですか、否定的ですか。\n文章：とても使いやすいです。\n",
    "What is the capital of France?\n",
    "商品番号 12345 の重さは？\n",
)
# Of a few tokens, as the answers are that suites score: TOLERANCE is for such sums.
_CONTINUATIONS = ("はい", "いいえ", "Yes", "12")


def probes(chat: bool) -> list[Request]:
    """What is asked of both. chat: whether the model has a template for turns."""
    return [
        Request(text, chat=chat, continuations=_CONTINUATIONS, max_new_tokens=1) for text in _TEXTS
    ]


def likelihoods(
    engine: Engine, checkpoint: Checkpoint, requests: Sequence[Request]
) -> list[tuple[float, ...]]:
    """Of all continuations, in the order of `requests`."""
    found: dict[Request, Response] = {}
    for answers in engine.answer(checkpoint, requests):
        found |= dict(answers)
    return [found[request].logprobs for request in requests]


def farthest(one: Sequence[Sequence[float]], other: Sequence[Sequence[float]]) -> float:
    """The largest difference; infinite where there is not as much on both sides."""
    if [len(values) for values in one] != [len(values) for values in other]:
        return float("inf")
    pairs = zip(one, other, strict=True)
    return max(abs(a - b) for values, others in pairs for a, b in zip(values, others, strict=True))
