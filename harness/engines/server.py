"""An OpenAI-compatible server through the `openai` client: retries, waits, and clear errors.

The client retries what can pass (429, 5xx, timeouts, broken connections); an answer that is cut off
or no JSON is asked for again, too. What is left is told in one message that says what to do. The
key is read from the environment when the client is made, and nowhere else.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from harness.engines.throttle import Throttle
from harness.errors import ConfigError, ServiceError, UnavailableError
from harness.records import Api, Usage

LOOPBACK = ("localhost", "127.0.0.1", "::1")
_SHOWN = 300  # characters of a server's own message
_KEPT = "What was answered is kept; run the same command again for the rest."


class RefusedRequest(Exception):
    """The server would not take this one request (400, 422). Its text says why."""

    def __init__(self, status: int, code: str, said: str) -> None:
        super().__init__(f"{status}: {said}")
        self.code = code


class Server:
    """One server. Safe to be used by several threads.

    Raises UnavailableError without a key, except for a server on this machine, which needs none,
    and ConfigError without the package openai.
    """

    def __init__(self, api: Api) -> None:
        try:
            import openai
        except ImportError as error:
            raise ConfigError(
                "the package openai is missing: pip install 'pytest-michi[api]'."
            ) from error
        self._api = api
        base_url = api.base_url or None
        self.host = urlsplit(base_url).hostname or base_url if base_url else "api.openai.com"
        # OpenAI's newer models refuse the name that every other server knows.
        self._limit = "max_tokens" if base_url else "max_completion_tokens"
        self.requests = 0  # sent over the wire, retries included
        self._lock = threading.Lock()
        self.throttle = Throttle(api.concurrency)
        hooks: Any = {"request": [self._sending], "response": [self._received]}
        self._client = openai.OpenAI(
            api_key=self._key(),
            base_url=base_url,
            timeout=api.timeout,
            max_retries=api.retries,
            http_client=openai.DefaultHttpxClient(event_hooks=hooks),
        )

    def chat(
        self, model: str, messages: Sequence[Mapping[str, Any]], max_tokens: int | None, **more: Any
    ) -> Any:
        """A chat completion; a server may leave its choices empty.

        more: further parameters of the API. Raises RefusedRequest, and as `complete`.
        """
        limit = {self._limit: max_tokens} if max_tokens else {}
        send = self._client.chat.completions.create
        return self._answered(send, model, {"messages": list(messages), **limit, **more})

    def complete(self, model: str, prompt: str, max_tokens: int, **more: Any) -> Any:
        """A completion of raw text; a server may leave its choices empty.

        Raises RefusedRequest; ConfigError for a key that is refused and a model that is not there;
        ServiceError where no answer can be had after all retries.
        """
        send = self._client.completions.create
        return self._answered(send, model, {"prompt": prompt, "max_tokens": max_tokens, **more})

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def _answered(self, send: Any, model: str, options: dict[str, Any]) -> Any:
        extra = {**json.loads(self._api.extra_body), **options.pop("extra_body", {})}
        options = {k: v for k, v in options.items() if k not in self._api.omit}
        pause, broken = 0.5, ""
        for attempt in range(self._api.retries + 1):
            if attempt:
                time.sleep(pause)
                pause = min(8.0, 2 * pause)
            with self.throttle.turn():
                done, broken = self._sent(send, model, options, extra)
            if not broken:
                return done
        raise ServiceError(
            f"{self.host}: {broken}, {self._api.retries + 1} times one after another. Is "
            f"{self._api.base_url or 'this'} the base_url of an OpenAI-compatible API? {_KEPT}"
        )

    def _sent(
        self, send: Any, model: str, options: Mapping[str, Any], extra: Mapping[str, Any]
    ) -> tuple[Any, str]:
        """An answer, or what is wrong with it."""
        import openai

        try:
            done = send(model=model, extra_body=extra or None, **options)
        except openai.APIError as error:
            raise self._told(error, model) from error
        except ValueError as error:  # JSON that is cut off
            return None, f"the answer is no JSON ({error})"
        if getattr(done, "choices", None) is None:
            return None, "the answer is not a completion"
        return done, ""

    def _told(self, error: Any, model: str) -> Exception:
        """What to raise for an error that the client gave up on."""
        import openai

        said = _said(error)
        if isinstance(error, openai.AuthenticationError):
            return ConfigError(
                f"{self.host} refused the key in {self._api.key_variable} (401). Set one that is "
                "valid there, then run the same command again."
            )
        if isinstance(error, openai.PermissionDeniedError):
            return ConfigError(f"{self.host} does not let this key use {model} (403): {said}")
        if isinstance(error, openai.NotFoundError):
            return ConfigError(f"{self.host} has no model {model!r} (404): {said}")
        if isinstance(error, (openai.BadRequestError, openai.UnprocessableEntityError)):
            return RefusedRequest(error.status_code, str(error.code or ""), said)
        if isinstance(error, openai.RateLimitError):
            return ServiceError(
                f"{self.host}: still over the rate limit or the quota after "
                f"{self._api.retries} retries (429): {said} What was answered is kept; run the "
                "same command again later, or with a lower concurrency."
            )
        return ServiceError(
            f"{self.host}: no answer after {self._api.retries} retries "
            f"({type(error).__name__}: {said}). {_KEPT}"
        )

    def _key(self) -> str:
        key = os.environ.get(self._api.key_variable, "").strip()
        if key:
            return key
        if self.host in LOOPBACK:
            return "none"
        raise UnavailableError(
            f"no key for {self.host}: set {self._api.key_variable} in the environment, or give the "
            "base_url of a server of your own."
        )

    def _sending(self, request: Any) -> None:
        self.throttle.wait()
        with self._lock:
            self.requests += 1

    def _received(self, response: Any) -> None:
        self.throttle.told(response.status_code, response.headers)


def usage_of(done: Any) -> Usage:
    """What the server counted for an answer; zeros where it did not."""
    usage = getattr(done, "usage", None)
    return Usage(
        prompt_tokens=getattr(usage, "prompt_tokens", 0) or 0,
        answer_tokens=getattr(usage, "completion_tokens", 0) or 0,
        model=str(getattr(done, "model", "") or ""),
    )


def _said(error: Any) -> str:
    """What the server said, in a line."""
    body = getattr(error, "body", None)
    message = body.get("message") if isinstance(body, dict) else None
    text = " ".join(str(message or getattr(error, "message", "") or error).split())
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
