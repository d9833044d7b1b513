"""The likelihood of given continuations after a prompt that is read once for all of them.

Prompts and continuations are one stream (`packing`): twenty values after a prompt cost about as
much as one, and an instruction before all of them next to nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.engines import Answer
from harness.engines.attention import Prefix
from harness.engines.batching import Row, pad_left, plan
from harness.engines.halves import fast_halves
from harness.engines.moments import OutputLayer, likeliest, target_logprobs
from harness.engines.packed import hidden_packed
from harness.engines.packing import pack
from harness.engines.prefill import positions
from harness.records import Response


def length(row: Row) -> int:
    """Tokens that a request occupies in a batch."""
    return len(row.prompt) + sum(len(tail) for tail in row.tails)


def score(
    network: Any,
    rows: Sequence[Row],
    layer: OutputLayer | None,
    pad: int,
    budget: int,
    prefix: Prefix | None,
) -> list[Answer]:
    """Log-probability of each continuation of each row, summed over its tokens.

    Of joint requests also whether each token is the likeliest. layer: from `output_layer`. pad: id
    to fill rows with. budget: tokens of one forward pass where prompts are repeated. prefix: what
    all prompts begin with, for networks that read streams (`packs`); None for others.
    """
    if layer is None or prefix is None or any(row.cut for row in rows):
        found = iter(_repeated(network, rows, pad, budget))
    else:
        found = iter(_packed(network, rows, layer, prefix))
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


def _packed(network: Any, rows: Sequence[Row], layer: OutputLayer, prefix: Prefix) -> list[Score]:
    """Scores in the order of rows and their tails, from one pass in which no token stands twice."""
    import torch

    stream = pack([row.prompt for row in rows], [row.tails for row in rows], prefix.size)
    places = [place - prefix.size for line in stream.predicting for place in line]
    targets = [token for row in rows for tail in row.tails for token in tail]
    # Continuations of a row begin at one place: the output layer is asked once there.
    distinct = sorted(set(places))
    number = {place: i for i, place in enumerate(distinct)}
    with torch.inference_mode(), fast_halves(network):
        wanted = hidden_packed(network, stream, prefix, torch.tensor(distinct).to(network.device))
        which = torch.tensor([number[place] for place in places], device=wanted.device)
        words = torch.tensor(targets, device=wanted.device)
        logprobs = target_logprobs(layer, wanted, which, words).cpu()
        hits = torch.zeros(len(targets), dtype=torch.bool)
        if any(row.request.joint for row in rows):
            hits = (likeliest(layer, wanted)[which] == words).cpu()
    sizes = [len(tail) for row in rows for tail in row.tails]
    parts = zip(torch.split(logprobs, sizes), torch.split(hits, sizes), strict=True)
    return [Score(part.sum().item(), bool(hit.all())) for part, hit in parts]


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
        with torch.inference_mode():
            # The output layer only where a continuation is predicted: over Gemma's 256,000 words
            # logits for a whole prompt would be the largest tensor of all.
            logits = network(
                input_ids=ids,
                attention_mask=mask,
                position_ids=positions(mask),
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
