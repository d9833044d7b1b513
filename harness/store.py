"""What was already answered is not asked again: responses on disk, keyed by content.

One JSON Lines file for each weights fingerprint (`harness.fingerprint`), one line a response, keyed
by everything in the request that an answer depends on. Responses are appended as batches end, so a
killed run loses at most the batch in flight. Errors are never stored.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.jsonl import alone, append_rows
from harness.keyed import KeyedFile
from harness.records import Certainty, Reading, Request, Response, Usage
from harness.records.response import BROKEN, UNTAKEN

# Raised when the way an engine turns a request into tokens changes: older answers then no longer
# count as answers to the same request.
RENDERING = 1

# Fields that requests did not always have. Left out of the key at these values, so that answers
# stored before they were there stay valid.
_LATER = {
    "temperature": 0.0,
    "draw": 0,
    "per_token": "",
    "window": 0,
    "schema": "",
    "joint": False,
}


def request_key(request: Request) -> str:
    """Hash of everything in a request that its answer depends on."""
    fields = {
        name: value
        for name, value in _shallow(request).items()
        if name not in _LATER or value != _LATER[name]
    }
    content = json.dumps([RENDERING, fields], ensure_ascii=True, sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:32]


_KEPT = 4  # files whose index is remembered: a checkpoint's and its baseline's, a judge's


class Stored(Mapping[str, Response]):
    """The responses of one file, each read when it is looked up."""

    def __init__(self, rows: KeyedFile) -> None:
        self._rows = rows

    def __getitem__(self, key: str) -> Response:
        return _response(self._rows[key])

    def __contains__(self, key: object) -> bool:
        return key in self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


class Store:
    """Responses of earlier runs. `fresh` looks none up, and adds what is answered anew.

    behind: a store that is looked up as well, and to which nothing is added.
    """

    def __init__(self, folder: Path, fresh: bool = False, behind: Store | None = None) -> None:
        self.folder = folder
        self.fresh = fresh
        self._behind = behind
        self._starts: Mapping[str, int] = {}  # bytes of each file that are not looked up
        self._files: dict[str, KeyedFile] = {}

    def since_now(self) -> Store:
        """A store that looks up what is answered from now on, if this one is fresh.

        For what a run may ask several times of one checkpoint, as gates do of their baseline.
        """
        if not self.fresh:
            return self
        later = Store(self.folder)
        later._starts = {file.name: file.stat().st_size for file in self.folder.glob("*.jsonl")}
        return later

    def load(self, fingerprint: str) -> Mapping[str, Response]:
        """All responses of these weights, by request key; the last of a key counts."""
        if self.fresh:
            return {}
        own = Stored(self._rows(fingerprint))
        return ChainMap(own, self._behind.load(fingerprint)) if self._behind else own  # type: ignore[arg-type]

    def keys(self, fingerprint: str) -> set[str]:
        """Of all responses of these weights."""
        if self.fresh:
            return set()
        own = set(self._rows(fingerprint))
        return own | self._behind.keys(fingerprint) if self._behind else own

    def _rows(self, fingerprint: str) -> KeyedFile:
        path = self._file(fingerprint)
        rows = self._files.pop(fingerprint, None)
        if rows is None:
            rows = KeyedFile(path, self._starts.get(path.name, 0))
        else:
            rows.refresh()
        self._files[fingerprint] = rows
        if len(self._files) > _KEPT:
            self._files.pop(next(iter(self._files))).close()
        return rows

    def add(self, fingerprint: str, answers: Iterable[tuple[Request, Response]]) -> None:
        """Append responses, but for what is no answer of a server. Raises StorageError."""
        rows = [
            {"key": request_key(request), **_fields(response)}
            for request, response in answers
            if response.finish not in (UNTAKEN, BROKEN)
        ]
        append_rows(self._file(fingerprint), rows)

    @contextmanager
    def turn(self, fingerprint: str, task: str) -> Iterator[bool]:
        """Wait while another process asks the same task of this model, a baseline or a judge.

        Gives True: it may have stored what is wanted, so that whoever waited looks again and pays
        for none of it. By task, so that other suites go on. Raises StorageError.
        """
        name = hashlib.sha256(f"{fingerprint} {task}".encode()).hexdigest()[:32]
        with alone(self.folder / "turns" / name):
            yield True

    def _file(self, fingerprint: str) -> Path:
        return self.folder / f"{fingerprint}.jsonl"


def _fields(response: Response) -> dict[str, Any]:
    fields = _shallow(response)
    for name in ("reading", "usage", "certainty"):
        part = fields.pop(name)
        if part is not None:
            fields[name] = _shallow(part)
    for name in ("greedy", "cut"):  # told of joint requests only
        if not fields[name]:
            del fields[name]
    return fields


def _shallow(record: Request | Response | Reading | Usage | Certainty) -> dict[str, Any]:
    """The fields of a record as they are: `asdict` copies tuples number by number."""
    return {field.name: getattr(record, field.name) for field in dataclasses.fields(record)}


def _response(row: Mapping[str, Any]) -> Response:
    """The inverse of `_fields`."""
    reading, usage, certainty = (row.get(part) for part in ("reading", "usage", "certainty"))
    return Response(
        text=row["text"],
        finish=row["finish"],
        tokens=row["tokens"],
        logprobs=tuple(row["logprobs"]),
        reading=reading and Reading(**_tuples(reading)),
        usage=usage and Usage(**usage),
        greedy=tuple(row.get("greedy", ())),
        cut=row.get("cut", 0),
        certainty=certainty and Certainty(**_tuples(certainty)),
    )


def _tuples(columns: Mapping[str, list[Any]]) -> dict[str, tuple[Any, ...]]:
    return {name: tuple(values) for name, values in columns.items()}
