"""What looks up passages, as a matrix file names it.

[retrievers.catalogue]
kind = "bm25"
documents = "./data/documents_new.jsonl"
top_k = 5                # passages shown; a checkpoint may say otherwise
passage_size = 400       # characters; longer documents are split where sentences end
k1 = 0.9                 # as a word stands there again, how much less it adds
b = 0.4                  # how much long passages are held against their length, from 0 to 1
prompt = "{passages}\\n\\n質問：{question}"   # in place of the usual ones
passage = "[{number}] {title}\\n{text}"       # how each passage stands there

[retrievers.meaning]
kind = "embeddings"      # or "hybrid": BM25 and embeddings, with the settings of both
documents = "./data/documents_new.jsonl"
model = "./models/ruri-v3-30m"   # more in embeddings.py

[retrievers.gold]
kind = "gold"            # the passage that holds the answer: as if nothing better could be found
documents = "./data/documents_new.jsonl"
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.config.embeddings import KEYS as EMBEDDING
from harness.config.embeddings import read_embedding
from harness.errors import ConfigError
from harness.records import Retrieval
from harness.toml import one_of, place, refuse_unknown, tables, value

_KEYS = ("kind", "documents", "passage_size", "prompt", "passage")
# What each kind has besides.
_OWN: Mapping[str, tuple[str, ...]] = {
    "bm25": ("top_k", "k1", "b"),
    "embeddings": ("top_k", *EMBEDDING),
    "hybrid": ("top_k", "k1", "b", *EMBEDDING),
    "gold": (),
}
KINDS = tuple(_OWN)
_PARTS = {"prompt": ("{passages}", "{question}"), "passage": ("{number}", "{title}", "{text}")}


def read_retrievers(path: Path, content: Mapping[str, Any]) -> dict[str, Retrieval]:
    """The retrievers of a matrix file, by name. Raises ConfigError."""
    return {id: _retriever(path, id, table) for id, table in tables(path, content, "retrievers")}


def _retriever(path: Path, id: str, table: dict[str, Any]) -> Retrieval:
    where = f"[retrievers.{id}]"
    kind = one_of(path, where, "kind", value(path, where, table, "kind", str, "bm25"), KINDS)
    refuse_unknown(path, where, table, (*_KEYS, *_OWN[kind]))
    usual = Retrieval(id, kind, path)
    found = Retrieval(
        name=id,
        kind=kind,
        documents=place(path, value(path, where, table, "documents", str, ...)),
        top_k=value(path, where, table, "top_k", int, usual.top_k),
        passage_size=value(path, where, table, "passage_size", int, usual.passage_size),
        k1=value(path, where, table, "k1", float, usual.k1),
        b=value(path, where, table, "b", float, usual.b),
        prompt=value(path, where, table, "prompt", str, ""),
        passage=value(path, where, table, "passage", str, ""),
        embedding=read_embedding(path, where, table) if "model" in _OWN[kind] else None,
    )
    _check(path, where, found)
    return found


def _check(path: Path, where: str, found: Retrieval) -> None:
    """Refuse numbers that search for nothing, and templates without what they are for."""
    for key in ("top_k", "passage_size"):
        if getattr(found, key) < 1:
            raise ConfigError(
                f"{path}: {where}: {key} = {getattr(found, key)}: must be at least 1."
            )
    if found.k1 < 0 or not 0 <= found.b <= 1:
        raise ConfigError(
            f"{path}: {where}: k1 = {found.k1:g}, b = {found.b:g}: expected k1 of at least 0 and b "
            "from 0 to 1."
        )
    needed = (("prompt", "{passages}"), ("prompt", "{question}"), ("passage", "{text}"))
    for key, part in needed:
        text = getattr(found, key)
        if text and part not in text:
            raise ConfigError(f"{path}: {where}: {key}: must hold {part}.")
    for key, parts in _PARTS.items():
        # It would be shown to the model as it stands here.
        for part in re.findall(r"\{\w+\}", getattr(found, key)):
            if part not in parts:
                raise ConfigError(
                    f"{path}: {where}: {key}: {part} stands for nothing. Known: {', '.join(parts)}."
                )
