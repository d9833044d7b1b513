"""The matrix file: models × checkpoints × data, and gates.

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
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import ConfigError
from harness.gates import Gate, read_gates
from harness.records import Checkpoint, Model
from harness.toml import one_of, read_toml, refuse_unknown, suggestion, tables, value

DTYPES = ("float32", "bfloat16", "float16")
QUANTIZATIONS = (None, "nf4")
ENGINES = ("local", "api")


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
    gates: tuple[Gate, ...] = ()

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
    content = read_toml(path, "matrix file", "--eval-matrix")
    refuse_unknown(path, "top level", content, ("models", "checkpoints", "data", "gates"))
    models = {id: _model(path, id, table) for id, table in tables(path, content, "models")}
    checkpoints = tuple(
        _checkpoint(path, id, table, models) for id, table in tables(path, content, "checkpoints")
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
    data = {task: _data_source(path, task, table) for task, table in tables(path, content, "data")}
    return Matrix(path, tuple(models.values()), checkpoints, data, read_gates(path, content))


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


def reference_of(checkpoint: Checkpoint, matrix: Matrix) -> Checkpoint | None:
    """What a checkpoint's likelihoods are held against: the one it names, or its bare model.

    A bare model has none unless it names one.
    """
    if checkpoint.reference:
        return next(c for c in matrix.checkpoints if c.id == checkpoint.reference)
    if checkpoint.adapter is None:
        return None
    bare = (c for c in matrix.checkpoints if c.adapter is None and c.model == checkpoint.model)
    return next(bare, None)


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


def _fields(record: type[Model] | type[Checkpoint]) -> list[str]:
    """What a table may hold; the id is the table's own name."""
    return [f.name for f in dataclasses.fields(record) if f.name != "id"]


def _path(matrix: Path, text: str) -> Path:
    return (matrix.parent / Path(text).expanduser()).resolve()


def _model(path: Path, id: str, table: dict[str, Any]) -> Model:
    where = f"[models.{id}]"
    refuse_unknown(path, where, table, _fields(Model))
    engine = value(path, where, table, "engine", str, "local")
    weights = value(path, where, table, "weights", str, ...)
    template = value(path, where, table, "chat_template", str, None)
    is_path = weights.startswith((".", "/", "~")) or (path.parent / weights).is_dir()
    return Model(
        id=id,
        weights=str(_path(path, weights)) if engine == "local" and is_path else weights,
        released=value(path, where, table, "released", datetime.date, ...),
        engine=one_of(path, where, "engine", engine, ENGINES),
        dtype=one_of(
            path, where, "dtype", value(path, where, table, "dtype", str, "float32"), DTYPES
        ),
        quantization=one_of(
            path,
            where,
            "quantization",
            value(path, where, table, "quantization", str, None),
            QUANTIZATIONS,
        ),
        revision=value(path, where, table, "revision", str, None),
        chat_template=_path(path, template) if template else None,
        trust_remote_code=value(path, where, table, "trust_remote_code", bool, False),
        note=value(path, where, table, "note", str, ""),
        release_evidence=value(path, where, table, "release_evidence", str, ""),
    )


def _checkpoint(
    path: Path, id: str, table: dict[str, Any], models: Mapping[str, Model]
) -> Checkpoint:
    where = f"[checkpoints.{id}]"
    refuse_unknown(path, where, table, _fields(Checkpoint))
    model = value(path, where, table, "model", str, ...)
    if model not in models:
        raise ConfigError(
            f"{path}: {where}: unknown model {model!r}.{suggestion(model, models)} "
            f"Known: {', '.join(models) or 'none'}."
        )
    adapter = value(path, where, table, "adapter", str, None)
    return Checkpoint(
        id=id,
        model=models[model],
        adapter=_path(path, adapter) if adapter else None,
        dataset=value(path, where, table, "dataset", str, ""),
        epochs=value(path, where, table, "epochs", float, None),
        baseline=value(path, where, table, "baseline", bool, False),
        twin_of=value(path, where, table, "twin_of", str, ""),
        reference=value(path, where, table, "reference", str, ""),
    )


def _check_other(path: Path, checkpoint: Checkpoint, key: str, known: list[str]) -> None:
    """Refuse a checkpoint that names itself or none there is."""
    other = getattr(checkpoint, key)
    if other and (other == checkpoint.id or other not in known):
        others = [id for id in known if id != checkpoint.id]
        raise ConfigError(
            f"{path}: [checkpoints.{checkpoint.id}]: {key} = {other!r}: expected another "
            f"checkpoint.{suggestion(other, others)} Known: {', '.join(others) or 'none'}."
        )


def _data_source(path: Path, task: str, table: dict[str, Any]) -> DataSource:
    where = f"[data.{task}]"
    refuse_unknown(path, where, table, [f.name for f in dataclasses.fields(DataSource)])
    limit = value(path, where, table, "limit", int, None)
    if limit is not None and limit < 1:
        raise ConfigError(f"{path}: {where}: limit = {limit}: must be at least 1.")
    place = _path(path, value(path, where, table, "path", str, ...))
    return DataSource(
        path=place,
        label=value(path, where, table, "label", str, place.name),
        licence=value(path, where, table, "licence", str, ""),
        limit=limit,
    )
