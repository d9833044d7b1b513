"""Tasks of a library's that write their prompts by the model's chat template."""

from __future__ import annotations

from harness.records import Model
from harness.tasks import ChatTemplate, Task


def in_chats(task: Task, model: Model) -> Task:
    """The task with the model's chat template, where it asks by one.

    Raises UnavailableError for a model behind an API, WeightsError for one without a template.
    """
    if not getattr(task, "chats", False):
        return task
    from harness.engines.conversations import chat_template

    templated: Task = task.templated(ChatTemplate(*chat_template(model)))  # type: ignore[attr-defined]
    return templated
