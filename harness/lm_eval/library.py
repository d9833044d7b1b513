"""lm-eval brought in: without its prints, without the network, and one task by its name."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import random
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from harness.errors import ConfigError, DataError, UnavailableError
from harness.lm_eval.faults import refuse_unknown_metrics, unbuilt
from harness.lm_eval.lookup import find, home_of, refuse_group

FEWSHOT_SEED = 1234  # lm-eval's default: which examples are drawn
NUMPY_SEED = 1234
_MISSING = "tasks of lm-eval need it, and it is not installed: pip install 'pytest-michi[lm-eval]'."
_NOT_HERE = {
    "UNSAFE_CODE": "runs code that a model wrote",
    "MULTIMODAL": "shows pictures or plays sound",
}


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """lm-eval without its prints, bars and warnings, and with the random numbers it starts with.

    Afterwards Python's and numpy's go on as if nothing had been drawn.
    """
    import numpy as np

    drawn = np.random.get_state()
    loggers = [logging.getLogger(name) for name in ("lm_eval", "datasets", "evaluate")]
    levels = [logger.level for logger in loggers]
    state, parallel = random.getstate(), os.environ.get("DISABLE_MULTIPROC")
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    os.environ["DISABLE_MULTIPROC"] = "1"  # else each bootstrap forks a process for each core
    random.seed(0)  # these two are lm-eval's defaults
    np.random.seed(NUMPY_SEED)
    try:
        with (
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
            _templates_kept(),
        ):
            yield
    finally:
        random.setstate(state)
        np.random.set_state(drawn)
        if parallel is None:
            del os.environ["DISABLE_MULTIPROC"]
        else:
            os.environ["DISABLE_MULTIPROC"] = parallel
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@contextlib.contextmanager
def _templates_kept() -> Iterator[None]:
    """Each template of a YAML is compiled once, not once a document.

    4,442 questions of JSQuAD with two examples took 84 s to write down, and take 4 s.
    """
    from lm_eval.utils import env

    env.from_string = lru_cache(maxsize=256)(env.from_string)
    try:
        yield
    finally:
        del env.from_string  # the class's own again


@contextlib.contextmanager
def offline() -> Iterator[None]:
    """Data sets and metrics from this machine alone."""
    import datasets
    from huggingface_hub import constants

    switches: list[tuple[Any, str]] = [
        (constants, "HF_HUB_OFFLINE"),
        (datasets.config, "HF_HUB_OFFLINE"),
        (datasets.config, "HF_DATASETS_OFFLINE"),
    ]
    before = [getattr(module, name) for module, name in switches]
    for module, name in switches:
        setattr(module, name, True)
    try:
        yield
    finally:
        for (module, name), value in zip(switches, before, strict=True):
            setattr(module, name, value)


def require() -> None:
    """Raise UnavailableError where lm-eval is not installed."""
    try:
        import lm_eval.tasks  # noqa: F401
    except ImportError as error:
        raise UnavailableError(_MISSING) from error


@lru_cache(maxsize=64)
def load_task(name: str, include_path: Path | None = None, num_fewshot: int | None = None) -> Any:
    """A task of lm-eval's with its data, from a folder of YAML files or lm-eval's own.

    num_fewshot: how many examples, but for a task that sets 0, as lm-eval's option.
    Raises ConfigError for a name that is none, or a group's; DataError for a task that can't be
    built, as without its data; UnavailableError without lm-eval.
    """
    require()
    with quiet():
        manager, entry = find(name, include_path)
        refuse_group(name, entry, manager.task_index)
        try:
            with offline(), contextlib.chdir(home_of(entry)):
                (task,) = manager.load([name])["tasks"].values()
        except Exception as error:  # whatever a YAML, its functions and its data set raise
            raise DataError(unbuilt(name, entry, error)) from error
    if include_path is not None:
        refuse_unknown_metrics(name, entry, task)
    own = task.get_config("num_fewshot")
    task.set_config("num_fewshot", own or 0 if num_fewshot is None or own == 0 else num_fewshot)
    for flag, what in _NOT_HERE.items():
        if getattr(task, flag, False):
            raise ConfigError(f"lm-eval's task {name} {what}, which is not done here.")
    return task


@lru_cache(maxsize=8)
def read_config(name: str) -> dict[str, Any]:
    """What lm-eval's own YAML says of a task. Raises UnavailableError without lm-eval."""
    require()
    with quiet():
        return dict(find(name, None)[1].cfg)


def load_local(name: str, splits: Mapping[str, Sequence[Mapping[str, Any]]]) -> Any:
    """lm-eval's own task of that name on rows of ours. splits: rows by the YAML's splits.

    Raises UnavailableError without lm-eval.
    """
    config = read_config(name)
    with quiet():
        import datasets
        from lm_eval.tasks import TaskManager

        tables = {name: datasets.Dataset.from_list(list(rows)) for name, rows in splits.items()}
        spec = {**config, "custom_dataset": lambda **_: tables}
        (task,) = TaskManager(include_defaults=False).load([spec])["tasks"].values()
    return task
