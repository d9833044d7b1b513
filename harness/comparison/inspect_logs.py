"""Logs of inspect_ai in its JSON format (version 2 of `EvalLog`, as 0.3.285 writes it)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.comparison.scores import Scored, ScoreSet, cluster_of, finite_scores, sample_key
from harness.errors import DataError
from harness.jsonl import read_json

VERSION = 2
_EXPECTED = (
    "Name a run folder, a folder or file of lm-eval's samples_*.jsonl, or a log of inspect_ai "
    "(.json)."
)
# As inspect_ai's `value_to_float` counts them.
_LETTERS = {"C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0}


def read_inspect(path: Path) -> ScoreSet:
    """The samples of a log; of several epochs the mean, as inspect_ai itself reduces them.

    A score is named after its scorer; one that holds several figures gives "SCORER/FIGURE".
    Raises DataError for a file that is no such log, or one without samples.
    """
    log = _log(path)
    attempts: dict[str, list[Mapping[str, Any]]] = {}
    try:
        for sample in log["samples"]:
            attempts.setdefault(str(sample["id"]), []).append(sample)
        return ScoreSet(
            checkpoint=str(log["eval"]["model"]),
            task=str(log["eval"]["task"]),
            identity=_identity(log),
            samples=tuple(_scored(name, epochs) for name, epochs in attempts.items()),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"{path}: not as inspect_ai writes its logs, version {VERSION} ({error!r})."
        ) from error


def _log(path: Path) -> dict[str, Any]:
    log = read_json(path, _EXPECTED)
    if not isinstance(log, dict) or not {"version", "eval", "plan"} <= log.keys():
        raise DataError(f"{path}: no log of inspect_ai. {_EXPECTED}")
    if log["version"] != VERSION:
        raise DataError(f"{path}: log version {log['version']!r}, this reads {VERSION}.")
    if not log.get("samples"):
        raise DataError(
            f"{path}: no samples in it (status {log.get('status')}). Run inspect eval with samples "
            "logged, which --no-log-samples turns off."
        )
    return log


def _identity(log: Mapping[str, Any]) -> dict[str, Any]:
    spec, plan = log["eval"], log["plan"]
    return {
        "task_version": spec.get("task_version"),
        "solver": [[step["solver"], step.get("params")] for step in plan["steps"]],
        "generation": {**spec.get("model_generate_config", {}), **plan.get("config", {})},
        "scorers": [[s["name"], s.get("options")] for s in spec.get("scorers") or ()],
        "epochs": spec.get("config", {}).get("epochs"),
    }


def _scored(identifier: str, epochs: Sequence[Mapping[str, Any]]) -> Scored:
    first, target = epochs[0], epochs[0]["target"]
    asked = json.dumps([list(_turns(first["input"])), first.get("choices")], sort_keys=True)
    figures: dict[str, list[float]] = {}
    for sample in epochs:
        for name, value in _figures(sample.get("scores") or {}).items():
            figures.setdefault(name, []).append(value)
    return Scored(
        key=sample_key(asked, [target] if isinstance(target, str) else target),
        id=identifier,
        cluster=cluster_of(first.get("metadata") or {}, identifier),
        stratum="",
        scores={name: sum(values) / len(values) for name, values in figures.items()},
        response=str((first.get("output") or {}).get("completion") or ""),
        correct=None,
    )


def _turns(given: Any) -> Iterator[tuple[str, Any]]:
    """What was asked, without the ids that messages get anew in each run."""
    if isinstance(given, str):
        yield "user", given
        return
    for message in given:
        yield message["role"], message["content"]


def _figures(scores: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    flat: dict[str, Any] = {}
    for name, score in scores.items():
        value = score["value"]
        parts = value if isinstance(value, dict) else {"": value}
        for part, figure in parts.items():
            letter = _LETTERS.get(figure) if isinstance(figure, str) else figure
            flat[f"{name}/{part}" if part else name] = letter
    return finite_scores(flat)
