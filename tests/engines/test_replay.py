"""Steps on buffers that stay where they are must give what transformers' own cache gives.

Recording them needs a GPU; what is recorded is the same on a CPU.
"""

from __future__ import annotations

import weakref

import pytest

from harness.engines.prefill import positions, read_padded
from harness.engines.replay import Replay, replayable
from tests.engines.networks import network

PROMPTS = [[2, 30, 31, 32, 33], [2, 40], [2, 50, 51], [2, 20, 21, 22, 23, 24, 25]]


@pytest.mark.parametrize("name", ["Gemma", "Llama", "Qwen2", "Granite", "Phi"])
def test_steps_give_the_logits_of_an_ordinary_cache(name: str) -> None:
    import torch

    model = network(name)
    with torch.inference_mode():
        read = read_padded(model, PROMPTS, pad=0, room=6)
        other = read_padded(model, PROMPTS, pad=0, room=6)
        replay = Replay(model, other.cache, other.mask, room=6)
        rows = torch.arange(4)
        mask, ids = read.mask, read.logits.argmax(-1, keepdim=True)
        places = positions(mask)[:, -1:]
        for step in range(6):
            if step == 3:  # two rows leave
                rows = torch.tensor([0, 3])
                read.cache.batch_select_indices(rows)
                replay = replay.kept(rows, room=3)
                mask, ids, places = mask[rows], ids[rows], places[rows]
            mask = torch.cat([mask, mask.new_ones(len(rows), 1)], dim=-1)
            places = places + 1
            expected = model(
                input_ids=ids,
                attention_mask=mask,
                position_ids=places,
                past_key_values=read.cache,
                use_cache=True,
            ).logits[:, -1]
            assert torch.allclose(replay.logits(ids), expected, atol=1e-4)
            ids = expected.argmax(-1, keepdim=True)


def test_what_was_read_lies_in_memory_once() -> None:
    import torch

    model = network("Gemma")
    with torch.inference_mode():
        read = read_padded(model, PROMPTS, pad=0, room=6)
        owners = [weakref.ref(layer.places["keys"]) for layer in read.cache.layers]
        replay = Replay(model, read.cache, read.mask, room=6)
    assert replay
    assert not any(owner() is not None for owner in owners)


def test_nothing_is_recorded_without_a_gpu() -> None:
    import torch

    model = network("Gemma")
    with torch.inference_mode():
        read = read_padded(model, PROMPTS, pad=0, room=6)
    assert not replayable(model, read.cache, 99)
