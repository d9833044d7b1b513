"""Files of grades: read, and appended so that what was acknowledged is on the disk.

    reports/grades/AUTHOR.jsonl   an event a line (`events`), only ever added to

A writer that was killed leaves at most half a line at the end of a file. Nobody was told that it
was kept, so reading passes over it and the next append takes it away.
"""

from __future__ import annotations

import errno
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from harness.errors import DataError, StorageError
from harness.jsonl import encode, lock
from harness.review.authors import slug
from harness.review.events import GradeEvent, event_from_row, event_row, parse_json

_BOM = b"\xef\xbb\xbf"
_ID = re.compile(rb'"event"\s*:\s*"([0-9a-f]{32})"')
_MARKS = (b"<<<<<<<", b"=======", b">>>>>>>", b"|||||||")
_ROW = "Each line must be one grade as a JSON object: mend the line or delete it."
_MERGE = (
    "a mark that a git merge left. Keep the grades of both sides and delete the marks; "
    "'reports/grades/*.jsonl merge=union' in .gitattributes lets git do so."
)


@dataclass(frozen=True, slots=True)
class Appended:
    """What an append came to.

    accepted: ids of all events, those that were there already included. written: how many new ones
    went into which file.
    """

    accepted: tuple[str, ...]
    written: Mapping[Path, int]


def grade_file(folder: Path, author: str) -> Path:
    """Where an author's grades lie."""
    return folder / f"{slug(author)}.jsonl"


def read_grades(folder: Path, sizes: Mapping[str, int] | None = None) -> list[GradeEvent]:
    """All events of a folder of grades, each once; none where there is no such folder.

    sizes: what `grade_sizes` said at some moment, for the events that were there then. Raises
    DataError for a line that is no event, and for two events of one id.
    """
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder}: a file, expected a folder of grades.")
    ends = {path: None if sizes is None else sizes.get(path.name, 0) for path in _files(folder)}
    return list(_once(p for path, end in ends.items() for p in _events(path, torn=True, end=end)))


def grade_sizes(folder: Path) -> dict[str, int]:
    """How many bytes each file of a folder of grades has by now: files only grow."""
    return {path.name: path.stat().st_size for path in _files(folder)}


def read_events(path: Path) -> list[GradeEvent]:
    """The events of one file that somebody hands over, each once; here half a line is an error.

    Raises DataError, also for a file without any.
    """
    events = list(_once(_events(path, torn=False)))
    if not events:
        raise DataError(f"{path}: no grades in it.")
    return events


def append(folder: Path, events: Sequence[GradeEvent]) -> Appended:
    """Add events to their authors' files: all of them or none, on the disk when this returns.

    An event whose id is there already is accepted again and not written twice. Only a kill between
    two authors' files can leave a part; the same call then adds the rest. Raises DataError for an
    id that is there with another content, StorageError where a file can't be written.
    """
    given = {e.event: e for e in _once((f"grade {n}", e) for n, e in enumerate(events, 1))}
    paths = sorted({grade_file(folder, event.author) for event in given.values()})
    _new(folder, given)  # before files are made
    place = folder
    try:
        _make_folder(folder)
        with ExitStack() as stack:
            # In the order of their names, or two writers could wait for each other.
            files = {path: stack.enter_context(_locked(path)) for path in paths}
            new = _new(folder, given)
            lines = {
                path: [encode(event_row(e)) for e in new if grade_file(folder, e.author) == path]
                for path in paths
            }
            sizes = {file: _mend(file) for file in files.values()}
            try:
                for place, file in files.items():
                    _write(file, b"".join(lines[place]))
            except OSError:
                for file, size in sizes.items():
                    with suppress(OSError):
                        file.truncate(size)
                raise
            if any(size == 0 for size in sizes.values()):
                _sync_folder(folder)
    except OSError as error:
        raise StorageError(
            f"{error.filename or place}: can't be written: {error.strerror or error}. None of "
            "these grades was kept; free space or choose another folder, then send them again."
        ) from error
    return Appended(tuple(given), {path: len(rows) for path, rows in lines.items() if rows})


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.jsonl"))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: can't be read: {error.strerror}.") from error


def _events(path: Path, torn: bool, end: int | None = None) -> Iterator[tuple[str, GradeEvent]]:
    """Yield (file:line, event). torn: whether half a line at the end is passed over. end: bytes."""
    lines = _read(path)[:end].removeprefix(_BOM).split(b"\n")
    if torn and not _is_object(lines[-1]):
        lines.pop()
    for number, line in enumerate(lines, 1):
        where = f"{path}:{number}"
        if line.startswith(_MARKS):
            raise DataError(f"{where}: {_MERGE}")
        if line.strip():
            yield where, event_from_row(parse_json(line, where, _ROW), where)


def _is_object(line: bytes) -> bool:
    """Whether a line is whole: no beginning of a JSON object is one."""
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _once(found: Iterable[tuple[str, GradeEvent]]) -> Iterator[GradeEvent]:
    """Each event once: a merge may leave a line twice. Raises DataError if an id is of two."""
    seen: dict[str, tuple[str, GradeEvent]] = {}
    for where, event in found:
        first, same = seen.setdefault(event.event, (where, event))
        if same != event:
            raise DataError(
                f"{where}: event {event.event} says something else than at {first}. Events are "
                "never changed: delete one of the two lines, or give one another id."
            )
        if first == where:
            yield event


def _new(folder: Path, given: Mapping[str, GradeEvent]) -> list[GradeEvent]:
    """Which of the given events are in none of the files. Raises DataError as `append`.

    Looks for the ids alone, since grading asks for it at every key that is pressed.
    """
    known = set()
    wanted = {identifier.encode() for identifier in given}
    for path in _files(folder):
        content = _read(path)
        if wanted.isdisjoint(_ID.findall(content)):
            continue
        for match in _ID.finditer(content):
            identifier = match[1].decode()
            if identifier not in given:
                continue
            begin, end = content.rfind(b"\n", 0, match.start()), content.find(b"\n", match.end())
            line = content[begin + 1 : end if end >= 0 else len(content)]
            if not _is_object(line):
                continue  # half a line, which is no event
            if json.loads(line) != event_row(given[identifier]):
                raise DataError(
                    f"event {identifier} is in {path} with another content: the file was edited "
                    "after it was saved. Save it again from the page, or delete that line."
                )
            known.add(identifier)
    return [event for identifier, event in given.items() if identifier not in known]


def _make_folder(folder: Path) -> None:
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for path in missing:
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Bring the names of new files to the disk; Windows does so itself."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network file systems
            raise
    finally:
        os.close(descriptor)


@contextmanager
def _locked(path: Path) -> Iterator[FileIO]:
    """A file to append to, unbuffered, which nobody else appends to until it is closed."""
    with path.open("ab+", buffering=0) as file:
        lock(file)
        yield file


def _mend(file: FileIO) -> int:
    """End the file in a whole line, or nothing; returns its length in bytes."""
    file.seek(0)
    content = file.readall()
    begin = content.rfind(b"\n") + 1
    if begin == len(content):
        return begin
    if _is_object(content[begin:].removeprefix(_BOM)):  # an editor saved it without a line's end
        _write(file, b"\n")
        return len(content) + 1
    file.truncate(begin)
    return begin


def _write(file: FileIO, content: bytes) -> None:
    """Append all of it and wait for the disk."""
    left = memoryview(content)
    while left:
        left = left[file.write(left) or 0 :]
    # Also where nothing is new: whoever wrote it may have been killed before it was on the disk.
    os.fsync(file.fileno())
