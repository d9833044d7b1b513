"""What lies between a network's final hidden states and its logits, found out and checked."""

from __future__ import annotations

import inspect
from typing import Any

from harness.engines.halves import fast_halves
from harness.engines.moments import WHOLE, OutputLayer, moments


def bare(network: Any) -> Any:
    """The causal language model without peft's wrapping; its adapters stay in place."""
    return network.get_base_model() if hasattr(network, "get_base_model") else network


def hidden_states(network: Any, ids: Any, **more: Any) -> Any:
    """Final hidden states [rows, tokens, width] of right-padded ids.

    A mask is not needed: what stands behind a token, padding included, never reaches it, and
    without one attention takes its causal kernel.
    """
    more = {"use_cache": "past_key_values" in more, **more}
    return bare(network).base_model(input_ids=ids, **more)[0]


def output_layer(network: Any, probe: list[int]) -> OutputLayer | None:
    """The output layer in blocks of words; None where it does not give the network's own logits.

    It is a linear layer, and what some architectures put behind it (Gemma 2's soft cap, Granite's
    and Cohere's scale). Whether that is all, the ids of a probe tell.
    """
    import torch

    model = bare(network)
    module = model.get_output_embeddings()
    if module is None or getattr(model, "base_model", model) is model:
        return None
    ids = torch.tensor([probe], device=network.device)
    with torch.inference_mode(), fast_halves(network):
        expected = network(input_ids=ids, use_cache=False).logits[0].float()
        words = expected.shape[1]
        plain = type(module) is torch.nn.Linear and module.out_features == words
        layer = _layer(module, model.config.get_text_config(), words, whole=not plain)
        if not expected.isfinite().all():
            return None
        found = layer.logits(hidden_states(network, ids)[0], 0, layer.words)
    # Four roundings of the largest logit: ours are rounded to float32, the network's to its dtype.
    bound = 4 * torch.finfo(network.dtype).eps * max(1.0, expected.abs().max().item())
    return layer if (found - expected).abs().max().item() <= bound else None


def own_moments(network: Any, ids: list[int], targets: list[int]) -> tuple[Any, Any, Any]:
    """`moments` of the last tokens of one row from the network's own logits.

    For architectures that `output_layer` does not know. Where a block of tokens does not hold all
    targets, the forward pass is repeated for each block: slow, but in bounded memory.
    """
    import torch

    model = bare(network)
    words = model.get_input_embeddings().weight.shape[0]
    size = max(1, WHOLE[network.device.type] // words)
    chooses = "logits_to_keep" in inspect.signature(model.forward).parameters
    row = torch.tensor([ids], device=network.device)
    wanted = torch.tensor(targets, device=network.device)
    places = torch.arange(len(ids) - len(targets), len(ids), device=network.device)
    parts = []
    for start in range(0, len(targets) if chooses else 1, size):
        block = slice(start, start + size) if chooses else slice(None)
        keep = {"logits_to_keep": places[block]} if chooses else {}
        logits = network(input_ids=row, use_cache=False, **keep).logits[0]
        logits = logits if chooses else logits[places]
        # A word that the network masks out is one of probability 0.
        own = OutputLayer(
            logits.shape[1], lambda some, *_: some.float().clamp(min=-1e30), whole=True
        )
        parts.append(moments(own, logits, wanted[block]))
    logprobs, means, deviations = (torch.cat(part) for part in zip(*parts, strict=True))
    return logprobs, means, deviations


def _layer(module: Any, config: Any, words: int, whole: bool = False) -> OutputLayer:
    """whole: where only calling the module tells what it gives: an adapter, a quantized layer."""
    cap = getattr(config, "final_logit_softcapping", None)
    scale = (getattr(config, "logit_scale", None) or 1.0) / (
        getattr(config, "logits_scaling", None) or 1.0
    )

    def logits(hidden: Any, start: int, stop: int) -> Any:
        table = module(hidden).float() if whole else _product(hidden, module, start, stop)
        if scale != 1.0:
            table = table * scale
        return (table / cap).tanh() * cap if cap else table

    return OutputLayer(words, logits, whole)


def _product(hidden: Any, module: Any, start: int, stop: int) -> Any:
    """hidden × weightᵀ + bias in float32, also of half-precision factors."""
    import torch

    weight = module.weight[start:stop]
    if hidden.dtype == torch.float32 or not hidden.is_cuda:
        table = torch.mm(hidden.float(), weight.float().t())
    else:  # the tensor cores sum up in float32 anyhow
        table = torch.mm(hidden, weight.t(), out_dtype=torch.float32)
    return table if module.bias is None else table.add_(module.bias[start:stop].float())
