"""Prompts and continuations read as one stream of tokens.

Architectures that don't pass on to attention what they don't know are found out by a probe
(`packs`), and read row by row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.engines.attention import Kept, Packing, Prefix, attending, padded, row
from harness.engines.batching import pad_left
from harness.engines.cache import growing_cache
from harness.engines.last_layer import only_at
from harness.engines.likeness import alike
from harness.engines.output import bare
from harness.engines.packing import Stream, groups, pack
from harness.engines.prefill import Read, read_padded


def packs(network: Any, probe: list[int], pad: int, dtype: str) -> bool:
    """Whether a network says of a stream what it says of rows, tried with a probe's ids."""
    import torch

    prompts = [probe, [*probe[:-3], probe[0]], [*probe[:9], *probe[-2:]]]
    with torch.inference_mode():
        rows = read_padded(network, prompts, pad, room=0).logits
        try:
            prefix = read_prefix(network, probe[:5])
            stream = read_packed(network, prompts, prefix, room=0).logits
        except Exception:  # whatever an architecture makes of arguments that it does not know
            return False
    return alike(rows, stream, dtype)


def read_prefix(network: Any, ids: list[int]) -> Prefix:
    """What prompts begin with, to be gone on from by `read_packed` and `hidden_packed`."""
    if not ids:
        return Prefix()
    kept: list[tuple[Any, Any]] = []
    _forward(bare(network).base_model, pack([ids]), Prefix(), Kept(layers=kept))
    keys, values = zip(*kept, strict=True)
    return Prefix(len(ids), keys, values)


def read_packed(network: Any, prompts: Sequence[list[int]], prefix: Prefix, room: int) -> Read:
    """Prompts as one stream. room: tokens that will be written after them."""
    import torch

    place = network.device
    stream = pack(prompts, offset=prefix.size)
    rows, mask = pad_left(stream.prompts, 0, place)
    cache = growing_cache(network, room)
    ends = [row[-1] - prefix.size for row in stream.prompts]
    last = torch.tensor(ends, device=place)
    kept = Kept(rows, cache)
    # Prompts that are the same end at the same token.
    with only_at(network, torch.tensor(sorted(set(ends)), device=place)):
        logits = _forward(network, stream, prefix, kept, logits_to_keep=last).logits[0]
    return Read(cache, mask, logits)


def hidden_packed(network: Any, stream: Stream, prefix: Prefix, places: Any) -> Any:
    """Final hidden states [n, width] of a stream's tokens at `places` [n], each once."""
    with only_at(network, places):
        return _forward(bare(network).base_model, stream, prefix, Kept())[0][0, places]


def _forward(network: Any, stream: Stream, prefix: Prefix, kept: Kept, **more: Any) -> Any:
    import torch

    place, dtype = network.device, network.dtype
    together = [padded(group, stream, place) for group in groups(stream.blocks)]
    with attending(network):
        return network(
            input_ids=row(stream.ids, place),
            # A mask of four dimensions is taken as it is; this one nobody reads.
            attention_mask=torch.zeros(1, 1, 1, 1, dtype=dtype, device=place),
            position_ids=row(stream.positions, place),
            use_cache=False,
            packing=Packing(together, prefix, kept),
            **more,
        )
