"""Checkpoints as a matrix file names them.

[checkpoints.base]
model = "michi-mini"
baseline = true

[checkpoints.qa-long]
model = "michi-mini"
adapter = "./adapters/qa-long"
dataset = "own QA"
epochs = 20

[checkpoints.qa-long-top5]
model = "michi-mini"
adapter = "./adapters/qa-long"
retriever = "catalogue"           # a [retrievers.ID] of this file
top_k = 5

[checkpoints.qa-served]
model = "served"                  # engine = "api"
served_as = "qa-e3"               # vLLM: the LoRA module's name
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from harness.errors import ConfigError
from harness.records import Checkpoint, Model, Retrieval
from harness.toml import place, refuse_unknown, suggestion, tables, value

T = TypeVar("T")
_KEYS = (
    "model",
    "adapter",
    "served_as",
    "retriever",
    "top_k",
    "dataset",
    "epochs",
    "baseline",
    "twin_of",
    "reference",
)


def read_checkpoints(
    path: Path,
    content: Mapping[str, Any],
    models: Mapping[str, Model],
    retrievers: Mapping[str, Retrieval],
) -> tuple[Checkpoint, ...]:
    """The checkpoints of a matrix file, in its order. Raises ConfigError."""
    checkpoints = tuple(
        _checkpoint(path, id, table, models, retrievers)
        for id, table in tables(path, content, "checkpoints")
    )
    if not checkpoints:
        raise ConfigError(f"{path}: no [checkpoints.ID] table: there is nothing to evaluate.")
    for checkpoint in checkpoints:
        for key in ("twin_of", "reference"):
            _check_other(path, checkpoint, key, [c.id for c in checkpoints])
    baselines = [c.id for c in checkpoints if c.baseline]
    if len(baselines) > 1:
        raise ConfigError(
            f"{path}: {' and '.join(baselines)} both say baseline = true; only one can be it."
        )
    return checkpoints


def _checkpoint(
    path: Path,
    id: str,
    table: dict[str, Any],
    models: Mapping[str, Model],
    retrievers: Mapping[str, Retrieval],
) -> Checkpoint:
    where = f"[checkpoints.{id}]"
    refuse_unknown(path, where, table, _KEYS)
    model = _known(path, where, "model", value(path, where, table, "model", str, ...), models)
    adapter = value(path, where, table, "adapter", str, None)
    served_as = value(path, where, table, "served_as", str, "")
    if model.engine == "api" and adapter:
        raise ConfigError(
            f"{path}: {where}: the server of {model.id} holds its adapters itself: name the one "
            'that answers with served_as = "...".'
        )
    if model.engine != "api" and served_as:
        raise ConfigError(f'{path}: {where}: served_as belongs to a model with engine = "api".')
    return Checkpoint(
        id=id,
        model=model,
        adapter=place(path, adapter) if adapter else None,
        served_as=served_as,
        retrieval=_retrieval(path, where, table, retrievers),
        dataset=value(path, where, table, "dataset", str, ""),
        epochs=value(path, where, table, "epochs", float, None),
        baseline=value(path, where, table, "baseline", bool, False),
        twin_of=value(path, where, table, "twin_of", str, ""),
        reference=value(path, where, table, "reference", str, ""),
    )


def _retrieval(
    path: Path, where: str, table: dict[str, Any], retrievers: Mapping[str, Retrieval]
) -> Retrieval | None:
    name = value(path, where, table, "retriever", str, None)
    top_k = value(path, where, table, "top_k", int, None)
    if name is None:
        if top_k is not None:
            raise ConfigError(f"{path}: {where}: top_k belongs to a checkpoint with a retriever.")
        return None
    retrieval = _known(path, where, "retriever", name, retrievers)
    if top_k is None:
        return retrieval
    if retrieval.kind == "gold":
        raise ConfigError(
            f"{path}: {where}: top_k: {name!r} shows the one passage that holds the answer; top_k "
            "belongs to a retriever that searches."
        )
    if top_k < 1:
        raise ConfigError(f"{path}: {where}: top_k = {top_k}: must be at least 1.")
    return dataclasses.replace(retrieval, top_k=top_k)


def _known(path: Path, where: str, key: str, name: str, known: Mapping[str, T]) -> T:
    if name not in known:
        raise ConfigError(
            f"{path}: {where}: unknown {key} {name!r}.{suggestion(name, known)} "
            f"Known: {', '.join(known) or 'none'}."
        )
    return known[name]


def _check_other(path: Path, checkpoint: Checkpoint, key: str, known: list[str]) -> None:
    """Refuse a checkpoint that names itself or none there is."""
    other = getattr(checkpoint, key)
    if other and (other == checkpoint.id or other not in known):
        others = [id for id in known if id != checkpoint.id]
        raise ConfigError(
            f"{path}: [checkpoints.{checkpoint.id}]: {key} = {other!r}: expected another "
            f"checkpoint.{suggestion(other, others)} Known: {', '.join(others) or 'none'}."
        )
