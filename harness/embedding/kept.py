"""Vectors of earlier runs: computed once, kept by what they are of.

One JSON Lines file for each fingerprint (`embedding_fingerprint`), a line a text: `key`, the hash
of role, prefix and text; `vector`, its float32 numbers in base64, little-endian; `cut` and `model`
as `Vector` has them, where there is any. 10,000 passages in 384 numbers are 21 MB.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from harness.embedding import Text, Vector
from harness.jsonl import alone, append_rows, whole_rows

_FLOATS = "<f4"


def text_key(text: Text, prefix: str) -> str:
    """Hash of all that a text's vector depends on besides the model."""
    content = json.dumps([text.role, prefix, text.text], ensure_ascii=True)
    return hashlib.sha256(content.encode()).hexdigest()[:32]


class KeptVectors:
    """The vectors of one model. fresh: those from before now are not looked up."""

    def __init__(self, folder: Path, fingerprint: str, fresh: bool = False) -> None:
        self._path = folder / f"{fingerprint}.jsonl"
        self._start = self._path.stat().st_size if fresh and self._path.exists() else 0

    def alone(self) -> AbstractContextManager[None]:
        """Waits until no other process computes vectors of this model: one of them is enough.

        Raises StorageError.
        """
        return alone(self._path.with_suffix(".lock"))

    def load(self, wanted: Mapping[str, Text]) -> dict[Text, Vector]:
        """Those that are there, of the wanted texts by their keys; the last of a key counts."""
        found: dict[Text, Vector] = {}
        if not self._path.exists():
            return found
        with self._path.open("rb") as file:
            file.seek(self._start)
            for line in file:  # a large file is never in memory as a whole
                for row in whole_rows(line):
                    if row["key"] in wanted:
                        found[wanted[row["key"]]] = _vector(row)
        return found

    def add(self, vectors: Mapping[str, Vector]) -> None:
        """Append vectors by their keys. Raises StorageError."""
        append_rows(self._path, [_row(key, vector) for key, vector in vectors.items()])


def _row(key: str, vector: Vector) -> dict[str, Any]:
    row: dict[str, Any] = {
        "key": key,
        "vector": base64.b64encode(vector.values.astype(_FLOATS).tobytes()).decode("ascii"),
    }
    if vector.cut:
        row["cut"] = True
    if vector.model:
        row["model"] = vector.model
    return row


def _vector(row: Mapping[str, Any]) -> Vector:
    """The inverse of `_row`."""
    import numpy as np

    values = np.frombuffer(base64.b64decode(row["vector"]), dtype=_FLOATS).astype(np.float32)
    return Vector(values, row.get("cut", False), row.get("model", ""))
