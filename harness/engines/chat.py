"""One chat model that is asked for answers of a given form, as the writer of questions does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.engines.complaints import RefusedRequest
from harness.engines.logprobs import Token, tokens_of
from harness.engines.server import Server, usage_of


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of a chat model.

    finish: "stop" | "length" | "refused" | "invalid" (the server would not take this request;
    `text` then says why). model: the snapshot that the server says answered. tokens: where the
    server tells them.
    """

    text: str
    finish: str
    prompt_tokens: int = 0
    answer_tokens: int = 0
    model: str = ""
    tokens: tuple[Token, ...] = ()


class Chat:
    """A model behind a server. Safe to be used by several threads."""

    def __init__(self, model: str, server: Server) -> None:
        self.model = model
        self._server = server
        self._structured = True

    @property
    def requests(self) -> int:
        """Sent over the wire, retries included."""
        return self._server.requests

    @property
    def structured(self) -> bool:
        """Whether a schema is sent; False once the server has refused one."""
        return self._structured

    def ask(
        self,
        messages: Sequence[Mapping[str, str]],
        schema: Mapping[str, Any] | None = None,
        max_tokens: int | None = None,
        **more: Any,
    ) -> Reply:
        """One answer, held to a JSON schema where the server can do that.

        Raises ConfigError and ServiceError as `Server.complete`.
        """
        held = schema if self._structured else None
        form = {"response_format": response_format(held)} if held is not None else {}
        try:
            done = self._server.chat(self.model, messages, max_tokens, **form, **more)
        except RefusedRequest as error:
            if error.code == "content_filter":
                return Reply(str(error), "refused")
            if held is not None and is_about_schema(error):
                self._structured = False  # once for all: the prompt says the form, too
                return self.ask(messages, schema, max_tokens, **more)
            return Reply(str(error), "invalid")
        usage = usage_of(done)
        spent = (usage.prompt_tokens, usage.answer_tokens, usage.model)
        if not done.choices:
            return Reply("the answer has no choices", "invalid", *spent)
        choice = done.choices[0]
        refusal = getattr(choice.message, "refusal", None)
        if refusal or choice.finish_reason == "content_filter":
            return Reply(str(refusal or "content filter"), "refused", *spent)
        finish = "length" if choice.finish_reason == "length" else "stop"
        return Reply(_text(choice.message.content), finish, *spent, tokens_of(choice))


def _text(content: Any) -> str:
    """What was written; some servers send it in parts, with those of thinking among them."""
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        return "".join(part for part in parts if isinstance(part, str))
    return content or ""


def response_format(schema: Mapping[str, Any]) -> dict[str, Any]:
    """What holds a chat completion to a JSON schema."""
    form = {"name": "answer", "strict": True, "schema": dict(schema)}
    return {"type": "json_schema", "json_schema": form}


def is_about_schema(error: RefusedRequest) -> bool:
    """Whether a server refused the form rather than the question."""
    text = str(error).lower()
    return any(word in text for word in ("response_format", "json_schema", "schema", "structured"))
