"""What is asked and how it is graded: one file a task."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from harness.errors import DataError
from harness.records import Ask, Grade, Graded, Interval, Response, Sample
from harness.statistics.intervals import mean_interval


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of a task: what `evaluate` turns into a `Result`."""

    metric: str
    value: float
    interval: Interval
    n: int
    clusters: int
    headline: bool = False


@dataclass(frozen=True, slots=True)
class ChatTemplate:
    """A model's, as text, and what writes turns by it.

    write(turns, begun): begun where the last turn is the model's own and goes on.
    """

    text: str
    write: Callable[[Sequence[Mapping[str, str]], bool], str]


@dataclass(frozen=True, slots=True)
class Study:
    """Figures of a task, and what a report draws besides (curves, names ...): plain JSON."""

    measures: Sequence[Measure]
    details: Mapping[str, Any]


class Task(Protocol):
    """What a suite in `evals/` hands to `evaluate`: one of the two kinds below."""

    @property
    def name(self) -> str:
        """Short name: data, sample files and results go by it."""
        ...

    @property
    def identity(self) -> Mapping[str, Any]:
        """What must be the same for two results to compare: prompt, decoding, definitions."""
        ...


class AskedTask(Task, Protocol):
    """A task whose samples are asked and judged here.

    It may have more, each of it where it is needed:

    data_of                     name of the task whose data serve where the matrix names none for it
    select(samples, limit)      where a limit must not take single samples
    optional                    true where a matrix without data for it leaves it out
    unasked                     true where samples are judged as they stand, without a model
    preliminary(path)           requests whose answers are needed before there can be samples
    prepared(path, answers)     the task, with those answers ({request: response}) taken up
    grades(answered, reference) instead of `grade`, where one answer is judged beside the others:
                                answered holds (sample, response), reference the responses of the
                                checkpoint's reference by request, and is empty where it has none
    following(answered)         requests about answers, once there are some; `grades` gets their
                                responses by request as a third argument
    compared(answered, followed, comparer)  the task with a judge's word on answers to `following`
                                that no rule can compare; its identity is another one
    endless                     true where answers go on with a text, and are no damaged ones for it
    relabelled(sample, response, grade)  the grade once nobody changes it any more
    judged_as                   name of the suite whose grades by people count here, too
    study(graded)               instead of `measure`, where there is more than figures
    generative()                the task with its questions in words, for models that don't tell
                                how likely a text is; its identity is another one
    retrieved(samples, retriever, progress)  the samples with what a checkpoint's retriever found
    """

    def load(self, path: Path) -> list[Sample]:
        """Samples of a data file. Raises DataError naming file and line."""
        ...

    def grade(self, sample: Sample, response: Response) -> Grade:
        """Judge one answer."""
        ...

    def measure(self, graded: Sequence[tuple[Sample, Grade]]) -> list[Measure]:
        """Figures over all graded samples, each with an interval."""
        ...


class ConductedTask(Task, Protocol):
    """A task that a library asks and judges.

    It may have more:

    check(answers)       is shown (request, response) pairs as they come: what it raises ends the
                         asking, before all is paid for
    chats                true where prompts are to be written by the model's chat template
    templated(template)  the task with that template
    """

    def conduct(self, limit: int | None, ask: Ask) -> list[Graded]:
        """The samples, at most `limit`, answered and graded. ask: by our store and engine."""
        ...

    def study(self, graded: Sequence[tuple[Sample, Grade]]) -> Study:
        """Figures over all that was graded."""
        ...


def share(metric: str, rows: Sequence[tuple[str, float]], headline: bool = False) -> Measure:
    """The mean of (cluster, score) rows with its interval."""
    clusters, scores = zip(*rows, strict=True)
    value, interval = mean_interval(scores, clusters)
    return Measure(metric, value, interval, len(scores), len(set(clusters)), headline)


def given(row: Mapping[str, Any], key: str, otherwise: str) -> str:
    """What a row has under `key`, an id or the like, as text; `otherwise` for nothing or "".

    0 is an id as any other.
    """
    value = row.get(key)
    return otherwise if value is None or value == "" else str(value)


class SampleSet:
    """Collects the samples of a file, refusing a second use of an id."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._places: dict[str, str] = {}
        self.samples: list[Sample] = []

    def add(self, sample: Sample, place: str) -> None:
        """Add a sample that stands at `place`, a line's number. Raises DataError on a used id."""
        if sample.id in self._places:
            raise DataError(
                f"{self._path}:{place}: id {sample.id!r} was used before, at "
                f"{self._places[sample.id]}. Ids must be unique: grades and comparisons go by them."
            )
        self._places[sample.id] = place
        self.samples.append(sample)

    def finish(self) -> list[Sample]:
        """All samples. Raises DataError if there are none."""
        if not self.samples:
            raise DataError(f"{self._path}: no samples in it.")
        return self.samples
