"""Training recipes: TOML files read into frozen dataclasses, checked field by field."""

from __future__ import annotations

import dataclasses
import tomllib
import types
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from training.corpus import TASKS, InputError

T = TypeVar("T")

# Under these the rate at a step does not depend on how many steps are still to come.
CONSTANT = ("constant", "constant_with_warmup")
SCHEDULES = (*CONSTANT, "linear", "cosine")


@dataclass(frozen=True, slots=True)
class ModelShape:
    """Size of the Gemma model; `parameters` is the upper limit that pretrain enforces."""

    vocabulary: int
    hidden: int
    intermediate: int
    layers: int
    heads: int
    head_size: int
    max_positions: int
    parameters: int


@dataclass(frozen=True, slots=True)
class Optimiser:
    """AdamW with warm-up (steps), constant rate, linear decay to `floor` x rate."""

    learning_rate: float
    weight_decay: float
    warm_up: int
    constant: float
    floor: float
    clip: float


@dataclass(frozen=True, slots=True)
class LossWeights:
    """Weight of the mean loss on documents, chat prompts and chat answers."""

    raw: float
    prompt: float
    answer: float


@dataclass(frozen=True, slots=True)
class ProbePlan:
    """Every `every` steps, `rows` rows a probe from the files in `data`."""

    every: int
    rows: int
    data: str


@dataclass(frozen=True, slots=True)
class BaseRecipe:
    """How the embedded model is pre-trained.

    shares: part of each step's rows by task. limits: at most so many texts of a task, the first.
    """

    seed: int
    steps: int
    corpus: str
    out: str
    row_length: int
    rows: int
    report_every: int
    model: ModelShape
    optimiser: Optimiser
    loss: LossWeights
    shares: dict[str, float]
    limits: dict[str, int]
    probe: ProbePlan


@dataclass(frozen=True, slots=True)
class Lora:
    """LoRA settings as in peft; `targets` is "all-linear" or a list of module names."""

    rank: int
    alpha: int
    dropout: float
    targets: str | list[str]


@dataclass(frozen=True, slots=True)
class Dataset:
    """Question-answer rows (JSONL) and the names of the two fields that are used."""

    path: str
    question: str = "question"
    answer: str = "answer"


@dataclass(frozen=True, slots=True)
class Run:
    """One fine-tuning; `epochs_kept` maps an adapter's suffix to the epoch it is kept at."""

    datasets: list[str]
    epochs_kept: dict[str, int]


@dataclass(frozen=True, slots=True)
class SftRecipe:
    """How adapters are trained. precision: fp32 or bf16; quantization: none or nf4."""

    model: str
    out: str
    seed: int
    learning_rate: float
    schedule: str
    warm_up: int
    batch_size: int
    max_length: int
    precision: str
    quantization: str
    lora: Lora
    datasets: dict[str, Dataset]
    runs: dict[str, Run]


def read_base(path: Path) -> BaseRecipe:
    """Recipe of `pretrain`; InputError names the field that is wrong."""
    recipe = _build(BaseRecipe, _read(path), str(path))
    for name, named in (("shares", set(recipe.shares)), ("limits", set(recipe.limits))):
        unknown = sorted(named - set(TASKS))
        _require(not unknown, path, f"{name}: unknown task {unknown} (known: {', '.join(TASKS)})")
    _require(all(n > 0 for n in recipe.limits.values()), path, "limits: each must be above 0")
    _require(
        bool(recipe.shares) and all(share > 0 for share in recipe.shares.values()),
        path,
        "shares: give at least one task, each with a share above 0",
    )
    _require(recipe.rows >= len(recipe.shares), path, "rows: fewer than there are tasks")
    _require(recipe.steps > 0, path, "steps: must be above 0")
    _require(recipe.row_length >= 8, path, "row_length: below 8 tokens")
    _require(recipe.model.hidden > 0 and recipe.model.layers > 0, path, "model: empty")
    _require(0 <= recipe.optimiser.constant <= 1, path, "optimiser.constant: outside 0..1")
    return recipe


def read_sft(path: Path) -> SftRecipe:
    """Recipe of `sft`; InputError names the field that is wrong."""
    recipe = _build(SftRecipe, _read(path), str(path))
    _require(recipe.precision in ("fp32", "bf16"), path, "precision: must be fp32 or bf16")
    _require(recipe.quantization in ("none", "nf4"), path, "quantization: must be none or nf4")
    known = ", ".join(SCHEDULES)
    _require(recipe.schedule in SCHEDULES, path, f"schedule: must be one of {known}")
    _require(recipe.batch_size > 0, path, "batch_size: must be above 0")
    _require(recipe.lora.rank > 0, path, "lora.rank: must be above 0")
    _require(bool(recipe.runs), path, "runs: there is none")
    for name, run in recipe.runs.items():
        missing = [item for item in run.datasets if item not in recipe.datasets]
        _require(not missing, path, f"runs.{name}.datasets: unknown {missing}")
        _require(bool(run.datasets), path, f"runs.{name}.datasets: there is none")
        _require(
            bool(run.epochs_kept) and all(epoch > 0 for epoch in run.epochs_kept.values()),
            path,
            f"runs.{name}.epochs_kept: give at least one epoch, each above 0",
        )
        _require(
            len(run.epochs_kept) == 1 or recipe.schedule in CONSTANT,
            path,
            f"runs.{name}.epochs_kept: several need a constant schedule, or the earlier adapters "
            "would not be what a shorter training gives",
        )
    return recipe


def as_table(recipe: BaseRecipe | SftRecipe) -> dict[str, Any]:
    """The recipe as plain JSON values, for the card beside what it made."""
    return dataclasses.asdict(recipe)


def _require(condition: bool, path: Path, message: str) -> None:
    if not condition:
        raise InputError(f"{path}: {message}")


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not TOML: {error}") from error


def _build(kind: type[T], table: Mapping[str, Any], place: str) -> T:
    hints = get_type_hints(kind)
    fields = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    for name in table:
        if name not in fields:
            raise InputError(f"{place}: unknown field {name!r} (known: {', '.join(fields)})")
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if name in table:
            values[name] = _value(hints[name], table[name], f"{place}: {name}")
        elif field.default is dataclasses.MISSING:
            raise InputError(f"{place}: field {name!r} is missing")
    return kind(**values)


def _value(hint: Any, value: Any, place: str) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if dataclasses.is_dataclass(hint) and isinstance(value, dict):
        return _build(hint, value, place)  # type: ignore[arg-type]
    if origin is dict and isinstance(value, dict):
        return {key: _value(arguments[1], item, f"{place}.{key}") for key, item in value.items()}
    if origin is list and isinstance(value, list):
        return [_value(arguments[0], item, place) for item in value]
    if origin is types.UnionType:
        chosen = next(part for part in arguments if isinstance(value, list) == (part is not str))
        return _value(chosen, value, place)
    if hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if hint in (int, str) and type(value) is hint:
        return value
    wanted = getattr(hint, "__name__", str(hint))
    raise InputError(f"{place}: expected {wanted}, found {value!r}")
