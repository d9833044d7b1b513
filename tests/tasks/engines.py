"""Engines without a model for the tasks' tests, and an item measured with one of them."""

from __future__ import annotations

import datetime
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.config import DataSource
from harness.evaluate import Evaluation, Workbench, evaluate
from harness.jsonl import read_whole_rows
from harness.records import Checkpoint, Model, Reading, Request, Response
from harness.runs import sample_file
from harness.store import Store
from harness.tasks import Task

MODEL = Model("m", "weights", datetime.date(2025, 1, 1))
BASE = Checkpoint("base", MODEL)
Row = dict[str, Any]


class Rule:
    """Answers each request by a rule, four in a batch, and remembers what it was asked."""

    def __init__(self, respond: Callable[[Request], Response]) -> None:
        self.respond = respond
        self.asked: list[Request] = []

    def answer(
        self, checkpoint: Checkpoint, requests: Sequence[Request], skip: Any = ()
    ) -> Iterator[list[tuple[Request, Response]]]:
        missing = [request for request in requests if request not in skip]
        for start in range(0, len(missing), 4):
            batch = missing[start : start + 4]
            self.asked += batch
            yield [(request, self.respond(request)) for request in batch]

    def close(self) -> None: ...


def read(request: Request, mean: float) -> Response:
    """The text of a request read character by character, each a token of its own.

    Likelihoods are drawn around `mean` by the text, so that a text is always read alike.
    """
    (text,) = request.continuations
    part = text[: request.window or len(text)]
    ids, ends = tuple(map(ord, part)), tuple(range(1, len(part) + 1))
    if request.per_token == "ids":
        return Response(part, "scored", len(part), (), Reading(ids, ends))
    drawn = random.Random(text)
    level = drawn.gauss(mean, 0.25)
    logprobs = tuple(round(min(0.0, drawn.gauss(level, 1.0)), 5) for _ in part)
    reading = Reading(ids, ends, logprobs, (-3.0,) * len(part), (1.0,) * len(part))
    return Response(part, "scored", len(part), (sum(logprobs),), reading)


def measure(
    task: Task,
    path: Path,
    engine: Rule,
    folder: Path,
    *,
    run: str = "run",
    limit: int | None = None,
    checkpoint: Checkpoint = BASE,
    reference: Callable[[Sequence[Request]], Mapping[Request, Response]] = lambda requests: {},
) -> Evaluation:
    """One item: the task on the checkpoint, with a store and a run folder in `folder`."""
    bench = Workbench(
        "print", lambda: engine, Store(folder / "store"), folder / run, reference=reference
    )
    return evaluate(task, checkpoint, DataSource(path, limit=limit), bench)


def rows_of(folder: Path, task: str, run: str = "run") -> list[Row]:
    """The item's sample rows."""
    return read_whole_rows(sample_file(folder / run, "base", task))


def words(seed: str, count: int, vocabulary: Sequence[str]) -> str:
    """A text of so many words, drawn."""
    drawn = random.Random(seed)
    return " ".join(drawn.choice(vocabulary) for _ in range(count))
