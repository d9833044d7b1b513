"""Models behind an OpenAI-compatible server: OpenAI's own, vLLM, llama.cpp, transformers serve.

Likelihoods of given continuations are read where the server returns prompt log-probabilities, as
vLLM does (`prompt_logprobs`, https://docs.vllm.ai/en/latest/api/vllm/sampling_params.html): the
prompt alone says how many of its tokens are the prompt's, the rest are the continuation's.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterator, Sequence
from dataclasses import replace
from typing import Any

from harness.engines import Answer, logprobs
from harness.engines.chat import Chat
from harness.engines.complaints import RefusedRequest
from harness.engines.parallel import in_parallel
from harness.engines.refusals import Refusals
from harness.engines.server import Server, usage_of
from harness.engines.untold import Untold
from harness.errors import ConfigError, MichiError
from harness.records import Api, Checkpoint, Model, Request, Response, Usage
from harness.records.response import BROKEN

_STOPS = 4  # OpenAI takes no more; what is written beyond the others is cut here (`_cut`)


class ApiEngine:
    """A model behind a server. Raises UnavailableError without a key or the package openai."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._api = model.api or Api()
        self._server = Server(self._api)
        self._chats: dict[str, Chat] = {}
        self._untold = Untold(self._server.host, model)

    def answer(
        self, checkpoint: Checkpoint, requests: Sequence[Request], skip: Container[Request] = ()
    ) -> Iterator[list[Answer]]:
        """See `Engine.answer`: here each answer comes by itself.

        A request that the server would not take is "untaken". Raises ServiceError where it takes
        none (`Refusals`), and ConfigError where it tells no log-probabilities, but was said to.
        """
        name = checkpoint.served_as or self.model.weights
        chat = self._chats.setdefault(name, Chat(name, self._server))
        wanted = [request for request in requests if request not in skip]

        resumed = len(wanted) < len(requests)
        refusals = Refusals(self._server.host, self.model, resumed)
        broken: list[Exception] = []

        def one(request: Request) -> Answer:
            if broken:
                raise broken[0]
            try:
                if request.continuations:
                    response = self._scored(name, request)
                else:
                    response = self._written(name, chat, request)
            except RefusedRequest as error:
                if self._tells(request) and "logprobs" in str(error):
                    raise self._untold.refused(error) from error
                return request, refusals.add(request, error)
            except _BrokenOff as error:
                broken.append(error.why)
                return request, Response("", BROKEN, 0, usage=error.usage)
            refusals.taken()
            if self._tells(request):
                self._untold.add(response)
                if mistake := self._untold.mistake():
                    broken.append(mistake)  # what was answered is yielded all the same
            return request, response

        yield from in_parallel(one, wanted, self._api.concurrency)
        if not resumed and (mistake := self._untold.mistake(1)):
            broken.append(mistake)
        if broken:
            raise broken[0]
        refusals.settle()

    def close(self) -> None:
        """Let go of the connections."""
        self._server.close()

    def _tells(self, request: Request) -> bool:
        """Whether to ask how likely each token was; of what a schema holds it tells nothing."""
        return self._api.logprobs and not request.continuations and not request.schema

    def _written(self, name: str, chat: Chat, request: Request) -> Response:
        options: dict[str, Any] = {"temperature": request.temperature}
        if request.temperature:
            options["seed"] = request.draw
        if request.stop:
            options["stop"] = list(request.stop[:_STOPS])
        if self._tells(request):
            options |= logprobs.asked(request.chat)
        if not request.chat:
            return self._completed(name, request, options)
        schema = json.loads(request.schema) if request.schema else None
        messages = [{"role": "user", "content": request.prompt}]
        reply = chat.ask(messages, schema, request.max_new_tokens, **options)
        usage = Usage(reply.prompt_tokens, reply.answer_tokens, reply.model)
        if reply.finish == "invalid":
            raise RefusedRequest(None, "", reply.text, usage if reply.model else None)
        return self._response(request, reply.text, reply.finish, usage, reply.tokens)

    def _completed(self, name: str, request: Request, options: dict[str, Any]) -> Response:
        try:
            done = self._server.complete(name, request.prompt, request.max_new_tokens, **options)
        except RefusedRequest as error:
            if error.code != "content_filter":
                raise
            return Response(str(error), "refused", 0, usage=Usage(0, 0))
        usage = usage_of(done)
        if not done.choices:
            raise RefusedRequest(None, "", "the answer has no choices", usage)
        choice = done.choices[0]
        if choice.finish_reason == "content_filter":
            return Response("content filter", "refused", usage.answer_tokens, usage=usage)
        finish = "length" if choice.finish_reason == "length" else "stop"
        tokens = logprobs.tokens_of(choice)
        return self._response(request, choice.text or "", finish, usage, tokens)

    def _response(
        self,
        request: Request,
        text: str,
        finish: str,
        usage: Usage,
        tokens: Sequence[logprobs.Token],
    ) -> Response:
        kept = _cut(text, request)
        told = self._tells(request) and finish != "refused"
        sure = logprobs.certainty(tokens, kept, request.stop) if told else None
        return Response(kept, finish, usage.answer_tokens, usage=usage, certainty=sure)

    def _scored(self, name: str, request: Request) -> Response:
        spent: list[Usage] = []  # a request a read: what was paid for is counted whatever comes
        try:
            return self._likelihoods(name, request, spent)
        except RefusedRequest as error:
            error.usage = _sum([*spent, error.usage] if error.usage else spent)
            raise
        except MichiError as error:
            if not spent:
                raise
            raise _BrokenOff(error, _sum(spent)) from error

    def _likelihoods(self, name: str, request: Request, spent: list[Usage]) -> Response:
        # In lm-eval's way white space that ends a prompt belongs to what follows (`joint`).
        bare = replace(request, prompt=request.prompt.rstrip()) if request.joint else request
        alone = self._read(name, bare, "", spent)
        values, greedy, tokens = [], [], 0
        for text in request.continuations:
            found = self._read(name, request, text, spent)
            own = found[len(alone) :]
            values.append(sum(map(_of_token, own)))
            greedy.append([_rank(entry) == 1 for entry in own])
            tokens += len(own)
        best = max(range(len(values)), key=values.__getitem__)
        told = request.joint and all(_rank(entry) for entry in alone[1:])
        return Response(
            request.continuations[best],
            "scored",
            tokens,
            tuple(values),
            usage=_sum(spent),
            greedy=tuple(map(all, greedy)) if told else (),
        )

    def _read(
        self, name: str, request: Request, continuation: str, spent: list[Usage]
    ) -> list[Any]:
        """What the server tells of all tokens of the prompt and what follows. spent: added to."""
        extra: dict[str, Any] = {"prompt_logprobs": 0}
        if request.chat:
            messages = [{"role": "user", "content": request.prompt}]
            if continuation:
                messages.append({"role": "assistant", "content": continuation})
                extra |= {"add_generation_prompt": False, "continue_final_message": True}
            done = self._server.chat(name, messages, 1, temperature=0.0, extra_body=extra)
            found = getattr(done, "prompt_logprobs", None)
        else:
            done = self._server.complete(
                name, request.prompt + continuation, 1, temperature=0.0, extra_body=extra
            )
            found = done.choices and getattr(done.choices[0], "prompt_logprobs", None)
        spent.append(usage_of(done))
        if not found:
            raise ConfigError(
                f"{self._server.host} returned no prompt log-probabilities for {name}: take "
                f"prompt_logprobs = true out of [models.{self.model.id}.api], and questions of "
                "likelihood are asked in words."
            )
        return list(found)


class _BrokenOff(Exception):
    """A request of several reads of which some were answered. why: what to raise."""

    def __init__(self, why: MichiError, usage: Usage | None) -> None:
        super().__init__(str(why))
        self.why, self.usage = why, usage


def _sum(spent: Sequence[Usage]) -> Usage | None:
    """Of several answers; the snapshot is that of the first."""
    if not spent:
        return None
    prompt, answer = (
        sum(getattr(usage, name) for usage in spent) for name in ("prompt_tokens", "answer_tokens")
    )
    return Usage(prompt, answer, spent[0].model)


def _of_token(entry: Any) -> float:
    """A token's own log-probability: with prompt_logprobs = 0 nothing stands beside it."""
    if not entry:  # the first token has nothing before it
        return 0.0
    return float(_told(entry, "logprob"))


def _rank(entry: Any) -> int | None:
    """A token's place among all, from 1; None where the server does not tell."""
    return _told(entry, "rank") if entry else None


def _told(entry: Any, name: str) -> Any:
    (found,) = entry.values()
    return found.get(name) if isinstance(found, dict) else getattr(found, name, None)


def _cut(text: str, request: Request) -> str:
    """Before the first stop: some servers leave it in the text."""
    cuts = [text.find(stop) for stop in request.stop if stop in text]
    return text[: min(cuts)] if cuts else text
