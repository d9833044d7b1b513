"""What to raise for an error of an OpenAI-compatible server: what is wrong, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import unquote_plus, urlsplit

from harness.engines.throttle import LONGEST, retry_after
from harness.errors import ConfigError, ServiceError, UnavailableError
from harness.records import Api, Usage
from harness.scrub import HIDDEN, named_secrets, public_url

KEPT = "What was answered is kept; run the same command again for the rest."
_SHOWN = 300  # characters of a server's own message
_SHORTEST = 5  # a shorter secret ("none" where there is no key) is as likely a word of the text
_PASSING = (408, 409, 429)  # of the client's errors; all of the server's (5xx) may pass


class RefusedRequest(Exception):
    """The server would not take this one request (400, 413, 422). Its text says why.

    usage: where it counted tokens even so.
    """

    def __init__(
        self, status: int | None, code: str, said: str, usage: Usage | None = None
    ) -> None:
        super().__init__(f"{status}: {said}" if status else said)
        self.code = code
        self.usage = usage


def hider(secrets: list[str]) -> Callable[[str], str]:
    """Takes a key and a password out of what others say; servers quote the key that they refuse."""

    def hide(text: str) -> str:
        for secret in secrets:
            text = text.replace(secret, HIDDEN)
        return text

    return hide


def may_pass(error: Any) -> bool:
    """Whether the same request may be answered later; a used-up quota or a day's wait is not."""
    status = getattr(error, "status_code", None)
    if status is None:  # no connection, or no answer in time
        return True
    headers: Mapping[str, str] = error.response.headers
    told = headers.get("x-should-retry")
    if told == "false" or _is_spent(error) or (retry_after(headers) or 0.0) > LONGEST:
        return False
    return told == "true" or status in _PASSING or status >= 500


def complaint(error: Any, api: Api, host: str, model: str, said: str) -> Exception:
    """What to raise for an `openai.APIError` once it is given up on. said: its own words."""
    status = getattr(error, "status_code", None)
    if status == 401:
        return ConfigError(
            f"{host} refused the key in {api.key_name} (401). Set one that is valid there, "
            "then run the same command again."
        )
    if status == 403:
        return ConfigError(f"{host} does not let this key use {model} (403): {said}")
    if status in (400, 404) and _wants_chat(error):
        return UnavailableError(
            f"{host} completes no raw text with {model}, which answers in chats only: tasks of "
            f"lm-eval and its prompts can't be asked of it ({said})."
        )
    if status == 404:
        hint = f" Or is {public_url(api.base_url)} not its base_url, which mostly ends in /v1?"
        return ConfigError(
            f"{host} has no model {model!r} (404): {said}{hint if api.base_url else ''}"
        )
    if status in (400, 413, 422):
        return RefusedRequest(status, str(error.code or ""), said)
    if status == 402 or _is_spent(error):
        return ServiceError(
            f"{host}: the quota or the money of the key in {api.key_name} is used up "
            f"({status}): {said} {KEPT}"
        )
    if status is None:
        return ServiceError(
            f"{host}: no answer after {api.retries} retries ({type(error).__name__}: {said}). "
            f"{KEPT}"
        )
    wait = retry_after(error.response.headers) or 0.0
    if wait > LONGEST:
        return ServiceError(
            f"{host}: asks to be left alone for {wait:,.0f} s ({status}), and {LONGEST:.0f} s are "
            f"waited at most: {said} {KEPT}"
        )
    if status == 429:
        return ServiceError(
            f"{host}: still over the rate limit or the quota after {api.retries} retries (429): "
            f"{said} What was answered is kept; run the same command again later, or with a lower "
            "concurrency."
        )
    if not may_pass(error):
        return ServiceError(f"{host}: refused with {status}: {said} {KEPT}")
    return ServiceError(
        f"{host}: no answer after {api.retries} retries ({type(error).__name__}: {said}). {KEPT}"
    )


def words_of(error: Any) -> str:
    """What a server said, in a line; of a connection that failed, why."""
    body = getattr(error, "body", None)
    message = body.get("message") or body.get("detail") if isinstance(body, dict) else None
    text = str(message or getattr(error, "message", "") or error)
    if getattr(error, "status_code", None) is None and error.__cause__ is not None:
        text = f"{text} {error.__cause__}"
    return short(text)


def short(text: str) -> str:
    """In a line, and not too long a one."""
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def secrets_of(key: str, api: Api) -> list[str]:
    """What must not stand in a message: the key, and name, password and query of a base_url.

    As they are written there and as they are meant: a server may quote either.
    """
    url = urlsplit(api.base_url)
    texts = [key, url.username or "", url.password or ""]
    texts += [part.partition("=")[2] for part in url.query.split("&")]
    return _long({*texts, *map(unquote_plus, texts[1:])})


def secrets_in(body: Mapping[str, Any]) -> list[str]:
    """The same of what is sent with a request: the texts whose names are called like a secret."""
    return _long(named_secrets(body))


def _long(texts: Iterable[str]) -> list[str]:
    """Those that are no word of a sentence, the longest first: one may hold another."""
    return sorted((text for text in texts if len(text) >= _SHORTEST), key=len, reverse=True)


def _wants_chat(error: Any) -> bool:
    """Whether raw text was sent to a model that takes chats only, in OpenAI's words or Azure's."""
    raw = not str(error.request.url.path).endswith("/chat/completions")
    said = words_of(error).lower()
    told = ("chat model", "chat/completions", "completion operation does not work")
    return raw and any(words in said for words in told)


def _is_spent(error: Any) -> bool:
    """OpenAI's answer to a key without money: a 429, as if it would pass."""
    return str(getattr(error, "code", "") or "") == "insufficient_quota"
