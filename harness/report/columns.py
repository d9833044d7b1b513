"""Records that are alike, written as columns: each name once, and each value that repeats once.

A hundred checkpoints on ten suites have ten thousand results; said one by one they repeat their
field names and what they were measured under, and are six megabytes instead of one. Nothing is
lost: `assets/columns.js` and `spread` are the inverse.

    {"§table": [names], "of": [column, ...]}      a list of records with these fields
    {"§map": [keys], "of": [records]}             records by name
    {"§pool": [values], "at": [places]}           a column whose values repeat
    {"§plain": [[key, value], ...]}               a record of which a key begins with our mark
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

_MARK = "§"
_FEW = 4  # records that are not worth a table
_LONG = 4  # characters of a value below which its place is no shorter


def gathered(value: Any) -> Any:
    """The same value with columns where its lists and maps hold records that are alike."""
    if isinstance(value, dict):
        if any(str(key).startswith(_MARK) for key in value):
            return {f"{_MARK}plain": [[key, gathered(entry)] for key, entry in value.items()]}
        if _alike(list(value.values())):
            return {f"{_MARK}map": list(value), "of": gathered(list(value.values()))}
        return {key: gathered(entry) for key, entry in value.items()}
    if not isinstance(value, list):
        return value
    if not _alike(value):
        return [gathered(entry) for entry in value]
    names = list(value[0])
    return {f"{_MARK}table": names, "of": [_column([r[name] for r in value]) for name in names]}


def _alike(records: Sequence[Any]) -> bool:
    """Whether all are records with the same fields, and enough of them."""
    if len(records) < _FEW or not isinstance(records[0], dict) or not records[0]:
        return False
    names = list(records[0])
    return not any(str(name).startswith(_MARK) for name in names) and all(
        isinstance(record, dict) and list(record) == names for record in records
    )


def _column(values: list[Any]) -> Any:
    texts = [json.dumps(value, ensure_ascii=False) for value in values]
    places: dict[str, int] = {}
    for text in texts:
        places.setdefault(text, len(places))
    if sum(map(len, texts)) <= sum(map(len, places)) + _LONG * len(texts):
        return gathered(values)
    distinct = [json.loads(text) for text in places]
    return {f"{_MARK}pool": gathered(distinct), "at": [places[text] for text in texts]}


def spread(value: Any) -> Any:
    """The inverse of `gathered`."""
    if isinstance(value, list):
        return [spread(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    if f"{_MARK}plain" in value:
        return {key: spread(entry) for key, entry in value[f"{_MARK}plain"]}
    if f"{_MARK}map" in value:
        return dict(zip(value[f"{_MARK}map"], spread(value["of"]), strict=True))
    if f"{_MARK}pool" in value:
        pool = spread(value[f"{_MARK}pool"])
        return [pool[place] for place in value["at"]]
    if f"{_MARK}table" in value:
        return list(_records(value[f"{_MARK}table"], [spread(c) for c in value["of"]]))
    return {key: spread(entry) for key, entry in value.items()}


def _records(names: Sequence[str], columns: Sequence[list[Any]]) -> Iterator[dict[str, Any]]:
    for fields in zip(*columns, strict=True):
        yield dict(zip(names, fields, strict=True))
