"""TOML files read with care: anything wrong is a `ConfigError` naming file, table and key."""

from __future__ import annotations

import datetime
import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from harness.errors import ConfigError

_KINDS = {
    str: "a string",
    bool: "true or false",
    float: "a number",
    int: "a whole number",
    list: "a list",
    dict: "a table",
    datetime.date: "a date like 2024-02-21 (no quotes)",
}
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def read_toml(path: Path, what: str, option: str) -> dict[str, Any]:
    """The content of a file. what, option: how to call it, and what names another one."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"{path}: {what} can't be read: {error.strerror}. Name one with {option}."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}.") from error


def suggestion(word: str, known: Iterable[str]) -> str:
    """ " Did you mean 'x'?" where one of the known words is near, else ""."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


def tables(path: Path, content: Mapping[str, Any], name: str) -> list[tuple[str, dict[str, Any]]]:
    """The tables [name.ID] of a file, by id."""
    found = content.get(name, {})
    if not isinstance(found, dict) or not all(isinstance(t, dict) for t in found.values()):
        raise ConfigError(f"{path}: [{name}] must hold tables, as [{name}.ID].")
    for id in found:
        if not _ID.fullmatch(id):
            raise ConfigError(
                f"{path}: [{name}.{id}]: an id is made of letters, digits, '_', '.', '-': it "
                "becomes part of pytest's test ids and of file names."
            )
    return list(found.items())


def refuse_unknown(path: Path, where: str, table: Mapping[str, Any], keys: Iterable[str]) -> None:
    """Raise ConfigError for a key that isn't among `keys`."""
    keys = tuple(keys)
    for key in table:
        if key not in keys:
            raise ConfigError(
                f"{path}: {where}: unknown key {key!r}.{suggestion(key, keys)} "
                f"Known: {', '.join(keys)}."
            )


def value(
    path: Path, where: str, table: Mapping[str, Any], key: str, kind: type, default: Any
) -> Any:
    """table[key], checked; `...` as default means that it must be there."""
    if key not in table:
        if default is ...:
            raise ConfigError(f"{path}: {where}: {key!r} is missing.")
        return default
    found = table[key]
    if kind is float and isinstance(found, int) and not isinstance(found, bool):
        found = float(found)
    wrong = not isinstance(found, kind) or (kind is not bool and isinstance(found, bool))
    if wrong or (kind is datetime.date and isinstance(found, datetime.datetime)):
        raise ConfigError(f"{path}: {where}: {key} = {found!r}: expected {_KINDS[kind]}.")
    return found


def place(file: Path, text: str) -> Path:
    """A path that a file names: relative ones start at the file."""
    return (file.parent / Path(text).expanduser()).resolve()


def one_of(path: Path, where: str, key: str, found: Any, allowed: tuple[Any, ...]) -> Any:
    """`found`, if it is among the allowed values."""
    if found not in allowed:
        names = ", ".join(str(a) for a in allowed if a is not None)
        raise ConfigError(f"{path}: {where}: {key} = {found!r}: expected one of {names}.")
    return found
