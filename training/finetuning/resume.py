"""Where a training that was cut off goes on: the trainer's own checkpoints, and when they count."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from training.finetuning.recipe import Job

FOLDER = ".training"  # inside the adapters' folder; gone when the training has ended
_JOB = "job.json"
_CHECKPOINT = re.compile(r"checkpoint-(\d+)")


def open_work(out: Path, job: Job, fingerprint: str) -> tuple[Path, Path | None]:
    """The job's work folder, and the checkpoint in it that a training may go on from.

    What another recipe, other data or another base left there is thrown away.
    """
    work = out / FOLDER / job.name
    mark = work / _JOB
    try:
        same = json.loads(mark.read_text(encoding="utf-8")) == fingerprint
    except (OSError, ValueError):
        same = False
    if not same:
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        mark.write_text(json.dumps(fingerprint), encoding="utf-8")
    return work, last_whole_checkpoint(work)


def close_work(out: Path, job: Job) -> None:
    """Remove a finished job's work folder."""
    shutil.rmtree(out / FOLDER / job.name, ignore_errors=True)
    if (out / FOLDER).is_dir() and not any((out / FOLDER).iterdir()):
        (out / FOLDER).rmdir()


def last_whole_checkpoint(work: Path) -> Path | None:
    """The latest checkpoint that was written to its end: trainer_state.json is written last."""
    found = []
    for folder in work.iterdir():
        match = _CHECKPOINT.fullmatch(folder.name)
        if match and _is_whole(folder):
            found.append((int(match[1]), folder))
    return max(found)[1] if found else None


def _is_whole(folder: Path) -> bool:
    try:
        json.loads((folder / "trainer_state.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return True
