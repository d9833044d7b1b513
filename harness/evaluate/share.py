"""A part of what a task asks of a checkpoint is answered, and nothing is judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from harness.config import DataSource
from harness.engines import Answer
from harness.evaluate.asking import ask
from harness.evaluate.bench import Workbench
from harness.evaluate.foreseen import as_asked_of, first_turn, followed, samples_of
from harness.records import Checkpoint, Request
from harness.tasks import AskedTask, Task


@dataclass(frozen=True, slots=True)
class Answered:
    """How many requests were answered by the engine now, and how many the store had.

    fingerprint: of the checkpoint.
    """

    asked: int
    stored: int
    fingerprint: str


def answer_share(
    task: Task,
    checkpoint: Checkpoint,
    source: DataSource,
    bench: Workbench,
    mine: Callable[[Request], bool],
) -> Answered:
    """Have the task's own part of its first turn answered, and what it asks about these answers.

    Raises DataError, UnavailableError, ServiceError, WeightsError and StorageError.
    """
    turn, _ = first_turn(task, checkpoint, source, bench)
    requests = [request for request in turn if mine(request)]

    def tell(_: Sequence[Answer], done: int) -> None:
        bench.progress(done, len(requests))

    responses, known = ask(checkpoint, requests, bench, tell)
    count, stored = len(requests), len(known)
    task = as_asked_of(task, checkpoint)
    if hasattr(task, "following"):
        samples = samples_of(cast(AskedTask, task), source, bench)
        answered = [(s, responses[s.request]) for s in samples if s.request in responses]
        more, known = followed(cast(AskedTask, task), answered, checkpoint, bench)
        count, stored = count + len(more), stored + len(known)
    return Answered(count - stored, stored, bench.fingerprint)
