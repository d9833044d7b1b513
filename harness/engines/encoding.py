"""Requests in tokens, all of one kind at a time: tokenizers split many texts on all cores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.engines import reading
from harness.engines.batching import Row
from harness.engines.joint import context_length, joint_rows
from harness.engines.rendering import prompt_text, token_ids
from harness.errors import WeightsError
from harness.records import Request


def encode(tokenizer: Any, config: Any, model: str, requests: Sequence[Request]) -> list[Row]:
    """Requests of one kind as rows. config: the network's. model: its id, for errors.

    Raises WeightsError for what the model can't be asked.
    """
    if requests[0].joint:
        return joint_rows(tokenizer, context_length(config, tokenizer), requests)
    if requests[0].per_token:
        return [_read(tokenizer, model, request) for request in requests]
    found = []
    tails: dict[str, list[int]] = {}
    for request, prompt in zip(requests, prompts(tokenizer, model, requests), strict=True):
        for text in request.continuations:
            if text not in tails:
                tails[text] = tokenizer(text, add_special_tokens=False).input_ids
        row = Row(request, prompt, [tails[text] for text in request.continuations])
        _check(row, config, model)
        found.append(row)
    return found


def prompts(tokenizer: Any, model: str, requests: Sequence[Request]) -> list[list[int]]:
    """Token ids of each prompt, with exactly one BOS where the model uses one."""
    texts = []
    for request in requests:
        text = request.prompt
        if request.chat:
            turns = [{"role": "user", "content": text}]
            text = prompt_text(tokenizer, turns, f"model {model}")
        texts.append(text)
    return token_ids(tokenizer, texts)


def _read(tokenizer: Any, model: str, request: Request) -> Row:
    """A text that is read token by token."""
    (text,) = request.continuations
    read = request.per_token == "likelihoods"
    (prompt,) = prompts(tokenizer, model, [request]) if read else ([],)
    # A first token with nothing before it is not read: one more makes the window whole.
    more = bool(request.window) and read and not prompt
    ids, ends = reading.split(tokenizer, text, request.window + more)
    return Row(request, prompt, [ids], ends)


def _check(row: Row, config: Any, model: str) -> None:
    request = row.request
    if row.tails and not row.prompt:
        raise WeightsError(
            f"model {model}: nothing stands before {request.continuations[0][:60]!r}: "
            "its tokenizer puts no BOS, and the prompt is empty."
        )
    limit = getattr(config, "max_position_embeddings", None)
    needed = len(row.prompt) + max(map(len, row.tails), default=request.max_new_tokens)
    if limit and needed > limit:
        raise WeightsError(
            f"model {model} takes {limit} tokens; this prompt and its answer need "
            f"{needed}: {request.prompt[:60]!r}…"
        )
