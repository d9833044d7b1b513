"""Requests in the tokens in which lm-eval's HFLM asks, so that its tasks give its numbers.

After version 0.4.13 (`TemplateLM.loglikelihood`, `HFLM.loglikelihood_rolling` and
`HFLM.generate_until`):

- A continuation is split into tokens together with what stands before it, and white space that ends
  a prompt belongs to the continuation.
- The tokenizer puts what special tokens it puts, but none where a text begins with its BOS already.
  Where nothing stands before a continuation, BOS does, or EOS for want of one.
- What is too long is cut on the left.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from harness.engines import reading
from harness.engines.batching import Row
from harness.errors import WeightsError
from harness.records import Request

# What lm-eval takes for granted of a model that tells nothing.
_UNTOLD = 2048


def context_length(config: Any, tokenizer: Any) -> int:
    """Tokens that a model takes at once, as its configuration or its tokenizer tells."""
    told = [
        getattr(config.get_text_config(), name, None)
        for name in ("n_positions", "max_position_embeddings", "n_ctx")
    ]
    of_tokenizer = getattr(tokenizer, "model_max_length", None)
    # transformers says 1e30 for "not told".
    told.append(of_tokenizer if of_tokenizer and of_tokenizer < sys.maxsize else None)
    return next((int(length) for length in told if length), _UNTOLD)


def joint_rows(tokenizer: Any, limit: int, requests: Sequence[Request]) -> list[Row]:
    """Requests of one kind in tokens. limit: tokens that the model takes. Raises WeightsError."""
    if requests[0].per_token:
        return [_read(tokenizer, limit, request) for request in requests]
    if requests[0].continuations:
        return _all_scored(tokenizer, limit, requests)
    prompts = _ids(tokenizer, [request.prompt for request in requests])
    return [_generated(tokenizer, limit, *pair) for pair in zip(requests, prompts, strict=True)]


def _all_scored(tokenizer: Any, limit: int, requests: Sequence[Request]) -> list[Row]:
    begun = [request for request in requests if request.prompt]
    before = iter(_ids(tokenizer, [request.prompt.rstrip() for request in begun]))
    texts = [request.prompt + text for request in begun for text in request.continuations]
    whole = iter(_ids(tokenizer, texts))
    rows = []
    for request in requests:
        if request.prompt:
            ids = next(before)
            tails = [next(whole)[len(ids) :] for _ in request.continuations]
        else:
            ids = [_first(tokenizer, request)]
            alone = tokenizer(list(request.continuations), add_special_tokens=False).input_ids
            tails = [tail[1:] if tail[:1] == ids else tail for tail in alone]
        rows.append(_scored(limit, request, ids, tails))
    return rows


def _scored(limit: int, request: Request, before: list[int], tails: list[list[int]]) -> Row:
    for text, tail in zip(request.continuations, tails, strict=True):
        if not before or not tail:
            raise WeightsError(
                f"no token is left of {text[:60]!r} after {request.prompt[-60:]!r}: the tokenizer "
                "joins them, so its likelihood there can't be asked."
            )
        if len(tail) > limit:
            raise WeightsError(
                f"the model takes {limit} tokens; {text[:60]!r}… alone needs {len(tail)}."
            )
    cut = max(0, len(before) + max(map(len, tails)) - (limit + 1))
    return Row(request, before, tails, limit=limit, cut=cut)


def _generated(tokenizer: Any, limit: int, request: Request, prompt: list[int]) -> Row:
    room = limit - request.max_new_tokens
    if room <= 0:
        raise WeightsError(
            f"the model takes {limit} tokens; an answer of up to {request.max_new_tokens} leaves "
            "no room for a prompt. Set a smaller max_gen_toks in the task's generation_kwargs."
        )
    prompt = prompt or [_first(tokenizer, request)]
    return Row(request, prompt[-room:], [], limit=limit, cut=max(0, len(prompt) - room))


def _read(tokenizer: Any, limit: int, request: Request) -> Row:
    """A text as lm-eval rolls over it: after a BOS, and with the special tokens it is given."""
    (text,) = request.continuations
    (ids,) = _ids(tokenizer, [text])
    plain, ends = reading.split(tokenizer, text)
    begin = next((i for i in range(len(ids)) if ids[i : i + len(plain)] == plain), 0)
    places = [0] * begin + ends
    places = (places + [len(text)] * len(ids))[: len(ids)]
    return Row(request, [_first(tokenizer, request)], [ids], places, limit)


def _ids(tokenizer: Any, texts: Sequence[str]) -> list[list[int]]:
    """Of many texts at once, which tokenizers split on all cores."""
    first = _first_id(tokenizer)
    word = None if first is None else tokenizer.decode(first)
    found: list[list[int]] = [[]] * len(texts)
    for begun in (False, True):
        places = [
            i
            for i, text in enumerate(texts)
            if begun == (word is not None and text.startswith(word))
        ]
        if places:
            some = [texts[i] for i in places]
            for place, ids in zip(
                places, tokenizer(some, add_special_tokens=not begun).input_ids, strict=True
            ):
                found[place] = ids
    return found


def _first_id(tokenizer: Any) -> int | None:
    bos: int | None = tokenizer.bos_token_id
    return tokenizer.eos_token_id if bos is None else bos


def _first(tokenizer: Any, request: Request) -> int:
    first = _first_id(tokenizer)
    if first is None:
        raise WeightsError(
            f"nothing stands before {request.asked[:60]!r}: the tokenizer has neither BOS nor EOS."
        )
    return first
