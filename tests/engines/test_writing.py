"""Rows that wait for the next batch say what they would have said alone."""

from __future__ import annotations

from typing import Any

import pytest

from harness.engines.attention import Prefix
from harness.engines.batching import Row
from harness.engines.generation import generate
from harness.engines.prefill import read_padded
from harness.engines.writing import Writer
from harness.records import Request
from tests.engines.test_generation import ended, network, prompts

LIMIT = 24


@pytest.fixture(autouse=True)
def half(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of a batch may wait, so that small ones show it."""
    monkeypatch.setattr("harness.engines.writing._FEW", 0.5)


def rows() -> list[Row]:
    return [Row(Request(str(i), max_new_tokens=LIMIT), ids, []) for i, ids in enumerate(prompts())]


def alone(model: Any, row: Row) -> list[int]:
    import torch

    with torch.inference_mode():
        read = read_padded(model, [row.prompt], pad=0, room=LIMIT)
        return generate(model, read, LIMIT, ended).written[0]


def writer(model: Any, prefix: Prefix | None, expected: int) -> Writer:
    return Writer(model, prefix, pad=0, finished=ended, expected=expected)


@pytest.mark.parametrize("prefix", [None, Prefix()])
@pytest.mark.parametrize("name", ["Gemma", "Llama", "Qwen2", "Mistral"])
def test_every_row_says_what_it_says_alone(name: str, prefix: Prefix | None) -> None:
    model, asked = network(name), rows()
    writes = writer(model, prefix, len(asked))
    batches = [asked[8:], asked[4:8], asked[:4]]  # longest first, as they are planned
    found = [writes.write(batch) for batch in batches]
    said = {row.request: tokens for answers in found for row, tokens, _ in answers}
    assert said == {row.request: alone(model, row) for row in asked}
    # With a window nothing waits, for such a cache no longer holds all that was read.
    assert (len(found[0]) < 4) == (name != "Mistral")


def test_rows_that_waited_when_memory_ran_out_are_answered_with_the_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model, asked = network("Llama"), rows()
    writes = writer(model, None, len(asked))
    said = dict(pair(answer) for answer in writes.write(asked[6:]))
    waiting = {row.request for row in asked[6:]} - set(said)
    assert waiting

    def no_memory(*_: Any) -> Any:
        raise RuntimeError("CUDA out of memory")

    with monkeypatch.context() as patch:
        patch.setattr("harness.engines.writing.joined_reads", no_memory)
        with pytest.raises(RuntimeError, match="out of memory"):
            writes.write(asked[:6])
    for half in (asked[:3], asked[3:6]):
        said |= dict(pair(answer) for answer in writes.write(half))
    assert said == {row.request: alone(model, row) for row in asked}


def pair(answer: tuple[Row, list[int]]) -> tuple[Request, list[int]]:
    return answer[0].request, answer[1]


def test_rows_that_are_drawn_do_not_wait() -> None:
    model = network("Llama")
    asked = [
        Row(Request(row.request.prompt, max_new_tokens=LIMIT, temperature=0.7), row.prompt, [])
        for row in rows()
    ]
    writes = writer(model, None, len(asked))
    assert len(writes.write(asked[:6])) == 6
