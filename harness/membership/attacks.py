"""Membership scores of a text that a model read token by token; higher: more like a member.

With lp_t the natural-log probability of token t after what stands before it, T tokens:

    loss                mean lp_t (Yeom et al. 2018)
    zlib                mean lp_t / bytes of the zlib-packed text (Carlini et al. 2021)
    min_k_K             mean of the lowest K % of lp_t, one at least (Shi et al., arXiv 2310.16789)
    min_k_plus_plus_K   the same of z_t = (lp_t - mu_t) / sigma_t (Zhang et al., arXiv 2404.02936)
    reference           mean lp_t less a second model's on the same characters (Carlini et al. 2021)
    dc_pdd              mean of min(a, p_t · log 1/f(token)) over the first occurrence of each token
                        (Zhang et al. 2024, aclanthology.org/2024.emnlp-main.300)

Packed sizes and token frequencies depend on the language: never pool languages.
"""

from __future__ import annotations

import math
import zlib
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.records import Reading

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

PERCENTS = (5, 10, 20, 30, 40, 50, 60)
# The scores that a verdict is given on; the others show how much hangs on K.
PANEL = ("loss", "zlib", "min_k_20", "min_k_plus_plus_20", "reference", "dc_pdd")

# Below this the likeliest token has all but 3e-9 of the probability (sigma ≈ √ε · log 1/ε), nearer
# to 1 than float32 can tell: what is left of sigma is rounding.
LEAST_DEVIATION = 1e-3
DC_PDD_CEILING = 0.01


@dataclass(frozen=True, slots=True)
class Frequencies:
    """How often each token id occurs in some text. vocabulary: how many ids there could be."""

    counts: Mapping[int, int]
    total: int
    vocabulary: int

    def of(self, ids: Sequence[int]) -> Array:
        """Laplace-smoothed frequencies, (count + 1) / (total + vocabulary), aligned with `ids`."""
        import numpy as np

        counts = np.array([self.counts.get(token, 0) for token in ids], dtype=float)
        smoothed: Array = (counts + 1) / (self.total + self.vocabulary)
        return smoothed


def count_tokens(readings: Iterable[Reading], vocabulary: int = 0) -> Frequencies:
    """Count the token ids of texts in the language that is asked about.

    vocabulary: the tokenizer's size; 0, where it isn't known, takes the highest id seen, plus 1.
    Raises ValueError without a token.
    """
    counts: Counter[int] = Counter()
    for reading in readings:
        counts.update(reading.ids)
    if not counts:
        raise ValueError("no tokens: nothing can be said of their frequencies")
    return Frequencies(dict(counts), counts.total(), max(vocabulary, max(counts) + 1))


def window(reading: Reading, n: int) -> Reading | None:
    """The first `n` tokens of a text, None where it has fewer."""
    if len(reading.ids) < n:
        return None
    return Reading(
        reading.ids[:n],
        reading.ends[:n],
        reading.logprobs[:n],
        reading.means[:n],
        reading.deviations[:n],
    )


def attack_scores(
    reading: Reading,
    text: str,
    reference: Reading | None = None,
    frequencies: Frequencies | None = None,
) -> dict[str, float]:
    """Return every score of one text by name; `reference` and `dc_pdd` where theirs is given.

    text: the whole text, of which the reading may be the beginning. reference: another model's
    reading of the same text. Raises ValueError for a reading without a token's likelihood.
    """
    lowest, plus_plus = _lowest_means(_logprobs(reading)), _lowest_means(standardised(reading))
    scores = {"loss": mean_logprob(reading), "zlib": zlib_ratio(reading, text)}
    for percent in PERCENTS:
        last = max(1, percent * len(lowest) // 100) - 1  # of the lowest max(1, ⌊K·T⌋)
        scores[f"min_k_{percent}"] = float(lowest[last])
        scores[f"min_k_plus_plus_{percent}"] = float(plus_plus[last])
    if reference is not None:
        scores["reference"] = reference_difference(reading, reference)
    if frequencies is not None:
        scores["dc_pdd"] = dc_pdd(reading, frequencies)
    return scores


def mean_logprob(reading: Reading) -> float:
    """Mean log-probability of a token, nats."""
    return math.fsum(_logprobs(reading)) / len(reading.logprobs)


def zlib_ratio(reading: Reading, text: str) -> float:
    """Mean log-probability over the bytes that zlib packs the text into, up to where it was read.

    The text is UTF-8 and zlib's level the default one, as in the papers' code.
    """
    read = text[: reading.ends[-1]].encode("utf-8", "surrogatepass")
    return mean_logprob(reading) / len(zlib.compress(read))


def standardised(reading: Reading) -> Array:
    """z_t = (lp_t - mu_t) / sigma_t of each token, sigma no less than `LEAST_DEVIATION`.

    Where the model is certain sigma nears 0. The token that it is certain of has lp = mu and so
    z = 0; any other is thousands of deviations below, but finite.
    """
    import numpy as np

    above = np.subtract(_logprobs(reading), reading.means)
    z: Array = above / np.maximum(reading.deviations, LEAST_DEVIATION)
    return z


def reference_difference(reading: Reading, reference: Reading) -> float:
    """Mean log-probability of a token less the reference model's of the same characters.

    Both are summed over the characters that both read and divided by this model's tokens there. Of
    models with one tokenizer it is the difference of their means. Tokens of two tokenizers are
    summed between the first and the last character at which both end a token: either may have left
    out its first token. Raises ValueError where they share no such stretch.
    """
    ours, theirs = _logprobs(reading), _logprobs(reference)
    both = min(len(ours), len(theirs))
    if reading.ends[:both] == reference.ends[:both]:
        return (math.fsum(ours[:both]) - math.fsum(theirs[:both])) / both
    shared = set(reading.ends) & set(reference.ends)
    if len(shared) < 2:
        raise ValueError("the two models end no two tokens at the same characters of the text")
    first, last = min(shared), max(shared)
    mine = slice(bisect_right(reading.ends, first), bisect_right(reading.ends, last))
    other = slice(bisect_right(reference.ends, first), bisect_right(reference.ends, last))
    return (math.fsum(ours[mine]) - math.fsum(theirs[other])) / (mine.stop - mine.start)


def dc_pdd(reading: Reading, frequencies: Frequencies, a: float = DC_PDD_CEILING) -> float:
    """Mean of min(a, p_t · log 1/f) over the first occurrence of each token, higher for members.

    f: smoothed frequency of the token in other text. The authors' code gives this with a minus and
    ranks members by its opposite. a: their .01 keeps single tokens from deciding.
    """
    import numpy as np

    kinds, first = np.unique(reading.ids, return_index=True)
    probabilities = np.exp(np.take(_logprobs(reading), first))
    surprise = probabilities * -np.log(frequencies.of(kinds.tolist()))
    return float(np.minimum(surprise, a).mean())


def _logprobs(reading: Reading) -> tuple[float, ...]:
    if not reading.logprobs:
        raise ValueError("the reading has no likelihoods")
    return reading.logprobs


def _lowest_means(figures: Sequence[float] | Array) -> Array:
    """Means of the lowest figure, the two lowest, the three lowest ..."""
    import numpy as np

    means: Array = np.sort(figures).cumsum() / np.arange(1, len(figures) + 1)
    return means
