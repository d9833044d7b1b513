"""An OpenAI-compatible server through the `openai` client: retries, waits, and clear errors.

What can pass is asked for again: 429, 5xx, timeouts, broken connections, an answer that is cut off
or no JSON. Here and not by the client, whose retries keep their places among the requests under way
and know nothing of the width, and which gives up at a Retry-After above two minutes. What is left
is told in one message that says what to do (`complaints`). The key is read from the environment
when the client is made, and nowhere else.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from harness.engines import deadline
from harness.engines.complaints import (
    KEPT,
    RefusedRequest,
    complaint,
    hider,
    may_pass,
    secrets_in,
    secrets_of,
    short,
    words_of,
)
from harness.engines.throttle import Throttle
from harness.errors import ConfigError, ServiceError, UnavailableError
from harness.records import Api, Usage
from harness.scrub import public_url

LOOPBACK = ("localhost", "127.0.0.1", "::1")
_OPENAI = ("api.openai.com", "eu.api.openai.com", "us.api.openai.com")
_NEWER = "max_completion_tokens"
_FIRST, _LAST = 0.5, 8.0  # seconds before a request is sent again, twice as long each time


class Server:
    """One server. Safe to be used by several threads.

    Raises UnavailableError without the package openai, and without a key, except for a server on
    this machine, which needs none.
    """

    def __init__(self, api: Api) -> None:
        try:
            import openai
        except ImportError as error:
            raise UnavailableError(
                "the package openai is missing: pip install 'pytest-michi[api]'."
            ) from error
        self._api = api
        # Said outright: the client would take OPENAI_BASE_URL, and the store another server's
        # answers for OpenAI's.
        base_url = api.address
        self.host = urlsplit(base_url).hostname or public_url(base_url)
        # OpenAI's newer models refuse the name that every other server knows.
        self._limit = "max_tokens" if api.base_url else _NEWER
        self.requests = 0  # sent over the wire, retries included
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._first = threading.Lock()
        self._let_in = False  # whether a request came back that was not refused for its key
        self._refused = ""  # what to say where one was
        self.throttle = Throttle(api.concurrency)
        key = self._key()
        self._secrets = secrets_of(key, api)
        hooks: Any = {"request": [self._sending], "response": [self._received]}
        self._client = openai.OpenAI(
            api_key=key,
            # Its own way with a query would put it before the rest of the path.
            base_url=base_url.partition("?")[0],
            default_query=dict(parse_qsl(urlsplit(base_url).query)),
            timeout=api.timeout,
            max_retries=0,
            http_client=openai.DefaultHttpxClient(event_hooks=hooks),
        )

    def chat(
        self, model: str, messages: Sequence[Mapping[str, Any]], max_tokens: int | None, **more: Any
    ) -> Any:
        """A chat completion; a server may leave its choices empty.

        more: further parameters of the API. Raises RefusedRequest, and as `complete`.
        """
        name, send = self._limit, self._client.chat.completions.create
        limit = {name: max_tokens} if max_tokens and "max_tokens" not in self._api.omit else {}
        try:
            return self._answered(send, model, {"messages": list(messages), **limit, **more})
        except RefusedRequest as error:
            if not limit or name == _NEWER or _NEWER not in str(error):
                raise
            self._limit = _NEWER  # once for all: OpenAI's models behind a proxy or on Azure
            return self.chat(model, messages, max_tokens, **more)

    def complete(self, model: str, prompt: str, max_tokens: int, **more: Any) -> Any:
        """A completion of raw text; a server may leave its choices empty.

        Raises RefusedRequest; ConfigError for a key that is refused and a model that is not there;
        ServiceError where no answer can be had after all retries.
        """
        send = self._client.completions.create
        return self._answered(send, model, {"prompt": prompt, "max_tokens": max_tokens, **more})

    def embed(self, model: str, texts: Sequence[str], **more: Any) -> Any:
        """Vectors: `data` holds one a text, in their order. Raises as `complete`.

        As numbers: not every server knows the client's usual base64.
        """
        send = self._client.embeddings.create
        options = {"input": list(texts), "encoding_format": "float", **more}
        return self._answered(send, model, options)

    def close(self) -> None:
        """Let go of the connections; nothing is sent again from then on."""
        self._closed.set()
        self._client.close()

    def _answered(self, send: Any, model: str, options: dict[str, Any]) -> Any:
        extra = {**json.loads(self._api.extra_body), **options.pop("extra_body", {})}
        options = {k: v for k, v in options.items() if k not in self._api.omit}
        pause = _FIRST
        for attempt in range(self._api.retries + 1):
            if attempt:
                if self._closed.wait(pause):
                    break
                pause = min(_LAST, 2 * pause)
            with self._at_the_door(), self.throttle.turn():
                done, failure = self._sent(send, model, options, extra)
            if failure is None:
                return done
        raise failure or ServiceError(f"{self.host}: closed.")

    @contextmanager
    def _at_the_door(self) -> Iterator[None]:
        """The first request goes alone: a key that is refused is refused once, and for good."""
        if not self._let_in:
            with self._first:
                if self._refused:
                    raise ConfigError(self._refused)
                if not self._let_in:
                    try:
                        yield
                    finally:
                        self._let_in = not self._refused
                    return
        yield

    def _sent(
        self, send: Any, model: str, options: Mapping[str, Any], extra: Mapping[str, Any]
    ) -> tuple[Any, Exception | None]:
        """An answer, or what to raise where none comes in later attempts either.

        Raises what no later attempt can mend.
        """
        import openai

        hide = hider(self._secrets + secrets_in(extra))
        try:
            done = send(model=model, extra_body=extra or None, **options)
        except openai.APIError as error:
            failure = complaint(error, self._api, self.host, model, hide(words_of(error)))
            if not may_pass(error):
                if getattr(error, "status_code", None) == 401:
                    self._refused = str(failure)
                raise failure from error
            return None, failure
        except UnicodeEncodeError as error:
            said = f"half a character, {error.object[error.start]!r}, is in it"
            raise RefusedRequest(None, "", said) from error
        except ValueError as error:  # JSON that is cut off
            return None, self._broken(f"the answer is no JSON ({error})")
        texts = options.get("input")
        if not (_is_completion(done) if texts is None else _are_vectors(done, len(texts))):
            told = getattr(done, "error", None)
            said = f": {hide(short(str(told)))}" if told else ""
            expected = "a completion" if texts is None else f"{len(texts):,} vectors"
            return None, self._broken(f"the answer is not {expected}{said}")
        return done, None

    def _broken(self, what: str) -> ServiceError:
        return ServiceError(
            f"{self.host}: {what}, {self._api.retries + 1} times one after another. Is "
            f"{public_url(self._api.base_url) or 'this'} the base_url of an OpenAI-compatible API? "
            f"{KEPT}"
        )

    def _key(self) -> str:
        if not self._api.key_variable and self.host not in (*LOOPBACK, *_OPENAI):
            raise UnavailableError(
                f"no key for {self.host}: OPENAI_API_KEY is not sent to others. Say key_variable, "
                "the environment's variable that holds its key."
            )
        key = os.environ.get(self._api.key_name, "").strip()
        if key:
            return key
        if self.host in LOOPBACK:
            return "none"
        raise UnavailableError(
            f"no key for {self.host}: set {self._api.key_name} in the environment"
            + (
                " (to anything, if it wants none)."
                if self._api.base_url
                else ", or give the base_url of a server of your own."
            )
        )

    def _sending(self, request: Any) -> None:
        self.throttle.wait()
        with self._lock:
            self.requests += 1
        deadline.begin(request, self._api.timeout)

    def _received(self, response: Any) -> None:
        self.throttle.told(response.status_code, response.headers)
        deadline.hold(response)


def usage_of(done: Any) -> Usage:
    """What the server counted for an answer; zeros where it did not."""
    usage = getattr(done, "usage", None)
    return Usage(
        prompt_tokens=getattr(usage, "prompt_tokens", 0) or 0,
        answer_tokens=getattr(usage, "completion_tokens", 0) or 0,
        model=str(getattr(done, "model", "") or ""),
    )


def _is_completion(done: Any) -> bool:
    """Whether there are choices, each with a message or a text; there may be none of them."""
    choices = getattr(done, "choices", None)
    return isinstance(choices, list) and all(
        getattr(choice, "message", None) is not None or hasattr(choice, "text")
        for choice in choices
    )


def _are_vectors(done: Any, count: int) -> bool:
    """Whether there are so many, in the order of their texts."""
    data = getattr(done, "data", None)
    if not isinstance(data, list) or not all(hasattr(entry, "index") for entry in data):
        return False
    data.sort(key=lambda entry: entry.index)
    return [entry.index for entry in data] == list(range(count)) and all(
        isinstance(getattr(entry, "embedding", None), list) for entry in data
    )
