"""What pytest selected, before any of it runs."""

from __future__ import annotations

from dataclasses import dataclass

from harness.records import Checkpoint
from harness.tasks import Task


@dataclass(frozen=True, slots=True)
class Selected:
    """An item that will be run, and the task that it will evaluate."""

    nodeid: str
    task: Task
    checkpoint: Checkpoint
