"""Keys and values of what a network has read, with room to grow in place.

transformers' own layers are copied whole at every token: 8 % of the time of short answers on a CPU
(24 M parameters, 100 questions on texts in batches of 40).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache as once
from typing import Any

# Part of a GPU's memory beside the weights that keys and values may take; what is read needs the
# rest. With Gemma-7B's shape 512 prompts × 32 tokens took 8.0 s in batches of 65,536 tokens on an
# H100 (52.8 GiB at most), 8.5 s in batches of 32,768 (34.6 GiB).
_PART = 0.5


def writable(network: Any, tokens: int) -> int:
    """Tokens of a batch that is generated, where one that is read has `tokens`.

    On a GPU twice as many, for each step reads all weights, or what its memory has place for.
    """
    import torch

    if network.device.type != "cuda":
        return tokens
    config = network.config.get_text_config()
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    each = 2 * config.num_hidden_layers * heads * width * network.dtype.itemsize
    weights = sum(parameter.nbytes for parameter in network.parameters())
    # The whole card's, not what is free just now: a run that goes on must divide as the first did.
    memory = torch.cuda.get_device_properties(network.device).total_memory
    return max(1, min(2 * tokens, int(_PART * (memory - weights) / each)))


def growing_cache(network: Any, room: int) -> Any:
    """An empty cache whose layers make place for `room` tokens more than they are given."""
    from transformers import DynamicCache
    from transformers.cache_utils import DynamicLayer

    cache = DynamicCache(config=network.config)
    cache.layers = [
        _roomy_layer()(room) if type(layer) is DynamicLayer else layer for layer in cache.layers
    ]
    return cache


def handed_out(layer: Any) -> tuple[Any, Any]:
    """A layer's keys and values, which it then no longer holds.

    Not by its `reset`: in transformers 5.17 that overwrites them with zeros.
    """
    keys, values = layer.keys, layer.values
    layer.keys = layer.values = None
    layer.places = {}
    return keys, values


def joined(network: Any, caches: Sequence[Any], room: int) -> Any:
    """One cache of the rows of several, padded on the left; they are used up.

    All of plain layers (`plain`). room: tokens more to make place for.
    """
    cache = growing_cache(network, room)
    for number, layer in enumerate(cache.layers):
        parts = [handed_out(each.layers[number]) for each in caches]
        layer.fill([keys for keys, _ in parts], [values for _, values in parts])
    return cache


def plain(cache: Any) -> bool:
    """Whether all layers hold everything that was read, so that rows can join them."""
    return all(hasattr(layer, "room") and layer.keys is not None for layer in cache.layers)


def divisible(cache: Any) -> bool:
    """Whether rows can leave this architecture's cache."""
    return all(hasattr(layer, "batch_select_indices") for layer in cache.layers)


def _stacked(parts: Sequence[Any], longest: int, room: int) -> Any:
    """Rows of several tensors, padded on the left to `longest` tokens, and place behind them."""
    _, heads, _, width = parts[0].shape
    place = parts[0].new_empty(sum(map(len, parts)), heads, longest + room, width)
    first = 0
    for part in parts:
        rows, padding = place[first : first + len(part)], longest - part.shape[-2]
        rows[:, :, padding:longest] = part
        # Zeros: a mask adds to what stands there, and what is no number stays none.
        rows[:, :, :padding] = 0
        first += len(part)
    return place


@once
def _roomy_layer() -> type:
    """The class, made where transformers has been imported anyway."""
    from transformers.cache_utils import DynamicLayer

    class RoomyLayer(DynamicLayer):  # type: ignore[misc]
        """A layer that puts new tokens behind the others where it made place for them."""

        def __init__(self, room: int) -> None:
            super().__init__()
            self.keys: Any
            self.values: Any
            self.room = room
            self.places: dict[str, Any] = {}

        def update(self, key_states: Any, value_states: Any, *_: Any, **__: Any) -> tuple[Any, Any]:
            if not self.is_initialized:
                self.lazy_initialization(key_states, value_states)
            self.keys = self._put("keys", self.keys, key_states)
            self.values = self._put("values", self.values, value_states)
            return self.keys, self.values

        def _put(self, name: str, held: Any, new: Any) -> Any:
            used = held.shape[-2] if held.numel() else 0
            length = used + new.shape[-2]
            place: Any = self.places.get(name)
            if place is None or place.shape[-2] < length:
                wider = (*new.shape[:-2], length + self.room, new.shape[-1])
                place = new.new_empty(wider)
                if used:
                    place[..., :used, :] = held
                self.places = {**self.places, name: place}
            place[..., used:length, :] = new
            return place[..., :length, :]

        def fill(self, keys: Sequence[Any], values: Sequence[Any]) -> None:
            """Hold the rows of several tensors, those that hold fewer tokens padded on the left."""
            self.lazy_initialization(keys[0], values[0])
            longest = max(part.shape[-2] for part in keys)
            self.places = {
                "keys": _stacked(keys, longest, self.room),
                "values": _stacked(values, longest, self.room),
            }
            self.keys = self.places["keys"][..., :longest, :]
            self.values = self.places["values"][..., :longest, :]

        def batch_select_indices(self, indices: Any) -> None:
            """Keep some rows, each at its place or an earlier one.

            Only those that move are copied, and all where most leave, to free the memory. Of 40
            rows of 460 tokens 10 leave in a quarter (one head) to a sixteenth (six heads) of the
            time that `index_select` takes.
            """
            used, rows = self.keys.shape[-2], indices.tolist()
            for name, states in self.places.items():
                if 2 * len(rows) < len(states):
                    self.places[name] = states.index_select(0, indices)
                    continue
                for place, row in enumerate(rows):
                    if place != row:
                        states[place, :, :used] = states[row, :, :used]
                self.places[name] = states[: len(rows)]
            self.keys = self.places["keys"][..., :used, :]
            self.values = self.places["values"][..., :used, :]

    return RoomyLayer
