"""What the store has is taken from there; only the rest is asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from harness.engines import Answer, abilities
from harness.engines.parallel import handed_over
from harness.errors import UnavailableError
from harness.evaluate.bench import Workbench
from harness.records import Checkpoint, Graded, Model, Reading, Request, Response
from harness.records.response import BROKEN
from harness.store import request_key
from harness.tasks import Task

GENERATE, SCORE, READ = "generate", "score", "read"


def ask(
    checkpoint: Checkpoint,
    requests: Sequence[Request],
    bench: Workbench,
    take: Callable[[Sequence[Answer], int], None] = lambda answers, done: None,
) -> tuple[dict[Request, Response], frozenset[Request]]:
    """The response to every request, and which of them the store had.

    take: told of answers as they come, and how many there are so far. Raises UnavailableError for
    what the checkpoint's engine can't answer, ServiceError, WeightsError and StorageError.
    """
    responses: dict[Request, Response] = {}

    def look() -> list[Request]:
        """Take from the store what it has; what is still missing."""
        stored = bench.store.load(bench.fingerprint)
        missing = [request for request in requests if request not in responses]
        found = {r: stored[k] for r in missing if (k := request_key(r)) in stored}
        responses.update(found)
        take(list(found.items()), len(responses))
        return [request for request in missing if request not in found]

    def keep(answers: Sequence[Answer]) -> None:
        bench.store.add(bench.fingerprint, answers)
        if bench.ledger is not None:
            bench.ledger.enter(answers)
        whole = [answer for answer in answers if answer[1].finish != BROKEN]
        responses.update(whole)
        take(whole, len(responses))
        if bench.ledger is not None:
            bench.ledger.refuse_spent()

    came = bench.ahead(requests)
    missing = look()
    known = frozenset(responses) - came
    if missing:
        _refuse_unable(checkpoint.model, missing)
        with bench.turn() as others_asked:
            if others_asked:
                missing = look()
                known = frozenset(responses) - came
            if missing and bench.ledger is not None:
                bench.forecast()
                bench.ledger.refuse_over(missing)
            if missing:
                engine, begun = bench.engine(), time.monotonic()
                handed_over(engine.answer(checkpoint, requests, skip=frozenset(responses)), keep)
                bench.timed(missing, time.monotonic() - begun)
    return responses, known


def in_words(task: Task, model: Model) -> Task:
    """The task as this model can be asked: where likelihoods can't be had, in words."""
    if SCORE in abilities(model) or not hasattr(task, "generative"):
        return task
    worded: Task = task.generative()
    return worded


def answers_read(
    answered: Sequence[Graded], checkpoint: Checkpoint, bench: Workbench
) -> dict[str, Reading]:
    """The answers that were written, read token by token after their prompts, by sample id.

    Nothing where the engine does not read texts.
    """
    if READ not in abilities(checkpoint.model):
        return {}
    asked = {
        sample.id: Request(
            sample.request.prompt,
            sample.request.chat,
            continuations=(response.text,),
            per_token="likelihoods",
        )
        for sample, response, _ in answered
        if response.finish != "scored" and not response.unanswered and response.text
    }
    requests = list(dict.fromkeys(asked.values()))
    total = len(requests)
    read, _ = ask(checkpoint, requests, bench, lambda _, done: bench.progress(done, total))
    found = {id: read[request].reading for id, request in asked.items()}
    return {id: reading for id, reading in found.items() if reading is not None}


def needed(request: Request) -> str:
    """The ability that a request takes."""
    if request.per_token:
        return READ
    return SCORE if request.continuations else GENERATE


def _refuse_unable(model: Model, requests: Sequence[Request]) -> None:
    able = abilities(model)
    wanting: dict[str, Any] = dict.fromkeys(needed(request) for request in requests)
    for ability in wanting:
        if ability not in able:
            raise UnavailableError(_UNABLE[ability].format(model=model.id))


_UNABLE = {
    GENERATE: "{model} writes no answers.",
    SCORE: (
        "{model} does not tell how likely a text is. If its server returns prompt "
        "log-probabilities (vLLM does), say prompt_logprobs = true in [models.{model}.api]."
    ),
    READ: (
        "{model} is asked through a server, and texts are read token by token with weights on "
        'this machine and engine = "local" only.'
    ),
}
