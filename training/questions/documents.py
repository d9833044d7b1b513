"""Documents as teams have them: JSON Lines, CSV, or a folder of .txt and .md files.

JSON Lines, CSV    id, published, title, text (title may be missing)
a folder           id: the file's name; title: the first line, without "# "; published: a date
                   in the file's name (2025-10-01-spring.md), or a first line "published: DATE"
"""

from __future__ import annotations

import csv
import datetime
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.errors import ConfigError, DataError
from harness.jsonl import read_rows

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_PUBLISHED = re.compile(r"^\s*published\s*:\s*(\d{4}-\d{2}-\d{2})\s*$", re.IGNORECASE)
_JAPANESE = re.compile(r"[ぁ-んァ-ヺ]")
_LISTED = 10


@dataclass(frozen=True, slots=True)
class Document:
    """A dated text. place: where it was read. part: of a document that was split, its number."""

    id: str
    published: datetime.date | None
    title: str
    text: str
    place: str
    part: int = 0

    @property
    def language(self) -> str:
        """ "ja" where there are kana, else "en"."""
        return "ja" if _JAPANESE.search(self.title + self.text) else "en"

    @property
    def key(self) -> str:
        """Unlike that of any other document or part."""
        return f"{self.id}#{self.part}" if self.part else self.id

    @property
    def sha256(self) -> str:
        """Of title and text: the document's fingerprint."""
        return hashlib.sha256(f"{self.title}\n{self.text}".encode()).hexdigest()

    def row(self) -> dict[str, Any]:
        """As a row of a documents file."""
        published = self.published.isoformat() if self.published else None
        return {
            "id": self.id,
            "published": published,
            "title": self.title,
            "text": self.text,
            "sha256": self.sha256,
        }


def read_documents(path: Path) -> list[Document]:
    """All documents of a file or a folder.

    Raises DataError naming file and line for an empty text, a date that is none, or an id used
    twice, and for a source without documents.
    """
    if path.is_dir():
        files = sorted(f for f in path.rglob("*") if f.suffix in (".txt", ".md"))
        documents = [_from_file(path, file) for file in files]
    elif path.suffix == ".csv":
        documents = [_from_row(f"{path}:{number}", row) for number, row in _csv_rows(path)]
    else:
        documents = [_from_row(f"{path}:{number}", row) for number, row in read_rows(path)]
    if not documents:
        raise DataError(f"{path}: no documents in it (.jsonl, .csv, or a folder of .txt and .md).")
    seen: dict[str, str] = {}
    for document in documents:
        if document.id in seen:
            raise DataError(
                f"{document.place}: id {document.id!r} was used before, at {seen[document.id]}."
            )
        seen[document.id] = document.place
    return documents


def check_dates(documents: Sequence[Document], released: datetime.date, allow_old: bool) -> None:
    """Raise ConfigError listing documents that the model may have seen, or that have no date.

    A document counts as new if it was published after the day of the model's release.
    """
    old = [d for d in documents if d.published is None or d.published <= released]
    if not old or allow_old:
        return
    lines = [f"  {d.id}: {d.published or 'no date'}" for d in old[:_LISTED]]
    more = [f"  … and {len(old) - _LISTED} more"] if len(old) > _LISTED else []
    raise ConfigError(
        f"{len(old)} of {len(documents)} documents are not known to be newer than the model "
        f"(released {released}): it may have been trained on them.\n"
        + "\n".join(lines + more)
        + "\nTake them out or date them; or, if you know better, say --allow-old."
    )


def split_long(documents: Sequence[Document], longest: int, split: int | None) -> list[Document]:
    """Documents no longer than a model takes well; a longer one in parts if `split` says so.

    longest, split: characters. A part ends where a paragraph ends. Raises ConfigError listing what
    is too long.
    """
    limit = split or longest
    long = [d for d in documents if len(d.text) > limit]
    if long and split is None:
        lines = [f"  {d.id}: {len(d.text):,} characters" for d in long[:_LISTED]]
        raise ConfigError(
            f"{len(long)} documents are longer than {longest:,} characters; eight questions would "
            "not do them justice, and a model may not take them whole:\n"
            + "\n".join(lines)
            + "\nSay --split 4000 to ask about them part by part, or raise --longest."
        )
    return [part for document in documents for part in _parts(document, limit)]


def _parts(document: Document, limit: int) -> Iterator[Document]:
    if len(document.text) <= limit:
        yield document
        return
    number, held = 0, ""
    for paragraph in _paragraphs(document.text, limit):
        if held and len(held) + len(paragraph) > limit:
            number += 1
            yield replace(document, text=held.strip(), part=number)
            held = ""
        held += paragraph
    if held.strip():
        yield replace(document, text=held.strip(), part=number + 1)


def _paragraphs(text: str, limit: int) -> Iterator[str]:
    """Paragraphs, or sentences and pieces of those that are longer than the limit."""
    for paragraph in re.findall(r".+?(?:\n\s*\n|\Z)", text, re.DOTALL):
        if len(paragraph) <= limit:
            yield paragraph
            continue
        for sentence in re.findall(r".+?(?:[。．.!?！？\n]+|\Z)", paragraph, re.DOTALL):
            yield from (sentence[i : i + limit] for i in range(0, len(sentence), limit))


def _from_row(place: str, row: Mapping[str, Any]) -> Document:
    text, id = row.get("text"), row.get("id")
    if not isinstance(text, str) or not text.strip():
        raise DataError(f"{place}: 'text' is missing or empty. Found: {', '.join(map(str, row))}.")
    if id is None or not str(id).strip():
        raise DataError(f"{place}: 'id' is missing. Found: {', '.join(map(str, row))}.")
    return Document(
        str(id), _date(place, row.get("published")), str(row.get("title") or ""), text, place
    )


def _from_file(folder: Path, file: Path) -> Document:
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise DataError(f"{file}: not UTF-8 ({error.reason} at byte {error.start}).") from error
    except OSError as error:
        raise DataError(f"{file}: can't be read: {error.strerror}.") from error
    named = _DATE.search(file.name)
    published = named.group() if named else None
    if lines and (said := _PUBLISHED.match(lines[0])):
        published, lines = said[1], lines[1:]
    text = "\n".join(lines).strip()
    if not text:
        raise DataError(f"{file}: an empty document.")
    title, _, rest = text.partition("\n")
    id = file.relative_to(folder).with_suffix("").as_posix()
    body = rest.strip() or title
    return Document(id, _date(str(file), published), title.lstrip("# ").strip(), body, str(file))


def _date(place: str, value: Any) -> datetime.date | None:
    if value in (None, ""):
        return None
    try:
        return datetime.date.fromisoformat(str(value)[:10])
    except ValueError as error:
        raise DataError(f"{place}: published {value!r}: expected a date as 2025-10-01.") from error


def _csv_rows(path: Path) -> Iterable[tuple[int, Mapping[str, Any]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            for row in reader:
                if None in row:
                    raise DataError(
                        f"{path}:{reader.line_num}: more fields than the first line has. A text "
                        "with a comma in it must stand in quotes."
                    )
                yield reader.line_num, row
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 ({error.reason} at byte {error.start}).") from error
    except csv.Error as error:
        raise DataError(f"{path}: not valid CSV: {error}.") from error
    except OSError as error:
        raise DataError(f"{path}: can't be read: {error.strerror}.") from error
