"""The matrix file (models × checkpoints × data) and the settings of a session.

    [models.michi-mini]
    weights = "./models/michi-mini"   # a folder beside this file, or a hub id
    released = 2025-04-01

    [checkpoints.base]
    model = "michi-mini"
    baseline = true

    [checkpoints.qa-long]
    model = "michi-mini"
    adapter = "./adapters/qa-long"
    dataset = "own QA"
    epochs = 20

    [data.jsquad]
    path = "./data/reading.json"
    label = "embedded, fictional"
    limit = 300

Relative paths start at the matrix file. Anything wrong is a `ConfigError` naming file and key.
"""

from __future__ import annotations

import dataclasses
import datetime
import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import ConfigError
from harness.records import Checkpoint, Model

DTYPES = ("float32", "bfloat16", "float16")
QUANTIZATIONS = (None, "nf4")
ENGINES = ("local", "api")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class DataSource:
    """Where a task's data lie. label: what a report calls them. limit: samples asked at most."""

    path: Path
    label: str = ""
    licence: str = ""
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Matrix:
    """A matrix file as read: checkpoints in the file's order, data by task name."""

    path: Path
    models: tuple[Model, ...]
    checkpoints: tuple[Checkpoint, ...]
    data: Mapping[str, DataSource] = field(default_factory=dict)

    def source(self, task: str) -> DataSource:
        """The data of a task. Raises ConfigError where none is named."""
        if task not in self.data:
            raise ConfigError(
                f"{self.path}: no data for the task {task!r}. Add\n    [data.{task}]\n"
                f'    path = "..."\nor give --eval-data {task}=PATH.'
            )
        return self.data[task]


def load_matrix(path: Path) -> Matrix:
    """Read and check a matrix file. Nothing that it points to is opened."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"{path}: matrix file can't be read: {error.strerror}. Name one with --eval-matrix."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}.") from error
    _known(path, "top level", content, ("models", "checkpoints", "data"))
    models = {id: _model(path, id, table) for id, table in _tables(path, content, "models")}
    checkpoints = tuple(
        _checkpoint(path, id, table, models) for id, table in _tables(path, content, "checkpoints")
    )
    if not checkpoints:
        raise ConfigError(f"{path}: no [checkpoints.ID] table: there is nothing to evaluate.")
    for checkpoint in checkpoints:
        _check_twin(path, checkpoint, [c.id for c in checkpoints])
    baselines = [c.id for c in checkpoints if c.baseline]
    if len(baselines) > 1:
        raise ConfigError(
            f"{path}: {' and '.join(baselines)} both say baseline = true; only one can be it."
        )
    data = {task: _data_source(path, task, table) for task, table in _tables(path, content, "data")}
    return Matrix(path, tuple(models.values()), checkpoints, data)


def override_data(matrix: Matrix, paths: Iterable[str], limit: int | None, base: Path) -> Matrix:
    """The matrix with `--eval-data TASK=PATH` and `--eval-limit N` applied.

    Data given by path lose the matrix's label, licence and limit: they are other data, and go by
    the name of their file.
    """
    data = dict(matrix.data)
    for option in paths:
        task, sign, path = option.partition("=")
        if not sign or not task or not path:
            raise ConfigError(f"--eval-data {option}: expected TASK=PATH, as in jsquad=valid.json.")
        place = (base / Path(path).expanduser()).resolve()
        data[task.strip()] = DataSource(path=place, label=place.name)
    if limit is not None:
        if limit < 1:
            raise ConfigError(f"--eval-limit {limit}: must be at least 1.")
        data = {task: dataclasses.replace(source, limit=limit) for task, source in data.items()}
    return dataclasses.replace(matrix, data=data)


def missing_parts(checkpoint: Checkpoint) -> list[str]:
    """What a checkpoint names that is not on this machine (hub ids are not looked up)."""
    missing = []
    if checkpoint.model.is_folder and not Path(checkpoint.model.weights).is_dir():
        missing.append(f"weights {checkpoint.model.weights}")
    if checkpoint.adapter is not None and not checkpoint.adapter.is_dir():
        missing.append(f"adapter {checkpoint.adapter}")
    template = checkpoint.model.chat_template
    if template is not None and not template.is_file():
        missing.append(f"chat template {template}")
    return missing


def suggestion(word: str, known: Iterable[str]) -> str:
    """ " Did you mean 'x'?" where one of the known words is near, else ""."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


def _tables(path: Path, content: Mapping[str, Any], name: str) -> list[tuple[str, dict[str, Any]]]:
    tables = content.get(name, {})
    if not isinstance(tables, dict) or not all(isinstance(t, dict) for t in tables.values()):
        raise ConfigError(f"{path}: [{name}] must hold tables, as [{name}.ID].")
    for id in tables:
        if not _ID.fullmatch(id):
            raise ConfigError(
                f"{path}: [{name}.{id}]: an id is made of letters, digits, '_', '.', '-': it "
                "becomes part of pytest's test ids and of file names."
            )
    return list(tables.items())


def _known(path: Path, where: str, table: Mapping[str, Any], keys: Iterable[str]) -> None:
    keys = tuple(keys)
    for key in table:
        if key not in keys:
            raise ConfigError(
                f"{path}: {where}: unknown key {key!r}.{suggestion(key, keys)} "
                f"Known: {', '.join(keys)}."
            )


def _value(
    path: Path, where: str, table: Mapping[str, Any], key: str, kind: type, default: Any
) -> Any:
    """table[key], checked; `...` as default means that it must be there."""
    if key not in table:
        if default is ...:
            raise ConfigError(f"{path}: {where}: {key!r} is missing.")
        return default
    value = table[key]
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    wrong = not isinstance(value, kind) or (kind is not bool and isinstance(value, bool))
    if wrong or (kind is datetime.date and isinstance(value, datetime.datetime)):
        words = {str: "a string", bool: "true or false", float: "a number", int: "a whole number"}
        expected = words.get(kind, "a date like 2024-02-21 (no quotes)")
        raise ConfigError(f"{path}: {where}: {key} = {value!r}: expected {expected}.")
    return value


def _one_of(path: Path, where: str, key: str, value: Any, allowed: tuple[Any, ...]) -> Any:
    if value not in allowed:
        names = ", ".join(str(a) for a in allowed if a is not None)
        raise ConfigError(f"{path}: {where}: {key} = {value!r}: expected one of {names}.")
    return value


def _path(matrix: Path, text: str) -> Path:
    return (matrix.parent / Path(text).expanduser()).resolve()


def _model(path: Path, id: str, table: dict[str, Any]) -> Model:
    where = f"[models.{id}]"
    _known(path, where, table, [f.name for f in dataclasses.fields(Model) if f.name != "id"])
    engine = _value(path, where, table, "engine", str, "local")
    weights = _value(path, where, table, "weights", str, ...)
    template = _value(path, where, table, "chat_template", str, None)
    is_path = weights.startswith((".", "/", "~")) or (path.parent / weights).is_dir()
    return Model(
        id=id,
        weights=str(_path(path, weights)) if engine == "local" and is_path else weights,
        released=_value(path, where, table, "released", datetime.date, ...),
        engine=_one_of(path, where, "engine", engine, ENGINES),
        dtype=_one_of(
            path, where, "dtype", _value(path, where, table, "dtype", str, "float32"), DTYPES
        ),
        quantization=_one_of(
            path,
            where,
            "quantization",
            _value(path, where, table, "quantization", str, None),
            QUANTIZATIONS,
        ),
        revision=_value(path, where, table, "revision", str, None),
        chat_template=_path(path, template) if template else None,
        trust_remote_code=_value(path, where, table, "trust_remote_code", bool, False),
        note=_value(path, where, table, "note", str, ""),
    )


def _checkpoint(
    path: Path, id: str, table: dict[str, Any], models: Mapping[str, Model]
) -> Checkpoint:
    where = f"[checkpoints.{id}]"
    _known(path, where, table, [f.name for f in dataclasses.fields(Checkpoint) if f.name != "id"])
    model = _value(path, where, table, "model", str, ...)
    if model not in models:
        raise ConfigError(
            f"{path}: {where}: unknown model {model!r}.{suggestion(model, models)} "
            f"Known: {', '.join(models) or 'none'}."
        )
    adapter = _value(path, where, table, "adapter", str, None)
    return Checkpoint(
        id=id,
        model=models[model],
        adapter=_path(path, adapter) if adapter else None,
        dataset=_value(path, where, table, "dataset", str, ""),
        epochs=_value(path, where, table, "epochs", float, None),
        baseline=_value(path, where, table, "baseline", bool, False),
        twin_of=_value(path, where, table, "twin_of", str, ""),
    )


def _check_twin(path: Path, checkpoint: Checkpoint, known: list[str]) -> None:
    twin = checkpoint.twin_of
    if twin and (twin == checkpoint.id or twin not in known):
        others = [id for id in known if id != checkpoint.id]
        raise ConfigError(
            f"{path}: [checkpoints.{checkpoint.id}]: twin_of = {twin!r}: expected another "
            f"checkpoint.{suggestion(twin, others)} Known: {', '.join(others) or 'none'}."
        )


def _data_source(path: Path, task: str, table: dict[str, Any]) -> DataSource:
    where = f"[data.{task}]"
    _known(path, where, table, [f.name for f in dataclasses.fields(DataSource)])
    limit = _value(path, where, table, "limit", int, None)
    if limit is not None and limit < 1:
        raise ConfigError(f"{path}: {where}: limit = {limit}: must be at least 1.")
    place = _path(path, _value(path, where, table, "path", str, ...))
    return DataSource(
        path=place,
        label=_value(path, where, table, "label", str, place.name),
        licence=_value(path, where, table, "licence", str, ""),
        limit=limit,
    )
