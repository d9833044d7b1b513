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
from harness.engines import Answer, Engine
from harness.jsonl import append_rows, storage_error
from harness.records import Checkpoint, Grade, Reading, Request, Response, Result, Sample
from harness.review.events import sample_key
from harness.review.judgement import Judgement, over_rule
from harness.runs import sample_file, sample_row, write_json
from harness.selection import limited
from harness.store import Store, request_key
from harness.tasks import Measure, Study, Task

_NOTHING = Response("", "scored", 0)  # what a task gets that asks nobody
Progress = Callable[[int, int], None]  # requests answered, requests in all


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What `evaluate` measured. asked: samples answered by the engine now; stored: known before.

    identity: of every result. rows: the samples, as they stand in the sample file. fingerprint: of
    the checkpoint that was asked, "" where the task asks nobody.
    """

    results: tuple[Result, ...]
    asked: int
    stored: int
    identity: Mapping[str, Any] = field(default_factory=dict)
    rows: tuple[dict[str, Any], ...] = ()
    fingerprint: str = ""

    def value(self, metric: str) -> float:
        """One figure, for a suite's own assertion. Raises KeyError naming the metrics there are."""
        values = {result.metric: result.value for result in self.results}
        if metric not in values:
            raise KeyError(f"no metric {metric!r}; measured: {', '.join(values)}")
        return values[metric]

    def wrong(self) -> list[str]:
        """The samples that were not judged right, each with the reason: for a suite to fail by."""
        return [f"{row['id']}: {row['reason']}" for row in self.rows if not row["correct"]]


@dataclass(frozen=True, slots=True)
class Workbench:
    """Where an evaluation works.

    fingerprint: of the checkpoint's bytes, "" for a task that asks nobody. engine: called only when
    something is missing.
    run_folder: None where only the figures are wanted: no sample file is written then.
    reference: what the checkpoint's reference answers to the requests that read a text.
    people: what persons said of answers, by `harness.review.events.sample_key`.
    likelihoods: whether sample rows are to tell how likely each token of an answer was.
    """

    fingerprint: str
    engine: Callable[[], Engine]
    store: Store
    run_folder: Path | None
    progress: Progress = field(default=lambda done, total: None)
    reference: Callable[[Sequence[Request]], Mapping[Request, Response]] = field(
        default=lambda requests: {}
    )
    reference_id: str = ""
    people: Mapping[str, Judgement] = field(default_factory=dict)
    likelihoods: bool = False


def evaluate(
    task: Task, checkpoint: Checkpoint, source: DataSource, bench: Workbench
) -> Evaluation:
    """Measure one task on one checkpoint.

    Answers and sample rows are on disk batch by batch. Raises DataError, WeightsError and
    StorageError.
    """
    task = _prepared(task, checkpoint, source.path, bench)
    select = getattr(task, "select", limited)  # a task's own way of keeping a limit
    samples: list[Sample] = select(task.load(source.path), source.limit)
    path = bench.run_folder and sample_file(bench.run_folder, checkpoint.id, task.name)
    if path:
        _start_file(path)
    together = hasattr(task, "grades")
    graded: dict[str, tuple[Sample, Response, Grade]] = {}
    by_request: dict[Request, list[Sample]] = {}
    for sample in samples:
        by_request.setdefault(sample.request, []).append(sample)

    def take(answers: Sequence[Answer], done: int) -> None:
        bench.progress(done, len(by_request))
        if together:
            return
        rows = []
        for request, response in answers:
            for sample in by_request[request]:
                grade = _judged(task, sample, response, bench.people)
                graded[sample.id] = (sample, response, grade)
                rows.append(sample_row(sample, response, grade))
        if path:
            append_rows(path, rows)

    if getattr(task, "unasked", False):
        take([(request, _NOTHING) for request in by_request], len(by_request))
        responses, known = dict.fromkeys(by_request, _NOTHING), frozenset(by_request)
    else:
        responses, known = ask(checkpoint, list(by_request), bench, take)
    if together:
        answered = [(sample, responses[sample.request]) for sample in samples]
        read = [request for request in by_request if request.per_token]
        reference = bench.reference(read) if read else {}
        grades = task.grades(answered, reference)  # type: ignore[attr-defined]
        for (sample, response), grade in zip(answered, grades, strict=True):
            graded[sample.id] = (sample, response, grade)

    ordered = [graded[sample.id] for sample in samples]
    readings = _answers_read(ordered, checkpoint, bench) if bench.likelihoods else {}
    rows = tuple(sample_row(*entry, readings.get(entry[0].id)) for entry in ordered)
    study = _study(task, [(sample, grade) for sample, _, grade in ordered])
    if path:
        _settle_file(path, rows)
        if study.details:
            write_json(path.with_suffix(".json"), study.details)
    identity = _identity(task, checkpoint, source, samples, bench)
    results = _results(task, checkpoint, study.measures, identity)
    stored = sum(sample.request in known for sample in samples)
    asked = len(samples) - stored
    return Evaluation(results, asked, stored, identity, rows, bench.fingerprint)


def ask(
    checkpoint: Checkpoint,
    requests: Sequence[Request],
    bench: Workbench,
    take: Callable[[Sequence[Answer], int], None] = lambda answers, done: None,
) -> tuple[dict[Request, Response], frozenset[Request]]:
    """The response to every request, and which of them the store had.

    take: told of answers as they come, and how many there are so far. Raises WeightsError and
    StorageError.
    """
    stored = bench.store.load(bench.fingerprint)
    responses = {r: stored[k] for r in requests if (k := request_key(r)) in stored}
    known = frozenset(responses)
    take(list(responses.items()), len(responses))
    if len(known) < len(requests):
        for answers in bench.engine().answer(checkpoint, requests, skip=known):
            bench.store.add(bench.fingerprint, answers)
            responses.update(answers)
            take(answers, len(responses))
    return responses, known


def _judged(
    task: Task, sample: Sample, response: Response, people: Mapping[str, Judgement]
) -> Grade:
    """The rule's grade, or a person's over it. Only what was written can be read and judged."""
    grade = task.grade(sample, response)
    if not people or response.finish == "scored":
        return grade
    key = sample_key(task.name, sample.id, sample.request.asked, response.text)
    return over_rule(grade, people[key]) if key in people else grade


def _answers_read(
    answered: Sequence[tuple[Sample, Response, Grade]], checkpoint: Checkpoint, bench: Workbench
) -> dict[str, Reading]:
    """The answers that were written, read token by token after their prompts, by sample id."""
    asked = {
        sample.id: Request(
            sample.request.prompt,
            sample.request.chat,
            continuations=(response.text,),
            per_token="likelihoods",
        )
        for sample, response, _ in answered
        if response.finish != "scored" and response.text
    }
    requests = list(dict.fromkeys(asked.values()))
    total = len(requests)
    read, _ = ask(checkpoint, requests, bench, lambda _, done: bench.progress(done, total))
    found = {id: read[request].reading for id, request in asked.items()}
    return {id: reading for id, reading in found.items() if reading is not None}


def _prepared(task: Task, checkpoint: Checkpoint, path: Path, bench: Workbench) -> Task:
    """The task with the answers that it needs before there can be samples."""
    if not hasattr(task, "preliminary"):
        return task
    # Each once: `ask` counts what is missing.
    requests = list(dict.fromkeys(task.preliminary(path)))
    responses, _ = ask(checkpoint, requests, bench)
    prepared: Task = task.prepared(path, responses)  # type: ignore[attr-defined]
    return prepared


def _study(task: Task, graded: Sequence[tuple[Sample, Grade]]) -> Study:
    if hasattr(task, "study"):
        study: Study = task.study(graded)
        return study
    return Study(task.measure(graded), {})


def _results(
    task: Task, checkpoint: Checkpoint, measures: Sequence[Measure], identity: Mapping[str, Any]
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
        for measure in measures
    )


def _identity(
    task: Task,
    checkpoint: Checkpoint,
    source: DataSource,
    samples: Sequence[Sample],
    bench: Workbench,
) -> dict[str, Any]:
    """What must match for two results to be compared; the adapter is what is being compared."""
    questions = [[s.id, s.request.asked, list(s.gold)] for s in samples]
    together: dict[str, Any] = {}
    if hasattr(task, "grades"):
        # Labels, documents and drawn values make figures, too, and so does a reference.
        questions = [
            [*asked, s.stratum, s.cluster, list(s.request.continuations)]
            for asked, s in zip(questions, samples, strict=True)
        ]
        together = {"reference": bench.reference_id}
    return {
        **task.identity,
        **together,
        "data": source.path.name,
        "samples": hashlib.sha256(json.dumps(questions).encode()).hexdigest()[:16],
        "n": len(samples),
        "dtype": checkpoint.model.dtype,
        "quantization": checkpoint.model.quantization,
    }


def _start_file(path: Path) -> None:
    """Begin an item's files anew: its rows are graded again from the store."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
        path.with_suffix(".json").unlink(missing_ok=True)
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
