"""Settings of suites, as a matrix file has them.

[suites.lm_eval]
tasks = ["ja_leaderboard_jsquad"]
include_path = "./tasks"          # YAML of your own; lm-eval's defaults are not loaded then
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import ConfigError
from harness.toml import place, refuse_unknown, value


@dataclass(frozen=True, slots=True)
class LmEvalSuite:
    """Tasks of lm-eval that are suites of ours. limit: documents asked at most."""

    tasks: tuple[str, ...]
    include_path: Path | None = None
    limit: int | None = None
    num_fewshot: int | None = None


@dataclass(frozen=True, slots=True)
class Suites:
    """What [suites] says."""

    lm_eval: LmEvalSuite | None = None


def read_suites(path: Path, content: Mapping[str, Any]) -> Suites:
    """The suites' settings. Raises ConfigError."""
    table = value(path, "top level", content, "suites", dict, {})
    refuse_unknown(path, "[suites]", table, ("lm_eval",))
    return Suites(lm_eval=_lm_eval(path, value(path, "[suites]", table, "lm_eval", dict, None)))


def _lm_eval(path: Path, table: dict[str, Any] | None) -> LmEvalSuite | None:
    where = "[suites.lm_eval]"
    if table is None:
        return None
    refuse_unknown(path, where, table, ("tasks", "include_path", "limit", "num_fewshot"))
    tasks = value(path, where, table, "tasks", list, ...)
    if not tasks or not all(isinstance(task, str) for task in tasks):
        raise ConfigError(f'{path}: {where}: tasks: expected names, as ["ja_leaderboard_jsquad"].')
    folder = value(path, where, table, "include_path", str, None)
    return LmEvalSuite(
        tasks=tuple(tasks),
        include_path=place(path, folder) if folder else None,
        limit=value(path, where, table, "limit", int, None),
        num_fewshot=value(path, where, table, "num_fewshot", int, None),
    )
