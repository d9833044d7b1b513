"""The documents that are searched: JSON Lines with `id`, `text` and, if there is one, `title`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import DataError
from harness.jsonl import read_rows, text_field


@dataclass(frozen=True, slots=True)
class Document:
    """A text that passages are taken from. title: "" for none."""

    id: str
    title: str
    text: str


def read_documents(path: Path) -> tuple[Document, ...]:
    """All documents of a file, in its order. Other fields of a row are passed over.

    Raises DataError naming file and line, also where an id is used twice and for an empty file.
    """
    lines: dict[str, int] = {}
    documents = []
    for number, row in read_rows(path):
        id = _id(path, number, row)
        if id in lines:
            raise DataError(
                f"{path}:{number}: id {id!r} was used before, on line {lines[id]}. Questions name "
                "their document by its id: it must be one document's."
            )
        title = row.get("title") or ""
        if not isinstance(title, str):
            raise DataError(f"{path}:{number}: 'title' must be a text, found {title!r}.")
        lines[id] = number
        documents.append(Document(id, title, text_field(path, number, row, "text")))
    if not documents:
        raise DataError(f"{path}: no documents in it.")
    return tuple(documents)


def _id(path: Path, number: int, row: Mapping[str, Any]) -> str:
    """A row's id: a text, or a whole number (0 is one as any other)."""
    given = row.get("id")
    if isinstance(given, int) and not isinstance(given, bool):
        return str(given)
    return text_field(path, number, row, "id")
