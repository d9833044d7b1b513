"""Texts with a label: known members, known non-members, and documents that are asked about.

Either JSON Lines in WikiMIA's form, `input` (or `text`) with `label` 1 for members, 0 for others
and none for documents that are asked about; or a TOML index of such files, each with one label:

    [[texts]]
    path = "documents_old.jsonl"   # from this file
    language = "ja"
    label = "member"               # "member" | "non-member" | "asked" | "frequencies"
    fields = ["title", "text"]     # joined by a line end; without it `text` or `input`

Rows may also have `id`, `document` (what texts share that makes them dependent), `language` and
`published` (or `date`). "frequencies" are texts that token frequencies are counted in (DC-PDD).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import ConfigError, DataError
from harness.jsonl import read_rows, text_field
from harness.tasks import given
from harness.toml import one_of, read_toml, refuse_unknown, value

MEMBER, OTHER, ASKED, FREQUENCIES = "member", "non-member", "asked", "frequencies"
_LABELS = (MEMBER, OTHER, ASKED, FREQUENCIES)
_NUMBERED: Mapping[Any, str] = {1: MEMBER, 0: OTHER, None: ASKED}
_FIELDS = ("text", "input")
_KEYS = ("path", "language", "label", "fields")
_KANA = re.compile("[\u3041-\u30ff]")


@dataclass(frozen=True, slots=True)
class Text:
    """One text. place: file and line. published: as the row says it, "" for unknown."""

    id: str
    text: str
    language: str
    label: str
    document: str
    published: str
    title: str
    place: str


def load_texts(path: Path) -> list[Text]:
    """All texts of a JSON Lines file or an index. Raises DataError and ConfigError."""
    if path.suffix != ".toml":
        return _distinct(list(_rows(path, path.parent, {})))
    content = read_toml(path, "index of texts", "--eval-data TASK=PATH")
    refuse_unknown(path, "top level", content, ("texts",))
    entries = content.get("texts")
    if not isinstance(entries, list) or not entries:
        raise DataError(f"{path}: no [[texts]] in it: each names a file and what its texts are.")
    texts: list[Text] = []
    for number, entry in enumerate(entries, 1):
        texts += _rows(_checked(path, f"[[texts]] {number}", entry), path.parent, entry)
    return _distinct(texts)


def _checked(path: Path, where: str, entry: Any) -> Path:
    """The file that an index entry names. Raises DataError and ConfigError for a faulty entry."""
    if not isinstance(entry, dict):
        raise ConfigError(f"{path}: {where}: {entry!r}: expected a table with a path and a label.")
    refuse_unknown(path, where, entry, _KEYS)
    value(path, where, entry, "language", str, None)
    label = value(path, where, entry, "label", str, None)
    if label is not None:
        one_of(path, where, "label", label, _LABELS)
    fields = value(path, where, entry, "fields", list, list(_FIELDS))
    if not fields or not all(isinstance(name, str) for name in fields):
        raise ConfigError(
            f'{path}: {where}: fields = {fields!r}: expected names of fields, as ["title", "text"].'
        )
    place = path.parent / Path(value(path, where, entry, "path", str, ...)).expanduser()
    if not place.is_file():
        raise DataError(f"{path}: {where}: {place}: no such file. A path starts at the index.")
    return place


def _distinct(texts: Sequence[Text]) -> list[Text]:
    """The texts, none of whose ids is used twice; those that are only counted have no use for one.

    Raises DataError.
    """
    places: dict[str, str] = {}
    labels: dict[tuple[str, str], Text] = {}
    for text in texts:
        if text.label == FREQUENCIES:
            continue
        if text.id in places:
            raise DataError(
                f"{text.place}: id {text.id!r} was used before, at {places[text.id]}. Ids must be "
                "unique over all files: texts are named by them (without one by file and line)."
            )
        places[text.id] = text.place
        before = labels.setdefault((text.language, text.text), text)
        if {before.label, text.label} == {MEMBER, OTHER}:
            raise DataError(
                f"{text.place}: the same text is a {before.label} at {before.place} and a "
                f"{text.label} here. It can't be both."
            )
    return list(texts)


def _rows(path: Path, root: Path, entry: Mapping[str, Any]) -> Iterator[Text]:
    """The texts of one file. Of an index entry with a language, rows in another are left out.

    A row without an id goes by its line and its file as seen from `root`, the index's folder: two
    folders may have files of one name.
    """
    name = path.with_suffix("")
    name = (
        name.relative_to(root) if name.is_relative_to(root) else Path(name.parent.name, name.name)
    )
    found = False
    others: dict[str, None] = {}
    for number, row in read_rows(path):
        place = f"{path}:{number}"
        fields = entry.get("fields") or [next((f for f in _FIELDS if row.get(f)), _FIELDS[0])]
        text = "\n".join(text_field(path, number, row, str(field)) for field in fields)
        language = str(row.get("language") or entry.get("language") or guessed(text))
        if entry.get("language") not in (None, language):
            others[language] = None
            continue
        found = True
        id = given(row, "id", f"{name.as_posix()}-{number}")
        yield Text(
            id=id,
            text=text,
            language=language,
            label=str(entry.get("label") or _label(place, row)),
            document=given(row, "document", id),
            published=str(row.get("published") or row.get("date") or ""),
            title=str(row.get("title") or ""),
            place=place,
        )
    if not found:
        told = f" of language {entry.get('language')!r}; of others: {', '.join(others)}"
        raise DataError(f"{path}: no text in it{told if others else ''}.")


def _label(place: str, row: Mapping[str, Any]) -> str:
    label = row.get("label")
    if label in _LABELS:
        return str(label)
    # true is 1 to Python, and a list is no key to look for.
    if (
        not isinstance(label, int | float | None)
        or isinstance(label, bool)
        or label not in _NUMBERED
    ):
        raise DataError(
            f"{place}: label {label!r}: expected 1 (member), 0 (non-member), or none for a text "
            "that is asked about."
        )
    return _NUMBERED[label]


def guessed(text: str) -> str:
    """ "ja" for a text with kana, otherwise "en": for rows that don't say their language."""
    return "ja" if _KANA.search(text) else "en"
