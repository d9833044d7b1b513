"""A prompt that is shared by its continuations must give what a prompt repeated for each gives."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from harness.engines.batching import Row
from harness.engines.local import LocalEngine
from harness.engines.output import output_layer
from harness.engines.scoring import _shared, score, shares
from harness.records import Checkpoint, Request
from tests.engines.conftest import as_model
from tests.engines.networks import network

PROBE = list(range(20, 50))


def rows(longest: int = 30) -> list[Row]:
    """Prompts and continuations of unlike lengths; one has a single continuation."""
    draw = random.Random(5)

    def ids(size: int) -> list[int]:
        return [draw.randint(6, 59) for _ in range(size)]

    sizes = [[3, 1, 6], [2], [5, 5, 5, 5], [1, 1], [4, 7]]
    return [
        Row(Request("", continuations=tuple("あ" * n for n in tails)), ids(longest - 6 * i), [ids(n) for n in tails])
        for i, tails in enumerate(sizes)
    ]  # fmt: skip


def alone(model: Any, row: Row) -> list[float]:
    """Each continuation after its prompt, in a forward pass of its own."""
    import torch

    sums = []
    for tail in row.tails:
        with torch.no_grad():
            logits = model(torch.tensor([row.prompt + tail])).logits[0].double()
        table = logits.log_softmax(-1)
        at = len(row.prompt) - 1
        sums.append(sum(table[at + i, token].item() for i, token in enumerate(tail)))
    return sums


def scores(model: Any, asked: list[Row], shared: bool) -> list[tuple[float, ...]]:
    layer = output_layer(model, PROBE) if shared else None
    return [r.logprobs for _, r in score(model, asked, layer, pad=0, budget=60)]


# Windows of 8 tokens, so that the prompts below reach beyond and within them.
@pytest.mark.parametrize("name", ["Gemma", "Gemma2", "Gemma3", "Llama", "Mistral", "Qwen2", "GPT2"])
@pytest.mark.parametrize("window", [8, 64])
def test_a_shared_prompt_gives_what_a_repeated_one_gives(name: str, window: int) -> None:
    more = {"sliding_window": window} if name in ("Gemma2", "Gemma3", "Mistral") else {}
    model = network(name, **more)
    layer = output_layer(model, PROBE)
    assert layer is not None
    if window == 64:
        assert shares(model, layer, PROBE, pad=0)
    for shared, repeated, row in zip(
        scores(model, rows(), True), scores(model, rows(), False), rows(), strict=True
    ):
        assert shared == pytest.approx(repeated, abs=1e-4)
        assert shared == pytest.approx(alone(model, row), abs=1e-4)


def test_bfloat16_differs_by_its_roundings_only() -> None:
    model = network("Gemma3", "bfloat16", sliding_window=64)
    for shared, row in zip(scores(model, rows(), True), rows(), strict=True):
        assert shared == pytest.approx(alone(model, row), abs=0.5)


@pytest.mark.parametrize("name", ["Bloom", "Mamba"])
def test_an_architecture_without_masks_or_positions_is_found_out(name: str) -> None:
    model = network(name)
    layer = output_layer(model, PROBE)
    assert layer is None or not shares(model, layer, PROBE, pad=0)


def test_the_prompt_is_computed_once(tiny: Path, checkpoints: dict[str, Checkpoint]) -> None:
    engine = LocalEngine(as_model(tiny / "base"), tiny / "base")
    asked = [
        Request("長い質問です。" * 9, continuations=tuple(f"{i},900円" for i in range(10, 30)))
    ]
    sizes: list[int] = []
    hook = engine.network.model.register_forward_pre_hook(
        lambda _, __, inputs: sizes.append(inputs["input_ids"].numel()), with_kwargs=True
    )
    list(engine.answer(checkpoints["base"], asked))
    hook.remove()
    prompt = len(engine.render(asked[0]))
    tails = 20 * (len(engine.tokenizer("10,900円", add_special_tokens=False).input_ids) - 1)
    assert sizes[-1] == prompt + tails
    assert prompt + 20 < 512 < prompt * 20, "each fits the model, their sum does not"


def test_a_continuation_of_no_tokens_is_certain() -> None:
    model = network("Llama")
    row = Row(Request("", continuations=("", "あ")), [2, 9, 8], [[], [7]])
    (response,) = [r for _, r in score(model, [row], output_layer(model, PROBE), 0, 99)]
    assert response.logprobs == (0.0, pytest.approx(alone(model, row)[1], abs=1e-4))
    assert scores(model, [row], False)[0] == pytest.approx(response.logprobs, abs=1e-4)


def test_a_continuation_does_not_see_its_neighbours() -> None:
    model = network("Llama")
    layer = output_layer(model, PROBE)
    assert layer is not None
    one = Row(Request(""), [2, 9, 8], [[7, 11, 12], [13, 14, 15]])
    other = Row(Request(""), [2, 9, 8], [[30, 31, 32], [13, 14, 15]])
    first, second = (_shared(model, [row], layer, 0) for row in (one, other))
    assert first[1] == pytest.approx(second[1], abs=1e-5)
    assert first[0] != pytest.approx(second[0], abs=1e-2)
