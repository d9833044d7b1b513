"""Rows that leave the batch early must not change what the others say, whatever the architecture."""

from __future__ import annotations

from typing import Any

import pytest

from harness.engines.generation import generate
from harness.engines.prefill import Read, read_padded

SHAPE = {
    "vocab_size": 60, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 3,
    "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 16, "max_position_embeddings": 128,
    "initializer_range": 0.6, "tie_word_embeddings": False, "bos_token_id": 2, "eos_token_id": 1, "pad_token_id": 0,
}  # fmt: skip
WINDOW = {"sliding_window": 8}
ENDS = set(range(8, 20))  # a fifth of the vocabulary, so that rows end at unlike steps


def network(name: str) -> Any:
    import torch
    import transformers

    kinds = {
        "Gemma": (transformers.GemmaConfig, {}),
        "Gemma2": (transformers.Gemma2Config, WINDOW),
        "Gemma3": (transformers.Gemma3TextConfig, WINDOW),
        "Llama": (transformers.LlamaConfig, {}),
        "Mistral": (transformers.MistralConfig, WINDOW),
        "Qwen2": (transformers.Qwen2Config, {}),
    }
    config, more = kinds[name]
    torch.manual_seed(1)
    made = transformers.AutoModelForCausalLM.from_config(config(**SHAPE, **more))
    made.generation_config = transformers.GenerationConfig(
        do_sample=False, eos_token_id=sorted(ENDS), pad_token_id=0
    )
    return made.eval()


def prompts() -> list[list[int]]:
    """Twelve rows of 3 to 20 random tokens."""
    import torch

    torch.manual_seed(2)
    return [torch.randint(20, 60, (3 + 17 * i // 11,)).tolist() for i in range(12)]


def batch() -> tuple[Any, Any]:
    """The prompts padded on the left, and where they are."""
    import torch

    longest = max(map(len, prompts()))
    ids = [[0] * (longest - len(row)) + row for row in prompts()]
    mask = [[0] * (longest - len(row)) + [1] * len(row) for row in prompts()]
    return torch.tensor(ids), torch.tensor(mask)


def read(model: Any) -> Read:
    return read_padded(model, prompts(), pad=0, room=24)


def ended(tokens: list[int]) -> bool:
    return tokens[-1] in ENDS


def cut(tokens: list[int]) -> list[int]:
    """Without what `generate` puts behind a row's end."""
    return next((tokens[: i + 1] for i, token in enumerate(tokens) if token in ENDS), tokens)


@pytest.mark.parametrize("name", ["Gemma", "Gemma2", "Gemma3", "Llama", "Mistral", "Qwen2"])
def test_tokens_equal_transformers_generate(name: str) -> None:
    import torch

    model = network(name)
    ids, mask = batch()
    with torch.inference_mode():
        expected = model.generate(input_ids=ids, attention_mask=mask, max_new_tokens=24)
        ours = generate(model, read(model), 24, ended).written
    assert ours == [cut(row) for row in expected[:, ids.shape[1] :].tolist()]
    assert len({len(row) for row in ours}) > 2, "the rows should end at different steps"


def test_finished_rows_leave_the_batch() -> None:
    import torch

    model = network("Gemma")
    sizes: list[int] = []
    model.register_forward_pre_hook(
        lambda _, __, inputs: sizes.append(len(inputs["input_ids"])), with_kwargs=True
    )
    with torch.inference_mode():
        written = generate(model, read(model), 24, ended).written
    assert sizes[0] == 12
    assert len(sizes) == max(map(len, written))
    # Never more than a quarter of a batch has finished and still pays.
    for step, size in enumerate(sizes):
        going = sum(len(row) > step for row in written)
        assert going <= size <= max(1, going / 0.75)
