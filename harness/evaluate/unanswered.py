"""What there is no answer to: graded as one that says nothing, whatever a server said instead."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from harness.errors import ServiceError
from harness.records import Grade, Response, Sample
from harness.tasks import AskedTask

_NOTHING = Response("", "stop", 0)


def grade(task: AskedTask, sample: Sample, response: Response) -> Grade:
    """The task's grade. Raises ServiceError where it takes likelihoods and there are none."""
    if not response.unanswered:
        return task.grade(sample, response)
    if not sample.request.continuations:
        found = task.grade(sample, _NOTHING)
    elif hasattr(task, "generative"):  # nobody's word is no word, either
        found = task.generative().grade(sample, _NOTHING)
    else:
        raise needed(sample, response)
    return dataclasses.replace(found, reason=f"not answered: {response.text}", unsure=False)


def grades(
    task: Any, answered: Sequence[tuple[Sample, Response]], reference: Any, followed: Any
) -> Sequence[Grade]:
    """The same of a task that grades all answers together. followed: the answers to `following`."""
    said = []
    for sample, response in answered:
        if response.unanswered and sample.request.continuations:
            raise needed(sample, response)
        said.append((sample, _NOTHING if response.unanswered else response))
    more = (followed,) if hasattr(task, "following") else ()
    found: Sequence[Grade] = task.grades(said, reference, *more)
    return found


def needed(sample: Sample, response: Response) -> ServiceError:
    """A likelihood that can't be had, and without which there is no figure."""
    return ServiceError(
        f"question {sample.id}: the server would not take it ({response.text}), and without its "
        "likelihoods there is no figure. What was answered is kept."
    )
