"""All documents through a chat model, several at a time, with what was asked counted."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from harness.engines.chat import Chat, Reply
from harness.engines.parallel import in_parallel
from harness.engines.server import Server
from harness.ledger import Price
from harness.records import Api
from training.questions import prompts
from training.questions.cost import spent
from training.questions.documents import Document
from training.questions.journal import Journal
from training.questions.order import Order
from training.questions.sets import REPLIES
from training.questions.writer import Written, write_clozes, write_pairs
from training.report import Report

_SAID_EVERY = 3.0  # seconds


def ask_all(
    order: Order, model: str, documents: Sequence[Document], price: Price | None, report: Report
) -> tuple[list[Written], dict[str, Any]]:
    """All documents through the chat model, `concurrency` at a time."""
    chat = Chat(
        model,
        Server(
            Api(
                base_url=order.base_url or "",
                key_variable=order.key_variable,
                concurrency=order.concurrency,
                timeout=order.timeout,
                retries=order.retries,
            )
        ),
    )
    journal = Journal(order.out / REPLIES, model)

    schema = prompts.KEY_SCHEMA if order.latest_eval else prompts.SCHEMA

    def ask(messages: Sequence[Mapping[str, str]]) -> Reply:
        return journal.ask(chat, messages, schema, order.max_tokens)

    def one(document: Document) -> Written:
        return (write_clozes if order.latest_eval else write_pairs)(document, ask)

    progress = _Progress(len(documents), journal, report)
    written: dict[str, Written] = {}
    for ended in in_parallel(one, documents, order.concurrency):
        written |= {done.document.key: done for done in ended}
        progress(len(written))
    ordered = [written[document.key] for document in documents]
    replies = [reply for w in ordered for reply in w.replies]
    prompt, answer = spent(replies)
    return ordered, {
        "by": "a chat model",
        "model": model,
        "snapshots": sorted({reply.model for reply in replies if reply.model}),
        "prompt_version": prompts.VERSION,
        "schema_sent": chat.structured,
        "answers": {
            "asked": journal.asked,
            "from an earlier run": journal.kept,
            "requests sent": chat.requests,
            "retried": chat.requests - journal.asked,
        },
        "tokens": {"prompt": prompt, "answer": answer},
        "cost_usd": round(price.of(prompt, answer), 4) if price else None,
    }


class _Progress:
    """Documents done, rate and time left, every few seconds."""

    def __init__(self, total: int, journal: Journal, report: Report) -> None:
        self._total, self._journal, self._report = total, journal, report
        self._started = self._said = time.monotonic()

    def __call__(self, done: int) -> None:
        now = time.monotonic()
        if now - self._said < _SAID_EVERY and done < self._total:
            return
        self._said = now
        rate = done / max(1e-9, now - self._started)
        left = (self._total - done) / rate
        self._report(
            f"{done}/{self._total} documents  {self._journal.asked} asked  {rate:.2g}/s  "
            f"{left:.0f} s left"
        )
