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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import DataError
from harness.jsonl import read_rows, text_field
from harness.toml import one_of, read_toml, refuse_unknown, value

MEMBER, OTHER, ASKED, FREQUENCIES = "member", "non-member", "asked", "frequencies"
_LABELS = (MEMBER, OTHER, ASKED, FREQUENCIES)
_NUMBERED = {1: MEMBER, 0: OTHER, None: ASKED}
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
        return list(_rows(path, {}))
    content = read_toml(path, "index of texts", "--eval-data TASK=PATH")
    refuse_unknown(path, "top level", content, ("texts",))
    entries = content.get("texts")
    if not isinstance(entries, list) or not entries:
        raise DataError(f"{path}: no [[texts]] in it: each names a file and what its texts are.")
    texts: list[Text] = []
    for number, entry in enumerate(entries, 1):
        where = f"[[texts]] {number}"
        refuse_unknown(path, where, entry, _KEYS)
        place = path.parent / Path(value(path, where, entry, "path", str, ...)).expanduser()
        label = value(path, where, entry, "label", str, None)
        if label is not None:
            one_of(path, where, "label", label, _LABELS)
        texts += _rows(place, entry)
    return texts


def _rows(path: Path, entry: Mapping[str, Any]) -> Iterator[Text]:
    """The texts of one file. Of an index entry with a language, rows in another are left out."""
    found = False
    for number, row in read_rows(path):
        place = f"{path}:{number}"
        names = entry.get("fields") or [next((f for f in _FIELDS if row.get(f)), _FIELDS[0])]
        text = "\n".join(text_field(path, number, row, str(name)) for name in names)
        language = str(row.get("language") or entry.get("language") or guessed(text))
        if entry.get("language") not in (None, language):
            continue
        found = True
        id = str(row.get("id") or f"{path.stem}-{number}")
        yield Text(
            id=id,
            text=text,
            language=language,
            label=str(entry.get("label") or _label(place, row)),
            document=str(row.get("document") or id),
            published=str(row.get("published") or row.get("date") or ""),
            title=str(row.get("title") or ""),
            place=place,
        )
    if not found:
        raise DataError(f"{path}: no text of language {entry.get('language', 'any')!r} in it.")


def _label(place: str, row: Mapping[str, Any]) -> str:
    label = row.get("label")
    if label in _LABELS:
        return str(label)
    if isinstance(label, bool) or label not in _NUMBERED:
        raise DataError(
            f"{place}: label {label!r}: expected 1 (member), 0 (non-member), or none for a text "
            "that is asked about."
        )
    return _NUMBERED[label]


def guessed(text: str) -> str:
    """ "ja" for a text with kana, otherwise "en": for rows that don't say their language."""
    return "ja" if _KANA.search(text) else "en"
