"""Baseline files: what a blessed run answered, small enough to commit.

    {"schema": 1, "run": {...}, "digest": "...", "tasks": {"jsquad": {
       "identities": [{"checkpoints": ["base", "qa-long"], "identity": {...}}],
       "figures": {"f1": {"base": 0.943, ...}},
       "scores": {"f1": {"checkpoints": ["base", "qa-long"], "samples": {
          "03f1c2…": "1 0.857", ...

Samples go by the hash of what was asked and what counts as right: questions on private documents
stay out of the file. Sorted, a sample a line ("-" where a checkpoint has no score), so that a
change of one answer is a change of one line. Where people or a judging model judged answers,
"rule:SCORE" holds what the rule said of those, "mark:model" tells where it was the model (run.judge
says which), and "mark:unsure" where the rule had to guess. `figures` are for the person who reads
the diff; the gate reads `scores`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.comparison.scores import PEOPLE, Scored, ScoreSet, metric_samples, score_set
from harness.errors import ConfigError
from harness.runs import Run

SCHEMA = 1
_DIGITS = 4  # of a figure that people read; scores are kept exactly, so that equal is equal
_NONE = "-"
_RULE = "rule:"  # a score by the rule, of the answers that somebody else judged
_MODEL, _UNSURE = "mark:model", "mark:unsure"
_MAKE = "Make one with: python -m harness bless RUN --out FILE."


@dataclass(frozen=True, slots=True)
class Baseline:
    """A baseline file as read."""

    path: Path
    content: Mapping[str, Any]

    def score_set(self, checkpoint: str, task: str) -> ScoreSet | None:
        """What the blessed run answered; None where it did not measure this."""
        table = self.content["tasks"].get(task, {})
        identity = next(
            (g["identity"] for g in table.get("identities", ()) if checkpoint in g["checkpoints"]),
            None,
        )
        if identity is None:
            return None
        scores: dict[str, dict[str, float]] = {}
        for name, column in table["scores"].items():
            if checkpoint not in column["checkpoints"]:
                continue
            place = column["checkpoints"].index(checkpoint)
            for key, row in column["samples"].items():
                if (text := row.split(" ")[place]) != _NONE:
                    scores.setdefault(key, {})[name] = float(text)
        judge = str(self.content["run"].get("judge") or "")
        samples = tuple(_scored(key, columns, judge) for key, columns in scores.items())
        return ScoreSet(checkpoint, task, identity, samples)


def _scored(key: str, columns: Mapping[str, float], judge: str) -> Scored:
    """judge: the setup of the judging model of that run."""
    scores = {n: s for n, s in columns.items() if not n.startswith((_RULE, "mark:"))}
    of_rule = {n.removeprefix(_RULE): s for n, s in columns.items() if n.startswith(_RULE)}
    return Scored(
        key,
        id=key,
        cluster=key,
        stratum="",
        scores=scores,
        response="",
        correct=None,
        rule=of_rule or None,
        judge="" if not of_rule else judge if _MODEL in columns else PEOPLE,
        unsure=_UNSURE in columns,
    )


def make_baseline(
    run: Run, allow_dirty: bool = False, allow_partial: bool = False
) -> dict[str, Any]:
    """The content of the baseline file of a run.

    Raises ConfigError for a run that is partial or was made from a changed working tree, unless
    allowed, and for one without figures.
    """
    _refuse_doubtful(run, allow_dirty, allow_partial)
    tables = {task: _task(run, task) for task in sorted({i.task for i in run.items if i.results})}
    # A task none of whose figures is a mean over samples has nothing to pair.
    tasks = {task: table for task, table in tables.items() if table["scores"]}
    if not tasks:
        raise ConfigError(f"{run.folder}: nothing was measured that a gate could go by.")
    described = {k: run.manifest.get(k) for k in ("id", "finished", "status", "command", "tree")}
    if judge := run.manifest.get("judge"):
        described["judge"] = judge["setup"]
    return {"schema": SCHEMA, "run": described, "digest": _digest(tasks), "tasks": tasks}


def describe(content: Mapping[str, Any]) -> str:
    """What a baseline file holds, in a line."""
    parts = []
    for task, table in content["tasks"].items():
        samples = {key for column in table["scores"].values() for key in column["samples"]}
        checkpoints = sum(len(group["checkpoints"]) for group in table["identities"])
        parts.append(f"{task} ({len(samples):,} samples, {checkpoints} checkpoints)")
    return f"run {content['run']['id']}: {', '.join(parts)}"


def measured_in(content: Mapping[str, Any]) -> set[str]:
    """What a baseline file has answers of, as "task[checkpoint]"."""
    return {
        f"{task}[{checkpoint}]"
        for task, table in content["tasks"].items()
        for group in table["identities"]
        for checkpoint in group["checkpoints"]
    }


def doubts(run: Run) -> list[str]:
    """What whoever blesses a run should hear, though it may be meant; a sentence each."""
    failed = [f"{i.task}[{i.checkpoint}]" for i in run.items if i.status == "failed"]
    told = []
    if failed:
        told.append(
            f"Blessed although it failed: {', '.join(failed)}. What fell there is now what later "
            "runs are held against."
        )
    if run.manifest.get("tree") is None:
        told.append("Which commit was measured is not known: git could not be asked.")
    return told


def _refuse_doubtful(run: Run, allow_dirty: bool, allow_partial: bool) -> None:
    tree = run.manifest.get("tree") or {}
    # An item may end well without a figure: on too few texts for any membership attack.
    unmeasured = [
        f"{i.task}[{i.checkpoint}] {i.status}"
        for i in run.items
        if not i.results and i.status not in ("measured", "passed")
    ]
    partial = run.manifest.get("status") != "complete"
    if not allow_partial and (partial or unmeasured):
        why = ", ".join(unmeasured[:5]) or "it did not come to its end"
        raise ConfigError(
            f"{run.folder}: a partial run ({why}). Run it again to the end, or bless what there is "
            "with --allow-partial."
        )
    if not allow_dirty and tree.get("dirty"):
        raise ConfigError(
            f"{run.folder}: measured on a working tree with uncommitted changes (commit "
            f"{tree.get('commit')}): nobody can make it again. Commit and run again, or bless it "
            "all the same with --allow-dirty."
        )


def _task(run: Run, task: str) -> dict[str, Any]:
    sets = {
        checkpoint: scores
        for checkpoint in (str(c["id"]) for c in run.checkpoints)
        if (scores := score_set(run, checkpoint, task)) is not None
    }
    metrics = dict.fromkeys(
        r.metric for i in run.items if i.task == task for r in i.results if _is_mean(r.metric, sets)
    )
    names = dict.fromkeys(metric_samples(metric)[0] for metric in metrics)
    columns = {name: _column(sets, name, lambda s: s.scores) for name in names}
    by_rule = {f"{_RULE}{name}": _column(sets, name, lambda s: s.rule or {}) for name in names}
    marks = {
        _MODEL: _column(sets, _MODEL, lambda s: {_MODEL: 1.0} if _by_model(s) else {}),
        _UNSURE: _column(sets, _UNSURE, lambda s: {_UNSURE: 1.0} if s.unsure else {}),
    }
    judged = {name: column for name, column in {**by_rule, **marks}.items() if column["samples"]}
    return {
        "identities": _identities(sets.values()),
        "figures": {metric: _figures(run, task, metric) for metric in sorted(metrics)},
        "scores": dict(sorted({**columns, **judged}.items())),
    }


def _by_model(sample: Scored) -> bool:
    return sample.judge not in ("", PEOPLE)


def _is_mean(metric: str, sets: Mapping[str, ScoreSet]) -> bool:
    """Whether a metric is a mean over samples, which alone can be paired."""
    score, _ = metric_samples(metric)
    return any(score in sample.scores for scores in sets.values() for sample in scores.samples)


def _identities(sets: Iterable[ScoreSet]) -> list[dict[str, Any]]:
    groups: dict[str, dict[str, Any]] = {}
    for scores in sets:
        content = json.dumps(scores.identity, sort_keys=True)
        group = groups.setdefault(content, {"checkpoints": [], "identity": dict(scores.identity)})
        group["checkpoints"].append(scores.checkpoint)
    return list(groups.values())


def _figures(run: Run, task: str, metric: str) -> dict[str, float]:
    results = [r for i in run.items if i.task == task for r in i.results if r.metric == metric]
    return {r.checkpoint: round(r.value, _DIGITS) for r in results}


def _column(
    sets: Mapping[str, ScoreSet], name: str, scores_of: Callable[[Scored], Mapping[str, float]]
) -> dict[str, Any]:
    having = {
        checkpoint: {
            key: scores_of(sample)[name]
            for key, sample in scores.by_key().items()
            if name in scores_of(sample)
        }
        for checkpoint, scores in sets.items()
    }
    keys = sorted({key for scores in having.values() for key in scores})
    rows = {key: " ".join(_short(scores.get(key)) for scores in having.values()) for key in keys}
    return {"checkpoints": list(having), "samples": rows}


def _short(score: float | None) -> str:
    if score is None:
        return _NONE
    return str(int(score)) if score in (0.0, 1.0) else repr(score)


def _digest(tasks: Mapping[str, Any]) -> str:
    """Of what the gate reads: an outcome changed by hand or a bad merge is noticed."""
    text = json.dumps(tasks, ensure_ascii=True, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def read_baseline(path: Path) -> Baseline:
    """Read a baseline file. Raises ConfigError if it is none, or was changed by hand."""
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"{path}: baseline can't be read: {error.strerror}. {_MAKE}") from error
    except ValueError as error:
        raise ConfigError(f"{path}: no baseline file ({error}). {_MAKE}") from error
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise ConfigError(f"{path}: not a baseline file of schema {SCHEMA}. {_MAKE}")
    if content.get("digest") != _digest(content.get("tasks", {})):
        raise ConfigError(
            f"{path}: its outcomes are not those that were blessed (a merge, or an edit by hand). "
            f"{_MAKE}"
        )
    return Baseline(path, content)
