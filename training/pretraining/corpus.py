"""Reading of training text: JSONL rows with errors that name file and line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.errors import DataError
from harness.fingerprint import sha256_of
from harness.jsonl import read_texts

RAW_TASKS = ("raw_core", "raw_broad", "english_core", "english_broad")
CHAT_TASKS = ("closed_book", "reading", "sentiment", "general")
TASKS = RAW_TASKS + CHAT_TASKS


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


def read_corpus(folder: Path) -> Corpus:
    """Corpus in `folder` (raw.jsonl, chat.jsonl), rows sorted into tasks."""
    raw_path, chat_path = folder / "raw.jsonl", folder / "chat.jsonl"
    documents: dict[str, list[str]] = {task: [] for task in RAW_TASKS}
    for row in read_texts(raw_path, ("id", "language", "text")):
        documents[_raw_task(row["id"], row["language"])].append(row["text"])
    chats: dict[str, list[Chat]] = {task: [] for task in CHAT_TASKS}
    for row in read_texts(chat_path, ("task", "id", "prompt", "answer")):
        if row["task"] not in chats:
            known = ", ".join(CHAT_TASKS)
            raise DataError(
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
