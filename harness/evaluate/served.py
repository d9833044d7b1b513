"""What is odd about the answers of a server, and would be read for the model's own."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.errors import ServedWarning
from harness.jsonl import read_whole_rows
from harness.records import Checkpoint, Graded
from harness.records.response import UNTAKEN

_LISTED = 5
_UNANSWERED = (
    (UNTAKEN, "the server would not take", " (These are asked again in the next run.)"),
    ("refused", "the model or a filter refused", ""),
)


def warn_of_odd(task: str, checkpoint: Checkpoint, graded: Sequence[Graded]) -> None:
    """Warn of answers that several snapshots gave, of empty ones that were cut off, and of none."""
    responses = [response for _, response, _ in graded if response.usage is not None]
    snapshots = sorted({r.usage.model for r in responses if r.usage and r.usage.model})
    if len(snapshots) > 1:
        _warn(
            f"{task} on {checkpoint.id}: answered by {' and '.join(snapshots)}, which are not the "
            "same model. Name a snapshot as weights, or ask all of it again with --eval-fresh."
        )
    empty = sum(r.finish == "length" and not r.text.strip() for r in responses)
    if empty:
        _warn(
            f"{task} on {checkpoint.id}: {empty:,} of {len(responses):,} answers are empty, for "
            "the model was cut off before it wrote any. A model that thinks first uses up the "
            'tokens for it: let it with omit = ["max_tokens"] in '
            f"[models.{checkpoint.model.id}.api], or turn thinking off with extra_body."
        )

    for finish, what, then in _UNANSWERED:
        found = [(sample.id, r.text) for sample, r, _ in graded if r.finish == finish]
        if found:
            more = f" and {len(found) - _LISTED:,} more" if len(found) > _LISTED else ""
            _warn(
                f"{task} on {checkpoint.id}: {what} {len(found):,} of {len(graded):,} questions, "
                f"which count as not answered: {', '.join(id for id, _ in found[:_LISTED])}{more}. "
                f"Of the first it said: {found[0][1]}{then}"
            )


def warn_of_others(
    task: str, checkpoint: Checkpoint, rows: Sequence[Mapping[str, Any]], path: Path
) -> None:
    """Warn where another snapshot answered this task than the run's others on this checkpoint.

    rows: of the task. path: of its sample file, beside which those of the others lie.
    """
    own = _snapshots(rows)
    for other in sorted(path.parent.glob("*.jsonl")) if own else ():
        theirs = _snapshots(read_whole_rows(other)) if other != path else own
        if theirs and theirs != own:
            _warn(
                f"{task} on {checkpoint.id}: answered by {' and '.join(sorted(own))}, but "
                f"{other.stem} by {' and '.join(sorted(theirs))}. Name a snapshot as weights, or "
                "ask all of it again with --eval-fresh."
            )
            return


def _snapshots(rows: Iterable[Mapping[str, Any]]) -> set[str]:
    return {str(row["snapshot"]) for row in rows if row.get("snapshot")}


def _warn(text: str) -> None:
    warnings.warn(text, ServedWarning, stacklevel=3)
