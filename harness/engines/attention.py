"""Attention over a packed stream, handed to transformers' models as an implementation of theirs.

Linear layers, norms and positions are the model's own code, run on one row that holds every token
once; here each token finds the keys of what stands before it in its row.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from harness.engines.batching import table
from harness.engines.packing import Block, Stream

_NAME = "packed"
_UNKNOWN = ("s_aux", "position_bias")  # gpt-oss's sinks, T5's positions


@dataclass(frozen=True, slots=True)
class Prefix:
    """What all prompts of several batches begin with, read once.

    size: its tokens, perhaps none. keys, values: [1, heads, size, width] of each layer.
    """

    size: int = 0
    keys: tuple[Any, ...] = ()
    values: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Together:
    """Blocks that attend in one call, padded; all tensors on the network's device.

    queries: [blocks, own], places in the stream. keys: [blocks, before + own], places among prefix
    and stream. What the flattened queries that are no padding (`written`) get is the result of the
    stream's tokens `places`. seen: [blocks, own, before + own]; None where a query sees all that
    precedes it in its block. asking, asked: [blocks, own] and [blocks, before + own], where in its
    row each query and key stands. masks: made so far, by a layer's window.
    """

    queries: Any
    keys: Any
    places: Any
    written: Any
    seen: Any
    asking: Any
    asked: Any
    masks: dict[float, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kept:
    """Where keys and values are put for what comes after the stream; nowhere if nothing does.

    cache: takes those of prompts, whose tokens have the places `rows` [rows, longest]. layers:
    takes those of each layer as they are.
    """

    rows: Any = None
    cache: Any = None
    layers: list[tuple[Any, Any]] | None = None


@dataclass(frozen=True, slots=True)
class Packing:
    """What attention has to know of a stream beside its queries, keys and values."""

    together: Sequence[Together]
    prefix: Prefix
    kept: Kept


def row(numbers: Sequence[int], place: Any) -> Any:
    """Whole numbers as a tensor [1, n]."""
    return table([numbers], len(numbers), 0).to(place)


@contextmanager
def attending(network: Any) -> Iterator[None]:
    """Within it, a network's layers attend by `_attend`."""
    from transformers import AttentionInterface

    AttentionInterface.register(_NAME, _attend)
    config = network.config.get_text_config()
    own = config._attn_implementation
    config._attn_implementation = _NAME
    try:
        yield
    finally:
        config._attn_implementation = own


def padded(blocks: Sequence[Block], stream: Stream, device: Any) -> Together:
    """Blocks of a stream as they attend in one call."""
    import torch

    lengths = [len(block.branches) for block in blocks]
    own = max(lengths)
    before = max(len(block.before) for block in blocks)
    plain = not before and not any(any(block.branches) for block in blocks)
    if not plain:
        before += -(before + own) % 8  # the widths of masks that CUDA's kernels take as they are

    spans = [range(block.start, block.start + len(block.branches)) for block in blocks]
    inside = [range(span.start - stream.offset, span.stop - stream.offset) for span in spans]
    queries = table(inside, own, 0).to(device)
    asking = row(stream.positions, device)[0, queries]
    earlier = table([block.before for block in blocks], before, 0).to(device)
    # What stands before a block stands there in the order of its row.
    order = torch.arange(before, device=device)
    sizes = torch.tensor([len(block.before) for block in blocks]).to(device)
    seen = None
    if not plain:
        branches = table([block.branches for block in blocks], own, -1).to(device)
        above = branches[:, None, :]
        inner = ((above == 0) | (above == branches[:, :, None])).tril()
        read = (order < sizes[:, None])[:, None, :].expand(-1, own, -1)
        seen = torch.cat([read, inner], dim=-1)
    filled = torch.arange(own, device=device) < torch.tensor(lengths).to(device)[:, None]
    return Together(
        queries=queries,
        keys=torch.cat([earlier, table(spans, own, 0).to(device)], dim=-1),
        places=queries[filled],
        written=filled.flatten().nonzero()[:, 0],
        seen=seen,
        asking=asking,
        asked=torch.cat([order.expand(len(blocks), -1), asking], dim=-1),
    )


def _mask(part: Together, window: float, dtype: Any) -> Any:
    """What is added to the scores: nothing, or minus infinity. None: all that precedes is seen."""
    import torch

    near = window >= part.queries.shape[1] if part.seen is None else window == math.inf
    if part.seen is None and near:
        return None
    if window not in part.masks:
        seen = part.seen
        if seen is None:
            size = part.queries.shape[1]
            seen = torch.ones(size, size, dtype=torch.bool, device=part.queries.device).tril()
        if not near:
            seen = seen & (part.asking[:, :, None] - part.asked[:, None, :] < window)
        least = torch.finfo(dtype).min
        mask = torch.zeros(seen.shape, dtype=dtype, device=seen.device).masked_fill_(~seen, least)
        part.masks[window] = mask[:, None] if mask.dim() == 3 else mask
    return part.masks[window]


def _attend(
    module: Any,
    query: Any,
    key: Any,
    value: Any,
    attention_mask: Any,
    packing: Packing,
    scaling: float | None = None,
    sliding_window: int | None = None,
    softcap: float | None = None,
    **more: Any,
) -> tuple[Any, None]:
    """An attention of transformers' `AttentionInterface`. query, key, value: [1, heads, tokens,
    width]. Raises NotImplementedError for what it does not know."""
    import torch

    if unknown := [name for name in _UNKNOWN if more.get(name) is not None]:
        raise NotImplementedError(f"{', '.join(unknown)} over a packed stream")
    kept = packing.kept
    if kept.layers is not None:
        kept.layers.append((key, value))
    layer = module.layer_idx
    if packing.prefix.size:
        key = torch.cat([packing.prefix.keys[layer], key], dim=2)
        value = torch.cat([packing.prefix.values[layer], value], dim=2)
    if kept.cache is not None:
        kept.cache.update(_taken(key, kept.rows), _taken(value, kept.rows), layer)
    result = value.new_empty(query.shape[2], query.shape[1] * value.shape[3])
    for part in packing.together:
        mask = _mask(part, sliding_window or math.inf, query.dtype)
        asked = _taken(query, part.queries), _taken(key, part.keys), _taken(value, part.keys)
        if softcap:
            attended = _capped(module, *asked, mask, scaling, softcap)
        else:
            attended = _plain(module, *asked, mask, scaling)
        rows = torch.nn.functional.embedding(part.written, attended.flatten(2).flatten(0, 1))
        result.index_copy_(0, part.places, rows)
    return result.view(1, -1, query.shape[1], value.shape[3]), None


def _taken(states: Any, places: Any) -> Any:
    """Of states [1, heads, tokens, width] those at places [rows, n]: [rows, heads, n, width].

    As an embedding: on a CPU indexing takes four times as long.
    """
    import torch

    heads, width = states.shape[1], states.shape[3]
    table = states[0].transpose(0, 1).reshape(-1, heads * width)
    found = torch.nn.functional.embedding(places, table)
    return found.view(*places.shape, heads, width).transpose(1, 2)


def _plain(module: Any, query: Any, key: Any, value: Any, mask: Any, scaling: Any) -> Any:
    """PyTorch's own attention, [blocks, own, heads, width]."""
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    return sdpa_attention_forward(module, query, key, value, mask, scaling=scaling, is_causal=True)[
        0
    ]


def _capped(
    module: Any, query: Any, key: Any, value: Any, mask: Any, scaling: Any, cap: float
) -> Any:
    """Attention whose scores are capped (Gemma 2, arXiv 2408.00118, section 2), as above."""
    import torch

    times = query.shape[1] // key.shape[1]
    key, value = (states.repeat_interleave(times, dim=1) for states in (key, value))
    scores = (query @ key.transpose(2, 3)) * (scaling or query.shape[-1] ** -0.5)
    scores = (scores / cap).tanh() * cap
    if mask is None:
        size = query.shape[2]
        above = torch.ones(size, size, dtype=torch.bool, device=query.device).triu(1)
        scores = scores.masked_fill(above, torch.finfo(scores.dtype).min)
    else:
        scores = scores + mask
    weights = scores.softmax(-1, dtype=torch.float32).to(query.dtype)
    return (weights @ value).transpose(1, 2)
