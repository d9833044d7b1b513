"""A 4-bit base on a CPU: bitsandbytes' repacking would leave every later gradient wrong.

With AVX512-BF16, `Linear4bit.forward` repacks its weights in the first forward without gradients,
for a kernel that has no backward pass. The loss stays right and the gradients don't: 82 of 84 were
wrong in the model where this was found.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
import torch

from harness.engines.loading import load_weights
from tests.engines.conftest import as_model

bitsandbytes = pytest.importorskip("bitsandbytes")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Gemma whose widths are multiples of 64, as the repacking wants them."""
    from transformers import GemmaConfig, GemmaForCausalLM

    folder = tmp_path_factory.mktemp("nf4") / "base"
    torch.manual_seed(0)
    config = GemmaConfig(
        vocab_size=128, hidden_size=64, intermediate_size=128, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=2, head_dim=32, max_position_embeddings=64,
    )  # fmt: skip
    GemmaForCausalLM(config).save_pretrained(folder)
    return folder


def quantized(base: Path):
    return load_weights(as_model(base, quantization="nf4"), base, "cpu")


def plain_twin(network):
    """The same model in float32, its weights the dequantized ones."""
    from transformers import GemmaForCausalLM

    twin = GemmaForCausalLM(network.config)
    del twin.config.quantization_config
    state = {}
    for name, module in network.named_modules():
        if isinstance(module, bitsandbytes.nn.Linear4bit):
            weight = module.weight
            state[f"{name}.weight"] = bitsandbytes.functional.dequantize_4bit(
                weight.data, weight.quant_state
            ).float()
    rest = {k: v.float() for k, v in network.state_dict().items() if k in twin.state_dict()}
    twin.load_state_dict({**rest, **state}, strict=False)
    return twin


def lora_gradients(network) -> dict[str, torch.Tensor]:
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(1)
    tuned = get_peft_model(
        network, LoraConfig(r=4, target_modules="all-linear", init_lora_weights=False)
    ).train()
    ids = torch.arange(1, 25).view(2, 12)
    tuned(input_ids=ids, labels=ids).loss.backward()
    return {n: p.grad.flatten() for n, p in tuned.named_parameters() if p.grad is not None}


def alike(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> float:
    """Share of the gradients that point the same way (cosine above .99)."""
    assert len(one) == len(other) == 28
    right = [torch.cosine_similarity(one[n], other[n], dim=0) > 0.99 for n in one]
    return sum(map(bool, right)) / len(right)


def look_once(network) -> None:
    """An evaluation: what sets the repacking off."""
    with torch.no_grad():
        network.eval()(input_ids=torch.arange(1, 9).view(1, 8))


def test_gradients_are_right_after_an_evaluation(base: Path) -> None:
    expected = lora_gradients(plain_twin(quantized(base)))
    network = quantized(base)
    look_once(network)
    assert alike(lora_gradients(network), expected) == 1


def test_they_would_be_wrong_without_the_flag(base: Path) -> None:
    expected = lora_gradients(plain_twin(quantized(base)))
    network = quantized(base)
    layers = [m for m in network.modules() if isinstance(m, bitsandbytes.nn.Linear4bit)]
    if not bitsandbytes.nn.Linear4bit(64, 64).support_avx512bf16_for_cpu:
        pytest.skip("this CPU has no AVX512-BF16: bitsandbytes repacks nothing here")
    for layer in layers:
        layer.support_avx512bf16_for_cpu = True
    look_once(network)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert alike(lora_gradients(network), expected) < 0.5
