"""The tasks of lm-eval as a table: what each checkpoint has by a task's first metric."""

from __future__ import annotations

from harness.report.cells import Table, interval_note, notes_of, ordered_checkpoints, reasons, told
from harness.runs import Run


def lm_eval_tables(run: Run) -> list[Table]:
    """One table, a line a task and checkpoint; none where no task of lm-eval was measured."""
    found = {
        (r.task, r.checkpoint): r
        for item in run.items
        for r in item.results
        if r.headline and "lm_eval_task" in r.identity
    }
    tasks = dict.fromkeys(task for task, _ in found)
    order = [str(c["id"]) for c in ordered_checkpoints(run)]
    shown = [found[task, id] for task in tasks for id in order if (task, id) in found]
    if not shown:
        return []
    return [
        Table(
            title="Tasks of lm-eval",
            columns=("task", "metric", "checkpoint", "value [95 % interval]", "n"),
            rows=tuple((r.task, r.metric, r.checkpoint, told(r), str(r.n)) for r in shown),
            notes=notes_of(
                "Prompts, filters and metrics are lm-eval's; all metrics stand in the report.",
                interval_note(shown, "Figures"),
                *reasons(shown),
            ),
            numeric=(3, 4),
        )
    ]
