"""An lm-eval model that asks our engines: with our store, adapters, resuming and costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.errors import ConfigError, ServiceError
from harness.records import Ask, Request, Response
from harness.tasks import ChatTemplate

# Settings of sampling that say nothing where the likeliest token is taken.
_OF_SAMPLING = {"top_p", "top_k", "min_p", "typical_p"}
# lm-eval's own where a task sets none (`HFLM.max_gen_toks`).
MAX_NEW_TOKENS = 256


@dataclass(slots=True)
class Asked:
    """What was asked for each of lm-eval's instances, by the instance's `id`, once a repeat."""

    answers: dict[int, list[tuple[Request, Response]]] = field(default_factory=dict)

    def note(self, instance: Any, request: Request, response: Response) -> None:
        """Keep an answer beside the instance that it is for."""
        self.answers.setdefault(id(instance), []).append((request, response))

    def of(self, instance: Any) -> list[tuple[Request, Response]]:
        """The answers to an instance."""
        return self.answers[id(instance)]


def needs_greediness(task: Any) -> bool:
    """Whether a figure hangs on whether a text is the one that the model would write itself.

    Not every server tells that. Of choices lm-eval's own metric says so; a task's own function may
    read it unseen.
    """
    if task.OUTPUT_TYPE == "multiple_choice":
        return "exact_match" in task._metric_fn_list
    return bool(task.OUTPUT_TYPE == "loglikelihood")


def language_model(ask: Ask, asked: Asked, template: ChatTemplate | None = None) -> Any:
    """An `lm_eval.api.model.LM` over `ask`.

    asked: takes down what was asked for each instance. template: of the model that is asked, where
    prompts are written by it.
    """
    from lm_eval.api.model import LM

    class Ours(LM):  # type: ignore[misc]
        def loglikelihood(self, requests: list[Any]) -> list[tuple[float, bool]]:
            return _scored(requests, ask, asked)

        def loglikelihood_rolling(self, requests: list[Any]) -> list[float]:
            return _rolled(requests, ask, asked)

        def generate_until(self, requests: list[Any]) -> list[str]:
            return _generated(requests, ask, asked)

        tokenizer_name = ""  # lm-eval's cache of prompts goes by it, which is not used

        def apply_chat_template(
            self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True
        ) -> str:
            assert template is not None, "only a task with a template is asked by one"
            return template.write(chat_history, not add_generation_prompt)

    return Ours()


def _scored(instances: Sequence[Any], ask: Ask, asked: Asked) -> list[tuple[float, bool]]:
    """Continuations of one document's context are one request, whose prompt is read once."""
    offered: dict[tuple[Any, str], dict[str, int]] = {}
    for instance in instances:
        context, text = instance.args
        places = offered.setdefault((instance.doc_id, context), {})
        places.setdefault(text, len(places))
    made = {
        key: Request(key[1], chat=False, continuations=tuple(places), joint=True)
        for key, places in offered.items()
    }
    responses = _needed(ask(list(made.values())))
    scores = []
    for instance in instances:
        context, text = instance.args
        key = (instance.doc_id, context)
        request, place = made[key], offered[key][text]
        response = responses[request]
        asked.note(instance, request, response)
        greedy = bool(response.greedy) and response.greedy[place]
        scores.append((response.logprobs[place], greedy))
    return scores


def _needed(responses: Mapping[Request, Response]) -> Mapping[Request, Response]:
    """Raise ServiceError where a likelihood can't be had: without it there is no figure."""
    for request, response in responses.items():
        if response.unanswered:
            raise ServiceError(
                f"the server would not take a request ({response.text}), which begins "
                f"{request.asked[:60]!r}, and without its likelihoods there is no figure. What was "
                "answered is kept."
            )
    return responses


def _rolled(instances: Sequence[Any], ask: Ask, asked: Asked) -> list[float]:
    made = [
        Request("", chat=False, continuations=(i.args[0],), per_token="likelihoods", joint=True)
        for i in instances
    ]
    responses = _needed(ask(made))
    for instance, request in zip(instances, made, strict=True):
        asked.note(instance, request, responses[request])
    return [sum(responses[request].logprobs) for request in made]


def _generated(instances: Sequence[Any], ask: Ask, asked: Asked) -> list[str]:
    repeats: Counter[int] = Counter()
    made = []
    for instance in instances:
        context, settings = instance.args[:2]
        made.append(generation(context, settings, repeats[id(instance)], instance.task_name))
        repeats[id(instance)] += 1
    responses = ask(made)
    for instance, request in zip(instances, made, strict=True):
        asked.note(instance, request, responses[request])
    found = [responses[request] for request in made]
    return ["" if response.unanswered else response.text for response in found]


def generation(
    context: str, settings: Mapping[str, Any], draw: int = 0, task: str | None = None
) -> Request:
    """A request to write, as `generation_kwargs` has it. Raises ConfigError for what is not known.

    draw: which repeat of a sampled answer.
    """
    from lm_eval.models.utils import normalize_gen_kwargs

    known = dict(normalize_gen_kwargs(dict(settings), MAX_NEW_TOKENS))
    stop = tuple(text for text in known.pop("until") if text)
    size, sample = int(known.pop("max_gen_toks")), bool(known.pop("do_sample"))
    temperature = float(known.pop("temperature", 0.0)) if sample else 0.0
    foreign = set(known) - {"temperature"} - (set() if temperature else _OF_SAMPLING)
    if foreign:
        raise ConfigError(
            f"lm-eval's task {task}: its generation_kwargs set {', '.join(sorted(foreign))}, which "
            "engines here don't know. Known: until, max_gen_toks, do_sample, temperature. Write a "
            "YAML file of your own that includes the task's and sets generation_kwargs anew."
        )
    return Request(
        context,
        chat=False,
        max_new_tokens=size,
        stop=stop,
        temperature=temperature,
        draw=draw if temperature else 0,
        joint=True,
    )
