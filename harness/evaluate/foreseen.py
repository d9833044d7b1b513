"""What a task will ask of a checkpoint: before anything is asked, and once it has answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from harness.config import DataSource
from harness.engines import abilities
from harness.evaluate.asking import ask, in_words, needed
from harness.evaluate.bench import Workbench
from harness.evaluate.chats import in_chats
from harness.records import Checkpoint, Request, Response, Sample
from harness.selection import limited
from harness.store import request_key
from harness.tasks import AskedTask, ConductedTask, Task

# Suites whose samples are remembered: one checkpoint is asked all of them, then comes the next. Of
# 10,000 samples each, with a page of text in every prompt, these are half a gigabyte.
_SUITES = 16


class _Enough(BaseException):
    """Ends a library's own way of asking; no `except Exception` of its own catches it."""


def samples_of(
    task: AskedTask, source: DataSource, bench: Workbench, looked_up: bool = True
) -> list[Sample]:
    """The task's samples, with what the checkpoint's retriever found for them. Raises DataError."""
    select = getattr(task, "select", limited)  # a task's own way of keeping a limit
    samples: list[Sample] = select(_loaded(task, source.path), source.limit)
    if looked_up and bench.retriever is not None and hasattr(task, "retrieved"):
        retriever = bench.retriever()
        samples = task.retrieved(samples, retriever, bench.progress)
    return samples


def _loaded(task: AskedTask, path: Path) -> Sequence[Sample]:
    """The samples of a data file, read once for all checkpoints while it does not change."""
    try:
        stat = path.stat()
        hash(task)
    except (OSError, TypeError):  # it says itself what is missing; or it can't be remembered
        return task.load(path)
    if path.suffix == ".toml":  # an index: which files it names is known to the task
        return task.load(path)
    return _remembered(cast(Any, task), path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=_SUITES)
def _remembered(task: AskedTask, path: Path, changed: int, size: int) -> Sequence[Sample]:
    return tuple(task.load(path))


def foreseen(
    task: Task, checkpoint: Checkpoint, source: DataSource, bench: Workbench
) -> list[Request]:
    """The requests that the store has no answer to; none where the checkpoint can't be asked.

    Of a task that asks in several turns the first. Passages that are found by vectors are left out
    of prompts: vectors cost something themselves. Raises MichiError, and what a library raises.
    """
    task = as_asked_of(task, checkpoint)
    if getattr(task, "unasked", False):
        return []
    stored = bench.store.load(bench.fingerprint)
    requests = _preliminary(task, source)
    known = {r: stored[k] for r in requests if (k := request_key(r)) in stored}
    if len(known) == len(requests):
        requests = _asked(task, checkpoint, source, bench, known)
    return [r for r in _answerable(requests, checkpoint) if request_key(r) not in stored]


def first_turn(
    task: Task, checkpoint: Checkpoint, source: DataSource, bench: Workbench
) -> tuple[list[Request], bool]:
    """All that the task asks first, also what the store has answers to, and whether that is known.

    It is not where something must be asked, or looked up by vectors, before there are prompts: then
    the requests only tell about how much it is. Raises MichiError, and what a library raises.
    """
    task = as_asked_of(task, checkpoint)
    if getattr(task, "unasked", False):
        return [], True
    if before := _preliminary(task, source):
        return _answerable(before, checkpoint), False
    requests = _answerable(_asked(task, checkpoint, source, bench, {}), checkpoint)
    retrieved = checkpoint.retrieval is not None and hasattr(task, "retrieved")
    return requests, not retrieved or _by_words(checkpoint)


def followed(
    task: AskedTask,
    answered: Sequence[tuple[Sample, Response]],
    checkpoint: Checkpoint,
    bench: Workbench,
) -> tuple[Mapping[Request, Response], frozenset[Request]]:
    """What the task asks about answers once it has them, and which of it the store had."""
    if not hasattr(task, "following"):
        return {}, frozenset()
    able = abilities(checkpoint.model)
    wanted = dict.fromkeys(task.following(answered))
    requests = [request for request in wanted if needed(request) in able]
    total = len(requests)
    return ask(checkpoint, requests, bench, lambda _, done: bench.progress(done, total))


def as_asked_of(task: Task, checkpoint: Checkpoint) -> Task:
    """The task in the form in which this checkpoint can be asked."""
    return in_chats(in_words(task, checkpoint.model), checkpoint.model)


def _answerable(requests: Sequence[Request], checkpoint: Checkpoint) -> list[Request]:
    """Each request once; none where the checkpoint can't be asked one of them."""
    able = abilities(checkpoint.model)
    if not all(needed(request) in able for request in requests):
        return []
    return list(dict.fromkeys(requests))


def _by_words(checkpoint: Checkpoint) -> bool:
    """Whether passages are found without vectors, or none are looked up."""
    return checkpoint.retrieval is None or checkpoint.retrieval.embedding is None


def _preliminary(task: Task, source: DataSource) -> Sequence[Request]:
    if not hasattr(task, "preliminary"):
        return ()
    return list(dict.fromkeys(task.preliminary(source.path)))


def _asked(
    task: Task,
    checkpoint: Checkpoint,
    source: DataSource,
    bench: Workbench,
    known: Mapping[Request, Response],
) -> list[Request]:
    if hasattr(task, "conduct"):
        return _of_library(cast(ConductedTask, task), source.limit)
    if hasattr(task, "preliminary"):
        task = task.prepared(source.path, known)  # type: ignore[attr-defined]
    found = _by_words(checkpoint)
    return [s.request for s in samples_of(cast(AskedTask, task), source, bench, found)]


def _of_library(task: ConductedTask, limit: int | None) -> list[Request]:
    taken: list[Request] = []

    def take(requests: Sequence[Request]) -> Mapping[Request, Response]:
        taken.extend(requests)
        raise _Enough

    with suppress(_Enough):
        task.conduct(limit, take)
    return taken
