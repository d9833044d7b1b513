"""Whole conversations through a model's chat template, without its weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from harness.engines.loading import load_tokenizer
from harness.engines.rendering import prompt_text, rendered
from harness.errors import UnavailableError, WeightsError
from harness.fingerprint import weights_folder
from harness.records import Model

Turns = Sequence[Mapping[str, str]]


@lru_cache(maxsize=4)
def chat_template(model: Model) -> tuple[str, Callable[[Turns, bool], str]]:
    """A model's template as text, and what writes turns by it.

    The second argument: whether the last turn is the model's own and goes on. Where a template
    knows no system's turn, that is left out, as lm-eval's `HFLM.apply_chat_template` (0.4.13) does.
    Raises UnavailableError for a model behind an API, WeightsError for a tokenizer without one.
    """
    if not model.here:
        raise UnavailableError(
            f"{model.id} is behind an API, which writes chats by a template of its own: "
            "[suites.lm_eval] with chat_template = true needs weights on this machine."
        )
    tokenizer, who = load_tokenizer(model, weights_folder(model)), f"model {model.id}"
    prompt_text(tokenizer, [{"role": "user", "content": ""}], who)

    def write(turns: Turns, begun: bool) -> str:
        options = {"add_generation_prompt": not begun, "continue_final_message": begun}
        try:
            return rendered(tokenizer, turns, who, **options)
        except WeightsError:
            others = [turn for turn in turns if turn["role"] != "system"]
            if len(others) == len(turns):
                raise
            return rendered(tokenizer, others, who, **options)

    return str(tokenizer.get_chat_template()), write
