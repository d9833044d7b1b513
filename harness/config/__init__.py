"""The matrix file: models × checkpoints × data, and gates. One reader a table in this room.

    [models.ID]                 models.py
    [checkpoints.ID]            checkpoints.py
    [data.TASK]                 data.py
    [gates.TASK.METRIC]         gates.py
    [retrievers.ID]             retrievers.py, embeddings.py
    [judge]                     judge.py
    [suites]                    suites.py
    [fit.easy], [fit.hard]      fit.py

Relative paths start at the matrix file. Anything wrong is a `ConfigError` naming file and key.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.config.checkpoints import read_checkpoints
from harness.config.data import DataSource, read_data
from harness.config.fit import Fit, read_fit
from harness.config.gates import Gate, read_gates
from harness.config.judge import Judge, read_judge
from harness.config.models import read_models, refuse_unserved
from harness.config.retrievers import read_retrievers
from harness.config.suites import Suites, lm_eval_sources, read_suites
from harness.errors import ConfigError
from harness.records import Checkpoint, Model
from harness.toml import read_toml, refuse_unknown

__all__ = [
    "DataSource",
    "Judge",
    "Matrix",
    "Suites",
    "answered_by",
    "load_matrix",
    "missing_parts",
    "override_data",
    "reference_of",
]
TABLES = ("models", "checkpoints", "data", "gates", "retrievers", "judge", "suites", "fit")


@dataclass(frozen=True, slots=True)
class Matrix:
    """A matrix file as read: checkpoints in the file's order, data by task name."""

    path: Path
    models: tuple[Model, ...]
    checkpoints: tuple[Checkpoint, ...]
    data: Mapping[str, DataSource] = field(default_factory=dict)
    gates: tuple[Gate, ...] = ()
    judge: Judge | None = None
    suites: Suites = field(default_factory=Suites)
    fit: Fit = field(default_factory=Fit)

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
    refuse_unknown(path, "top level", content, TABLES)
    models = read_models(path, content)
    data, suites = read_data(path, content), read_suites(path, content)
    return Matrix(
        path=path,
        models=tuple(models.values()),
        checkpoints=read_checkpoints(path, content, models, read_retrievers(path, content)),
        data={**data, **lm_eval_sources(path, suites, data)},
        gates=read_gates(path, content),
        judge=read_judge(path, content, models),
        suites=suites,
        fit=read_fit(path, content),
    )


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
        if matrix.suites.lm_eval and task.strip() in matrix.suites.lm_eval.tasks:
            raise ConfigError(
                f"--eval-data {option}: {task.strip()} is a task of lm-eval, whose YAML file says "
                "where its data lie."
            )
        place = (base / Path(path).expanduser()).resolve()
        data[task.strip()] = DataSource(path=place, label=place.name)
    if limit is not None:
        if limit < 1:
            raise ConfigError(f"--eval-limit {limit}: must be at least 1.")
        data = {task: dataclasses.replace(source, limit=limit) for task, source in data.items()}
    return dataclasses.replace(matrix, data=data)


def answered_by(matrix: Matrix, engine: str) -> Matrix:
    """The matrix with `--eval-engine` applied: who answers for the weights on this machine.

    Raises ConfigError for a model that this engine is not asked to serve.
    """
    models = {
        model: dataclasses.replace(model, engine=engine) if model.here else model
        for model in matrix.models
    }
    for model in models.values():
        refuse_unserved(matrix.path, model)
    checkpoints = [dataclasses.replace(c, model=models[c.model]) for c in matrix.checkpoints]
    judge = matrix.judge and dataclasses.replace(matrix.judge, model=models[matrix.judge.model])
    return dataclasses.replace(
        matrix, models=tuple(models.values()), checkpoints=tuple(checkpoints), judge=judge
    )


def reference_of(checkpoint: Checkpoint, matrix: Matrix) -> Checkpoint | None:
    """What a checkpoint's likelihoods are held against: the one it names, or its bare model.

    A bare model has none unless it names one.
    """
    if checkpoint.reference:
        return next(c for c in matrix.checkpoints if c.id == checkpoint.reference)
    if not checkpoint.tuned:
        return None
    bare = (c for c in matrix.checkpoints if not c.tuned and c.model == checkpoint.model)
    # Likelihoods know nothing of a retriever; the plain one is named if there is one.
    return min(bare, key=lambda c: c.retrieval is not None, default=None)


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
    retrieval = checkpoint.retrieval
    if retrieval is not None and not retrieval.documents.is_file():
        missing.append(f"documents {retrieval.documents}")
    embedding = retrieval.embedding if retrieval is not None else None
    if embedding is not None and embedding.api is None and not Path(embedding.model).is_dir():
        missing.append(f"sentence-transformers model {embedding.model}")
    return missing
