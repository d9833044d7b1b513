"""Examples as token ids with labels: the very prompt that an evaluation asks, loss on the answer.

Prompt and answer are tokenized apart, as at inference, where the model goes on from the prompt's
tokens. What a template puts behind the token that ends a turn (Gemma's line break) is never
generated, and so not trained on either.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.engines.rendering import end_ids, prompt_text, rendered, token_ids
from harness.errors import DataError
from training.finetuning.examples import Example

IGNORED = -100  # label of a token without loss, as in torch's cross entropy
_SHOWN = 5


def encode(example: Example, tokenizer: Any) -> dict[str, list[int]]:
    """`input_ids` and `labels` of one example. Raises WeightsError if the template refuses it."""
    head = prompt_text(tokenizer, example.turns, example.place)
    answer = {"role": "assistant", "content": example.answer}
    whole = rendered(tokenizer, [*example.turns, answer], example.place)
    if not whole.startswith(head):
        raise DataError(
            f"{example.place}: the chat template writes the question otherwise when an answer "
            "follows; what is trained would not be what is asked."
        )
    (prompt,) = token_ids(tokenizer, [head])
    written = tokenizer(whole[len(head) :], add_special_tokens=False).input_ids
    ends = [place for place, token in enumerate(written) if token in end_ids(tokenizer)]
    # A template without an end: an answer must have one, or the model never stops.
    written = written[: ends[-1] + 1] if ends else [*written, tokenizer.eos_token_id]
    return {"input_ids": prompt + written, "labels": [IGNORED] * len(prompt) + written}


def encode_all(
    examples: Sequence[Example], tokenizer: Any, max_length: int, drop_longer: bool
) -> list[dict[str, list[int]]]:
    """All examples that fit. Raises DataError naming those that don't, unless they may be dropped.

    trl would cut them, and train on answers without an end.
    """
    rows = [encode(example, tokenizer) for example in examples]
    longer = [i for i, row in enumerate(rows) if len(row["input_ids"]) > max_length]
    if longer and not drop_longer:
        longest = max(len(rows[i]["input_ids"]) for i in longer)
        places = ", ".join(examples[i].place for i in longer[:_SHOWN])
        raise DataError(
            f"{len(longer)} rows are longer than max_length = {max_length} tokens (the longest "
            f"has {longest}): {places}{' …' if len(longer) > _SHOWN else ''}. Raise max_length, "
            'shorten them, or say too_long = "drop".'
        )
    skipped = set(longer)
    return [row for i, row in enumerate(rows) if i not in skipped]
