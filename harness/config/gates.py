"""Gates as a matrix file sets them: how much of a figure a checkpoint may lose.

    [gates.jsquad.f1]
    margin = 0.03                    # three points

    [gates.knowledge.accuracy_seen]
    margin = 0.05
    must_not_break = ["hotline"]     # ids of samples that must stay right

Where nothing is set and a baseline file is given, the usual figure of each suite has the default
margin.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import ConfigError
from harness.toml import refuse_unknown, suggestion, tables, value

DEFAULT_MARGIN = 0.05


@dataclass(frozen=True, slots=True)
class Gate:
    """One figure that may not fall. margin: in the figure's units, so .03 is three points.

    must_not_break: ids of samples that were right in the reference and must be right now.
    """

    task: str
    metric: str
    margin: float = DEFAULT_MARGIN
    must_not_break: tuple[str, ...] = ()


DEFAULT_GATES = (
    Gate("knowledge", "accuracy_seen"),
    Gate("jsquad", "f1"),
    Gate("marc_ja", "accuracy"),
)


def read_gates(path: Path, content: Mapping[str, Any]) -> tuple[Gate, ...]:
    """The gates of a matrix file, in its order. Raises ConfigError."""
    return tuple(
        _gate(path, task, metric, table)
        for task, metrics in tables(path, content, "gates")
        for metric, table in _metrics(path, task, metrics)
    )


def refuse_unasked(path: Path, gates: Sequence[Gate], tasks: Collection[str]) -> None:
    """Raise ConfigError for a gate on a task without data: mistyped, it would never be judged.

    tasks: those with data. Data for the usual ones may yet come by command line.
    """
    usual = [gate.task for gate in DEFAULT_GATES]
    for gate in gates:
        if gate.task not in (*tasks, *usual):
            raise ConfigError(
                f"{path}: [gates.{gate.task}.{gate.metric}]: there are no data for a task "
                f"{gate.task!r}, so this gate would never be judged."
                f"{suggestion(gate.task, [*tasks, *usual])} Mend the name, or add "
                f"[data.{gate.task}]."
            )


def _metrics(
    path: Path, task: str, metrics: Mapping[str, Any]
) -> Sequence[tuple[str, Mapping[str, Any]]]:
    for metric, table in metrics.items():
        if not isinstance(table, dict):
            raise ConfigError(
                f"{path}: [gates.{task}]: {metric} = {table!r}: a gate is set for a metric of a "
                f"task, as\n    [gates.jsquad.f1]\n    margin = {DEFAULT_MARGIN}"
            )
    return list(metrics.items())


def _gate(path: Path, task: str, metric: str, table: Mapping[str, Any]) -> Gate:
    where = f"[gates.{task}.{metric}]"
    refuse_unknown(path, where, table, ("margin", "must_not_break"))
    margin = value(path, where, table, "margin", float, DEFAULT_MARGIN)
    if not 0 < margin < 1:
        raise ConfigError(
            f"{path}: {where}: margin = {margin:g}: expected a share between 0 and 1: 0.03 is "
            "three points."
        )
    ids = value(path, where, table, "must_not_break", list, [])
    if not all(isinstance(id, str) for id in ids):
        raise ConfigError(f"{path}: {where}: must_not_break: expected the ids of samples, as text.")
    return Gate(task, metric, margin, tuple(ids))
