"""Sampled answers follow the model's distribution and depend on nothing but their request."""

from __future__ import annotations

import dataclasses
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from harness.engines.local import LocalEngine
from harness.engines.sampling import sampler
from harness.records import Checkpoint, Request, Response
from harness.store import request_key
from tests.engines.conftest import as_model

GREEDY = [Request(f"質問{'あ' * (i % 5)}{i}", max_new_tokens=8) for i in range(6)]
SAMPLED = [
    dataclasses.replace(request, temperature=0.7, draw=draw)
    for request in GREEDY
    for draw in range(4)
]


@pytest.fixture(scope="module")
def engine(tiny: Path) -> Iterator[LocalEngine]:
    opened = LocalEngine(as_model(tiny / "base"), tiny / "base", batch_tokens=300)
    yield opened
    opened.close()


def answers(
    engine: LocalEngine, checkpoint: Checkpoint, requests: Sequence[Request], **more: set[Request]
) -> dict[Request, Response]:
    return {q: a for batch in engine.answer(checkpoint, requests, **more) for q, a in batch}


def test_tokens_come_as_often_as_their_probability_at_the_temperature_says() -> None:
    import numpy as np
    import torch
    from scipy.stats import chisquare

    logits = torch.tensor([2.0, 1.0, 0.0, -1.0, float("-inf"), 0.5])
    requests = [Request("いくらですか。", temperature=0.5, draw=draw) for draw in range(8000)]
    tokens = sampler(requests)(logits.expand(8000, -1), range(8000))
    counts = np.bincount(tokens[:, 0], minlength=6)
    weights = np.exp(np.array([2.0, 1.0, 0.0, -1.0, -np.inf, 0.5]) / 0.5)
    assert counts[4] == 0
    possible = weights > 0
    expected = 8000 * weights[possible] / weights.sum()
    assert chisquare(counts[possible], expected).pvalue > 0.01


def test_the_tokens_of_one_answer_are_drawn_independently() -> None:
    import torch

    choose = sampler([Request("q", temperature=1.0, draw=draw) for draw in range(4000)])
    even = torch.zeros(4000, 2)
    pairs = zip(*(choose(even, range(4000))[:, 0].tolist() for _ in range(2)), strict=True)
    counts = Counter(pairs)
    assert all(abs(count - 1000) < 120 for count in counts.values())  # over 4 standard deviations
    assert len(counts) == 4


@pytest.mark.parametrize("name", ["base", "adapter-a"])
def test_a_sampled_answer_is_the_same_alone_shuffled_and_resumed(
    engine: LocalEngine, checkpoints: dict[str, Checkpoint], name: str
) -> None:
    whole = answers(engine, checkpoints[name], [*GREEDY, *SAMPLED])
    alone = {r: answers(engine, checkpoints[name], [r])[r] for r in SAMPLED[:8]}
    assert alone == {r: whole[r] for r in alone}
    shuffled = random.Random(0).sample(SAMPLED, len(SAMPLED))
    assert answers(engine, checkpoints[name], shuffled) == {r: whole[r] for r in SAMPLED}
    rest = answers(engine, checkpoints[name], SAMPLED, skip=set(SAMPLED[::2]))
    assert rest == {r: whole[r] for r in SAMPLED[1::2]}


def test_draws_of_one_prompt_differ(
    engine: LocalEngine, checkpoints: dict[str, Checkpoint]
) -> None:
    texts = {r: a.text for r, a in answers(engine, checkpoints["base"], SAMPLED).items()}
    assert len(set(texts.values())) > len(SAMPLED) / 2


def test_near_zero_the_temperature_gives_the_greedy_answer(
    engine: LocalEngine, checkpoints: dict[str, Checkpoint]
) -> None:
    greedy = answers(engine, checkpoints["base"], GREEDY)
    cold = [dataclasses.replace(request, temperature=1e-5, draw=3) for request in GREEDY]
    assert list(answers(engine, checkpoints["base"], cold).values()) == list(greedy.values())


def test_greedy_answers_are_not_touched_by_sampled_ones_beside_them(
    engine: LocalEngine, checkpoints: dict[str, Checkpoint]
) -> None:
    both = answers(engine, checkpoints["base"], [*SAMPLED, *GREEDY])
    assert answers(engine, checkpoints["base"], GREEDY) == {r: both[r] for r in GREEDY}


def test_greedy_requests_keep_the_keys_of_before_there_was_sampling() -> None:
    # Written down from the version that knew no temperature.
    assert request_key(Request("質問")) == "75dad2647ea2099e7dd90a327018e4c9"
    other = Request("質問", chat=False, max_new_tokens=48, stop=("\n",))
    assert request_key(other) == "e1c7ae40ced5bcbdb9b6422074be359c"


def test_temperature_and_draw_tell_requests_apart() -> None:
    asked = [Request("質問"), *(Request("質問", temperature=t, draw=d) for t in (0.5, 1.0) for d in (0, 1))]  # fmt: skip
    assert len({request_key(request) for request in asked}) == len(asked)
