"""Reading of training text: JSONL rows with errors that name file and line."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RAW_TASKS = ("raw_core", "raw_broad", "english_core", "english_broad")
CHAT_TASKS = ("closed_book", "reading", "sentiment", "general")
TASKS = RAW_TASKS + CHAT_TASKS


class InputError(Exception):
    """Something the user gave is missing or malformed; the message stands alone."""


@dataclass(frozen=True, slots=True)
class Chat:
    """One question and its answer, without any chat template."""

    prompt: str
    answer: str


@dataclass(frozen=True, slots=True)
class Corpus:
    """Pre-training text by task: documents for RAW_TASKS, chats for CHAT_TASKS."""

    documents: dict[str, list[str]]
    chats: dict[str, list[Chat]]
    sha256: str


def read_jsonl(path: Path, fields: Sequence[str]) -> list[dict[str, Any]]:
    """Rows of a JSONL file, each an object with non-empty text in all `fields`.

    Raises InputError with `file:line` for a missing file or a broken row.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    rows: list[dict[str, Any]] = []
    with path.open(encoding="utf-8") as stream:
        try:
            for number, line in enumerate(stream, start=1):
                if line.strip():
                    rows.append(_row(line, f"{path}:{number}", fields))
        except UnicodeDecodeError as error:
            raise InputError(f"{path}: not UTF-8: {error.reason}") from error
    if not rows:
        raise InputError(f"{path}: no rows")
    return rows


def _row(line: str, place: str, fields: Sequence[str]) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise InputError(f"{place}: not JSON: {error.msg} (column {error.colno})") from error
    if not isinstance(row, dict):
        raise InputError(f"{place}: expected an object, found {type(row).__name__}")
    for field in fields:
        value = row.get(field)
        if not isinstance(value, str) or not value.strip():
            raise InputError(f"{place}: field {field!r} is missing, empty or not text")
    return row


def read_corpus(folder: Path) -> Corpus:
    """Corpus in `folder` (raw.jsonl, chat.jsonl), rows sorted into tasks."""
    raw_path, chat_path = folder / "raw.jsonl", folder / "chat.jsonl"
    documents: dict[str, list[str]] = {task: [] for task in RAW_TASKS}
    for row in read_jsonl(raw_path, ("id", "language", "text")):
        documents[_raw_task(row["id"], row["language"])].append(row["text"])
    chats: dict[str, list[Chat]] = {task: [] for task in CHAT_TASKS}
    for row in read_jsonl(chat_path, ("task", "id", "prompt", "answer")):
        if row["task"] not in chats:
            known = ", ".join(CHAT_TASKS)
            raise InputError(
                f"{chat_path}: row {row['id']}: unknown task {row['task']!r} (known: {known})"
            )
        chats[row["task"]].append(Chat(row["prompt"], row["answer"]))
    return Corpus(documents, chats, sha256_of([raw_path, chat_path]))


def limited(corpus: Corpus, limits: Mapping[str, int]) -> Corpus:
    """The corpus with at most the first `limits[task]` texts of each task named."""
    documents = {task: texts[: limits.get(task)] for task, texts in corpus.documents.items()}
    chats = {task: rows[: limits.get(task)] for task, rows in corpus.chats.items()}
    return Corpus(documents, chats, corpus.sha256)


def _raw_task(row_id: str, language: str) -> str:
    part = "broad" if row_id.startswith("broad") else "core"
    return f"english_{part}" if language == "en" else f"raw_{part}"


def sha256_of(paths: Iterable[Path]) -> str:
    """SHA-256 (hex) of the files' bytes one after another, in the order given."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
