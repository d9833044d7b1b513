"""All that a page tells of a task's samples, in parts of a size that a browser opens at once.

The sample files of all checkpoints are read side by side, some thousand rows at a time: a hundred
checkpoints times ten thousand questions never lie in memory together.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.comparison.rated import written
from harness.keyed import KeyedFile
from harness.records import Outcome
from harness.report.cells import ordered_checkpoints
from harness.report.opinions import opinion
from harness.report.passages import Passages
from harness.report.people import Said
from harness.report.samples import Packing, Row
from harness.review.judgement import Judgement
from harness.runs import Run, sample_file

_ROWS = 5_000  # at a time


@dataclass(slots=True)
class Part:
    """Some questions of a task, in the order of the data.

    bytes: about what they take in a page. judged: {checkpoint: {id: opinion}}. said: what people
    said of these answers. passages: that were looked up. shares: how many of the checkpoints were
    right on each question, from 0 to 1; None where nobody was judged. prompts: of each question.
    """

    packing: Packing
    said: Said
    passages: Passages = field(default_factory=Passages)
    judged: dict[str, dict[str, list[Any]]] = field(default_factory=dict)
    shares: list[float | None] = field(default_factory=list)
    prompts: list[str] = field(default_factory=list)
    bytes: int = 0
    largest: int = 0

    @classmethod
    def empty(cls, task: str) -> Part:
        """No questions of a task."""
        return cls(Packing(task), Said())


def repeated(run: Run) -> set[str]:
    """Tasks that look at all answers of another task, which is here and has the same."""
    results = [r for item in run.items for r in item.results]
    looked_at = {r.task: str(r.identity["of"]) for r in results if "of" in r.identity}
    tasks = {item.task for item in run.items}
    names = [str(c["id"]) for c in run.checkpoints]
    return {
        task
        for task, of in looked_at.items()
        if of in tasks and all(_given(run, name, of) == _given(run, name, task) for name in names)
    }


def _given(run: Run, checkpoint: str, task: str) -> list[tuple[Any, ...]]:
    """Questions and answers of an item, whatever became of them."""
    rows = {str(row["id"]): row for row in run.samples(checkpoint, task)}
    fields = ("prompt", "gold", "stratum", "response")
    return [(identifier, *map(row.get, fields)) for identifier, row in rows.items()]


def packed_task(run: Run, task: str) -> dict[str, Any]:
    """All samples of a task (`Packing`)."""
    return next(packed_parts(run, task)).packing.content


def packed_parts(
    run: Run, task: str, size: float = math.inf, people: Mapping[str, Judgement] | None = None
) -> Iterator[Part]:
    """The task's samples in parts of at most about `size` bytes; at least one, maybe an empty one.

    A task that only measures, right or wrong nowhere, has no questions. people: see
    `harness.report.page.page`.
    """
    names = [str(c["id"]) for c in ordered_checkpoints(run)]
    files = [KeyedFile(sample_file(run.folder, name, task), field="id") for name in names]
    if not any(_judged(run, name, task) for name in names):
        files = []
    # A suite that looks at another's answers has them again, and they are graded there.
    again = any("of" in r.identity for i in run.items if i.task == task for r in i.results)
    part = Part(Packing(task), Said(people))
    for identifier, rows in _side_by_side(files):
        if part.bytes and part.bytes + part.largest > size:
            yield part
            part = Part(Packing(task), Said(people))
        _add(part, task, identifier, dict(zip(names, rows, strict=True)), again)
    yield part


def _judged(run: Run, checkpoint: str, task: str) -> bool:
    """Whether an answer is more than a measurement."""
    path = sample_file(run.folder, checkpoint, task)
    rows = KeyedFile(path, field="id") if path.exists() else {}
    return any(row["outcome"] != Outcome.MEASURED for row in rows.values())


def _side_by_side(files: Sequence[KeyedFile]) -> Iterator[tuple[str, list[Row | None]]]:
    """Each question with the row of each file, None where a file has none."""
    identifiers = list(dict.fromkeys(identifier for file in files for identifier in file))
    step = max(1, _ROWS // max(1, len(files)))
    for begin in range(0, len(identifiers), step):
        some = identifiers[begin : begin + step]
        columns = []
        for file in files:
            columns.append([file.get(identifier) for identifier in some])
            file.close()  # a thousand checkpoints are more files than may be open
        yield from zip(some, map(list, zip(*columns, strict=True)), strict=True)


def _add(
    part: Part, task: str, identifier: str, rows: Mapping[str, Row | None], again: bool
) -> None:
    packed = part.packing.add(identifier, list(rows.values()))
    part.prompts.append(part.packing.prompt)
    told: list[Any] = [packed]
    right = []
    for name, row in rows.items():
        if row is None:
            continue
        if row["outcome"] not in (Outcome.MEASURED, Outcome.UNGRADED):
            right.append(bool(row["correct"]))
        if (found := opinion(row)) is not None:
            part.judged.setdefault(name, {})[identifier] = found
            told += [identifier, found]
        if written(row) and not again:
            told.append(part.said.add(task, row))
        told.append(part.passages.add(task, name, row))
    part.shares.append(round(sum(right) / len(right), 3) if right else None)
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    escaped = sum(map(text.count, "<>&"))  # six bytes each in a page (`page.data_block`)
    size = len(text.encode("utf-8", "backslashreplace")) + 5 * escaped
    part.bytes += size
    part.largest = max(part.largest, size)
