"""What `compare` is given on the command line, read by what it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from harness.comparison.inspect_logs import read_inspect
from harness.comparison.lm_eval_logs import PATTERN, newest_files, read_lm_eval
from harness.comparison.scores import ScoreSet, Unread
from harness.errors import ConfigError, DataError
from harness.runs import Run, read_run


def read_source(path: Path) -> Sequence[ScoreSet | Unread]:
    """Every (checkpoint, task) of a run folder, of lm-eval's sample logs or an inspect_ai log.

    Raises ConfigError for a path that is none of these or holds no samples, DataError for a file
    that is malformed.
    """
    if not path.exists():
        raise ConfigError(f"{path}: there is no such file or folder.")
    found = _read_folder(path) if path.is_dir() else _read_file(path)
    names = [(s.checkpoint, s.task) for s in found]
    for checkpoint, task in names:
        if names.count((checkpoint, task)) > 1:
            raise ConfigError(
                f"{path}: holds {task} of {checkpoint} more than once. Name the folder or file of "
                "one of them."
            )
    return found


def _read_folder(folder: Path) -> Sequence[ScoreSet | Unread]:
    if (folder / "run.json").exists():
        sets = _of_run(read_run(folder))
        if not sets:
            raise ConfigError(f"{folder}: a run without samples: nothing to compare.")
        return sets
    files = newest_files(folder)
    if not files:
        raise ConfigError(
            f"{folder}: neither a run folder (no run.json in it) nor one of lm-eval (no {PATTERN}; "
            "run lm-eval with --log_samples). Logs of inspect_ai are named by their file."
        )
    return [scores for path in files for scores in read_lm_eval(path)]


def _read_file(path: Path) -> list[ScoreSet]:
    if path.suffix == ".jsonl":
        return read_lm_eval(path)
    if path.suffix == ".json":
        return [read_inspect(path)]
    if path.suffix == ".eval":
        raise DataError(
            f"{path}: inspect_ai's binary format. Convert it: inspect log convert {path} "
            "--to json --output-dir FOLDER, and name the .json in FOLDER."
        )
    raise ConfigError(
        f"{path}: unknown kind of file. Name a run folder, a folder or file of lm-eval's "
        f"{PATTERN}, or a log of inspect_ai (.json)."
    )


def _of_run(run: Run) -> list[Unread]:
    places = [(item.checkpoint, item.task) for item in run.items]
    return [Unread(run, *place) for place in places if run.has_samples(*place)]
