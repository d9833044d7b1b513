"""From turns of a conversation to token ids: what is asked, and what fine-tuning trains on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.errors import WeightsError

# Besides the model's own and the tokenizer's: how chat formats end a turn.
END_OF_TURN = ("<end_of_turn>", "<|im_end|>", "<|eot_id|>")


def prompt_text(tokenizer: Any, turns: Sequence[Mapping[str, str]], who: str) -> str:
    """The turns through the tokenizer's chat template, up to where the model begins to write.

    Raises WeightsError, naming `who` asks, for a tokenizer without a template and for turns that
    the template refuses.
    """
    if not tokenizer.chat_template:
        raise WeightsError(
            f"{who}: the tokenizer has no chat template. Name one with "
            'chat_template = "./FILE.jinja".'
        )
    return rendered(tokenizer, turns, who, add_generation_prompt=True)


def rendered(tokenizer: Any, turns: Sequence[Mapping[str, str]], who: str, **options: Any) -> str:
    """The turns through the tokenizer's chat template. Raises WeightsError if it refuses them."""
    try:
        text = tokenizer.apply_chat_template(list(turns), tokenize=False, **options)
    except Exception as error:  # Jinja raises what a template tells it to
        raise WeightsError(f"{who}: the chat template refuses the turns: {error}") from error
    return str(text)


def token_ids(tokenizer: Any, texts: Sequence[str]) -> list[list[int]]:
    """Ids of whole prompts, with exactly one BOS where the tokenizer puts one.

    Asked for many at once, tokenizers split them on all cores.
    """
    found: list[list[int]] = tokenizer(list(texts)).input_ids if texts else []
    bos = tokenizer.bos_token_id
    for place, ids in enumerate(found):
        while bos is not None and ids[:2] == [bos, bos]:  # the template's and the tokenizer's
            ids = ids[1:]
        found[place] = ids
    return found


def end_ids(
    tokenizer: Any,
    own: int | list[int] | None = None,
    of_turns: Sequence[str] = END_OF_TURN,
) -> list[int]:
    """Tokens that end an answer: the model's own, the tokenizer's, and those that end a turn."""
    ids = {*(own if isinstance(own, list) else [own]), tokenizer.eos_token_id}
    vocabulary = tokenizer.get_vocab()
    ids |= {vocabulary[word] for word in of_turns if word in vocabulary}
    return sorted(i for i in ids if i is not None)
