"""One grade by a person as an event: its JSON form, its checks, the key of what it is about.

An event says nothing of prompt or answer but a hash, so grade files can be committed where the
data can't.
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from harness.errors import DataError
from harness.review.authors import author_fault

SCHEMA = 1
VERDICTS = ("right", "wrong", "skipped", "cleared")
LONGEST_NOTE = 2_000
# Far above what any id needs, far below what could fill a disk.
_LONGEST = {"suite": 200, "item": 2_000, "rubric": 200, "picked": 500, "note": LONGEST_NOTE}
_EVENT = re.compile(r"[0-9a-f]{32}")
_SAMPLE = re.compile(r"[0-9a-f]{16}")
# RFC 3339, section 5.6, whose zone may not be left out.
_TIME = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", flags=re.ASCII
)


@dataclass(frozen=True, slots=True)
class GradeEvent:
    """What one person said of one answer, once.

    event: 32 random hexadecimal digits. sample: `sample_key` of the answer. item: the sample's id.
    verdict: "right" | "wrong" | "skipped" (seen, no verdict) | "cleared" (all before is taken
    back). time: RFC 3339 with its zone. rubric: version of what counted as right. picked: "hand",
    or "queue" for an answer that the sampling helper offered ("queue:WHAT" says to settle what).
    """

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

    @property
    def moment(self) -> datetime.datetime:
        """When it was said."""
        return moment(self.time)


def moment(time: str) -> datetime.datetime:
    """An event's time, for comparing times of unlike zones."""
    return datetime.datetime.fromisoformat(time.upper())


_FIELDS = tuple(field.name for field in dataclasses.fields(GradeEvent))


def sample_key(suite: str, item: str, prompt: str, answer: str) -> str:
    """16 hexadecimal digits that stand for one answer to one question, whoever gave it."""
    text = json.dumps([suite, item, prompt, answer], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def event_row(event: GradeEvent) -> dict[str, Any]:
    """An event as a JSON object; `event_from_row` is the inverse."""
    return {"schema": SCHEMA, **{name: getattr(event, name) for name in _FIELDS}}


def event_from_row(row: Any, where: str) -> GradeEvent:
    """A JSON value as an event. where: how a message is to name it, such as "grades.jsonl:3".

    Raises DataError for anything that is not a whole event of this schema and no more than that.
    """
    if not isinstance(row, dict):
        raise DataError(f"{where}: expected a grade as a JSON object, found {type(row).__name__}.")
    schema = row.get("schema")
    if type(schema) is not int or schema != SCHEMA:
        raise DataError(
            f"{where}: 'schema' is {_shown(schema)}, this version reads {SCHEMA}. "
            "Update pytest-michi if a newer one wrote it."
        )
    if missing := [name for name in _FIELDS if name not in row]:
        raise DataError(f"{where}: {missing[0]!r} is missing. A grade has {', '.join(_FIELDS)}.")
    if unknown := sorted(set(row) - {"schema", *_FIELDS}):
        raise DataError(
            f"{where}: unknown field {_shown(unknown[0])}. A grade has {', '.join(_FIELDS)}."
        )
    for name in _FIELDS:
        if fault := _fault(name, row[name]):
            raise DataError(f"{where}: {name!r} is {_shown(row[name])}: {fault}.")
    return GradeEvent(**{name: row[name] for name in _FIELDS})


def parse_json(text: bytes, where: str, expected: str) -> Any:
    """One JSON document. expected: a sentence on what it should be. Raises DataError."""
    try:
        return json.loads(text.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise DataError(f"{where}: not UTF-8 ({error.reason} at byte {error.start}).") from error
    except json.JSONDecodeError as error:
        raise DataError(
            f"{where}: not valid JSON ({error.msg} at column {error.colno}). {expected}"
        ) from error
    except (RecursionError, ValueError) as error:  # ValueError: a number of thousands of digits
        raise DataError(f"{where}: not valid JSON (too deep or too long). {expected}") from error


def _fault(name: str, value: Any) -> str:
    """What is wrong with a field's value, or ""."""
    if not isinstance(value, str):
        return "it must be a text"
    if name in _CHECKS:
        return _CHECKS[name](value)
    if not value and name != "note":
        return "it must not be empty"
    if len(value) > _LONGEST[name]:
        return f"{len(value):,} characters long, at most {_LONGEST[name]:,} are kept"
    if name == "picked" and value not in ("hand", "queue") and not value.startswith("queue:"):
        return "expected hand or queue"
    return ""


def _time_fault(value: str) -> str:
    expected = "expected a time with its zone, as 2026-11-26T01:02:03.456Z"
    if not _TIME.fullmatch(value):
        return expected
    try:
        datetime.datetime.fromisoformat(value.upper())
    except ValueError as error:
        return f"{expected} ({error})"
    return ""


_CHECKS = {
    "event": lambda v: "" if _EVENT.fullmatch(v) else "expected 32 digits, each 0-9 or a-f",
    "sample": lambda v: "" if _SAMPLE.fullmatch(v) else "expected 16 digits, each 0-9 or a-f",
    "verdict": lambda v: "" if v in VERDICTS else f"expected {', '.join(VERDICTS)}",
    "author": author_fault,
    "time": _time_fault,
}


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
