"""Texts read token by token: each token's log-probability, and what the model expected there.

One forward pass a text gives what loss, zlib, Min-K% and Min-K%++ (arXiv 2404.02936) are made of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from harness.engines import Answer
from harness.engines.batching import Row, plan, table
from harness.engines.halves import fast_halves
from harness.engines.moments import OutputLayer, moments
from harness.engines.output import hidden_states, own_moments
from harness.errors import WeightsError
from harness.records import Reading, Response

# Tokens of one forward pass, padding included. With 24 M weights on one core a token took 850 µs in
# passes of 64 tokens, and the same 550 to 680 µs from 1,024 to 8,192; on a GPU they fill the chip.
READ_TOKENS = {"cpu": 2048, "cuda": 32768}
# Longest forward pass, also of models that take more: attention without a fused kernel (Gemma 2)
# holds the square of it for each head.
LONGEST = 8192
_DECIMALS = 7  # of five, Min-K%++ over few tokens is left with an error of 2e-4


@dataclass(frozen=True, slots=True)
class Chunk:
    """One forward pass over a part of a text.

    ids: what is put in. targets: what is predicted at its last len(targets) places.
    """

    ids: list[int]
    targets: list[int]


def split(tokenizer: Any, text: str, window: int = 0) -> tuple[list[int], list[int]]:
    """Token ids of a text without special tokens, and the characters up to each one's end.

    window: how many of the first tokens; 0 for all. A character that several tokens share (the
    bytes of an emoji) ends with the last of them. The whole text ends with its last token.
    """
    if tokenizer.is_fast:
        encoding = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        ids = list(encoding.input_ids)
        ends = _ends(encoding.offset_mapping)
    else:
        ids = list(tokenizer(text, add_special_tokens=False).input_ids)
        size = min(window or len(ids), len(ids))
        ends = [ends_of(tokenizer, ids[: i + 1], text) for i in range(size)]
    ends = list(accumulate(ends, max))
    if ends and len(ends) == len(ids):
        ends[-1] = len(text)
    size = window or len(ids)
    return ids[:size], ends[:size]


def _ends(offsets: Sequence[tuple[int, int]]) -> list[int]:
    following = [*offsets, (0, 0)][1:]
    return [
        start if start < end <= next_end else end
        for (_, end), (start, next_end) in zip(offsets, following, strict=True)
    ]


def ends_of(tokenizer: Any, ids: Sequence[int], text: str) -> int:
    """Characters of a text that its first tokens stand for.

    One that is not whole decodes to U+FFFD.
    """
    decoded = tokenizer.decode(list(ids), clean_up_tokenization_spaces=False)
    return min(len(decoded.rstrip("\ufffd")), len(text))


def chunks(row: Row, limit: int) -> list[Chunk]:
    """The forward passes of a text for a model that takes `limit` tokens.

    As lm-eval's rolling windows with a context of one token: the first begins with the prompt, each
    further one with the last token of the one before; the last reaches back as far as the model
    takes. Raises WeightsError if the prompt alone is longer.
    """
    ids = row.prompt + row.tails[0]
    done = max(1, len(row.prompt))
    if done > limit:
        raise WeightsError(
            f"the model takes {limit} tokens; the prompt before a text that is read needs {done}: "
            f"{row.request.prompt[:60]!r}…"
        )
    found = []
    end = min(len(ids), limit + 1)
    while done < end:
        found.append(Chunk(ids[max(0, end - limit - 1) : end - 1], ids[done:end]))
        done, end = end, min(len(ids), end + limit)
    return found


def longest(config: Any) -> int:
    """Tokens of the longest forward pass for a model of this configuration."""
    limit = getattr(config, "max_position_embeddings", None)
    return min(limit or LONGEST, LONGEST)


def read_ids(rows: Sequence[Row]) -> list[Answer]:
    """Only the tokens themselves: no network is asked."""
    readings = [Reading(tuple(row.tails[0]), tuple(row.ends)) for row in rows]
    return [(row.request, _response(row, r, ())) for row, r in zip(rows, readings, strict=True)]


def read(network: Any, rows: Sequence[Row], layer: OutputLayer | None, pad: int) -> list[Answer]:
    """Every text token by token. layer: from `output_layer`. pad: id to fill rows with."""
    import torch

    limit = longest(network.config.get_text_config())
    parts = [(i, chunk) for i, row in enumerate(rows) for chunk in chunks(row, row.limit or limit)]
    figures: dict[int, Any] = {}
    device = network.device
    for batch in plan([len(chunk.ids) for _, chunk in parts], READ_TOKENS[device.type]):
        with torch.inference_mode(), fast_halves(network):
            together = torch.stack(_pass(network, [parts[i][1] for i in batch], layer, pad)).cpu()
        sizes = [len(parts[i][1].targets) for i in batch]
        figures.update(zip(batch, torch.split(together, sizes, dim=1), strict=True))
    answers = []
    for i, row in enumerate(rows):
        own = [figures[number] for number, (owner, _) in enumerate(parts) if owner == i]
        table = torch.cat(own, dim=1) if own else torch.empty(3, 0)
        skipped = len(row.tails[0]) - table.shape[1]  # the first, with nothing before it
        reading = Reading(
            tuple(row.tails[0][skipped:]),
            tuple(row.ends[skipped:]),
            *(tuple(round(value, _DECIMALS) for value in line) for line in table.tolist()),
        )
        total = round(sum(reading.logprobs), _DECIMALS)
        answers.append((row.request, _response(row, reading, (total,))))
    return answers


def _pass(
    network: Any, batch: list[Chunk], layer: OutputLayer | None, pad: int
) -> tuple[Any, Any, Any]:
    """Three rows of figures for the targets of all chunks, one after the other."""
    import torch

    if layer is None:
        own = [own_moments(network, chunk.ids, chunk.targets) for chunk in batch]
        logprobs, means, deviations = (torch.cat(part) for part in zip(*own, strict=True))
        return logprobs, means, deviations
    width = max(len(chunk.ids) for chunk in batch)
    ids = table([chunk.ids for chunk in batch], width, pad)
    places = torch.tensor(
        [
            row * width + place
            for row, chunk in enumerate(batch)
            for place in range(len(chunk.ids) - len(chunk.targets), len(chunk.ids))
        ]
    )
    targets = torch.tensor([target for chunk in batch for target in chunk.targets])
    ids, places, targets = (part.to(network.device) for part in (ids, places, targets))
    hidden = hidden_states(network, ids).flatten(0, 1)[places]
    return moments(layer, hidden, targets)


def _response(row: Row, reading: Reading, logprobs: tuple[float, ...]) -> Response:
    read = row.request.continuations[0][: reading.ends[-1] if reading.ends else 0]
    return Response(read, "scored", len(reading.ids), logprobs, reading)
