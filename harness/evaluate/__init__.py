"""One task on one checkpoint: ask what is missing, grade, summarise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from harness.config import DataSource
from harness.engines import Answer
from harness.evaluate.asking import answers_read, ask
from harness.evaluate.bench import Evaluation, Progress, Workbench
from harness.evaluate.files import settle_file, start_file
from harness.evaluate.foreseen import as_asked_of, first_turn, followed, foreseen, samples_of
from harness.evaluate.identity import identity_of
from harness.evaluate.judging import compared
from harness.evaluate.served import warn_of_odd, warn_of_others
from harness.evaluate.share import Answered, answer_share
from harness.evaluate.unanswered import grade, grades
from harness.evaluate.voice import voice_measures, voiced
from harness.jsonl import append_rows, many_rows
from harness.records import Checkpoint, Grade, Graded, Request, Response, Result, Sample
from harness.review.events import sample_key
from harness.review.judgement import Judgement, over_rule
from harness.runs import sample_file, write_json
from harness.tasks import AskedTask, ConductedTask, Measure, Study, Task

__all__ = [
    "Answered",
    "Evaluation",
    "Progress",
    "Workbench",
    "answer_share",
    "ask",
    "evaluate",
    "first_turn",
    "foreseen",
]

_NOTHING = Response("", "scored", 0)  # what a task gets that asks nobody


@many_rows()
def evaluate(
    task: Task, checkpoint: Checkpoint, source: DataSource, bench: Workbench
) -> Evaluation:
    """Measure one task on one checkpoint.

    Answers and sample rows are on disk batch by batch. Raises DataError, UnavailableError,
    ServiceError, WeightsError and StorageError.
    """
    task = as_asked_of(task, checkpoint)
    path = bench.run_folder and sample_file(bench.run_folder, checkpoint.id, task.name)
    if hasattr(task, "conduct"):
        graded, known = _conducted(cast(ConductedTask, task), checkpoint, source, bench, path)
    else:
        task, graded, known = _asked(cast(AskedTask, task), checkpoint, source, bench, path)
    warn_of_odd(task.name, checkpoint, graded)
    if bench.judge is not None:
        graded = bench.judge(task, graded)
    if hasattr(task, "relabelled"):
        graded = [(s, response, task.relabelled(s, response, g)) for s, response, g in graded]
    readings = answers_read(graded, checkpoint, bench) if bench.likelihoods else {}
    rows = tuple(bench.row(*entry, readings.get(entry[0].id)) for entry in graded)
    study = _study(task, [(sample, grade) for sample, _, grade in graded])
    if path:
        settle_file(path, rows)
        warn_of_others(task.name, checkpoint, rows, path)
        if study.details:
            write_json(path.with_suffix(".json"), study.details)
    identity = identity_of(task, checkpoint, source, [sample for sample, _, _ in graded], bench)
    measures = [*study.measures, *voice_measures(graded)]
    results = _results(task, checkpoint, measures, identity)
    stored = sum(sample.request in known for sample, _, _ in graded)
    asked = len(graded) - stored
    return Evaluation(results, asked, stored, identity, rows, bench.fingerprint)


def _asked(
    task: AskedTask, checkpoint: Checkpoint, source: DataSource, bench: Workbench, path: Path | None
) -> tuple[AskedTask, list[Graded], frozenset[Request]]:
    """The task's samples, asked and graded as answers come; in the order of the data."""
    task = _prepared(task, checkpoint, source.path, bench)
    samples = samples_of(task, source, bench)
    if path:
        start_file(path)
    together = hasattr(task, "grades")
    graded: dict[str, Graded] = {}
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
                found = _spoken(task, sample, response, grade(task, sample, response))
                judged = _judged(task, sample, response, found, bench.people)
                graded[sample.id] = (sample, response, judged)
                rows.append(bench.row(sample, response, judged))
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
        about, _ = followed(task, answered, checkpoint, bench)
        task = compared(task, answered, about, bench)
        found = grades(task, answered, reference, about)
        for (sample, response), of_sample in zip(answered, found, strict=True):
            of_sample = _spoken(task, sample, response, of_sample)
            judged = _judged(task, sample, response, of_sample, bench.people)
            graded[sample.id] = (sample, response, judged)
    return task, [graded[sample.id] for sample in samples], known


def _conducted(
    task: ConductedTask,
    checkpoint: Checkpoint,
    source: DataSource,
    bench: Workbench,
    path: Path | None,
) -> tuple[list[Graded], frozenset[Request]]:
    """What a library of the task's own asked and judged, through our store and engine."""
    if path:
        start_file(path)
    stored: set[Request] = set()
    check = getattr(task, "check", None)

    def put(requests: Sequence[Request]) -> dict[Request, Response]:
        distinct = list(dict.fromkeys(requests))

        def take(answers: Sequence[Answer], done: int) -> None:
            bench.progress(done, len(distinct))
            if check is not None:
                check(answers)

        responses, known = ask(checkpoint, distinct, bench, take)
        stored.update(known)
        return responses

    graded = task.conduct(source.limit, put)
    seen = [(s, r, _judged(task, s, r, grade, bench.people)) for s, r, grade in graded]
    return seen, frozenset(stored)


def _spoken(task: AskedTask, sample: Sample, response: Response, grade: Grade) -> Grade:
    """The grade with signs of damage, unless another suite says it of the same answers, or they are
    to go on for as long as they may.
    """
    if hasattr(task, "judged_as") or getattr(task, "endless", False):
        return grade
    return voiced(sample, response, grade)


def _judged(
    task: Task,
    sample: Sample,
    response: Response,
    grade: Grade,
    people: Mapping[str, Judgement],
) -> Grade:
    """The rule's grade, or a person's over it. Only what was written can be read and judged."""
    if not people or response.finish == "scored" or response.unanswered:
        return grade
    suite = getattr(task, "judged_as", task.name)
    key = sample_key(suite, sample.id, sample.asked, response.text)
    return over_rule(grade, people[key]) if key in people else grade


def _prepared(task: AskedTask, checkpoint: Checkpoint, path: Path, bench: Workbench) -> AskedTask:
    """The task with the answers that it needs before there can be samples."""
    if not hasattr(task, "preliminary"):
        return task
    # Each once: `ask` counts what is missing.
    requests = list(dict.fromkeys(task.preliminary(path)))
    responses, _ = ask(checkpoint, requests, bench)
    prepared: AskedTask = task.prepared(path, responses)  # type: ignore[attr-defined]
    return prepared


def _study(task: Task, graded: Sequence[tuple[Sample, Grade]]) -> Study:
    if hasattr(task, "study"):
        study: Study = task.study(graded)
        return study
    return Study(cast(AskedTask, task).measure(graded), {})


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
