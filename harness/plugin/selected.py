"""Which tasks the selected items will evaluate: known before any of them runs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NoReturn

import pytest
from _pytest.skipping import evaluate_skip_marks  # as pytest's own setup asks

from harness.planning.selected import Selected
from harness.records import Checkpoint, Model
from harness.tasks import Task

_KNOWN = {"checkpoint", "evaluate", "lm_eval_task"}


class _Taken(BaseException):
    """Ends a suite at its first `evaluate`; no `except Exception` of its own catches it."""


def tasks_of(
    items: Iterable[pytest.Item],
    lm_eval_task: Callable[[str], Task],
    model: Model | None = None,
) -> Iterator[Selected]:
    """What is evaluated, of each suite the first task. model: on checkpoints of this one only.

    Each suite is called with an `evaluate` that takes down its task and goes no further. One that
    asks for other fixtures is left out, and so is what goes wrong: it says so when it runs.
    """
    for item in items:
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        checkpoint = parameters.get("checkpoint")
        if not isinstance(item, pytest.Function) or not isinstance(checkpoint, Checkpoint):
            continue
        asked = set(inspect.signature(item.obj).parameters)
        if model not in (None, checkpoint.model):
            continue
        if "evaluate" not in asked or not asked <= _KNOWN:
            continue
        given: dict[str, Any] = {"checkpoint": checkpoint}
        if "lm_eval_task" in asked:
            given["lm_eval_task"] = lm_eval_task(parameters["lm_eval_task"])
        task = None if evaluate_skip_marks(item) else _first(item.obj, asked, given)
        if task is not None:
            yield Selected(item.nodeid, task, checkpoint)


def _first(suite: Callable[..., Any], asked: set[str], given: dict[str, Any]) -> Task | None:
    taken: list[Task] = []

    def evaluate(task: Task) -> NoReturn:
        taken.append(task)
        raise _Taken

    given["evaluate"] = evaluate
    try:
        suite(**{name: given[name] for name in asked})
    except KeyboardInterrupt:
        raise
    except BaseException:
        pass  # pytest's own skip and fail are no Exception
    return taken[0] if taken else None
