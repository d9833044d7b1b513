"""The judge, as a matrix file names it.

[judge]
model = "gpt-4o"                  # a [models.ID] of this file
when = "unsure"                   # or "always", for a second opinion
repeats = 3
temperature = 0.7
rubric = "./judge_ja.md"          # instead of the built-in one
calibration = "../reports/judge/gpt-4o.json"
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import ConfigError
from harness.records import Model
from harness.toml import one_of, place, refuse_unknown, suggestion, value

WHEN = ("unsure", "always")
# Of several times asking: at 0 all would be one and the same answer.
TEMPERATURE = 0.7
_MOST = 25


@dataclass(frozen=True, slots=True)
class Judge:
    """A model that grades written answers.

    when: "unsure" (where the rule can't tell) | "always" (a second opinion besides).
    repeats: times that it is asked of one answer, at `temperature`. rubric: a text file; None for
    the built-in one. calibration: how far it agreed with people; without it no verdict counts.
    """

    model: Model
    when: str = "unsure"
    repeats: int = 1
    temperature: float = 0.0
    rubric: Path | None = None
    calibration: Path | None = None


def read_judge(path: Path, content: Mapping[str, Any], models: Mapping[str, Model]) -> Judge | None:
    """The judge of a matrix file; None where it names none. Raises ConfigError."""
    table = value(path, "top level", content, "judge", dict, None)
    if table is None:
        return None
    where = "[judge]"
    keys = ("model", "when", "repeats", "temperature", "rubric", "calibration")
    refuse_unknown(path, where, table, keys)
    model = value(path, where, table, "model", str, ...)
    if model not in models:
        raise ConfigError(
            f"{path}: {where}: unknown model {model!r}.{suggestion(model, models)} "
            f"Known: {', '.join(models) or 'none'}."
        )
    repeats = value(path, where, table, "repeats", int, 1)
    if not 1 <= repeats <= _MOST:
        raise ConfigError(f"{path}: {where}: repeats = {repeats}: expected 1 to {_MOST}.")
    otherwise = TEMPERATURE if repeats > 1 else 0.0
    temperature = value(path, where, table, "temperature", float, otherwise)
    if temperature < 0 or (repeats > 1 and temperature == 0):
        raise ConfigError(
            f"{path}: {where}: temperature = {temperature:g}, repeats = {repeats}: a judge that is "
            f"asked several times needs one above 0 (usual: {TEMPERATURE}), or it would say the "
            "same each time."
        )
    rubric, calibration = (
        value(path, where, table, key, str, None) for key in ("rubric", "calibration")
    )
    return Judge(
        model=models[model],
        when=one_of(path, where, "when", value(path, where, table, "when", str, "unsure"), WHEN),
        repeats=repeats,
        temperature=temperature,
        rubric=place(path, rubric) if rubric else None,
        calibration=place(path, calibration) if calibration else None,
    )
