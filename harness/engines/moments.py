"""The output layer in blocks: log-probabilities, and their moments over the whole vocabulary.

Gemma's 256,000 words after 2,048 tokens are 2 GB of logits in float32, and a softmax holds them
several times. Here logits exist for one block of tokens × words at a time, and what is needed of
them is summed up as blocks go by: an online log-sum-exp (Milakov and Gimelshein, arXiv 1805.02867)
with a first and a second moment beside it, all three relative to the running maximum, so that a
token of which the model is certain keeps its precision.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# Tokens and words of one block: 2 MiB of logits on a CPU, 64 MiB on a GPU, twice of it in use. Of
# 32 to 2,048 tokens × 256 to 12,288 words (width 384, one core), blocks of at least 256 × 1,024
# took 160 to 190 µs a token, the smallest 520 µs; the product alone takes 120 to 150 µs.
BLOCK = {"cpu": (256, 2048), "cuda": (2048, 8192)}
# Logits of a block that must hold all words.
WHOLE = {"cpu": 1 << 24, "cuda": 1 << 26}


@dataclass(frozen=True, slots=True)
class OutputLayer:
    """From final hidden states to logits, a block at a time.

    words: of the vocabulary. logits: from hidden states [tokens, width] and the words start:stop
    to their finite float32 logits [tokens, stop - start], a tensor that may be overwritten.
    whole: whether a block must be all words, because only the layer knows what it computes.
    """

    words: int
    logits: Callable[[Any, int, int], Any]
    whole: bool = False


def moments(layer: OutputLayer, hidden: Any, targets: Any) -> tuple[Any, Any, Any]:
    """Log-probability of each target, and mean and deviation of the log-probability there.

    hidden: [tokens, width], where the targets [tokens] are predicted. Mean and deviation are those
    of Min-K%++ (arXiv 2404.02936): mu = sum_v p_v log p_v, sigma² = sum_v p_v (log p_v)² - mu².
    Returns three float32 tensors [tokens].
    """
    import torch

    height, width = _block_size(layer, hidden)
    parts = [
        _block(layer, hidden[i : i + height], targets[i : i + height], width)
        for i in range(0, len(hidden), height)
    ]
    if not parts:
        return (hidden.new_empty(0, dtype=torch.float32),) * 3
    logprobs, means, deviations = (torch.cat(part) for part in zip(*parts, strict=True))
    return logprobs, means, deviations


def _block_size(layer: OutputLayer, hidden: Any) -> tuple[int, int]:
    """Tokens and words whose logits exist at a time."""
    if layer.whole:
        return max(1, WHOLE[hidden.device.type] // layer.words), layer.words
    return BLOCK[hidden.device.type]


def _block(layer: OutputLayer, hidden: Any, targets: Any, width: int) -> tuple[Any, Any, Any]:
    import torch

    peak = hidden.new_full((len(hidden),), float("-inf"), dtype=torch.float32)
    zeroth, first, second, target = (torch.zeros_like(peak) for _ in range(4))
    for start in range(0, layer.words, width):
        logits = layer.logits(hidden, start, min(start + width, layer.words))
        place = targets - start
        inside = (place >= 0) & (place < logits.shape[1])
        found = logits.gather(1, place.clamp(0, logits.shape[1] - 1)[:, None])[:, 0]
        target = torch.where(inside, found, target)
        risen = torch.maximum(peak, logits.amax(-1))
        # What was summed relative to the old peak, told relative to the new one: of
        # e^x, x e^x and x² e^x with x moved by `down`. Below -1e4 nothing is left of them.
        down = (peak - risen).clamp_(min=-1e4)
        scale = down.exp()
        second = scale * (second + 2 * down * first + down * down * zeroth)
        first = scale * (first + down * zeroth)
        zeroth = scale * zeroth
        peak = risen
        below = logits.sub_(peak[:, None])
        weight = below.exp()
        zeroth += weight.sum(-1)
        first += weight.mul_(below).sum(-1)
        second += weight.mul_(below).sum(-1)
    spread = zeroth.log()
    mean = first / zeroth
    variance = (second / zeroth - mean * mean).clamp(min=0.0)
    return target - peak - spread, mean - spread, variance.sqrt()


def target_logprobs(layer: OutputLayer, hidden: Any, which: Any, targets: Any) -> Any:
    """Log-probability of each target [n], float32. which [n]: its row in hidden [tokens, width].

    Several targets may stand at one place, whose logits are made once.
    """
    import torch

    found = hidden.new_zeros(len(targets), dtype=torch.float32)
    height, width = _block_size(layer, hidden)
    for i in range(0, len(hidden), height):
        part = hidden[i : i + height]
        here = ((which >= i) & (which < i + len(part))).nonzero()[:, 0]
        rows, words = which[here] - i, targets[here]
        total = part.new_full((len(part),), float("-inf"), dtype=torch.float32)
        logits_of = part.new_zeros(len(here), dtype=torch.float32)
        for start in range(0, layer.words, width):
            logits = layer.logits(part, start, min(start + width, layer.words))
            place = words - start
            inside = (place >= 0) & (place < logits.shape[1])
            own = logits[rows, place.clamp(0, logits.shape[1] - 1)]
            logits_of = torch.where(inside, own, logits_of)
            total = torch.logaddexp(total, logits.logsumexp(-1))
        found[here] = logits_of - total[rows]
    return found


def likeliest(layer: OutputLayer, hidden: Any) -> Any:
    """The likeliest word after each of hidden [tokens, width]; the first of equals."""
    import torch

    height, width = _block_size(layer, hidden)
    found = []
    for i in range(0, len(hidden), height):
        part = hidden[i : i + height]
        peak = part.new_full((len(part),), float("-inf"), dtype=torch.float32)
        word = torch.zeros(len(part), dtype=torch.long, device=part.device)
        for start in range(0, layer.words, width):
            top, place = layer.logits(part, start, min(start + width, layer.words)).max(-1)
            word = torch.where(top > peak, place + start, word)
            peak = torch.maximum(top, peak)
        found.append(word)
    return torch.cat(found) if found else hidden.new_empty(0, dtype=torch.long)
