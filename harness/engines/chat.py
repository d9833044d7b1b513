"""Chat completions from an OpenAI-compatible server: an answer a call, tokens and requests counted.

The `openai` client retries what can pass (429, 5xx, timeouts, broken connections) and waits as long
as Retry-After says. What is left is told in one message that says what to do. The key is read from
the environment when the client is made, and nowhere else.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from harness.errors import ConfigError, UnavailableError

KEY = "OPENAI_API_KEY"
LOOPBACK = ("localhost", "127.0.0.1", "::1")
_SHOWN = 300  # characters of a server's own message


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of a chat model.

    finish: "stop" | "length" | "refused" | "invalid" (the server would not take this request;
    `text` then says why). model: the snapshot that the server says answered.
    """

    text: str
    finish: str
    prompt_tokens: int = 0
    answer_tokens: int = 0
    model: str = ""


class Chat:
    """A model behind a server. Safe to be used by several threads.

    base_url: OpenAI's own where None. Raises UnavailableError without a key, except for a server on
    this machine, which needs none.
    """

    def __init__(
        self,
        model: str,
        base_url: str | None = None,
        *,
        key_variable: str = KEY,
        timeout: float = 120,
        retries: int = 6,
    ) -> None:
        try:
            import openai
        except ImportError as error:
            raise ConfigError(
                "the package openai is missing: pip install 'pytest-michi[api]'."
            ) from error
        self.model = model
        self.host = urlsplit(base_url).hostname or base_url if base_url else "api.openai.com"
        self.requests = 0  # sent over the wire, retries included
        self._retries, self._key_variable = retries, key_variable
        self._lock = threading.Lock()
        self._structured = True
        self._limit = "max_completion_tokens" if base_url is None else "max_tokens"
        self._client = openai.OpenAI(
            api_key=self._key(),
            base_url=base_url,
            timeout=timeout,
            max_retries=retries,
            http_client=openai.DefaultHttpxClient(event_hooks={"request": [self._count]}),
        )

    def ask(
        self,
        messages: Sequence[Mapping[str, str]],
        schema: Mapping[str, Any] | None = None,
        max_tokens: int | None = None,
    ) -> Reply:
        """One answer, held to a JSON schema where the server can do that.

        Raises UnavailableError where no answer can be had at all, and ConfigError for a model that
        the server does not know.
        """
        import openai

        held = schema if self._structured else None
        try:
            return self._asked(messages, held, max_tokens)
        except openai.AuthenticationError as error:
            raise UnavailableError(
                f"{self.host} refused the key in {self._key_variable} (401). Set one that is valid "
                "there, then run the same command again."
            ) from error
        except openai.PermissionDeniedError as error:
            raise UnavailableError(
                f"{self.host} does not let this key use {self.model} (403): {_said(error)}"
            ) from error
        except openai.NotFoundError as error:
            raise ConfigError(
                f"{self.host} has no model {self.model!r} (404): {_said(error)}"
            ) from error
        except openai.RateLimitError as error:
            raise UnavailableError(
                f"{self.host}: still over the rate limit or the quota after {self._retries} "
                f"retries (429): {_said(error)} What was answered is kept; run the same command "
                "again later, or with less --concurrency."
            ) from error
        except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
            if held is not None and _is_about_schema(error):
                self._structured = False  # once for all: the prompt says the form, too
                return self.ask(messages, schema, max_tokens)
            return Reply(f"{error.status_code}: {_said(error)}", "invalid")
        except openai.APIError as error:
            raise UnavailableError(
                f"{self.host}: no answer after {self._retries} retries "
                f"({type(error).__name__}: {_said(error)}). What was answered is kept; run the "
                "same command again."
            ) from error

    @property
    def structured(self) -> bool:
        """Whether a schema is sent; False once the server has refused one."""
        return self._structured

    def _asked(
        self,
        messages: Sequence[Mapping[str, str]],
        schema: Mapping[str, Any] | None,
        max_tokens: int | None,
    ) -> Reply:
        asked: Any = [dict(message) for message in messages]
        options: dict[str, Any] = {self._limit: max_tokens} if max_tokens else {}
        if schema is not None:
            form = {"name": "answer", "strict": True, "schema": dict(schema)}
            options["response_format"] = {"type": "json_schema", "json_schema": form}
        done = self._client.chat.completions.create(model=self.model, messages=asked, **options)
        usage = getattr(done, "usage", None)
        choices = getattr(done, "choices", None) or []
        spent: dict[str, Any] = {
            "prompt_tokens": getattr(usage, "prompt_tokens", 0) or 0,
            "answer_tokens": getattr(usage, "completion_tokens", 0) or 0,
            "model": str(getattr(done, "model", "") or ""),
        }
        if not choices:
            return Reply("the answer has no choices", "invalid", **spent)
        message = choices[0].message
        refusal = getattr(message, "refusal", None)
        if refusal or choices[0].finish_reason == "content_filter":
            return Reply(str(refusal or "content filter"), "refused", **spent)
        finish = "length" if choices[0].finish_reason == "length" else "stop"
        return Reply(message.content or "", finish, **spent)

    def _key(self) -> str:
        key = os.environ.get(self._key_variable, "").strip()
        if key:
            return key
        if self.host in LOOPBACK:
            return "none"
        raise UnavailableError(
            f"no key for {self.host}: set {self._key_variable} in the environment, or name a "
            "server of your own with --base-url."
        )

    def _count(self, request: Any) -> None:
        with self._lock:
            self.requests += 1


def _said(error: Any) -> str:
    """What the server said, in a line."""
    body = getattr(error, "body", None)
    message = body.get("message") if isinstance(body, dict) else None
    text = " ".join(str(message or getattr(error, "message", "") or error).split())
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def _is_about_schema(error: Any) -> bool:
    text = str(error).lower()
    return any(word in text for word in ("response_format", "json_schema", "schema", "structured"))
