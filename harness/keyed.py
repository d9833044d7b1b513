"""Rows of an append-only JSON Lines file by their key, found without reading the file again.

A file is indexed once, by the bytes at which its lines begin, and afterwards only what was appended
since; a row is parsed when it is looked up. So a suite reads its own answers of a checkpoint, not
all of them, and the index of 100,000 rows takes 20 MB rather than the gigabyte of the rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

Row = dict[str, Any]


class KeyedFile(Mapping[str, Row]):
    """The rows of a file; the last of a key counts. A file that is not there has none.

    A half line, which a killed process left, is no row. start: the byte from which on it is read.
    field: the row's first, which holds the key.
    """

    def __init__(self, path: Path, start: int = 0, field: str = "key") -> None:
        self.path, self._start, self._field = path, start, field
        self._begin_of_row = f'{{"{field}": "'.encode()  # as `harness.jsonl.encode` writes it
        self._file: BinaryIO | None = None
        self._inode = self._read = 0
        self._places: dict[str, int] = {}
        self._parsed: tuple[str, Row] | None = None  # what was asked for is often taken next
        self.refresh()

    def refresh(self) -> None:
        """Take up what was appended since; all of it where the file is another one."""
        try:
            stat = self.path.stat()
        except (FileNotFoundError, NotADirectoryError):
            self._begin(0)
            return
        if stat.st_ino != self._inode or stat.st_size < self._read:
            self._begin(stat.st_ino)
        if stat.st_size > self._read:
            self._parsed = None
            self._index(self._opened())

    def _begin(self, inode: int) -> None:
        self.close()
        self._inode, self._read = inode, self._start
        self._places, self._parsed = {}, None

    def _index(self, file: BinaryIO) -> None:
        file.seek(self._read)
        for line in file:
            if not line.endswith(b"\n") and _row(line) is None:
                break  # half a line; it may be completed by whoever is writing it
            key = self._key(line)
            if key is not None:
                self._places[key] = self._read
            self._read += len(line)

    def _key(self, line: bytes) -> str | None:
        """The key of a line, without parsing what it holds besides; None for what is no row."""
        begin = self._begin_of_row
        if line.startswith(begin) and line.rstrip().endswith(b"}"):
            key = line[len(begin) : line.index(b'"', len(begin))]
            if b"\\" not in key:
                return key.decode()
        row = _row(line)
        return None if row is None else str(row[self._field])

    def line(self, key: str) -> bytes:
        """The row as it stands in the file, with its line end. Raises KeyError."""
        place, file = self._places[key], self._opened()
        file.seek(place)
        return file.readline().rstrip(b"\n") + b"\n"

    def __getitem__(self, key: str) -> Row:
        if self._parsed is None or self._parsed[0] != key:
            row = _row(self.line(key))
            if row is None:
                raise KeyError(key)
            self._parsed = key, row
        return self._parsed[1]

    def __contains__(self, key: object) -> bool:
        if key not in self._places:
            return False
        try:
            return self[str(key)] is not None
        except KeyError:  # half a line that looks like a whole one
            return False

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def _opened(self) -> BinaryIO:
        if self._file is None:
            self._file = self.path.open("rb")
        return self._file

    def close(self) -> None:
        """Give the file back until something is looked up again."""
        if self._file is not None:
            self._file.close()
        self._file = None


def _row(line: bytes) -> Row | None:
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) else None
