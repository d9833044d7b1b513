"""The matrix file of what was trained: `pytest evals --eval-matrix` takes it as it is."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from harness.config import DataSource, load_matrix
from training.finetuning.adapters import read_card
from training.finetuning.recipe import BASE, Run, SftRecipe


def write_matrix(recipe: SftRecipe, recipe_file: Path) -> Path:
    """Write the recipe's matrix, with every adapter of it that is finished; returns its path.

    Raises ConfigError if the file could not be read again as a matrix.
    """
    path = recipe.matrix.path or recipe.out / "matrix.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    command = f"python -m training sft {os.path.relpath(recipe_file)}"
    text = "\n\n".join([f"# Written by `{command}`.", *_tables(recipe, path.parent)]) + "\n"
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    load_matrix(partial)
    os.replace(partial, path)
    return path


def _tables(recipe: SftRecipe, home: Path) -> Iterable[str]:
    base, plan = recipe.base, recipe.matrix
    yield _table(
        f"models.{base.id}",
        weights=_relative(Path(base.weights), home) if base.is_folder else base.weights,
        released=base.released,
        dtype=base.dtype,
        quantization=base.quantization,
        chat_template=_relative(base.chat_template, home) if base.chat_template else None,
        note=base.note,
        release_evidence=base.release_evidence,
    )
    if plan.base:
        yield _table(
            f"checkpoints.{BASE}",
            model=base.id,
            dataset="-",
            baseline=plan.baseline == BASE or None,
        )
    for name, run in recipe.runs.items():
        for suffix, epoch in run.epochs_kept.items():
            adapter = f"{name}-{suffix}"
            if read_card(recipe.out / adapter) is None:
                continue
            yield _table(
                f"checkpoints.{adapter}",
                model=base.id,
                adapter=_relative(recipe.out / adapter, home),
                dataset=" + ".join(recipe.datasets[d].label or d for d in run.datasets),
                epochs=epoch,
                baseline=plan.baseline == adapter or None,
                twin_of=_twin(recipe, run, suffix),
            )
    for task, source in plan.data.items():
        yield _table(f"data.{task}", **_source(source, home))


def _twin(recipe: SftRecipe, run: Run, suffix: str) -> str:
    """The twin's id; "" where there is none, or where it is not trained and no checkpoint yet."""
    twin = f"{run.twin_of}-{suffix}"
    return twin if run.twin_of and read_card(recipe.out / twin) is not None else ""


def _source(source: DataSource, home: Path) -> Mapping[str, object]:
    return {
        "path": _relative(source.path, home),
        "label": source.label,
        "licence": source.licence,
        "limit": source.limit,
    }


def _table(name: str, **values: object) -> str:
    """A TOML table; what is None or empty is left out."""
    given = {key: value for key, value in values.items() if value not in (None, "")}
    lines = [f"{key} = {_literal(value)}" for key, value in given.items()]
    return "\n".join([f"[{name}]", *lines])


def _literal(value: object) -> str:
    """JSON's strings, numbers and booleans are TOML's, too; dates stand bare."""
    if isinstance(value, str | bool | int | float):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _relative(path: Path, home: Path) -> str:
    text = Path(os.path.relpath(path, home)).as_posix()
    return text if text.startswith("..") else f"./{text}"
