"""The command: documents in, a question set out."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Sequence
from typing import Any

from harness.config import load_matrix
from harness.errors import ConfigError
from training.questions.asking import ask_all
from training.questions.cost import dollars, estimate, price_of
from training.questions.documents import Document, check_dates, read_documents, split_long
from training.questions.order import Order
from training.questions.sets import CARD, REPLIES, QuestionSet, make_set, write_set
from training.questions.writer import write_clozes
from training.report import Report


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
    prompt, answer = estimate(documents, order)
    report(
        f"{len(documents)} requests to {order.model}, about {prompt:,} tokens in and {answer:,} "
        f"out: {dollars(price, prompt, answer)}"
        + ("" if order.latest_eval else "; asking again for what fails can at most triple it")
        + ". The first prompt:"
    )
    for message in order.messages(documents[0]):
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
        written, asked = ask_all(order, order.model, documents, price, report)
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
