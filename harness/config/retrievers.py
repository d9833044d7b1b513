"""What looks up passages, as a matrix file names it.

[retrievers.catalogue]
kind = "bm25"
documents = "./data/documents_new.jsonl"
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.errors import ConfigError
from harness.records import Retrieval
from harness.toml import one_of, place, refuse_unknown, tables, value

KINDS = ("bm25", "gold")


def read_retrievers(path: Path, content: Mapping[str, Any]) -> dict[str, Retrieval]:
    """The retrievers of a matrix file, by name. Raises ConfigError."""
    return {id: _retriever(path, id, table) for id, table in tables(path, content, "retrievers")}


def _retriever(path: Path, id: str, table: dict[str, Any]) -> Retrieval:
    where = f"[retrievers.{id}]"
    refuse_unknown(path, where, table, ("kind", "documents", "top_k", "prompt"))
    top_k = value(path, where, table, "top_k", int, Retrieval(id, "", path).top_k)
    if top_k < 1:
        raise ConfigError(f"{path}: {where}: top_k = {top_k}: must be at least 1.")
    prompt = value(path, where, table, "prompt", str, "")
    for part in ("{passages}", "{question}"):
        if prompt and part not in prompt:
            raise ConfigError(f"{path}: {where}: the prompt must hold {part}.")
    return Retrieval(
        name=id,
        kind=one_of(path, where, "kind", value(path, where, table, "kind", str, "bm25"), KINDS),
        documents=place(path, value(path, where, table, "documents", str, ...)),
        top_k=top_k,
        prompt=prompt,
    )
