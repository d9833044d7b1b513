"""The passages that questions were asked with, packed for the page: each text once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.comparison.retrieval import KNOWLEDGE, retrieval_of
from harness.report.samples import cut
from harness.runs import Run


def packed_passages(run: Run) -> dict[str, Any]:
    """{"passages": ...} of a run in which a checkpoint looks any up; nothing otherwise.

    texts: [document, number, title, text] of each passage. shown: {checkpoint: {id of a question:
    [passages, note, cited, supporting]}}, a passage as [place in texts, score, 1 if it states the
    fact]; cited and supporting: numbers of passages, from 1, that the answer names and that state
    what it says. note: why there are none.
    """
    places: dict[tuple[str, int], int] = {}
    texts: list[list[Any]] = []
    shown: dict[str, dict[str, list[Any]]] = {}

    def place(passage: Mapping[str, Any]) -> int:
        key = str(passage["document"]), int(passage["number"])
        if key not in places:
            places[key] = len(texts)
            texts.append([*key, cut(str(passage["title"]), 200), cut(str(passage["text"]))])
        return places[key]

    for checkpoint in (str(c["id"]) for c in run.checkpoints if retrieval_of(c)):
        for row in run.samples(checkpoint, KNOWLEDGE):
            found = row["detail"].get("retrieval")
            if found is None:
                continue
            cites = row["detail"].get("citations") or {"cited": [], "supported_by": []}
            shown.setdefault(checkpoint, {})[str(row["id"])] = [
                [[place(p), p["score"], int(p["states"])] for p in found["passages"]],
                found["note"],
                cites["cited"],
                cites["supported_by"],
            ]
    return {"passages": {"texts": texts, "shown": shown}} if shown else {}
