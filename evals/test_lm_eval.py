"""What do the tasks of lm-evaluation-harness say?

Any of its tasks, its own or a YAML file of yours, asked through our engines: with our store,
adapters, gates and intervals. Prompts, filters and metrics are lm-eval's, so that figures can be
set beside those of others. The matrix names the tasks; without any there is nothing here.

    [suites.lm_eval]
    tasks = ["ja_leaderboard_jsquad"]
    include_path = "./tasks"

docs/lm_eval.md says what agrees with lm-eval's own models and how closely.
"""

from __future__ import annotations

from harness import Evaluate
from harness.tasks import Task


def test_lm_eval(lm_eval_task: Task, evaluate: Evaluate) -> None:
    evaluate(lm_eval_task)
