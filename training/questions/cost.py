"""What asking will cost, before anything is asked, and what it did cost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.engines.chat import Reply
from harness.errors import ConfigError
from harness.ledger import Price, tokens_of
from training.questions.cloze import PER_DOCUMENT as CLOZES
from training.questions.documents import Document
from training.questions.order import Order
from training.questions.prompts import PER_DOCUMENT

# US dollars a million tokens, in and out, as published for these snapshots (seen in May 2024).
# Prices change: --price wins, and a model that is not here has no price until it is given one.
PRICES = {
    "gpt-4-turbo-2024-04-09": (10.0, 30.0),
    "gpt-4o-2024-05-13": (5.0, 15.0),
}
# Tokens of one answered pair with its evidence, paraphrases and reversed form: about 350 characters
# of JSON in either language, at one token a Japanese character and four English ones.
_PAIR_TOKENS = {"ja": 320, "en": 180}
_KEY_TOKENS = {"ja": 80, "en": 50}  # of a key sentence with its answer


def price_of(model: str, given: str | None) -> Price | None:
    """The price of a model: "IN/OUT" as given, or a published one. Raises ConfigError."""
    if given is None:
        return Price(*PRICES[model]) if model in PRICES else None
    try:
        prompt, answer = (float(part) for part in given.split("/"))
    except ValueError as error:
        raise ConfigError(
            f"--price {given}: expected IN/OUT, US dollars a million tokens, as in 2.5/10."
        ) from error
    return Price(prompt, answer)


def estimate(documents: Sequence[Document], order: Order) -> tuple[int, int]:
    """Tokens in and out if every document is asked once; a document asked again costs as much."""
    prompt = sum(tokens_of(m["content"]) for d in documents for m in order.messages(d))
    items, tokens = (CLOZES, _KEY_TOKENS) if order.latest_eval else (PER_DOCUMENT, _PAIR_TOKENS)
    return prompt, sum(items * tokens[document.language] for document in documents)


def spent(replies: Iterable[Reply]) -> tuple[int, int]:
    """Tokens in and out that the server counted."""
    pairs = [(reply.prompt_tokens, reply.answer_tokens) for reply in replies]
    return sum(p for p, _ in pairs), sum(a for _, a in pairs)


def dollars(price: Price | None, prompt: int, answer: int) -> str:
    """The cost in words."""
    if price is None:
        return "price unknown: give it with --price IN/OUT"
    return f"${price.of(prompt, answer):.2f}"
