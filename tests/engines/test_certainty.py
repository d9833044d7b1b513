"""How sure a model was of each token, against its own logits and a second reading of the answer."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from harness.engines.certainty import sure_of
from harness.engines.local import LocalEngine
from harness.jsonl import read_whole_rows
from harness.records import Checkpoint, Request
from tests.engines.conftest import as_model

ROOT = Path(__file__).parents[2]


def test_figures_of_a_hand_computed_distribution() -> None:
    import torch

    shares = torch.tensor([[0.5, 0.25, 0.125, 0.125], [0.97, 0.01, 0.01, 0.01]])
    first, second = sure_of(shares.log(), torch.tensor([[1], [0]]))
    assert first == pytest.approx((math.log(0.25), 1.75 * math.log(2), math.log(2)), abs=1e-6)
    entropy = -(0.97 * math.log(0.97) + 0.03 * math.log(0.01))
    assert second == pytest.approx((math.log(0.97), entropy, math.log(97)), abs=1e-6)


def test_words_that_can_not_come_add_nothing() -> None:
    import torch

    logits = torch.tensor([[0.0, 0.0, -math.inf]])
    (found,) = sure_of(logits, torch.tensor([[0]]))
    assert found == pytest.approx((math.log(0.5), math.log(2), 0.0), abs=1e-6)


def test_what_was_told_while_writing_is_what_reading_the_answer_tells() -> None:
    """Thirty answers: rows leave the batch, and the last of it wait for the next."""
    folder = ROOT / "fixtures/models/michi-mini"
    engine = LocalEngine(as_model(folder), folder, batch_tokens=600)
    base = Checkpoint("base", engine.model)
    rows = read_whole_rows(ROOT / "fixtures/data/knowledge.jsonl")[:30]
    asked = [Request(row["question"], max_new_tokens=24) for row in rows]
    written = {r: a for batch in engine.answer(base, asked) for r, a in batch}
    read = [
        Request(r.prompt, continuations=(a.text,), per_token="likelihoods")
        for r, a in written.items()
    ]
    readings = {r.prompt: a.reading for batch in engine.answer(base, read) for r, a in batch}
    alike = 0
    for request, response in written.items():
        told, reading = response.certainty, readings[request.prompt]
        assert told is not None
        assert reading is not None
        sizes = {len(told.ends), len(told.logprobs), len(told.entropies), len(told.margins)}
        assert sizes == {response.tokens}
        assert told.ends[-1] == len(response.text)
        if told.ends[: len(reading.ends)] == reading.ends:
            alike += 1
            assert told.logprobs[: len(reading.ends)] == pytest.approx(reading.logprobs, abs=2e-4)
    assert alike >= 25
    assert len({response.tokens for response in written.values()}) > 3
