"""A task of lm-eval's by its name: which YAML file holds it; groups are told by their tasks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from harness.errors import ConfigError
from harness.lm_eval.faults import data_files, refuse_broken_yaml
from harness.toml import suggestion

# How a YAML names a task: at its top, or in the list of a group.
_TASK = re.compile(r"""^\s*-?\s*["']?task["']?:\s*["']?([\w.-]+)["']?\s*(?:#.*)?$""", re.MULTILINE)


def find(name: str, include_path: Path | None) -> tuple[Any, Any]:
    """The task manager that knows a name, and what it knows: yours first, then lm-eval's own.

    Raises ConfigError for a name that is in no YAML file.
    """
    known: list[str] = []
    if include_path is not None:
        if not include_path.is_dir():
            raise ConfigError(f"[suites.lm_eval]: include_path: there is no folder {include_path}.")
        own = _manager(include_path)
        if name in own.task_index:
            return own, own.task_index[name]
        refuse_broken_yaml(include_path, name)
        known = own.all_tasks
    for manager in _shipped(name):
        if name in manager.task_index:
            return manager, manager.task_index[name]
    where = f" or in {include_path}" if include_path else ""
    shown = f" Known there: {', '.join(known[:20])}." if include_path and known else ""
    raise ConfigError(
        f"[suites.lm_eval]: there is no task {name!r} among lm-eval's own{where}."
        f"{suggestion(name, [*known, *_folders()])}{shown}"
    )


def _shipped(name: str) -> Iterator[Any]:
    """Managers of lm-eval's own tasks that may know a name, the quickest to be had first."""
    home = _home()
    for file in sorted(home.rglob(f"{name}.yaml")):  # as half of them are called
        yield _manager(file.parent)
    if name in _folders():
        yield _manager(_folders()[name])
    elif any(name in file.read_text(encoding="utf-8") for file in home.rglob("*.yaml")):
        yield _manager(None)  # a group, or a tag: its tasks may lie anywhere


def _home() -> Path:
    import lm_eval.tasks

    return Path(lm_eval.tasks.__file__).parent


@lru_cache(maxsize=1)
def _folders() -> dict[str, Path]:
    """Where lm-eval's own tasks lie, by name, read from 14,000 files as text: 2 s, not 11."""
    found: dict[str, Path] = {}
    for file in sorted(_home().rglob("*.yaml")):
        for match in _TASK.finditer(file.read_text(encoding="utf-8")):
            found.setdefault(match[1], file.parent)
    return found


@lru_cache(maxsize=8)
def _manager(folder: Path | None) -> Any:
    """A task manager of one folder, or of all that lm-eval ships (11 s)."""
    from lm_eval.tasks import TaskManager

    if folder is None:
        return TaskManager()
    return TaskManager(include_path=str(folder), include_defaults=False)


def refuse_group(name: str, entry: Any, index: Mapping[str, Any]) -> None:
    """One item of pytest is one task: what a group is made of is for the matrix to say."""
    if entry.kind.name not in ("GROUP", "TAG"):
        return
    members = sorted(entry.tags) if entry.kind.name == "TAG" else _members(entry, index)
    listed = ", ".join(f'"{member}"' for member in members)
    raise ConfigError(
        f"[suites.lm_eval]: {name!r} is a group of {len(members)} tasks. Name those that you want, "
        f"each becomes an item of its own:\n    tasks = [{listed}]"
    )


def home_of(entry: Any) -> Path:
    """Where relative places of data begin: beside the YAML if they are there, as lm-eval's else."""
    beside = Path(entry.yaml_path or ".").parent
    names = data_files(entry.cfg or {})
    own = [name for name in names if not Path(name).is_absolute() and (beside / name).exists()]
    return beside if own else Path.cwd()


def _members(entry: Any, index: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    for name in _named((entry.cfg or {}).get("task")):
        inner = index.get(name)
        if inner is not None and inner.kind.name == "TAG":
            found += sorted(inner.tags)
        elif inner is not None and inner.kind.name == "GROUP" and inner is not entry:
            found += _members(inner, index)
        else:
            found.append(name)
    return list(dict.fromkeys(found))


def _named(parts: Any) -> Iterator[str]:
    """Names in a group's list, those in groups that are written out inside it, too."""
    for part in parts if isinstance(parts, list) else [parts]:
        if not isinstance(part, Mapping):
            yield from [str(part)] if part else []
        elif isinstance(part.get("task"), list):
            yield from _named(part["task"])
        else:
            yield str(part.get("task") or part.get("group"))
