"""The command: documents in, a question set out."""

from __future__ import annotations

import datetime
import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.config import load_matrix
from harness.engines.chat import KEY, Chat, Reply
from harness.errors import ConfigError
from training.questions import prompts
from training.questions.cloze import PER_DOCUMENT as CLOZES
from training.questions.cost import Price, dollars, estimate, price_of, spent
from training.questions.documents import Document, check_dates, read_documents, split_long
from training.questions.journal import Journal
from training.questions.sets import CARD, REPLIES, QuestionSet, Split, make_set, write_set
from training.questions.writer import Written, write_clozes, write_pairs
from training.report import Report

_SAID_EVERY = 3.0  # seconds


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done. model: a chat model's name. latest_eval: cloze questions, by rule where
    no model is named.

    released, matrix: when the model to be fine-tuned was released. split_long: characters.
    """

    documents: Path
    out: Path
    split: Split
    model: str | None = None
    latest_eval: bool = False
    base_url: str | None = None
    key_variable: str = KEY
    concurrency: int = 8
    price: str | None = None
    max_tokens: int | None = None
    released: datetime.date | None = None
    matrix: Path | None = None
    newest: int | None = None
    allow_old: bool = False
    longest: int = 20_000
    split_long: int | None = None
    timeout: float = 120
    retries: int = 6


def prepare(order: Order) -> tuple[list[Document], datetime.date | None]:
    """The documents to ask about, checked, and the release date they were checked against."""
    if order.model is None and not order.latest_eval:
        raise ConfigError(
            "which chat model shall write the questions? Say --model NAME (and --base-url URL for "
            "a server of your own), or --latest-eval for cloze questions by rule, without a model."
        )
    documents = read_documents(order.documents)
    released = release_date(order)
    if released is not None:
        check_dates(documents, released, order.allow_old)
    if order.newest is not None:
        dated = sorted(documents, key=lambda d: d.published or datetime.date.min, reverse=True)
        documents = dated[: order.newest]
    return split_long(documents, order.longest, order.split_long), released


def release_date(order: Order) -> datetime.date | None:
    """The day before which a document may have been trained on. Raises ConfigError if unknown."""
    if order.released is not None:
        return order.released
    if order.matrix is not None:
        return max(model.released for model in load_matrix(order.matrix).models)
    if order.allow_old:
        return None
    raise ConfigError(
        "when was the model released that will be fine-tuned? Say --released DATE, or --matrix "
        "FILE with it; documents that are older may have been in its training. (--allow-old asks "
        "about all of them.)"
    )


def plan(order: Order, report: Report) -> None:
    """What `--dry-run` prints: how much, what it would cost, and one prompt."""
    documents, released = prepare(order)
    report(f"{len(documents)} documents after {released or '(not checked)'}")
    if order.model is None:
        pairs = [pair for document in documents for pair in write_clozes(document, None).pairs]
        report(f"{len(pairs)} questions by rule; nothing would be asked. The first:")
        report("\n" + (pairs[0].question if pairs else "(none)"))
        return
    price = price_of(order.model, order.price)
    prompt, answer = estimate(documents)
    report(
        f"{len(documents)} requests to {order.model}, about {prompt:,} tokens in and {answer:,} "
        f"out: {dollars(price, prompt, answer)}; asking again for what fails a check can at most "
        "triple it. The first prompt:"
    )
    for message in _first_messages(order, documents[0]):
        report(f"\n[{message['role']}]\n{message['content']}")


def run(order: Order, report: Report) -> QuestionSet:
    """Make the set. Raises MichiError; what was answered by then is kept."""
    documents, released = prepare(order)
    started = datetime.datetime.now(datetime.UTC)
    if order.model is None:
        written = [write_clozes(document, None) for document in documents]
        asked: dict[str, Any] = {"by": "rule"}
    else:
        price = price_of(order.model, order.price)
        written, asked = _ask(order, order.model, documents, price, report)
    questions = make_set([(w.document, w.pairs) for w in written], order.split)
    card = {
        "kind": "cloze (LatestEval)" if order.latest_eval else "question and answer",
        **asked,
        "made": started.isoformat(timespec="seconds"),
        **_documents(documents, questions, released, order),
        "questions": {"training set": len(questions.train), **questions.forms()},
        "rejected": dict(Counter(reason for w in written for _, reason in w.rejects).most_common()),
        "left_out": {"asked of another document, too": questions.repeated},
    }
    if not order.latest_eval:
        card["short"] = {w.document.key: len(w.pairs) for w in written if w.missing > 0}
    write_set(order.out, questions, card)
    if not questions.knowledge:
        often = Counter(reason for w in written for _, reason in w.rejects).most_common(1)
        raise ConfigError(
            f"{order.out}: none of the {len(documents)} documents gave a question that can be used"
            + (f"; most often: {often[0][0]}" if often else "")
            + f". {CARD} counts the reasons, {REPLIES} has the answers."
        )
    return questions


def _first_messages(order: Order, document: Document) -> list[prompts.Message]:
    if order.latest_eval:
        return prompts.key_messages(document, CLOZES)
    return prompts.first_messages(document, prompts.PER_DOCUMENT)


def _documents(
    documents: Sequence[Document],
    questions: QuestionSet,
    released: datetime.date | None,
    order: Order,
) -> dict[str, Any]:
    dates = sorted(d.published.isoformat() for d in documents if d.published)
    return {
        "documents": {
            "all": len({d.id for d in documents}),
            "control": len({d.id for d in questions.control}),
            "first": dates[0] if dates else None,
            "last": dates[-1] if dates else None,
            "languages": dict(Counter(d.language for d in documents)),
        },
        "released": released.isoformat() if released else None,
        "split": {
            "seed": order.split.seed,
            "control": order.split.control,
            "held_out": order.split.held_out,
        },
    }


def _ask(
    order: Order, model: str, documents: Sequence[Document], price: Price | None, report: Report
) -> tuple[list[Written], dict[str, Any]]:
    """All documents through the chat model, `concurrency` at a time."""
    chat = Chat(
        model, order.base_url,
        key_variable=order.key_variable, timeout=order.timeout, retries=order.retries,
    )  # fmt: skip
    journal = Journal(order.out / REPLIES, model)

    schema = prompts.KEY_SCHEMA if order.latest_eval else prompts.SCHEMA

    def ask(messages: Sequence[Mapping[str, str]]) -> Reply:
        return journal.ask(chat, messages, schema, order.max_tokens)

    def one(document: Document) -> Written:
        return (write_clozes if order.latest_eval else write_pairs)(document, ask)

    progress = _Progress(len(documents), journal, report)
    written: dict[str, Written] = {}
    for done in _in_parallel(one, documents, order.concurrency):
        written[done.document.key] = done
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


def _in_parallel(
    work: Callable[[Document], Written], documents: Iterable[Document], width: int
) -> Iterator[Written]:
    """Results as they come. After an error nothing new is begun, and what runs may end."""
    waiting = iter(documents)
    with ThreadPoolExecutor(max_workers=width) as pool:
        running: set[Future[Written]] = {
            pool.submit(work, d) for d in itertools.islice(waiting, width)
        }
        while running:
            ended, running = wait(running, return_when=FIRST_COMPLETED)
            for future in ended:
                yield future.result()
            running |= {pool.submit(work, d) for d in itertools.islice(waiting, len(ended))}


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
