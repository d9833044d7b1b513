"""The recipe of the embedded base model's pre-training."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from training.pretraining.corpus import TASKS
from training.recipe import read_recipe, require


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
    data: Path


@dataclass(frozen=True, slots=True)
class BaseRecipe:
    """How the embedded model is pre-trained.

    shares: part of each step's rows by task. limits: at most so many texts of a task, the first.
    """

    seed: int
    steps: int
    corpus: Path
    out: Path
    row_length: int
    rows: int
    report_every: int
    model: ModelShape
    optimiser: Optimiser
    loss: LossWeights
    shares: dict[str, float]
    limits: dict[str, int]
    probe: ProbePlan


def read_base(path: Path) -> BaseRecipe:
    """Recipe of `pretrain`; ConfigError names the field that is wrong."""
    recipe = read_recipe(BaseRecipe, path)
    for name, named in (("shares", set(recipe.shares)), ("limits", set(recipe.limits))):
        unknown = sorted(named - set(TASKS))
        require(not unknown, path, f"{name}: unknown task {unknown} (known: {', '.join(TASKS)})")
    require(all(n > 0 for n in recipe.limits.values()), path, "limits: each must be above 0")
    require(
        bool(recipe.shares) and all(share > 0 for share in recipe.shares.values()),
        path,
        "shares: give at least one task, each with a share above 0",
    )
    require(recipe.rows >= len(recipe.shares), path, "rows: fewer than there are tasks")
    require(recipe.steps > 0, path, "steps: must be above 0")
    require(recipe.row_length >= 8, path, "row_length: below 8 tokens")
    require(recipe.model.hidden > 0 and recipe.model.layers > 0, path, "model: empty")
    require(0 <= recipe.optimiser.constant <= 1, path, "optimiser.constant: outside 0..1")
    return recipe
