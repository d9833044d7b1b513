"""Eight pairs about a document: a chat model writes them, rules check them, it may mend them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from harness.engines.chat import Reply
from training.questions.checks import duplicate, problem, settled
from training.questions.cloze import PER_DOCUMENT as CLOZES
from training.questions.cloze import cloze_pairs, keys_by_rule, read_keys
from training.questions.documents import Document
from training.questions.pairs import Pair, read_pair
from training.questions.prompts import (
    PER_DOCUMENT,
    Message,
    again_messages,
    first_messages,
    key_messages,
)

AGAIN = 2  # times that what is missing is asked for again
_FENCE = re.compile(r"^\s*```(?:json)?\s*|\s*```\s*$")
Ask = Callable[[list[Message]], Reply]


@dataclass(slots=True)
class Written:
    """What came of one document. rejects: (question or "-", reason), of all rounds together."""

    document: Document
    pairs: list[Pair] = field(default_factory=list)
    rejects: list[tuple[str, str]] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)

    @property
    def missing(self) -> int:
        """Pairs that it is short of."""
        return PER_DOCUMENT - len(self.pairs)


def write_pairs(document: Document, ask: Ask) -> Written:
    """Ask for eight pairs, and again for those that fail a check, `AGAIN` times at most."""
    written = Written(document)
    messages = first_messages(document, PER_DOCUMENT)
    for _ in range(1 + AGAIN):
        reply = ask(messages)
        written.replies.append(reply)
        fresh = _take(written, reply)
        if not written.missing or reply.finish == "invalid":
            break
        messages = again_messages(document, written.missing, written.pairs, fresh)
    return written


def write_clozes(document: Document, ask: Ask | None) -> Written:
    """Cloze pairs about a document; a chat model, or without one rules, choose the sentences."""
    written = Written(document)
    if ask is None:
        written.pairs = cloze_pairs(document, keys_by_rule(document))
        return written
    reply = ask(key_messages(document, CLOZES))
    written.replies.append(reply)
    rows = read_rows_of(reply, "keys")
    if isinstance(rows, str):
        written.rejects.append(("-", rows))
        return written
    keys, problems = read_keys(document, rows)
    written.pairs = cloze_pairs(document, keys)
    lost = len(keys) - len(written.pairs)
    written.rejects += [("-", problem) for problem in problems]
    written.rejects += [("-", "it can't be masked, or was asked already")] * lost
    return written


def _take(written: Written, reply: Reply) -> list[tuple[str, str]]:
    """Add what can be used of a reply; returns what can't, and why."""
    rows = read_rows_of(reply)
    if isinstance(rows, str):
        written.rejects.append(("-", rows))
        return [("-", rows)]
    fresh: list[tuple[str, str]] = []
    for row in rows:
        if not written.missing:
            break
        reason, pair = _judged(row, written)
        if pair is None:
            question = row.get("question") if isinstance(row, dict) else None
            fresh.append((str(question or "-"), reason))
        else:
            written.pairs.append(pair)
    written.rejects += fresh
    return fresh


def _judged(row: Any, written: Written) -> tuple[str, Pair | None]:
    read = read_pair(row)
    if isinstance(read, str):
        return read, None
    try:
        pair = settled(read)
    except ValueError as error:  # an answer that states nothing
        return str(error), None
    reason = problem(pair, written.document) or duplicate(pair, written.pairs)
    return (reason, None) if reason else ("", pair)


def read_rows_of(reply: Reply, name: str = "pairs") -> list[Any] | str:
    """The list that a reply's JSON holds, or what is wrong with the reply."""
    if reply.finish in ("refused", "invalid"):
        return f"the model refused: {reply.text}" if reply.finish == "refused" else reply.text
    cut = " (it was cut off at the token limit)" if reply.finish == "length" else ""
    try:
        content = json.loads(_FENCE.sub("", reply.text))
    except ValueError:
        return f"the answer is not JSON{cut}"
    rows = content.get(name) if isinstance(content, dict) else content
    return rows if isinstance(rows, list) else f"the answer's JSON has no list of {name}"
