"""Sample rows of a run as the lines of lm-eval's sample log (`--log_samples`)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from harness.records.response import UNANSWERED
from harness.runs import Item

Row = dict[str, Any]
NO_FILTER = "none"
_UNTOLD = "N/A"  # whether greedy decoding would write it: our rows don't tell


def samples(item: Item, rows: Sequence[Row]) -> list[Row]:
    """A line a sample and filter: one filter after the other, each in the order of the data."""
    identity = item.results[0].identity
    if "lm_eval_task" not in identity:
        return [_of_ours(number, row, identity) for number, row in enumerate(rows)]
    filters = dict.fromkeys(name for row in rows for name in row["detail"]["filtered"])
    return [_of_lm_eval(row, name) for name in filters for row in rows]


def digest(text: str) -> str:
    """lm-eval's `hash_string`; a lone surrogate, which has no UTF-8, as its escape."""
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def _of_lm_eval(row: Row, name: str) -> Row:
    detail = row["detail"]
    given = [[row["prompt"] if a[0] is None else a[0], *a[1:]] for a in detail["arguments"]]
    filtered, metrics = detail["filtered"][name], detail["metrics"][name]
    return {
        "doc_id": int(row["id"]),
        "doc": detail["doc"],
        "target": detail["target"],
        "arguments": _arguments(given),
        "resps": _answers(row, filtered),
        "filtered_resps": _texts(filtered),
        "filter": name,
        "metrics": list(metrics),
        "doc_hash": detail["doc_hash"],
        "prompt_hash": detail["prompt_hash"],
        "target_hash": detail["target_hash"],
        **metrics,
    }


def _answers(row: Row, filtered: Sequence[Any]) -> list[Any]:
    """What came back for each request, a list a repeat."""
    if "resps" in row["detail"]:
        resps: list[Any] = _texts(row["detail"]["resps"])
        return resps
    if row["finish"] == "scored":
        return [[_texts(found)] for found in filtered]
    return [["" if row["finish"] in UNANSWERED else row["response"]]]


def _of_ours(number: int, row: Row, identity: Mapping[str, Any]) -> Row:
    document = {
        "id": row["id"],
        "question": row["prompt"],
        "answers": row["gold"],
        "document": row["cluster"],
        **({"form": row["stratum"]} if row["stratum"] else {}),
    }
    target = str(row["gold"][0]) if row["gold"] else ""
    given, answers = _asked(row, identity)
    metrics = {_metric(name): value for name, value in row["scores"].items()}
    text = json.dumps(document, indent=2, ensure_ascii=False)
    return {
        "doc_id": number,
        "doc": document,
        "target": target,
        "arguments": _arguments(given),
        "resps": [[answer] for answer in answers],
        "filtered_resps": answers,
        "filter": NO_FILTER,
        "metrics": list(metrics),
        "doc_hash": digest(text),
        "prompt_hash": digest(str(row["prompt"])),
        "target_hash": digest(target),
        **metrics,
    }


def _asked(row: Row, identity: Mapping[str, Any]) -> tuple[list[list[Any]], list[Any]]:
    """What was asked of a suite of ours and what came back, as lm-eval's requests."""
    if row["finish"] != "scored":
        settings: dict[str, Any] = {
            "until": [],
            "do_sample": False,
            "temperature": 0.0,
            "max_gen_toks": identity.get("max_new_tokens"),
        }
        return [[row["prompt"], settings]], [row["response"]]
    offered = identity.get("answers") or []
    if len(offered) == len(row["logprobs"]) > 1:
        given = [[row["prompt"], answer] for answer in offered]
        return given, [[str(p), _UNTOLD] for p in row["logprobs"]]
    first = str(row["logprobs"][0]) if row["logprobs"] else _UNTOLD
    if row["prompt"] == row["response"] or not row["response"]:
        return [[row["prompt"]]], [first]
    return [[row["prompt"], row["response"]]], [[first, _UNTOLD]]


def _arguments(given: Sequence[Sequence[Any]]) -> dict[str, Any]:
    return {
        f"gen_args_{i}": {f"arg_{j}": value for j, value in enumerate(values)}
        for i, values in enumerate(given)
    }


def _texts(value: Any) -> Any:
    """Numbers and truth values inside lists as texts, as lm-eval logs them."""
    if isinstance(value, list):
        return [_texts(entry) for entry in value]
    return str(value)


def _metric(score: str) -> str:
    return "accuracy" if score == "correct" else score
