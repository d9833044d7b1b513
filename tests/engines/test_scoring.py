"""A prompt that is shared by its continuations must give what a prompt repeated for each gives."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from harness.engines.attention import Prefix
from harness.engines.batching import Row
from harness.engines.local import LocalEngine
from harness.engines.output import output_layer
from harness.engines.packed import packs, read_prefix
from harness.engines.scoring import score
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


def scores(model: Any, asked: list[Row], prefix: Prefix | None) -> list[tuple[float, ...]]:
    layer = output_layer(model, PROBE)
    return [r.logprobs for _, r in score(model, asked, layer, pad=0, budget=60, prefix=prefix)]


# Windows of 8 tokens, so that the prompts below reach beyond and within them.
@pytest.mark.parametrize("name", ["Gemma", "Gemma2", "Gemma3", "Llama", "Mistral", "Qwen2", "GPT2"])
@pytest.mark.parametrize("window", [8, 64])
def test_a_shared_prompt_gives_what_a_repeated_one_gives(name: str, window: int) -> None:
    more = {"sliding_window": window} if name in ("Gemma2", "Gemma3", "Mistral") else {}
    model = network(name, **more)
    assert packs(model, PROBE, pad=0, dtype="float32")
    begun = [Row(row.request, [2, 3, 4, 5, *row.prompt], row.tails) for row in rows()]
    prefix = read_prefix(model, [2, 3, 4])
    for shared, repeated, row in zip(
        scores(model, begun, prefix), scores(model, begun, None), begun, strict=True
    ):
        assert shared == pytest.approx(repeated, abs=1e-4)
        assert shared == pytest.approx(alone(model, row), abs=1e-4)


def test_bfloat16_differs_by_its_roundings_only() -> None:
    model = network("Gemma3", "bfloat16", sliding_window=64)
    for shared, row in zip(scores(model, rows(), Prefix()), rows(), strict=True):
        assert shared == pytest.approx(alone(model, row), abs=0.5)


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
    (response,) = [r for _, r in score(model, [row], output_layer(model, PROBE), 0, 99, Prefix())]
    assert response.logprobs == (0.0, pytest.approx(alone(model, row)[1], abs=1e-4))
    assert scores(model, [row], None)[0] == pytest.approx(response.logprobs, abs=1e-4)


def test_a_continuation_does_not_see_its_neighbours() -> None:
    model = network("Llama")
    asked = Request("", continuations=("あ", "い"))
    one = Row(asked, [2, 9, 8], [[7, 11, 12], [13, 14, 15]])
    other = Row(asked, [2, 9, 8], [[30, 31, 32], [13, 14, 15]])
    (first,), (second,) = (scores(model, [row], Prefix()) for row in (one, other))
    assert first[1] == pytest.approx(second[1], abs=1e-5)
    assert first[0] != pytest.approx(second[0], abs=1e-2)
