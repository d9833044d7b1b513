"""The passages that questions were asked with, packed for the page: each text once."""

from __future__ import annotations

from typing import Any

from harness.comparison.retrieval import KNOWLEDGE
from harness.report.samples import Row, cut


class Passages:
    """Collects what was looked up for questions.

    texts: [document, number, title, text] of each passage. shown: {checkpoint: {id of a question:
    [passages, note, cited, supporting]}}, a passage as [place in texts, score, 1 if it states the
    fact]; cited and supporting: numbers of passages, from 1, that the answer names and that state
    what it says. note: why there are none.
    """

    def __init__(self) -> None:
        self._places: dict[tuple[str, int], int] = {}
        self.texts: list[list[Any]] = []
        self.shown: dict[str, dict[str, list[Any]]] = {}

    def add(self, task: str, checkpoint: str, row: Row) -> list[Any]:
        """Take up what was looked up for an answer, if that was done. Returns what is new."""
        detail = row.get("detail") or {}
        found = detail.get("retrieval")
        if task != KNOWLEDGE or found is None:
            return []
        before = len(self.texts)
        cites = detail.get("citations") or {"cited": [], "supported_by": []}
        packed = [
            [[self._place(p), p["score"], int(p["states"])] for p in found["passages"]],
            found["note"],
            cites["cited"],
            cites["supported_by"],
        ]
        self.shown.setdefault(checkpoint, {})[str(row["id"])] = packed
        return [packed, self.texts[before:]]

    def _place(self, passage: Row) -> int:
        key = str(passage["document"]), int(passage["number"])
        if key not in self._places:
            self._places[key] = len(self.texts)
            text = cut(str(passage["text"]))
            self.texts.append([*key, cut(str(passage["title"]), 200), text])
        return self._places[key]
