"""A stream in which tokens stand once must give what rows of their own give."""

from __future__ import annotations

import random
from typing import Any

import pytest

from harness.engines.packed import hidden_packed, packs, read_packed, read_prefix
from harness.engines.packing import pack
from harness.engines.prefill import read_padded
from tests.engines.networks import network

PROBE = list(range(20, 50))
KINDS = ["Gemma", "Gemma2", "Gemma3", "Llama", "Mistral", "Qwen2", "Granite", "Cohere", "Phi"]


def prompts() -> list[list[int]]:
    draw = random.Random(7)
    texts = [[draw.randint(6, 59) for _ in range(size)] for size in (9, 14, 3)]
    return [
        [2, 5, *texts[i % 3], *(draw.randint(6, 59) for _ in range(1 + i % 4))] for i in range(9)
    ]


@pytest.mark.parametrize("before", [0, 2])
@pytest.mark.parametrize("name", [*KINDS, "GPT2"])
def test_prompts_of_one_stream_predict_what_they_predict_alone(name: str, before: int) -> None:
    import torch

    model = network(name)
    asked = prompts()
    with torch.inference_mode():
        read = read_packed(model, asked, read_prefix(model, asked[0][:before]), room=3)
        for row, prompt in enumerate(asked):
            alone = model(torch.tensor([prompt])).logits[0, -1]
            assert torch.allclose(read.logits[row], alone, atol=1e-4)


@pytest.mark.parametrize("name", KINDS)
def test_answers_go_on_from_a_stream_as_from_rows(name: str) -> None:
    import torch

    from harness.engines.generation import generate

    model = network(name)
    asked = prompts()

    def ended(tokens: list[int]) -> bool:
        return tokens[-1] in range(8, 20)

    with torch.inference_mode():
        stream = read_packed(model, asked, read_prefix(model, [2, 5]), room=12)
        rows = read_padded(model, asked, pad=0, room=12)
        assert generate(model, stream, 12, ended) == generate(model, rows, 12, ended)


@pytest.mark.parametrize("name", [*KINDS, "GPT2"])
def test_the_probe_lets_pass_what_reads_streams(name: str) -> None:
    assert packs(network(name), PROBE, pad=0, dtype="float32")


@pytest.mark.parametrize("name", ["Bloom", "Mamba"])
def test_an_architecture_that_does_not_is_found_out(name: str) -> None:
    assert not packs(network(name), PROBE, pad=0, dtype="float32")


def test_a_network_attends_as_before_once_a_stream_was_read() -> None:
    import torch

    model = network("Gemma")
    own = model.config._attn_implementation
    ids = torch.tensor([PROBE])
    with torch.inference_mode():
        expected = model(ids).logits
        hidden_packed(model, pack(prompts()), read_prefix(model, []), torch.tensor([3]))
        assert model.config._attn_implementation == own
        assert torch.equal(model(ids).logits, expected)


@pytest.mark.parametrize("name", ["Gemma", "Gemma3", "Qwen2", "GPT2"])
def test_the_last_layer_is_computed_where_it_is_looked_at(name: str) -> None:
    import torch

    model = network(name)
    stream = pack(prompts())
    none = read_prefix(model, [])
    some = torch.tensor([2, 5, len(stream.ids) - 1])
    seen: dict[str, int] = {}
    for part, module in model.named_modules():
        if part.endswith((".mlp.down_proj", ".mlp.c_proj")):
            module.register_forward_pre_hook(
                lambda _, given, part=part: seen.update({part: given[0].shape[1]})
            )
    with torch.inference_mode():
        every = hidden_packed(model, stream, none, torch.arange(len(stream.ids)))
        assert set(seen.values()) == {len(stream.ids)}
        found = hidden_packed(model, stream, none, some)
    assert torch.allclose(found, every[some], atol=1e-5)
    *others, last = seen.values()
    assert set(others) == {len(stream.ids)}
    # GPT-2 has other names for its parts, and is computed whole.
    assert last == (len(stream.ids) if name == "GPT2" else len(some))


def test_each_token_is_computed_once() -> None:
    import torch

    model = network("Llama")
    sizes: list[int] = []

    def note(_: Any, __: Any, inputs: dict[str, Any]) -> None:
        sizes.append(inputs["input_ids"].numel())

    model.model.register_forward_pre_hook(note, with_kwargs=True)
    asked = prompts()
    with torch.inference_mode():
        read_packed(model, asked, read_prefix(model, []), room=0)
    distinct = {tuple(prompt[:i]) for prompt in asked for i in range(1, len(prompt) + 1)}
    assert sizes == [len(distinct)]
