"""Files in the formats of lm-eval 0.4.13 and inspect_ai 0.3.285, made by hand."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

DATE = "2026-11-25T03-04-26.223561"


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def lm_eval_row(number: int, answer: str = "A", **changes: Any) -> dict[str, Any]:
    """A generated answer; metrics are given as `exact_match=1.0`."""
    question = f"question {number}"
    metrics = {k: v for k, v in changes.items() if k in ("exact_match", "f1", "acc", "perplexity")}
    others = {k: v for k, v in changes.items() if k not in metrics}
    settings = {"until": ["\n"], "do_sample": False, "max_gen_toks": 24}
    return {
        "doc_id": number,
        "doc": {"question": question},
        "target": "A",
        "arguments": {"gen_args_0": {"arg_0": question, "arg_1": settings}},
        "resps": [[answer]],
        "filtered_resps": [answer],
        "filter": "none",
        "metrics": list(metrics),
        "doc_hash": digest(f"document {number}"),
        "prompt_hash": digest(question),
        "target_hash": digest("A"),
        **metrics,
        **others,
    }


def lm_eval_choice(number: int, likelihoods: Sequence[float], acc: float) -> dict[str, Any]:
    """A choice between " yes" and " no" as lm-eval logs it: all numbers of answers are texts."""
    offered = (" yes", " no")
    return {
        **lm_eval_row(number, acc=acc),
        "arguments": {
            f"gen_args_{place}": {"arg_0": f"question {number}", "arg_1": text}
            for place, text in enumerate(offered)
        },
        "resps": [[[str(value), "False"]] for value in likelihoods],
        "filtered_resps": [[str(value), "False"] for value in likelihoods],
    }


def write_lm_eval(
    folder: Path, rows: Sequence[Mapping[str, Any]], task: str = "quiz", date: str = DATE
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"samples_{task}_{date}.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path


def inspect_sample(name: str, value: Any, epoch: int = 1, **changes: Any) -> dict[str, Any]:
    scores = value if isinstance(value, dict) else {"match": value}
    return {
        "id": name,
        "epoch": epoch,
        "input": f"question {name}",
        "target": "A",
        "output": {"model": "mockllm/model", "completion": f"answer {epoch}"},
        "scores": {scorer: {"value": v, "answer": "A"} for scorer, v in scores.items()},
        "metadata": {},
        **changes,
    }


def inspect_log(samples: Sequence[Mapping[str, Any]], **changes: Any) -> dict[str, Any]:
    return {
        "version": 2,
        "status": "success",
        "eval": {
            "task": "quiz",
            "task_version": 0,
            "model": "mockllm/model",
            "model_generate_config": {},
            "config": {"epochs": 1},
            "scorers": [{"name": "match", "options": {}}],
        },
        "plan": {"steps": [{"solver": "generate", "params": {}}], "config": {}},
        "samples": list(samples),
        **changes,
    }


def write_inspect(path: Path, log: Any) -> Path:
    path.write_text(json.dumps(log, ensure_ascii=False), "utf-8")
    return path
