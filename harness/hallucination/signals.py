"""What an answer's tokens tell of the model's doubt; higher is riskier everywhere.

    mean_nll          mean negative log-likelihood of the answer's tokens
    slot_nll          the same over the tokens of the values that it states, of all where it states
                      none; which value is right plays no part in it
    least             negative log-likelihood of the least likely token
    entropy           mean entropy of the distributions that the tokens were chosen from
    margin            minus the mean margin of the likeliest token over the second
    p_true            log-odds that the model, shown its answer, calls it wrong
    semantic_entropy  discrete semantic entropy over several answers drawn anew
    inconsistency     share of those that mean something else than the answer

Two blind controls know nothing of the answer's content or of doubt about it: `length`, the answer's
tokens, and `question_nll`, how unlikely the question alone is. In nats, as LM-Polygraph has them
(Fadeeva et al. 2023, arXiv 2311.07383); p(True) by Kadavath et al. (arXiv 2207.05221), semantic
entropy by Farquhar et al. (doi 10.1038/s41586-024-07421-0), here with counts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from harness.records import Certainty

SIGNALS = ("mean_nll", "slot_nll", "least", "entropy", "margin")
ON_REQUEST = ("p_true", "semantic_entropy", "inconsistency")
CONTROLS = ("length", "question_nll")
# Of a probability of all tokens or of a slot, their geometric mean: what a confidence is held to.
CONFIDENCE = "slot_nll"


def doubts(told: Certainty, spans: Sequence[tuple[int, int]]) -> dict[str, float]:
    """The signals of one answer that its tokens tell, and its length. {} where it has none.

    spans: characters of the answer that state values, [] for none. What is not told of the tokens
    has no signal.
    """
    if not told.logprobs:
        return {}
    slot = _within(told.ends, spans) or range(len(told.logprobs))
    found = {
        "mean_nll": -_mean(told.logprobs),
        "slot_nll": -_mean([told.logprobs[place] for place in slot]),
        "least": -min(told.logprobs),
    }
    if told.entropies:
        found["entropy"] = _mean(told.entropies)
    if told.margins:
        found["margin"] = -_mean(told.margins)
    return {**found, "length": float(len(told.logprobs))}


def _within(ends: Sequence[int], spans: Sequence[tuple[int, int]]) -> list[int]:
    """Places of the tokens that have a part in a span.

    A token that ends where it begins is a piece of the character that comes next.
    """
    begins = [0, *ends[:-1]]
    return [
        place
        for place, (begin, end) in enumerate(zip(begins, ends, strict=True))
        if any(begin < last and max(end, begin + 1) > first for first, last in spans)
    ]


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)
