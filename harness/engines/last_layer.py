"""The last layer only where somebody looks at what comes out of it.

Of a prompt the tokens that predict something are a few; of the others the last layer has to give
keys and values, and the rest of it is for nobody: counted in products, seven eighths of a layer
where all heads have keys of their own, a tenth of 8 layers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from harness.engines.output import bare

# Children of a layer, and of its attention, that see each token by itself.
_OF_LAYER = ("mlp",)
_OF_ATTENTION = ("q_proj", "o_proj")


@contextmanager
def only_at(network: Any, places: Any) -> Iterator[None]:
    """Within it, the last layer gives nothing but keys and values for tokens at other places.

    places: [n], in the one row that the network is given. Architectures whose parts have other
    names are left as they are.
    """
    modules = _modules(bare(network).base_model)
    had = [vars(module).get("forward") for module in modules]
    for module in modules:
        module.forward = partial(_sparse, module.forward, places)
    try:
        yield
    finally:
        for module, own in zip(modules, had, strict=True):
            del module.forward
            if own is not None:  # that of an adapter which is folded
                module.forward = own


def _modules(model: Any) -> list[Any]:
    layers = getattr(model, "layers", None)
    if not layers:
        return []
    attention = getattr(layers[-1], "self_attn", None)
    found = [getattr(layers[-1], name, None) for name in _OF_LAYER]
    found += [getattr(attention, name, None) for name in _OF_ATTENTION]
    return [module for module in found if module is not None]


def _sparse(forward: Any, places: Any, hidden: Any, *arguments: Any, **named: Any) -> Any:
    """hidden: [1, tokens, in]. Returns [1, tokens, out], zeros but at `places`."""
    part = forward(hidden[:, places], *arguments, **named)
    whole = part.new_zeros(1, hidden.shape[1], part.shape[-1])
    return whole.index_copy_(1, places, part)
