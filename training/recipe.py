"""Recipes: TOML files read into frozen dataclasses, checked field by field.

A field's annotation says what its value may be: `int`, `float`, `str`, `bool`, `datetime.date`, a
`Literal`, a `Path` (relative ones start at the recipe's own folder), another dataclass, lists and
tables of these, and unions. Anything else in the file is a ConfigError naming file and field.
"""

from __future__ import annotations

import dataclasses
import datetime
import tomllib
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from harness.errors import ConfigError
from harness.toml import suggestion

T = TypeVar("T")


def read_recipe(kind: type[T], path: Path) -> T:
    """The recipe in a file. Raises ConfigError."""
    return _build(kind, _read(path), path, "")


def require(condition: bool, path: Path, message: str) -> None:
    """Raise ConfigError unless the condition holds."""
    if not condition:
        raise ConfigError(f"{path}: {message}")


def as_table(value: Any) -> Any:
    """A recipe, or a part of one, as plain JSON values."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: as_table(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {key: as_table(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_table(item) for item in value]
    return str(value) if isinstance(value, Path | datetime.date) else value


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise ConfigError(f"{path}: no such file")
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from error


def _build(kind: type[T], table: Mapping[str, Any], path: Path, where: str) -> T:
    hints = get_type_hints(kind)
    fields = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    for name in table:
        if name not in fields:
            raise ConfigError(
                f"{path}: {_table(where)}unknown field {name!r}.{suggestion(name, fields)} "
                f"Known: {', '.join(fields)}."
            )
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if name in table:
            values[name] = _value(hints[name], table[name], path, f"{where}{name}")
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise ConfigError(f"{path}: {_table(where)}field {name!r} is missing")
    return kind(**values)


def _table(where: str) -> str:
    """ "lora." as what a message begins with."""
    return f"[{where.rstrip('.')}]: " if where else ""


def _value(hint: Any, value: Any, path: Path, where: str) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if dataclasses.is_dataclass(hint) and isinstance(value, dict):
        return _build(hint, value, path, f"{where}.")  # type: ignore[arg-type]
    if origin is dict and isinstance(value, dict):
        return {key: _value(arguments[1], v, path, f"{where}.{key}") for key, v in value.items()}
    if origin is list and isinstance(value, list):
        return [_value(arguments[0], item, path, where) for item in value]
    if origin in (types.UnionType, Union):
        return _value(_fitting(arguments, value), value, path, where)
    if origin is Literal:
        if value in arguments:
            return value
        raise ConfigError(
            f"{path}: {where}: must be one of {', '.join(arguments)}, found {value!r}"
        )
    if hint is Path and isinstance(value, str):
        return (path.parent / Path(value).expanduser()).resolve()
    if hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if hint in (int, str, bool, datetime.date) and type(value) is hint:
        return value
    wanted = getattr(hint, "__name__", str(hint))
    raise ConfigError(f"{path}: {where}: expected {wanted}, found {value!r}")


def _fitting(options: tuple[Any, ...], value: Any) -> Any:
    """The part of a union that a TOML value is meant for; None only says that it may be absent."""
    given = [option for option in options if option is not types.NoneType]
    return next((o for o in given if (get_origin(o) is list) == isinstance(value, list)), given[0])
