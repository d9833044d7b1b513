"""The file that a command was told to write."""

from __future__ import annotations

from pathlib import Path

from harness.errors import StorageError


def write_text(path: Path, text: str) -> None:
    """Write a file and the folders above it. Raises StorageError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise unwritable(path, error) from error


def unwritable(path: Path, error: BaseException | None) -> StorageError:
    """What to raise for a file that can't be written."""
    reason = getattr(error, "strerror", None) or error
    return StorageError(f"{path}: can't be written: {reason}. Name another file with --out.")
