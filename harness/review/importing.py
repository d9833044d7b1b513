"""Grades that come as a file: all of them are taken over, or none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.review.events import GradeEvent
from harness.review.files import append, read_events, read_grades


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import came to. known: how many were there before. written: new ones by file."""

    events: tuple[GradeEvent, ...]
    known: int
    written: Mapping[Path, int]


@dataclass(frozen=True, slots=True)
class Belonging:
    """How many grades are of a run's answers, of its questions with other answers, of neither."""

    answers: int
    changed: int
    elsewhere: int


def import_grades(path: Path, folder: Path) -> Imported:
    """Add a file of events, such as the report page saves, to a folder of grades.

    Everything is read before anything is written. Raises DataError for a line that is no event, in
    the file or in the folder, StorageError where the folder can't be written.
    """
    events = read_events(path)
    read_grades(folder)  # nothing is added to what can't be read
    appended = append(folder, events)
    known = len(events) - sum(appended.written.values())
    return Imported(tuple(events), known, appended.written)


def belonging(events: Iterable[GradeEvent], answers: Iterable[tuple[str, str, str]]) -> Belonging:
    """Hold grades against a run's answers, each (suite, item, `sample_key`)."""
    keys, items = set(), set()
    for suite, item, key in answers:
        keys.add(key)
        items.add((suite, item))
    counts = {"answers": 0, "changed": 0, "elsewhere": 0}
    for event in events:
        of_item = "changed" if (event.suite, event.item) in items else "elsewhere"
        counts["answers" if event.sample in keys else of_item] += 1
    return Belonging(**counts)
