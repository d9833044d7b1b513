"""Reading JSON, reading and appending JSON Lines. Errors name the file and the line."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.errors import DataError, StorageError


def read_rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line number from 1, object) for each line that is not blank.

    Raises DataError for a file that is missing, not UTF-8, or has a line that is no JSON object.
    """
    try:
        with path.open(encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield number, _object(path, number, line)
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 ({error.reason} at byte {error.start}).") from error
    except OSError as error:
        raise DataError(f"{path}: can't be read: {error.strerror}.") from error


def read_json(path: Path, expected: str) -> Any:
    """What a file of one JSON document holds. expected: a sentence on what it should be.

    Raises DataError for a file that is missing, not UTF-8 or no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise DataError(f"{path}: can't be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 ({error.reason} at byte {error.start}).") from error
    except json.JSONDecodeError as error:
        raise DataError(
            f"{path}:{error.lineno}: not valid JSON ({error.msg} at column {error.colno}). "
            f"{expected}"
        ) from error
    except RecursionError as error:
        raise DataError(f"{path}: not valid JSON (nested too deep). {expected}") from error


def _object(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise DataError(
            f"{path}:{number}: not valid JSON ({error.msg} at column {error.colno}). "
            "Each line must be one JSON object."
        ) from error
    if not isinstance(row, dict):
        raise DataError(f"{path}:{number}: expected a JSON object, found {type(row).__name__}.")
    return row


def text_field(path: Path, number: int, row: Mapping[str, Any], key: str) -> str:
    """A row's string that must be there and not be blank. Raises DataError."""
    value = row.get(key)
    if value is None:
        raise DataError(
            f"{path}:{number}: {key!r} is missing. Found: {', '.join(row) or 'nothing'}."
        )
    if not isinstance(value, str) or not value.strip():
        raise DataError(f"{path}:{number}: {key!r} must be a text, found {value!r}.")
    return value


def read_texts(path: Path, fields: Sequence[str]) -> list[dict[str, Any]]:
    """All rows of a file, each with a text that is not blank in every one of `fields`.

    Raises DataError, also for a file without rows.
    """
    rows = []
    for number, row in read_rows(path):
        for field in fields:
            text_field(path, number, row, field)
        rows.append(row)
    if not rows:
        raise DataError(f"{path}: no rows in it.")
    return rows


def read_whole_rows(path: Path, start: int = 0) -> list[dict[str, Any]]:
    """Rows of a file that a killed process may have left with half a line at its end.

    A line that is not JSON is passed over: it is an append that did not finish. start: the byte
    from which on they are read.
    """
    if not path.exists():
        return []
    with path.open("rb") as file:
        file.seek(start)
        return whole_rows(file.read())


def whole_rows(content: bytes) -> list[dict[str, Any]]:
    """As `read_whole_rows`, of a part of such a file."""
    rows = []
    for line in content.split(b"\n"):
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict):
            rows.append(row)
    return rows


@contextmanager
def many_rows() -> Iterator[None]:
    """While rows are read by the ten thousand, the collector of cycles looks at them less often.

    There are no cycles in what JSON says, and looking for them took a third of a report's time.
    """
    before = gc.get_threshold()
    gc.set_threshold(100_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def encode(row: dict[str, Any]) -> bytes:
    """One row as a line. Lone surrogates, which models do emit, are escaped rather than refused."""
    text = json.dumps(row, ensure_ascii=False, separators=(", ", ": "))
    try:
        return text.encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(row, ensure_ascii=True).encode() + b"\n"


def append_rows(path: Path, rows: list[dict[str, Any]]) -> None:
    """Append rows in one write, mending a half line that a killed process left.

    Raises StorageError with the operating system's reason (disk full, read-only folder ...).
    """
    append_lines(path, [encode(row) for row in rows])


def append_lines(path: Path, lines: Sequence[bytes]) -> None:
    """As `append_rows`, of rows that are encoded, each with its line end."""
    if not lines:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab+") as file:
            lock(file)
            if file.seek(0, 2) and file.seek(-1, 2) >= 0 and file.read(1) != b"\n":
                file.write(b"\n")
            file.write(b"".join(lines))
    except OSError as error:
        raise storage_error(path, error) from error


def storage_error(path: Path, error: OSError) -> StorageError:
    """The one message for anything that can't be written."""
    return StorageError(
        f"{path}: can't be written: {error.strerror or error}. What was measured before is kept; "
        "free space or choose another folder with --eval-run-dir, then run the same command again."
    )


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Within it no other process is within it for the same path, a file of locks alone.

    Raises StorageError.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("ab")
    except OSError as error:
        raise storage_error(path, error) from error
    with file:
        lock(file)
        yield


def lock(file: Any) -> None:
    """Keep two processes from interleaving appends; released when the file is closed."""
    try:
        import fcntl
    except ImportError:  # Windows: appends are still whole lines, one writer at a time is assumed
        return
    fcntl.flock(file, fcntl.LOCK_EX)
