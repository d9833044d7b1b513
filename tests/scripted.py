"""An engine without a model, for tests: stands in a test project's conftest.py.

It knows the right answer of every third sample by rule, logs each request that it is asked into
`asked.log`, and can be told by environment variables to die or to be slow.
"""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import harness.session
from harness.records import Response

LOG = Path(__file__).parent / "asked.log"


class ScriptedEngine:
    def __init__(self, model, folder):
        self.model = model
        note(f"open {model.id} {os.getpid()}")

    def answer(self, checkpoint, requests, skip=()):
        rows = [r for r in requests if r not in skip]
        for start in range(0, len(rows), 4):
            if os.environ.get("DIE_AT") == f"{checkpoint.id}:{start}" and not died():
                os._exit(9)
            time.sleep(float(os.environ.get("SLOW", "0")))
            for request in rows[start : start + 4]:
                note(f"ask {checkpoint.id} {request.prompt!r}")
            yield [(r, respond(checkpoint, r)) for r in rows[start : start + 4]]

    def close(self):
        note(f"close {self.model.id}")


def respond(checkpoint, request):
    number = int((re.findall(r"\d+", request.prompt) or ["0"])[-1])
    knows = checkpoint.id.startswith("tuned") or number % 3 == 0
    if request.continuations:
        right = request.continuations[number % 4 == 0]
        best = right if knows else request.continuations[0]
        values = tuple(-1.0 if c == best else -2.0 for c in request.continuations)
        return Response(best, "scored", 6, values)
    if "文章：" in request.prompt:
        return Response(f"答え{number}" if knows else "ここ", "stop", 3)
    return Response(f"{1000 + number if knows else 5}円です。", "stop", 4)


def died():
    mark = LOG.with_name("died")
    if mark.exists():
        return True
    mark.touch()
    return False


def note(line):
    with LOG.open("a", encoding="utf-8") as log:
        log.write(line + "\n")


harness.session.open_engine = ScriptedEngine
