"""What API answers cost: all processes of a run together, and what a server did not count."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from harness.errors import ConfigError
from harness.ledger import COSTS, Ledger, estimate, read_costs
from harness.records import Api, Checkpoint, Model, Request, Response, Usage

DAY = datetime.date(2026, 1, 1)
QUESTION = Request("価格は？", max_new_tokens=48)


def ledger(folder: Path, task: str = "knowledge", model: str = "remote") -> Ledger:
    api = Api("http://127.0.0.1:1/v1", price=(10.0, 30.0), max_cost=0.01)
    found = Model(model, "served", DAY, engine="api", api=api)
    return Ledger(folder, folder, Checkpoint(model, found), task)


def answer(prompt_tokens: int, answer_tokens: int) -> tuple[Request, Response]:
    used = Usage(prompt_tokens, answer_tokens, "snapshot")
    return QUESTION, Response("330円です。", "stop", answer_tokens, usage=used)


def test_a_budget_is_of_all_processes_and_of_one_model(tmp_path: Path) -> None:
    ours, theirs = ledger(tmp_path), ledger(tmp_path, "jsquad")
    ours.add([answer(100, 100)])  # $0.004
    ledger(tmp_path, model="another").add([answer(200, 200)])
    theirs.add([answer(100, 100)])
    with (tmp_path / COSTS).open("ab") as file:
        file.write(b'{"model": "remote", "us')  # of a process that was killed
    with pytest.raises(ConfigError, match=r"\$0\.0120 are spent|\$0\.01 are spent"):
        ours.add([answer(100, 100)])
    with pytest.raises(ConfigError, match="may cost"):
        theirs.refuse_over([QUESTION])
    assert [row["usd"] for row in read_costs(tmp_path) if row["model"] == "remote"] == [0.004] * 3


def test_tokens_that_a_server_does_not_count_are_guessed_and_cost_something(
    tmp_path: Path,
) -> None:
    ledger(tmp_path).add([answer(0, 0), answer(7, 3)])
    (row,) = read_costs(tmp_path)
    assert row["guessed"] == 1
    assert row["prompt_tokens"] == estimate([QUESTION])[0] + 7
    assert row["answer_tokens"] == 5 + 3  # "330" is one, and four characters that are not ASCII
    assert row["usd"] == pytest.approx((row["prompt_tokens"] * 10 + 8 * 30) / 1e6)
    assert ledger(tmp_path).add([]) is None


def test_scored_answers_without_a_count_are_guessed_as_they_were_estimated(tmp_path: Path) -> None:
    request = Request("良い？", continuations=("はい", "いいえ"))
    scored = Response("はい", "scored", 5, (-1.0, -2.0), usage=Usage(0, 0))
    ledger(tmp_path).add([(request, scored)])
    (row,) = read_costs(tmp_path)
    assert (row["prompt_tokens"], row["answer_tokens"]) == estimate([request])
