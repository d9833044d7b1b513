"""One grade by a person as an event, and the key of the answer that it is about."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class GradeEvent:
    """What one person said of one answer, once."""

    event: str
    sample: str
    suite: str
    item: str
    verdict: str
    author: str
    time: str
    note: str = ""
    rubric: str = ""
    picked: str = "hand"


def sample_key(suite: str, item: str, prompt: str, answer: str) -> str:
    """16 hexadecimal digits that stand for one answer to one question, whoever gave it."""
    text = json.dumps([suite, item, prompt, answer], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
