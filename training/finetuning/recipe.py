"""The recipe of a fine-tuning: one base, LoRA settings, data sets, runs, and their matrix.

`training/recipes/article.toml` shows every field in use.
"""

from __future__ import annotations

import dataclasses
import datetime
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from harness.config import DataSource
from harness.errors import ConfigError
from harness.records import Model
from training.recipe import read_recipe, require

Schedule = Literal["constant", "constant_with_warmup", "linear", "cosine"]
# Under these the rate at a step does not depend on how many steps are still to come.
CONSTANT = ("constant", "constant_with_warmup")
DTYPES = {"fp32": "float32", "bf16": "bfloat16"}
BASE = "base"


@dataclass(frozen=True, slots=True)
class Lora:
    """LoRA settings as in peft; `targets` is "all-linear" or a list of module names."""

    rank: int
    alpha: int
    dropout: float
    targets: str | list[str]


@dataclass(frozen=True, slots=True)
class Dataset:
    """Question-answer rows: a JSON Lines file (`path`) or a set of the hub (`hub`, `split`).

    question, answer: names of the two columns; empty: told by the rows themselves
    (`training.finetuning.examples`). form: only rows of this `form` are trained on. label: what
    reports call the set; its key where empty.
    """

    path: Path | None = None
    hub: str = ""
    split: str = "train"
    question: str = ""
    answer: str = ""
    form: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """One fine-tuning; `epochs_kept` maps an adapter's suffix to the epoch it is kept at.

    twin_of: the run that learns the same questions with other values (docs/training.md, "Twin
    worlds"); each adapter is the twin of that run's with the same suffix.
    """

    datasets: list[str]
    epochs_kept: dict[str, int]
    twin_of: str = ""


@dataclass(frozen=True, slots=True)
class MatrixPlan:
    """What the matrix file says besides the adapters.

    path: where it is written; OUT/matrix.toml where None. base: whether the model without an
    adapter is a checkpoint, too. baseline: id of the checkpoint that scores are relative to.
    release_evidence: a URL or a note that says where `released` is from.
    """

    released: datetime.date
    baseline: str
    base: bool = True
    path: Path | None = None
    model: str = ""
    note: str = ""
    release_evidence: str = ""
    data: dict[str, DataSource] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SftRecipe:
    """How adapters are trained.

    model: a folder (from the recipe's own) or a hub id. chat_template: for bases that bring none.
    trainings: "shared", an adapter of an early epoch is a state of the longest training on its way;
    or "separate", each adapter has a training of its own whose schedule ends with it.
    accumulate: batches a step. save_seconds: how much work a kill may cost. control: files whose
    documents must not be trained on. too_long: what becomes of rows above `max_length` tokens.
    adapter_dtype: what adapters are saved in; as trained where None.
    """

    model: str
    out: Path
    seed: int
    learning_rate: float
    schedule: Schedule
    batch_size: int
    max_length: int
    precision: Literal["fp32", "bf16"]
    lora: Lora
    datasets: dict[str, Dataset]
    runs: dict[str, Run]
    matrix: MatrixPlan
    warm_up: int = 0
    accumulate: int = 1
    quantization: Literal["none", "nf4"] = "none"
    chat_template: Path | None = None
    trainings: Literal["shared", "separate"] | None = None
    too_long: Literal["refuse", "drop"] = "refuse"
    group_by_length: bool = False
    recompute_activations: bool = False
    save_seconds: float = 60.0
    adapter_dtype: Literal["fp32", "bf16"] | None = None
    control: list[Path] = field(default_factory=list)

    @property
    def base(self) -> Model:
        """The model as `pytest evals` will load it: the same precision and quantization."""
        return Model(
            id=self.matrix.model or Path(self.model).name,
            weights=self.model,
            released=self.matrix.released,
            dtype=DTYPES[self.precision],
            quantization=None if self.quantization == "none" else self.quantization,
            chat_template=self.chat_template,
            note=self.matrix.note,
            release_evidence=self.matrix.release_evidence,
        )


@dataclass(frozen=True, slots=True)
class Job:
    """One training and the adapters kept of it: `kept` maps an adapter's id to its epoch."""

    run: str
    datasets: list[str]
    kept: dict[str, int]

    @property
    def name(self) -> str:
        """Unlike that of any other job of the recipe."""
        return self.run if len(self.kept) > 1 else next(iter(self.kept))

    @property
    def epochs(self) -> int:
        """How long the training is."""
        return max(self.kept.values())


def read_sft(path: Path) -> SftRecipe:
    """The recipe in a file. Raises ConfigError naming the field that is wrong."""
    recipe = read_recipe(SftRecipe, path)
    require(recipe.batch_size > 0, path, "batch_size: must be above 0")
    require(recipe.accumulate > 0, path, "accumulate: must be above 0")
    require(recipe.max_length > 0, path, "max_length: must be above 0")
    require(recipe.learning_rate > 0, path, "learning_rate: must be above 0")
    require(recipe.lora.rank > 0, path, "lora.rank: must be above 0")
    require(bool(recipe.runs), path, "runs: there is none")
    for name, dataset in recipe.datasets.items():
        one = (dataset.path is None) != (not dataset.hub)
        require(one, path, f"datasets.{name}: give either path or hub")
    for name, run in recipe.runs.items():
        missing = [item for item in run.datasets if item not in recipe.datasets]
        require(not missing, path, f"runs.{name}.datasets: unknown {missing}")
        require(bool(run.datasets), path, f"runs.{name}.datasets: there is none")
        positive = bool(run.epochs_kept) and all(epoch > 0 for epoch in run.epochs_kept.values())
        require(positive, path, f"runs.{name}.epochs_kept: give at least one epoch, each above 0")
        told = recipe.trainings is not None or recipe.schedule in CONSTANT
        require(
            told or len(run.epochs_kept) == 1,
            path,
            f"runs.{name}.epochs_kept: under a {recipe.schedule} schedule epoch "
            f"{min(run.epochs_kept.values())} of {max(run.epochs_kept.values())} is not what "
            f"{min(run.epochs_kept.values())} alone would give; say which is meant: trainings = "
            '"shared" (the earlier adapter is kept on the way) or "separate" (trained on its own)',
        )
        _check_twin(recipe, name, path)
    known = [*adapter_ids(recipe), *([BASE] if recipe.matrix.base else [])]
    baseline = recipe.matrix.baseline
    require(baseline in known, path, f"matrix.baseline: unknown {baseline!r}: {', '.join(known)}")
    return _at_home(recipe, path)


def _check_twin(recipe: SftRecipe, name: str, path: Path) -> None:
    run = recipe.runs[name]
    if not run.twin_of:
        return
    others = [other for other in recipe.runs if other != name]
    unknown = f"{run.twin_of!r} is no other run: {', '.join(others) or 'none'}"
    require(run.twin_of in others, path, f"runs.{name}.twin_of: {unknown}")
    alike = run.epochs_kept == recipe.runs[run.twin_of].epochs_kept
    require(alike, path, f"runs.{name}.epochs_kept: must be those of its twin {run.twin_of}")


def adapter_ids(recipe: SftRecipe) -> list[str]:
    """Every adapter of the recipe, in its order."""
    return [f"{name}-{suffix}" for name, run in recipe.runs.items() for suffix in run.epochs_kept]


def jobs(recipe: SftRecipe, only: str | None) -> list[Job]:
    """The trainings to do; `only` is a run's id or an adapter's (`RUN-SUFFIX`).

    Raises ConfigError for an id that there isn't.
    """
    chosen = []
    for name, run in recipe.runs.items():
        kept = {f"{name}-{suffix}": epoch for suffix, epoch in run.epochs_kept.items()}
        if only is not None and only != name:
            kept = {adapter: epoch for adapter, epoch in kept.items() if adapter == only}
        if recipe.trainings == "separate":
            chosen += [Job(name, run.datasets, {id: epoch}) for id, epoch in kept.items()]
        elif kept:
            chosen.append(Job(name, run.datasets, kept))
    if not chosen:
        known = ", ".join([*recipe.runs, *adapter_ids(recipe)])
        raise ConfigError(f"--only {only}: unknown run {only!r} (known: {known})")
    return chosen


def _at_home(recipe: SftRecipe, path: Path) -> SftRecipe:
    """The recipe with its model's folder found from the recipe's own; hub ids stay as they are."""
    place = (path.parent / Path(recipe.model).expanduser()).resolve()
    if recipe.model.startswith((".", "/", "~")) or place.is_dir():
        return dataclasses.replace(recipe, model=str(place))
    return recipe
