"""The likelihood of given continuations after a prompt that is read once for all of them.

The prompt and its continuations are one row, in which a continuation sees the prompt and itself
(the tree of SpecInfer, arXiv 2305.09781) and stands where it would stand alone. No cache is copied,
and the prompt is computed once: twenty values after a prompt cost about as much as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.engines import Answer
from harness.engines.batching import Row, pad_left, plan
from harness.engines.halves import fast_halves
from harness.engines.moments import OutputLayer, likeliest, moments
from harness.engines.output import hidden_states
from harness.records import Request, Response

# Largest difference of a token's log-probability between a shared prompt and a repeated one.
_TOLERANCE = {"float32": 1e-3, "bfloat16": 0.25, "float16": 0.05}


def length(row: Row) -> int:
    """Tokens that a request occupies in a batch."""
    return len(row.prompt) + sum(len(tail) for tail in row.tails)


def score(
    network: Any, rows: Sequence[Row], layer: OutputLayer | None, pad: int, budget: int
) -> list[Answer]:
    """Log-probability of each continuation of each row, summed over its tokens.

    Of joint requests also whether each token is the likeliest. layer: where prompts may be shared
    (`shares`), else None. pad: id to fill rows with. budget: tokens of one forward pass where
    prompts are repeated.
    """
    alone = all(len(row.tails) == 1 for row in rows) or any(row.cut for row in rows)
    if layer is None or alone or _beyond_window(network, rows):
        found = iter(_repeated(network, rows, pad, budget))
    else:
        found = iter(_shared(network, rows, layer, pad))
    answers = []
    for row in rows:
        scores = [next(found) for _ in row.tails]
        values = tuple(score.logprob for score in scores)
        best = max(range(len(values)), key=values.__getitem__)
        response = Response(
            text=row.request.continuations[best],
            finish="scored",
            tokens=sum(len(tail) for tail in row.tails),
            logprobs=values,
            greedy=tuple(score.greedy for score in scores) if row.request.joint else (),
            cut=row.cut,
        )
        answers.append((row.request, response))
    return answers


@dataclass(frozen=True, slots=True)
class Score:
    """Of one continuation. greedy: whether greedy decoding would write it; asked if joint."""

    logprob: float
    greedy: bool = False


def shares(network: Any, layer: OutputLayer, probe: list[int], pad: int) -> bool:
    """Whether continuations of one row give what they give alone, found out with a probe's ids.

    Not so for architectures that make positions or masks of their own (ALiBi, state spaces).
    """
    row = Row(Request(""), probe[:-8], [probe[-8:-5], probe[-5:-4], probe[-4:]])
    try:
        shared = _shared(network, [row], layer, pad)
    except Exception:  # whatever an architecture makes of a mask that it does not know
        return False
    repeated = _repeated(network, [row], pad, budget=len(probe) * len(row.tails))
    bound = _TOLERANCE[str(network.dtype).removeprefix("torch.")]
    return all(
        abs(one.logprob - other.logprob) <= bound * len(tail)
        for one, other, tail in zip(shared, repeated, row.tails, strict=True)
    )


def _beyond_window(network: Any, rows: Sequence[Row]) -> bool:
    """Whether a continuation reaches further than a layer looks back: our mask has no window."""
    config = network.config.get_text_config()
    windows = [getattr(config, name, None) for name in ("sliding_window", "attention_chunk_size")]
    window = min((size for size in windows if size), default=None)
    return window is not None and window < max(
        len(row.prompt) + len(tail) for row in rows for tail in row.tails
    )


def _shared(network: Any, rows: Sequence[Row], layer: OutputLayer, pad: int) -> list[Score]:
    """Scores in the order of rows and their tails, from one pass over all rows."""
    import torch

    trees = [_tree(row) for row in rows]
    width = max(len(tree.ids) for tree in trees)

    def table(lines: list[list[int]], fill: int) -> Any:
        filled = [line + [fill] * (width - len(line)) for line in lines]
        return torch.tensor(filled, device=network.device)

    branches = table([tree.branches for tree in trees], -1)
    above = branches[:, None, :]
    seen = ((above == 0) | (above == branches[:, :, None])).tril()
    mask = torch.zeros(seen.shape, dtype=network.dtype, device=network.device)
    mask.masked_fill_(~seen, torch.finfo(network.dtype).min)
    places = [i * width + place for i, tree in enumerate(trees) for place in tree.places]
    targets = [token for row in rows for tail in row.tails for token in tail]
    with torch.inference_mode(), fast_halves(network):
        hidden = hidden_states(
            network,
            table([tree.ids for tree in trees], pad),
            attention_mask=mask[:, None],
            position_ids=table([tree.positions for tree in trees], 0),
        )
        wanted = hidden.flatten(0, 1)[torch.tensor(places, device=network.device)]
        words = torch.tensor(targets, device=network.device)
        logprobs = moments(layer, wanted, words)[0].cpu()
        hits = torch.zeros(len(targets), dtype=torch.bool)
        if any(row.request.joint for row in rows):
            hits = (likeliest(layer, wanted) == words).cpu()
    sizes = [len(tail) for row in rows for tail in row.tails]
    parts = zip(torch.split(logprobs, sizes), torch.split(hits, sizes), strict=True)
    return [Score(part.sum().item(), bool(hit.all())) for part, hit in parts]


@dataclass(frozen=True, slots=True)
class _Tree:
    """A prompt and its continuations as one row.

    branches: 0 for the prompt, then the number of the continuation. places: where the tokens of
    the continuations are predicted. A continuation's last token predicts none, and is left out.
    """

    ids: list[int]
    positions: list[int]
    branches: list[int]
    places: list[int]


def _tree(row: Row) -> _Tree:
    size = len(row.prompt)
    tree = _Tree([*row.prompt], [*range(size)], [0] * size, [])
    for number, tail in enumerate(row.tails, 1):
        inner = tail[:-1]
        start = len(tree.ids)
        tree.places.extend([size - 1, *range(start, start + len(inner))][: len(tail)])
        tree.ids.extend(inner)
        tree.positions.extend(range(size, size + len(inner)))
        tree.branches.extend([number] * len(inner))
    return tree


def _repeated(network: Any, rows: Sequence[Row], pad: int, budget: int) -> list[Score]:
    """Scores in the order of rows and their tails, with the prompt before each tail.

    What is more than the model takes is cut from the prompt, on the left.
    """
    import torch

    pairs = [(row.prompt, tail, row.limit) for row in rows for tail in row.tails]
    lines = [[*prompt, *tail][-(limit + 1) if limit else 0 :] for prompt, tail, limit in pairs]
    tails = [tail for _, tail, _ in pairs]
    scores = [Score(0.0)] * len(pairs)
    for batch in plan([len(line) for line in lines], budget):
        # A last token predicts nothing, and may be one more than the model has places for.
        ids, mask = pad_left([lines[i][:-1] for i in batch], pad, network.device)
        keep = max(len(tails[i]) for i in batch)
        targets, _ = pad_left([tails[i] for i in batch], pad, network.device)
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
            logprobs = logits.float().log_softmax(-1)
            taken = logprobs.gather(-1, targets[..., None]).squeeze(-1).cpu()
            hits = (logits.argmax(-1) == targets).cpu()
        for line, hit, i in zip(taken, hits, batch, strict=True):
            start = len(line) - len(tails[i])
            scores[i] = Score(line[start:].sum().item(), bool(hit[start:].all()))
    return scores
