"""What is asked about answers, once there are some: the question's own likelihood, and on request
whether the model believes its answer, and what else it would have said.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from harness.grading.facts import Fact
from harness.grading.meanings import WAYS, Answers, Sorting, read_answers
from harness.records import Request, Response, Sample
from harness.statistics.entropy import agreement, discrete_entropy

# Likelier of the two words, with everything that the question said before them.
_BELIEF = (
    "次の質問と回答を読んで、回答が正しければ「はい」、誤っていれば「いいえ」と答えてください。\n"
    "質問：{question}\n回答：{answer}"
)
_YES, _NO = "はい", "いいえ"


def question_of(sample: Sample) -> str:
    """The bare question, where the data have it."""
    return str(sample.detail.get("question") or sample.request.asked)


def question_read(sample: Sample) -> Request:
    """The question read as any text, without a chat around it."""
    return Request("", chat=False, continuations=(question_of(sample),), per_token="likelihoods")


def question_nll(response: Response | None) -> float | None:
    """Mean negative log-likelihood of the question's tokens; None where it was not read."""
    if response is None or response.reading is None or not response.reading.logprobs:
        return None
    logprobs = response.reading.logprobs
    return -math.fsum(logprobs) / len(logprobs)


def belief(sample: Sample, text: str) -> Request:
    """Whether the model calls its own answer right."""
    prompt = _BELIEF.format(question=question_of(sample), answer=text)
    return Request(prompt, continuations=(_YES, _NO))


def p_true(response: Response) -> float:
    """Log-odds of no against yes, which fall as the probability of yes rises."""
    yes, no = response.logprobs
    return no - yes


def redrawn(request: Request, draws: int) -> tuple[Request, ...]:
    """The same asked again, each answer drawn at temperature 1."""
    return tuple(replace(request, temperature=1.0, draw=draw) for draw in range(1, draws + 1))


def read_drawn(sample: Sample, text: str, drawn: Sequence[Response]) -> Answers:
    """An answer and those drawn anew, read for what they mean. No answer of a server is silence."""
    kind = sample.detail.get("fact") or sample.detail.get("neighbour")
    question = question_of(sample)
    texts = [text, *("" if response.unanswered else response.text for response in drawn)]
    return read_answers(texts, kind or Fact("text", question or "?"), question)


def spread(sorting: Sorting) -> Mapping[str, float]:
    """Semantic entropy of answers drawn anew, and how many mean something else than the first."""
    first, *labels = sorting.labels
    return {
        "semantic_entropy": discrete_entropy(labels),
        "inconsistency": 1 - agreement(first, labels),
    }


def ways_of(sorting: Sorting) -> dict[str, int]:
    """What the answers to one question were compared by: how many each way, the first among them.

    compared, unread: pairs that were compared by a judge, and those without a verdict.
    """
    told = {way: sorting.ways.count(way) for way in WAYS if way in sorting.ways}
    return {**told, "compared": sorting.compared, "unread": sorting.unread}


def all_ways(told: Sequence[Mapping[str, int]], judge: str) -> dict[str, Any]:
    """The same of all questions. judge: who compared those in words, "" for nobody.

    {} where nothing was drawn anew.
    """
    if not told:
        return {}

    def sums(names: Sequence[str]) -> dict[str, int]:
        return {name: sum(one.get(name, 0) for one in told) for name in names}

    return {
        "judge": judge,
        "questions": len(told),
        "ways": sums(WAYS),
        **sums(("compared", "unread")),
    }
