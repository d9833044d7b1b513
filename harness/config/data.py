"""Where the tasks' data lie, as a matrix file names it.

[data.jsquad]
path = "./data/reading.json"
label = "embedded, fictional"
limit = 300
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import ConfigError
from harness.toml import place, refuse_unknown, tables, value


@dataclass(frozen=True, slots=True)
class DataSource:
    """Where a task's data lie. label: what a report calls them. limit: samples asked at most."""

    path: Path
    label: str = ""
    licence: str = ""
    limit: int | None = None


def read_data(path: Path, content: Mapping[str, Any]) -> dict[str, DataSource]:
    """The data of a matrix file, by task. Raises ConfigError."""
    return {task: _data_source(path, task, table) for task, table in tables(path, content, "data")}


def _data_source(path: Path, task: str, table: dict[str, Any]) -> DataSource:
    where = f"[data.{task}]"
    refuse_unknown(path, where, table, [f.name for f in dataclasses.fields(DataSource)])
    limit = value(path, where, table, "limit", int, None)
    if limit is not None and limit < 1:
        raise ConfigError(f"{path}: {where}: limit = {limit}: must be at least 1.")
    found = place(path, value(path, where, table, "path", str, ...))
    return DataSource(
        path=found,
        label=value(path, where, table, "label", str, found.name),
        licence=value(path, where, table, "licence", str, ""),
        limit=limit,
    )
