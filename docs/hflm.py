"""lm-eval's HFLM asked the same as our engine: for the benches that hold both beside each other."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from harness.engines.local import LocalEngine
from harness.records import Checkpoint, Request, Response

Answers = dict[Request, Response]
Ask = Callable[[Sequence[Request]], Answers]


def ours(engine: LocalEngine, checkpoint: Checkpoint | None = None) -> Ask:
    """The engine as a checkpoint of its model, by default the base."""
    asked = checkpoint or Checkpoint("base", engine.model)
    return lambda requests: {q: r for answers in engine.answer(asked, requests) for q, r in answers}


def peer(network: Any, tokenizer: Any, batch: int) -> Ask:
    """lm-eval's HFLM on a network in memory. Requests are raw text."""
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM

    logging.disable(logging.WARNING)
    lm = HFLM(pretrained=network, tokenizer=tokenizer, batch_size=batch)

    def instance(kind: str, number: int, *arguments: Any) -> Instance:
        return Instance(request_type=kind, doc={}, arguments=arguments, idx=number)

    def scored(requests: Sequence[Request]) -> Answers:
        pairs = [(request, text) for request in requests for text in request.continuations]
        kind = "loglikelihood"
        instances = [instance(kind, i, q.prompt, text) for i, (q, text) in enumerate(pairs)]
        found = iter(lm.loglikelihood(instances, disable_tqdm=True))
        return {
            q: Response("", "scored", 0, tuple(next(found)[0] for _ in q.continuations))
            for q in requests
        }

    def written(requests: Sequence[Request]) -> Answers:
        settings = [
            {"until": list(q.stop), "max_gen_toks": q.max_new_tokens, "do_sample": False}
            for q in requests
        ]
        pairs = zip(requests, settings, strict=True)
        instances = [instance("generate_until", i, q.prompt, s) for i, (q, s) in enumerate(pairs)]
        texts = lm.generate_until(instances, disable_tqdm=True)
        return {q: Response(text, "stop", 0) for q, text in zip(requests, texts, strict=True)}

    return lambda requests: scored(requests) if requests[0].continuations else written(requests)


def timed(ask: Ask, requests: Sequence[Request]) -> tuple[Answers, float]:
    """The answers and the seconds that they took."""
    started = time.perf_counter()
    answers = ask(requests)
    return answers, time.perf_counter() - started


def apart(one: Answers, other: Answers) -> float:
    """Largest difference of a continuation's log-likelihood."""
    return max(
        abs(a - b)
        for request in one
        for a, b in zip(one[request].logprobs, other[request].logprobs, strict=True)
    )


def same_texts(one: Answers, other: Answers) -> int:
    """How many texts are equal, blanks at their ends aside."""
    return sum(one[request].text.strip() == other[request].text.strip() for request in one)
