"""Settings of suites, as a matrix file has them.

[suites.lm_eval]
tasks = ["ja_leaderboard_jsquad"]
include_path = "./tasks"          # YAML of your own; lm-eval's defaults are not loaded then
limit = 300                       # the first documents of each task
num_fewshot = 0                   # as lm-eval's option
chat_template = false             # prompts by the model's chat template, as --apply_chat_template

[suites.jsquad]                   # and [suites.marc_ja]
prompts = "lm-eval"               # asks word for word what lm-eval's ja_leaderboard_jsquad asks
fewshot = "./data/train.json"     # from which it draws its examples
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.config.data import DataSource
from harness.errors import ConfigError
from harness.toml import one_of, place, refuse_unknown, value

# Suites of ours that can ask as lm-eval does, and lm-eval's names of them.
LEADERBOARD = {"jsquad": "ja_leaderboard_jsquad", "marc_ja": "ja_leaderboard_marc_ja"}
# What is derived from results stands in the reports by these names (harness/comparison).
DERIVED = ("acquisition", "known_before", "relative", "retrieval", "review", "twins")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class LmEvalSuite:
    """Tasks of lm-eval that are suites of ours. limit: documents asked at most.

    chat_template: whether prompts are written by the model's.
    """

    tasks: tuple[str, ...]
    include_path: Path | None = None
    limit: int | None = None
    num_fewshot: int | None = None
    chat_template: bool = False


@dataclass(frozen=True, slots=True)
class Suites:
    """What [suites] says. fewshot: of the tasks that ask as lm-eval does, where examples lie."""

    lm_eval: LmEvalSuite | None = None
    fewshot: Mapping[str, Path] = field(default_factory=dict)


def read_suites(path: Path, content: Mapping[str, Any]) -> Suites:
    """The suites' settings. Raises ConfigError."""
    table = value(path, "top level", content, "suites", dict, {})
    refuse_unknown(path, "[suites]", table, ("lm_eval", *LEADERBOARD))
    asking = {
        task: found
        for task in LEADERBOARD
        if (found := _fewshot(path, task, value(path, "[suites]", table, task, dict, {})))
    }
    return Suites(
        lm_eval=_lm_eval(path, value(path, "[suites]", table, "lm_eval", dict, None)),
        fewshot=asking,
    )


def lm_eval_sources(
    path: Path, suites: Suites, data: Mapping[str, DataSource]
) -> dict[str, DataSource]:
    """What stands for the data of lm-eval's tasks, which know where theirs lie."""
    suite = suites.lm_eval
    if suite is None:
        return {}
    for task in suite.tasks:
        if task in DERIVED:
            raise ConfigError(
                f"{path}: [suites.lm_eval]: {task!r} is what the reports call figures of "
                "their own. Give the task another name, in a YAML file of your own with `include`."
            )
        if task in data:
            raise ConfigError(
                f"{path}: [suites.lm_eval]: {task!r} is a task with [data.{task}], too: results "
                "go by the task's name. Call one of them otherwise."
            )
    return {
        task: DataSource(Path(task), f"lm-eval {task}", "", suite.limit) for task in suite.tasks
    }


def _lm_eval(path: Path, table: dict[str, Any] | None) -> LmEvalSuite | None:
    where = "[suites.lm_eval]"
    if table is None:
        return None
    refuse_unknown(path, where, table, [f.name for f in dataclasses.fields(LmEvalSuite)])
    tasks = value(path, where, table, "tasks", list, ...)
    if not tasks or not all(isinstance(task, str) for task in tasks):
        raise ConfigError(f'{path}: {where}: tasks: expected names, as ["ja_leaderboard_jsquad"].')
    for task in tasks:
        if not _NAME.fullmatch(task) or tasks.count(task) > 1:
            raise ConfigError(
                f"{path}: {where}: tasks: {task!r}: names are made of letters, digits, '_', '.', "
                "'-', each once: they become part of pytest's test ids and of file names."
            )
    folder = value(path, where, table, "include_path", str, None)
    return LmEvalSuite(
        tasks=tuple(tasks),
        include_path=place(path, folder) if folder else None,
        limit=_at_least(path, where, table, "limit", 1),
        num_fewshot=_at_least(path, where, table, "num_fewshot", 0),
        chat_template=value(path, where, table, "chat_template", bool, False),
    )


def _at_least(path: Path, where: str, table: dict[str, Any], key: str, least: int) -> int | None:
    found: int | None = value(path, where, table, key, int, None)
    if found is not None and found < least:
        raise ConfigError(f"{path}: {where}: {key} = {found}: must be at least {least}.")
    return found


def _fewshot(path: Path, task: str, table: dict[str, Any]) -> Path | None:
    """Where the examples lie of a task that asks as lm-eval does; None where it asks as ours."""
    where = f"[suites.{task}]"
    refuse_unknown(path, where, table, ("prompts", "fewshot"))
    prompts = value(path, where, table, "prompts", str, None)
    fewshot = value(path, where, table, "fewshot", str, None)
    if prompts is None and fewshot is None:
        return None
    one_of(path, where, "prompts", prompts, ("lm-eval",))
    if fewshot is None:
        raise ConfigError(
            f"{path}: {where}: {LEADERBOARD[task]} shows examples from a training file: name one, "
            f'in the form of [data.{task}], with fewshot = "./FILE".'
        )
    return place(path, fewshot)
