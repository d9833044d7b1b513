"""Events for tests."""

from __future__ import annotations

import dataclasses
import secrets
from typing import Any

from harness.review.events import GradeEvent, event_row, sample_key

KEY = sample_key("knowledge", "q1", "質問", "7,700円")
EVENT = GradeEvent(
    event="0" * 32,
    sample=KEY,
    suite="knowledge",
    item="q1",
    verdict="right",
    author="花子",
    time="2026-11-26T01:02:03.456Z",
    note="",
    rubric="default/1",
    picked="queue",
)


def event(**changes: str) -> GradeEvent:
    """An event with an id of its own."""
    return dataclasses.replace(EVENT, **{"event": secrets.token_hex(16), **changes})


def row(**changes: Any) -> dict[str, Any]:
    """A JSON object of an event, some of it changed to what may be wrong."""
    return {**event_row(event()), **changes}
