"""The run folder: plain files from which every report can be made again.

    run.json                       who was asked, on what data, with what (the manifest)
    results.jsonl                  a line an item, appended when the item ends
    samples/CHECKPOINT/TASK.jsonl  a line a sample, appended as answers arrive

Only the controlling process writes `results.jsonl`; a sample file has one writer, the process that
runs its item. An item that ran twice (a restarted worker, `--eval-run-dir` used again)
counts with its last line.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any

from harness.errors import ConfigError
from harness.jsonl import append_rows, encode, read_json, read_whole_rows, storage_error
from harness.records import Grade, Reading, Response, Result, Sample, Verdict

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Item:
    """One (checkpoint, task) of a run as it ended.

    status: "measured" | "passed" | "failed" | "error" | "skipped" | "crashed", and "answered" where
    a shard only asked.
    asked, stored: samples answered by the engine now, and taken from the store.
    fingerprint: of the checkpoint's bytes (`harness.fingerprint`).
    """

    checkpoint: str
    task: str
    nodeid: str
    status: str
    message: str = ""
    seconds: float = 0.0
    worker: str = ""
    asked: int = 0
    stored: int = 0
    fingerprint: str = ""
    results: tuple[Result, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """A run folder as read. manifest: the content of run.json."""

    folder: Path
    manifest: Mapping[str, Any]
    items: tuple[Item, ...]

    @property
    def checkpoints(self) -> tuple[Mapping[str, Any], ...]:
        """The manifest's checkpoints, in the matrix's order."""
        return tuple(self.manifest["checkpoints"])

    @property
    def baseline(self) -> str | None:
        """Id of the checkpoint that relative scores are relative to."""
        return next((c["id"] for c in self.checkpoints if c["baseline"]), None)

    def result(self, checkpoint: str, task: str, metric: str) -> Result | None:
        """One measured result, or None where it was not measured."""
        for item in self.items:
            if (item.checkpoint, item.task) == (checkpoint, task):
                return next((r for r in item.results if r.metric == metric), None)
        return None

    def samples(self, checkpoint: str, task: str) -> list[dict[str, Any]]:
        """The item's sample rows, in the order of the data. Not to be changed: all share them."""
        path = sample_file(self.folder, checkpoint, task)
        return _RECENT.read(path) if path.exists() else []

    def has_samples(self, checkpoint: str, task: str) -> bool:
        """Whether the item left any."""
        path = sample_file(self.folder, checkpoint, task)
        return path.exists() and path.stat().st_size > 0

    def holds(self, checkpoint: str, task: str, *fields: str) -> bool:
        """Whether a row of the item may have one of the fields; no row is parsed for that.

        A field that only some runs have (`people`, `judge`) is looked for in all samples of a run.
        """
        path = sample_file(self.folder, checkpoint, task)
        if not path.exists():
            return False
        with _content(path) as content:
            return any(content.find(f'"{field}":'.encode()) >= 0 for field in fields)

    def details(self, checkpoint: str, task: str) -> dict[str, Any] | None:
        """What a task found besides figures (`harness.tasks`), or None where the item left none."""
        path = sample_file(self.folder, checkpoint, task).with_suffix(".json")
        return read_json(path, "Run the suite again.") if path.exists() else None


# Bytes of sample files whose rows are kept: a report asks for the same ones many times (of the
# embedded run 33 files 291 times, 5 of its 8 s). In memory rows take about four times that.
_KEPT = 64 << 20


class _Recent:
    """The rows of the files that were read last, each as it was at a time of change and size."""

    def __init__(self) -> None:
        self._rows: dict[tuple[Path, int, int], list[dict[str, Any]]] = {}

    def read(self, path: Path) -> list[dict[str, Any]]:
        stat = path.stat()
        key = path, stat.st_mtime_ns, stat.st_size
        rows = self._rows.pop(key, None)
        self._rows[key] = read_whole_rows(path) if rows is None else rows
        while len(self._rows) > 1 and sum(size for _, _, size in self._rows) > _KEPT:
            del self._rows[next(iter(self._rows))]
        return self._rows[key]


_RECENT = _Recent()


@contextmanager
def _content(path: Path) -> Iterator[mmap | bytes]:
    """What a file holds, to search it; an empty one can't be mapped."""
    with path.open("rb") as file:
        if path.stat().st_size == 0:
            yield b""
            return
        with mmap(file.fileno(), 0, access=ACCESS_READ) as content:
            yield content


def sample_file(folder: Path, checkpoint: str, task: str) -> Path:
    """Where the samples of one item lie."""
    return folder / "samples" / checkpoint / f"{task}.jsonl"


def sample_row(
    sample: Sample,
    response: Response,
    grade: Grade,
    reading: Reading | None = None,
    snapshot: str = "",
) -> dict[str, Any]:
    """One line of a sample file. reading: of the answer, where its tokens were asked for.

    snapshot: of the model that answered, where a server told.
    """
    return {
        "id": sample.id,
        "prompt": sample.asked,
        "response": response.text,
        "gold": list(sample.gold),
        "correct": grade.correct,
        "outcome": str(grade.outcome),
        "scores": dict(grade.scores),
        "author": grade.author,
        "reason": grade.reason,
        "stratum": sample.stratum,
        "cluster": sample.cluster,
        "finish": response.finish,
        "tokens": response.tokens,
        **({"snapshot": snapshot} if snapshot else {}),
        "logprobs": list(response.logprobs),
        "detail": {key: _plain(v) for key, v in {**sample.detail, **grade.detail}.items()},
        **({"figures": dict(grade.figures)} if grade.figures else {}),
        **({"unsure": True} if (grade.rule or grade).unsure else {}),
        **({"judge": dict(grade.judge)} if grade.judge else {}),
        **({"people": dict(grade.people)} if grade.people else {}),
        **({"rule": _rule(grade.rule)} if grade.rule else {}),
        **({"reading": _reading(reading)} if reading else {}),
    }


def _reading(reading: Reading) -> dict[str, Any]:
    return {"ends": list(reading.ends), "logprobs": [round(p, 3) for p in reading.logprobs]}


def _rule(grade: Grade) -> dict[str, Any]:
    """What the rule said of an answer that somebody else judged."""
    return {
        "correct": grade.correct,
        "outcome": str(grade.outcome),
        "scores": dict(grade.scores),
        "author": grade.author,
        "reason": grade.reason,
    }


def _plain(value: Any) -> Any:
    """A record inside a detail as what JSON can hold."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    return value


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write a JSON file whole or not at all. Raises StorageError."""
    # Its own for each process: workers may begin a run at the same time.
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(
            json.dumps(document, ensure_ascii=False, indent=1) + "\n",
            encoding="utf-8",
            errors="backslashreplace",
        )
        try:
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise storage_error(path, error) from error


def item_line(item: Item) -> str:
    """An item as one JSON line: what workers send to the controller, and results.jsonl holds."""
    return encode(dataclasses.asdict(item)).decode().rstrip("\n")


def append_item(folder: Path, item: Item) -> None:
    """Add one ended item to results.jsonl. Raises StorageError."""
    append_rows(folder / "results.jsonl", [dataclasses.asdict(item)])


def item_from_row(row: Mapping[str, Any]) -> Item:
    """The inverse of `item_line`, after json.loads."""
    results = tuple(
        Result(**{**result, "verdict": Verdict(result["verdict"])}) for result in row["results"]
    )
    return Item(**{**row, "results": results})


def read_run(folder: Path) -> Run:
    """Read a run folder. Raises ConfigError if it is none or was written by a newer schema."""
    path = folder / "run.json"
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{folder}: not a run folder ({path.name} can't be read: {error}). "
            "Name a folder that pytest wrote, such as reports/latest."
        ) from error
    schema = manifest.get("schema") if isinstance(manifest, dict) else None
    if schema != SCHEMA:
        raise ConfigError(f"{path}: schema {schema!r}, this version reads {SCHEMA}.")
    last: dict[tuple[str, str], Item] = {}
    for row in read_whole_rows(folder / "results.jsonl"):
        item = item_from_row(row)
        last[item.checkpoint, item.task] = item
    order = {c["id"]: place for place, c in enumerate(manifest["checkpoints"])}
    items = sorted(last.values(), key=lambda i: (order.get(i.checkpoint, len(order)), i.task))
    return Run(folder=folder, manifest=manifest, items=tuple(items))
