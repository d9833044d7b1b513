"""pytest-michi: pytest for what a fine-tuned language model knows.

What a suite in `evals/` needs is here; the rest is found by the name of its room.
"""

from __future__ import annotations

from collections.abc import Callable

from harness.evaluate import Evaluation
from harness.records import Checkpoint
from harness.tasks import Task

Evaluate = Callable[[Task], Evaluation]
"""What the fixture `evaluate` gives to a test."""

__all__ = ["Checkpoint", "Evaluate", "Evaluation", "Task"]
