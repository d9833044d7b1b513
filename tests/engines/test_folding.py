"""An adapter that is added to the weights must say what it says beside them."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from harness.engines.folding import folded
from harness.engines.local import LocalEngine
from harness.records import Checkpoint
from tests.engines.conftest import as_model
from tests.engines.networks import network

IDS = list(range(6, 56))


def adapted(**more: Any) -> Any:
    import torch
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(r=4, lora_alpha=6, target_modules="all-linear", **more)
    torch.manual_seed(3)
    model = get_peft_model(network("Llama"), config)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.2)
    return model.eval()


def logits(model: Any) -> Any:
    import torch

    with torch.inference_mode():
        return model(torch.tensor([IDS])).logits


def weights_used(model: Any) -> list[bool]:
    """An entry for each linear layer whose own weight was multiplied by the tokens."""
    seen: list[bool] = []
    hooks = [
        module.register_forward_hook(lambda *_: seen.append(True))
        for name, module in model.named_modules()
        if name.endswith("base_layer")
    ]
    logits(model)
    for hook in hooks:
        hook.remove()
    return seen


def test_folded_and_apart_agree_and_nothing_is_left_behind() -> None:
    import torch

    model = adapted()
    apart = logits(model)
    with folded(model, always=True):
        assert torch.allclose(logits(model), apart, atol=1e-4)
        assert not weights_used(model)
    assert torch.equal(logits(model), apart)
    with model.disable_adapter():
        base = logits(model)
    assert not torch.allclose(base, apart, atol=1e-2)


def test_many_tokens_are_folded_and_few_multiplied_beside_the_weight(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import torch

    model = adapted()
    assert len(weights_used(model)) == 14  # seven linear layers in each of two
    with folded(model):  # 32 × 32 weights: from 17 tokens on
        assert not weights_used(model)
    monkeypatch.setattr("tests.engines.test_folding.IDS", IDS[:8])
    apart = logits(model)
    with folded(model):
        assert len(weights_used(model)) == 14
        assert torch.allclose(logits(model), apart, atol=1e-4)
    with model.disable_adapter():
        assert not torch.allclose(logits(model), apart, atol=1e-2)


def test_a_quantized_weight_is_folded_as_what_it_stands_for(
    tiny: Path, checkpoints: dict[str, Checkpoint]
) -> None:
    pytest.importorskip("bitsandbytes")
    import torch

    model = as_model(tiny / "base", quantization="nf4")
    engine = LocalEngine(model, tiny / "base")
    adapted = dataclasses.replace(checkpoints["adapter-a"], model=model)
    with engine.switch.wearing(adapted) as worn:
        pass  # the adapter stays on, to be folded here or not
    apart = logits(worn)
    with folded(worn, always=True):
        assert torch.allclose(logits(worn), apart, atol=1e-3)
        assert not weights_used(worn)
    with worn.disable_adapter():
        assert not torch.allclose(logits(worn), apart, atol=1e-2)


@pytest.mark.parametrize("kind", [{"use_dora": True}, {"lora_bias": True}])
def test_other_kinds_of_adapters_stay_apart(kind: dict[str, Any]) -> None:
    import torch

    model = adapted(**kind)
    apart = logits(model)
    with folded(model, always=True):
        assert torch.equal(logits(model), apart)
        assert weights_used(model) or "use_dora" in kind
