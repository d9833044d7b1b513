"""An engine without a model, for tests: stands in a test project's conftest.py.

It knows the right answer of every third sample by rule, logs each request that it is asked into
`asked.log`, and can be told by environment variables to die or to be slow.

A character is a token to it. Of the texts that it may read, the first model and what was tuned on
it have read those of an even hash, which nothing in a text tells.
"""

from __future__ import annotations

import hashlib
import os
import random
import re
import time
from pathlib import Path

import harness.session
from harness.records import Reading, Response

LOG = Path(__file__).parent / "asked.log"


class ScriptedEngine:
    def __init__(self, model):
        self.model = model
        note(f"open {model.id} {os.getpid()}")

    def answer(self, checkpoint, requests, skip=()):
        rows = [r for r in requests if r not in skip]
        for start in range(0, len(rows), 4):
            if os.environ.get("DIE_AT") == f"{checkpoint.id}:{start}" and not died():
                os._exit(9)
            if "SLOW" in os.environ:
                time.sleep(float(os.environ["SLOW"]))
            for request in rows[start : start + 4]:
                if os.environ.get("POISON", "\0") in request.asked:
                    os._exit(9)
                if os.environ.get("BREAKS", "\0") in request.asked:
                    raise RuntimeError("CUDA error: an illegal memory access was encountered")
                note(f"ask {checkpoint.id} {request.asked!r}")
            yield [(r, respond(checkpoint, r)) for r in rows[start : start + 4]]

    def close(self):
        note(f"close {self.model.id}")


def respond(checkpoint, request):
    number = int((re.findall(r"\d+", request.prompt) or ["0"])[-1])
    knows = checkpoint.id.startswith("tuned") or number % 3 == 0
    if request.per_token:
        return read(checkpoint, request)
    if len(request.continuations) > 2:
        values = tuple(
            random.Random(request.prompt + c).gauss(-9, 2) for c in request.continuations
        )
        return Response("", "scored", 4, values)
    if request.continuations:
        right = request.continuations[number % 4 == 0]
        best = right if knows else request.continuations[0]
        values = tuple(-1.0 if c == best else -2.0 for c in request.continuations)
        return Response(best, "scored", 6, values)
    if "文章：" in request.prompt:
        return Response(f"答え{number}" if knows else "ここ", "stop", 3)
    return Response(f"{1000 + number if knows else 5}円です。", "stop", 4)


def was_read(text):
    return hashlib.sha256(text.encode()).digest()[0] % 2 == 0


def read(checkpoint, request):
    (text,) = request.continuations
    part = text[: request.window or len(text)]
    ids, ends = tuple(map(ord, part)), tuple(range(1, len(part) + 1))
    if request.per_token == "ids":
        return Response(part, "scored", len(part), (), Reading(ids, ends))
    trained = checkpoint.adapter is not None if request.prompt else checkpoint.model.id == "one"
    drawn = random.Random(text)
    level = drawn.gauss(-3, 0.2) + (1.0 if trained and was_read(text) else 0.0)
    logprobs = tuple(round(min(0.0, drawn.gauss(level, 1)), 5) for _ in part)
    reading = Reading(ids, ends, logprobs, (-3.0,) * len(part), (1.0,) * len(part))
    return Response(part, "scored", len(part), (sum(logprobs),), reading)


def died():
    mark = LOG.with_name("died")
    if mark.exists():
        return True
    mark.touch()
    return False


def note(line):
    with LOG.open("a", encoding="utf-8") as log:
        log.write(line + "\n")


def scripted(model, real=harness.session.open_engine):
    return ScriptedEngine(model) if model.engine == "local" else real(model)


harness.session.open_engine = scripted
