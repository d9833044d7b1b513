"""A run in lm-eval's form: results_DATE.json and samples_TASK_DATE.jsonl, a folder a checkpoint.

As version 0.4.13 writes them (`EvaluationTracker`), so that its tools read them, and `compare`
does. Tasks of lm-eval keep what lm-eval said of each document; of other suites each sample is a
document, and what we call a sample's "correct" goes by "accuracy", as the figure that is its mean.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.comparison.scores import (
    LOWER_IS_BETTER,
    metric_samples,
    stratum_of,
    worse_if_more,
)
from harness.errors import ConfigError
from harness.jsonl import append_rows
from harness.report.lm_eval_samples import NO_FILTER, Row, digest, samples
from harness.runs import Item, Run, write_json


def export_lm_eval(run: Run, folder: Path) -> list[Path]:
    """Write every measured item of a run into `folder`. Returns the files.

    Raises ConfigError for a run without figures and for one that is redacted, StorageError.
    """
    if run.manifest.get("redact"):
        raise ConfigError(
            f"{run.folder}: reports of this run are redacted, and lm-eval's sample logs hold "
            "questions and answers. Export a run without --eval-redact."
        )
    written: list[Path] = []
    for checkpoint in run.checkpoints:
        items = [i for i in run.items if i.checkpoint == checkpoint["id"] and i.results]
        if items:
            written += _checkpoint(run, checkpoint, items, folder / str(checkpoint["id"]))
    if not written:
        raise ConfigError(f"{run.folder}: nothing was measured, so there is nothing to export.")
    return written


def _checkpoint(
    run: Run, checkpoint: Mapping[str, Any], items: Sequence[Item], folder: Path
) -> list[Path]:
    date = _date(run)
    results: dict[str, Any] = {
        "results": {},
        "group_subtasks": {},
        "configs": {},
        "versions": {},
        "n-shot": {},
        "higher_is_better": {},
        "n-samples": {},
    }
    paths, hashes = [folder / f"results_{date}.json"], {}
    settings: Mapping[str, Any] = {}
    for item in items:
        rows = run.samples(item.checkpoint, item.task)
        found = samples(item, rows)
        told = (run.details(item.checkpoint, item.task) or {}).get("lm_eval") or {}
        settings = settings or told
        _add(results, item, rows, found, told)
        hashes[item.task] = digest(
            "".join(row["doc_hash"] + row["prompt_hash"] + row["target_hash"] for row in found)
        )
        paths.append(folder / f"samples_{item.task}_{date}.jsonl")
        paths[-1].unlink(missing_ok=True)
        append_rows(paths[-1], found)
    seconds = sum(item.seconds for item in items)
    write_json(paths[0], {**results, **_told(run, checkpoint, settings), "task_hashes": hashes,
                          "total_evaluation_time_seconds": str(round(seconds, 3))})  # fmt: skip
    return paths


def _add(
    results: dict[str, Any],
    item: Item,
    rows: Sequence[Row],
    found: Sequence[Row],
    told: Mapping[str, Any],
) -> None:
    """One task's part of every table of the results."""
    task, identity = item.task, item.results[0].identity
    filters = list(dict.fromkeys(row["filter"] for row in found)) or [NO_FILTER]
    figures: dict[str, Any] = {}
    for result in item.results:
        metric, _, named = result.metric.partition(",")
        own = named or filters[0]
        figures[f"{metric},{own}"] = result.value if math.isfinite(result.value) else None
        if "stderr" in told:
            error = told["stderr"].get(result.metric)
        else:
            score, stratum = metric_samples(result.metric)
            scores = [r["scores"].get(score) for r in rows if stratum in (None, stratum_of(r))]
            error = _standard_error(scores, result.value)
        figures[f"{metric}_stderr,{own}"] = "N/A" if error is None else error
    lower = LOWER_IS_BETTER | set(identity.get("lower_is_better", ()))
    told_of = dict.fromkeys(metric for row in found for metric in row["metrics"])
    logged = [metric for metric in told_of if all(metric in row["metrics"] for row in found)]
    metrics = dict.fromkeys(key.partition(",")[0] for key in figures if "_stderr," not in key)
    better = {m: not worse_if_more(*metric_samples(m), lower) for m in (*metrics, *logged)}
    shots = told.get("num_fewshot", identity.get("num_fewshot", 0))
    version = told.get("version", identity.get("version", 0))
    config = told.get("config", {})
    alias = config.get("task_alias", task)
    results["results"][task] = {"name": task, "alias": alias, "sample_len": len(rows), **figures}
    results["versions"][task] = version
    results["n-shot"][task] = shots
    results["higher_is_better"][task] = better
    documents = told.get("documents", len(rows))
    results["n-samples"][task] = {"original": documents, "effective": len(rows)}
    results["configs"][task] = {
        "task": task,
        "output_type": told.get("output_type") or output_type(found),
        "num_fewshot": shots,
        "repeats": 1,
        "metric_list": [
            {"metric": metric, "aggregation": "mean", "higher_is_better": better[metric]}
            for metric in logged
        ],
        **config,
        "metadata": {"version": version, "pytest-michi": dict(identity)},
    }


def output_type(found: Sequence[Row]) -> str:
    """lm-eval's word for how a suite of ours asks, seen from its first sample."""
    arguments = list(found[0]["arguments"].values()) if found else []
    if not arguments or isinstance(arguments[0].get("arg_1"), dict):
        return "generate_until"
    if "arg_1" not in arguments[0]:
        return "loglikelihood_rolling"
    return "multiple_choice" if len(arguments) > 1 else "loglikelihood"


def _standard_error(scores: Sequence[float | None], value: float) -> float | None:
    """lm-eval's `mean_stderr`; None for a figure that is no mean of scores."""
    known = [score for score in scores if score is not None]
    if len(known) < 2 or not math.isclose(math.fsum(known) / len(known), value, abs_tol=1e-9):
        return None
    mean = math.fsum(known) / len(known)
    spread = math.fsum((score - mean) ** 2 for score in known) / (len(known) - 1)
    return math.sqrt(spread / len(known))


def _date(run: Run) -> str:
    """When the run ended, as lm-eval spells it in names of files."""
    told = str(run.manifest.get("finished") or run.manifest.get("started"))
    moment = datetime.datetime.fromisoformat(told).replace(tzinfo=None)
    return moment.isoformat(timespec="microseconds").replace(":", "-")


def _told(run: Run, checkpoint: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Who was asked, when and with what. settings: of lm-eval's tasks, which all have the same."""
    template = settings.get("chat_template")
    models = {model["id"]: model for model in run.manifest["models"]}
    model = models.get(checkpoint["model"], {})
    arguments = {
        "pretrained": model.get("weights"),
        **({"peft": checkpoint["adapter"]} if checkpoint.get("adapter") else {}),
        "dtype": model.get("dtype"),
    }
    packages = run.manifest.get("environment", {}).get("packages", {})
    started = datetime.datetime.fromisoformat(str(run.manifest["started"]))
    return {
        "config": {
            "model": "pytest-michi",
            "model_args": arguments,
            "model_dtype": model.get("dtype"),
            "batch_size": None,
            "batch_sizes": [],
            "device": None,
            "use_cache": None,
            "limit": settings.get("limit"),
            "bootstrap_iters": settings.get("bootstrap_iters", 0),
            "gen_kwargs": None,
            "random_seed": None,
            "numpy_seed": None,
            "torch_seed": None,
            "fewshot_seed": None,
            **settings.get("seeds", {}),
        },
        "upper_git_hash": None,
        "git_hash": (run.manifest.get("tree") or {}).get("commit"),
        "date": started.timestamp(),
        "transformers_version": packages.get("transformers", "N/A"),
        "lm_eval_version": packages.get("lm-eval", "N/A"),
        "pytest_michi_run": run.manifest["id"],
        "model_source": "pytest-michi",
        "model_name": checkpoint["id"],
        "model_name_sanitized": checkpoint["id"],
        "system_instruction": None,
        "system_instruction_sha": None,
        "fewshot_as_multiturn": template is not None,
        "chat_template": template,
        "chat_template_sha": digest(template) if template else None,
    }
