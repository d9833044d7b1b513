"""One task on one checkpoint: ask what is missing, grade, summarise."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.config import DataSource
from harness.engines import Engine
from harness.jsonl import append_rows, storage_error
from harness.records import Checkpoint, Grade, Request, Response, Result, Sample
from harness.runs import sample_file, sample_row
from harness.selection import limited
from harness.store import Store, request_key
from harness.tasks import Task

Progress = Callable[[int, int], None]  # samples done, samples in all


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What `evaluate` measured. asked: samples answered by the engine now; stored: known before.

    identity: of every result. rows: the samples, as they stand in the sample file.
    """

    results: tuple[Result, ...]
    asked: int
    stored: int
    identity: Mapping[str, Any] = field(default_factory=dict)
    rows: tuple[dict[str, Any], ...] = ()

    def value(self, metric: str) -> float:
        """One figure, for a suite's own assertion. Raises KeyError naming the metrics there are."""
        values = {result.metric: result.value for result in self.results}
        if metric not in values:
            raise KeyError(f"no metric {metric!r}; measured: {', '.join(values)}")
        return values[metric]


@dataclass(frozen=True, slots=True)
class Workbench:
    """Where an evaluation works.

    fingerprint: of the checkpoint's bytes. engine: called only when something is missing.
    run_folder: None where only the figures are wanted: no sample file is written then.
    """

    fingerprint: str
    engine: Callable[[], Engine]
    store: Store
    run_folder: Path | None
    progress: Progress = field(default=lambda done, total: None)


def evaluate(
    task: Task, checkpoint: Checkpoint, source: DataSource, bench: Workbench
) -> Evaluation:
    """Measure one task on one checkpoint.

    Answers and sample rows are on disk batch by batch. Raises DataError, WeightsError and
    StorageError.
    """
    select = getattr(task, "select", limited)  # a task's own way of keeping a limit
    samples: list[Sample] = select(task.load(source.path), source.limit)
    path = bench.run_folder and sample_file(bench.run_folder, checkpoint.id, task.name)
    if path:
        _start_file(path)
    known = bench.store.load(bench.fingerprint)
    responses = {s.request: known[k] for s in samples if (k := request_key(s.request)) in known}
    stored = sum(sample.request in responses for sample in samples)

    graded: dict[str, tuple[Sample, Response, Grade]] = {}
    by_request: dict[Request, list[Sample]] = {}
    for sample in samples:
        by_request.setdefault(sample.request, []).append(sample)

    def take(answers: Sequence[tuple[Request, Response]]) -> None:
        rows = []
        for request, response in answers:
            for sample in by_request[request]:
                grade = task.grade(sample, response)
                graded[sample.id] = (sample, response, grade)
                rows.append(sample_row(sample, response, grade))
        if path:
            append_rows(path, rows)
        bench.progress(len(graded), len(samples))

    take(list(responses.items()))
    if stored < len(samples):
        engine = bench.engine()
        for answers in engine.answer(checkpoint, list(by_request), skip=responses.keys()):
            bench.store.add(bench.fingerprint, answers)
            take(answers)

    ordered = [graded[sample.id] for sample in samples]
    rows = tuple(sample_row(*entry) for entry in ordered)
    if path:
        _settle_file(path, rows)
    identity = _identity(task, checkpoint, source, samples)
    results = _results(task, checkpoint, ordered, identity)
    return Evaluation(results, len(samples) - stored, stored, identity, rows)


def _results(
    task: Task,
    checkpoint: Checkpoint,
    graded: Sequence[tuple[Sample, Response, Grade]],
    identity: Mapping[str, Any],
) -> tuple[Result, ...]:
    return tuple(
        Result(
            checkpoint=checkpoint.id,
            task=task.name,
            metric=measure.metric,
            value=float(measure.value),
            low=float(measure.interval.low),
            high=float(measure.interval.high),
            n=measure.n,
            clusters=measure.clusters,
            interval=measure.interval.method,
            headline=measure.headline,
            identity=identity,
        )
        for measure in task.measure([(sample, grade) for sample, _, grade in graded])
    )


def _identity(
    task: Task, checkpoint: Checkpoint, source: DataSource, samples: Sequence[Sample]
) -> dict[str, Any]:
    """What must match for two results to be compared; the adapter is what is being compared."""
    questions = [[s.id, s.request.prompt, list(s.gold)] for s in samples]
    return {
        **task.identity,
        "data": source.path.name,
        "samples": hashlib.sha256(json.dumps(questions).encode()).hexdigest()[:16],
        "n": len(samples),
        "dtype": checkpoint.model.dtype,
        "quantization": checkpoint.model.quantization,
    }


def _start_file(path: Path) -> None:
    """Begin an item's sample file anew: its rows are graded again from the store."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    except OSError as error:
        raise storage_error(path, error) from error


def _settle_file(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Put the finished file into the order of the data, so that equal runs give equal files."""
    partial = path.with_name(path.name + ".partial")
    try:
        partial.unlink(missing_ok=True)
        append_rows(partial, list(rows))
        os.replace(partial, path)
    except OSError as error:
        raise storage_error(path, error) from error
