"""Sample logs of lm-eval (`--log_samples`): samples_TASK_DATE.jsonl, a line a sample and filter.

Read as version 0.4.13 writes them (`EvaluationTracker.save_results_samples`). A sample is paired
by the hashes of its document and target; the hash of its prompt must then be the same, too.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.comparison.scores import Scored, ScoreSet, cluster_of, finite_scores, sample_key
from harness.errors import DataError
from harness.jsonl import read_rows

PATTERN = "samples_*.jsonl"
_NAME = re.compile(r"samples_(?P<task>.+)_(?P<date>\d{4}-\d\d-\d\dT[\d.-]+)")
_NO_FILTER = "none"
_FIELDS = ("filter", "metrics", "doc_hash", "prompt_hash", "target_hash")


def newest_files(folder: Path) -> list[Path]:
    """The sample logs under a folder; of one model and task only the one written last."""
    newest: dict[tuple[Path, str], Path] = {}
    for path in sorted(folder.rglob(PATTERN)):  # dates in names sort as text
        newest[path.parent, _task(path)] = path
    return list(newest.values())


def read_lm_eval(path: Path) -> list[ScoreSet]:
    """The samples of one file, a set for each filter: "TASK", or "TASK (FILTER)".

    The checkpoint goes by its folder, which lm-eval names after the model. Raises DataError for a
    file that is empty or no such log, naming the line.
    """
    rows: dict[str, list[Scored]] = {}
    generation: dict[str, Any] = {}
    likelihoods = _likelihoods(path)
    for number, row in read_rows(path):
        _refuse_other(path, number, row)
        rows.setdefault(str(row["filter"]), []).append(_scored(number, row, likelihoods))
        generation = generation or _generation(row)
    if not rows:
        raise DataError(f"{path}: no samples in it. Was lm-eval stopped before it wrote them?")
    task, model = _task(path), path.resolve().parent.name
    lower = frozenset(
        metric for metric, higher in _told(path, "higher_is_better").items() if higher is False
    )
    return [
        ScoreSet(
            checkpoint=model,
            task=task if name == _NO_FILTER else f"{task} ({name})",
            identity={"generation": generation} if generation else {},
            samples=tuple(samples),
            lower_is_better=lower,
        )
        for name, samples in rows.items()
    ]


def _task(path: Path) -> str:
    match = _NAME.fullmatch(path.stem)
    return match["task"] if match else path.stem.removeprefix("samples_")


def _likelihoods(path: Path) -> frozenset[str]:
    """Metrics that hold a log-likelihood, the higher the better, where the figure is a perplexity.

    Neither its mean nor its direction is that of the figure, so they are left out.
    """
    listed = _told(path, "configs").get("metric_list")
    told = {
        str(entry.get("metric")): entry.get("aggregation")
        for entry in (listed if isinstance(listed, list) else ())
        if isinstance(entry, dict)
    }
    known = {"perplexity": "perplexity", **told}
    return frozenset(metric for metric, how in known.items() if how == "perplexity")


def _told(path: Path, table: str) -> Mapping[str, Any]:
    """What lm-eval's results, written beside the samples, say of the task; {} where they don't."""
    match = _NAME.fullmatch(path.stem)
    if match is None:
        return {}
    try:
        results = path.with_name(f"results_{match['date']}.json").read_text(encoding="utf-8")
        found = json.loads(results)[table][match["task"]]
    except (OSError, ValueError, KeyError, TypeError):
        return {}  # samples may travel alone: higher is then taken for better
    return found if isinstance(found, dict) else {}


def _refuse_other(path: Path, number: int, row: Mapping[str, Any]) -> None:
    missing = [name for name in _FIELDS if name not in row]
    if missing or not isinstance(row["metrics"], list):
        raise DataError(
            f"{path}:{number}: no line of lm-eval's sample log, "
            + (f"{', '.join(missing)} missing" if missing else "metrics is no list of names")
            + ". lm-eval writes one with --log_samples."
        )


def _scored(number: int, row: Mapping[str, Any], left_out: frozenset[str]) -> Scored:
    identifier = str(row.get("doc_id", number))
    fields = row.get("doc")
    return Scored(
        key=sample_key(str(row["doc_hash"]), [str(row["target_hash"])]),
        id=identifier,
        cluster=cluster_of(fields if isinstance(fields, dict) else {}, identifier),
        stratum="",
        scores=finite_scores({m: row.get(m) for m in row["metrics"] if m not in left_out}),
        response=_response(row),
        correct=None,
        prompt=_given(str(row["prompt_hash"]), _arguments(row)),
    )


def _arguments(row: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What each request of the sample held: arg_0 the prompt, arg_1 a continuation or settings."""
    arguments = row.get("arguments")
    values = arguments.values() if isinstance(arguments, dict) else ()
    return [value for value in values if isinstance(value, dict)]


def _generation(row: Mapping[str, Any]) -> dict[str, Any]:
    """How the answer was generated; empty for a task that scores continuations."""
    settings = (argument.get("arg_1") for argument in _arguments(row))
    return next((dict(found) for found in settings if isinstance(found, dict)), {})


def _given(prompt: str, arguments: list[Mapping[str, Any]]) -> str:
    """lm-eval's hash is of the prompt alone; the continuations offered belong to the question."""
    offered = [a["arg_1"] for a in arguments if isinstance(a.get("arg_1"), str)]
    return hashlib.sha256(json.dumps([prompt, offered]).encode()).hexdigest()[:16]


def _response(row: Mapping[str, Any]) -> str:
    """The generated text, or of scored continuations the likeliest."""
    answers = row.get("filtered_resps") or [""]
    if not isinstance(answers, list) or not all(isinstance(a, list) and a for a in answers):
        return str(answers[0] if isinstance(answers, list) else answers)
    try:
        best = max(range(len(answers)), key=lambda place: float(answers[place][0]))
    except ValueError:
        return str(answers[0][0])
    offered = [str(argument.get("arg_1", "")).strip() for argument in _arguments(row)]
    return offered[best] if best < len(offered) else ""
