"""How sure a served model was of each token, by the log-probabilities that come with its answer.

Servers tell them in the shape of chat completions (`logprobs.content`, an object a token) or of
completions (lists side by side), llama.cpp in the first at both doors:
https://platform.openai.com/docs/api-reference/chat/object and .../completions/object. A
distribution's entropy is not to be known from its likeliest tokens, and is left out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.records import Certainty

# The two likeliest make the margin. vLLM's list begins with the token that was chosen: of two, the
# second likeliest would be missing wherever neither was drawn.
_TOP = 3
_LOST = "\ufffd".encode()  # stands for what is no whole character
_RAW = "bytes:"
_THINKING = ("reasoning_content", "reasoning")
_DECIMALS, _NEVER = 4, -1e4  # as of weights on this machine (`harness.engines.certainty`)


@dataclass(frozen=True, slots=True)
class Token:
    """One token as a server tells it. spelled: its bytes. margin: in nats; None where untold."""

    spelled: bytes
    logprob: float
    margin: float | None


def asked(chat: bool) -> dict[str, Any]:
    """The parameters that ask for them."""
    return {"logprobs": True, "top_logprobs": _TOP} if chat else {"logprobs": _TOP}


def tokens_of(choice: Any) -> tuple[Token, ...]:
    """The tokens of a choice; () where it tells nothing of them, or in no shape that is known.

    () also where the model thought first: servers put those tokens among the answer's
    (https://github.com/sgl-project/sglang/issues/25055).
    """
    message, told = getattr(choice, "message", None), getattr(choice, "logprobs", None)
    if told is None or any(getattr(message, name, None) for name in _THINKING):
        return ()
    try:
        return tuple(_of_objects(told) or _of_lists(told))
    except (AttributeError, TypeError, ValueError):
        return ()


def certainty(tokens: Sequence[Token], text: str, stops: Sequence[str]) -> Certainty | None:
    """Of an answer as it is kept; None where tokens are untold, or spell another text.

    What ended the answer counts, a stop's tokens included, and ends where the text does; what
    stands behind a stop does not. margins: () unless they are told of all tokens.
    """
    ends = _ends(text, [token.spelled for token in tokens], stops)
    if not ends:
        return None
    kept = tokens[: len(ends)]
    margins = [round(t.margin, _DECIMALS) for t in kept if t.margin is not None]
    return Certainty(
        tuple(ends),
        tuple(round(token.logprob, _DECIMALS) for token in kept),
        (),
        tuple(margins) if len(margins) == len(kept) else (),
    )


def _of_objects(told: Any) -> list[Token]:
    return [
        Token(
            bytes(_field(entry, "bytes") or _bytes(_field(entry, "token"))),
            _nats(_field(entry, "logprob")),
            _margin([_field(other, "logprob") for other in _field(entry, "top_logprobs") or ()]),
        )
        for entry in _field(told, "content") or ()
    ]


def _of_lists(told: Any) -> list[Token]:
    tokens, logprobs = (_field(told, name) or [] for name in ("tokens", "token_logprobs"))
    tops = _field(told, "top_logprobs") or [None] * len(tokens)
    return [
        Token(_bytes(token), _nats(logprob), _margin(list((top or {}).values())))
        for token, logprob, top in zip(tokens, logprobs, tops, strict=True)
    ]


def _field(entry: Any, name: str) -> Any:
    """What the client knows of a shape it makes an object, the rest it leaves as it came."""
    return entry.get(name) if isinstance(entry, dict) else getattr(entry, name, None)


def _bytes(token: str) -> bytes:
    r"""OpenAI's completions write a piece of a character as bytes:\xe3\x81."""
    if token.startswith(_RAW) and "\\x" in token:
        return token.removeprefix(_RAW).encode().decode("unicode_escape").encode("latin-1")
    return token.encode("utf-8", "replace")


def _nats(value: Any) -> float:
    number = float(value)
    if math.isnan(number):
        raise ValueError("no log-probability")
    return max(number, _NEVER)


def _margin(top: Sequence[Any]) -> float | None:
    """None where fewer are told than were asked for.

    Lists by text lose one of two tokens that read the same, as pieces of characters do.
    """
    if len(top) < _TOP:
        return None
    first, second = sorted(map(_nats, top), reverse=True)[:2]
    return first - second


def _ends(text: str, pieces: Sequence[bytes], stops: Sequence[str]) -> list[int]:
    """Characters of the text up to each token's end; [] where the tokens don't spell it.

    A character that several tokens share ends with the last of them. Where a server does not tell
    their bytes, but nothing or U+FFFD, they stand for what lies between those that are told.
    """
    whole = text.rstrip("\ufffd").encode("utf-8", "replace")
    until = tuple(stop.encode() for stop in stops)
    ends: list[int] = []
    at, lost, behind = 0, False, b""
    for piece in pieces:
        known, begins_lost = piece.replace(_LOST, b""), piece.startswith(_LOST)
        if at == len(whole):
            behind += known
        elif known:
            place = _place(known, whole, at, lost or begins_lost)
            if place < 0:
                return []
            if lost and not begins_lost:
                ends[-1] = _characters(whole[:place])
            at, behind = min(len(whole), place + len(known)), known[len(whole) - place :]
        lost = piece.endswith(_LOST) or not piece
        ends.append(_characters(whole[:at]))
        if at == len(whole) and behind.startswith(until):
            break
    if not ends or not (lost or at == len(whole) or whole[at:].isspace()):
        return []
    ends[-1] = len(text)
    return ends


def _place(known: bytes, whole: bytes, at: int, lost: bool) -> int:
    """Where a token stands from `at` on, -1 where it does not; it may reach beyond a cut.

    lost: whether something that is not told may stand before it. A space that begins a token is
    not told by every server: tokenizers drop it where they decode a token alone.
    """
    for start in (at, len(whole) - len(whole[at:].lstrip())):
        if whole.startswith(known, start) or known.startswith(whole[start:]):
            return start
    return whole.find(known, at) if lost else -1


def _characters(part: bytes) -> int:
    """Whole ones."""
    return len(part.decode("utf-8", "ignore"))
