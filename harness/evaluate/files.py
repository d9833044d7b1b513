"""An item's sample file, from its first row to the finished file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.jsonl import append_rows, storage_error


def start_file(path: Path) -> None:
    """Begin an item's files anew: its rows are graded again from the store."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
        path.with_suffix(".json").unlink(missing_ok=True)
    except OSError as error:
        raise storage_error(path, error) from error


def settle_file(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Put the finished file into the order of the data, so that equal runs give equal files."""
    partial = path.with_name(path.name + ".partial")
    try:
        partial.unlink(missing_ok=True)
        append_rows(partial, list(rows))
        os.replace(partial, path)
    except OSError as error:
        raise storage_error(path, error) from error
