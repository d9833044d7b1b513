"""The verdict in two or three plain English sentences, as the page has them (assets/verdict.js)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from harness.records import Result, Verdict
from harness.report.cells import POINTS, bounds, number, scale_of

_CALLS = {
    "ship": "{} is recommended.",
    "tied": "{} can be recommended: which of them is better can't be told.",
    "barred": "No checkpoint can be recommended: none that acquired something passed all of its "
    "gates.",
    "unshown": "No checkpoint can be recommended: none was shown to have acquired anything.",
    "ungated": "No checkpoint can be recommended: no gate says how much ability may be lost.",
    "unacquired": "No checkpoint can be recommended: without control questions what rose is not "
    "shown to be knowledge.",
}
_NONE = "No checkpoint was measured beside the baseline on what it learnt."
_KEPT = {
    "relative_score": "{} of {}'s scores",
    "relative_jsquad_f1": "{} of JSQuAD F1",
    "relative_marc_ja_accuracy": "{} of MARC-ja accuracy",
}
_NAMED = 4  # checkpoints; of more the first three


def verdict_sentence(
    found: Mapping[str, Any] | None, results: Sequence[Result], baseline: str | None
) -> str:
    """What `harness.report.verdict.verdict` found, in words.

    results: all of the run, those of comparisons included.
    """
    if found is None:
        return _NONE
    first = shown_first(found)
    learnt = _learnt(found, first, results)
    sentences = [_CALLS[found["call"]].format(_names(found["ships"])), learnt]
    sentences.append(_kept(first, results, baseline))
    above = [c for c in found["ranked"][: found["ranked"].index(first)] if c in found["barred"]]
    if above:
        sentences.append(f"Gates bar {_names(above)}, ahead of it.")
    return " ".join(sentences)


def shown_first(found: Mapping[str, Any]) -> str:
    """The checkpoint whose figures a verdict tells."""
    return str(found["ships"][0] if found["ships"] else found["ranked"][0])


def ranked_by(
    found: Mapping[str, Any], checkpoint: str, results: Sequence[Result]
) -> Result | None:
    """The figure of a checkpoint that candidates are ranked by."""
    own = [
        r
        for r in results
        if r.checkpoint == checkpoint and r.task == found["task"] and math.isfinite(r.value)
    ]
    headlines = [r for r in own if r.headline]
    return next(iter(headlines or [r for r in own if r.metric == found["metric"]]), None)


def _learnt(found: Mapping[str, Any], checkpoint: str, results: Sequence[Result]) -> str:
    result = ranked_by(found, checkpoint, results)
    figure = _figure(result) if result else "nothing that was measured"
    first = len(found["ranked"]) > 1 and checkpoint == found["ranked"][0]
    gained = result is not None and result.value > 0
    lead = _lead(found["lead"], checkpoint)
    if found["task"] != "acquisition":
        if result is not None and not gained:
            # The highest of nothing is no lead, and there is none to tell.
            none = "No checkpoint beside the baseline" if first else checkpoint
            return f"{none} answered {'any' if first else 'no'} question (seen) right: {figure}."
        having = "has the highest accuracy:" if first else "has an accuracy of"
        return f"{checkpoint} {having} {figure}{lead}"
    if found["call"] == "ship":
        return f"It acquired {figure}{lead}"
    return f"{checkpoint} acquired {'most: ' if first and gained else ''}{figure}{lead}"


def _figure(result: Result) -> str:
    scale = scale_of(result.task, result.metric, result.identity)
    range_ = bounds(result.low, result.high, scale)
    return " ".join(filter(None, (number(result.value, scale), scale.unit, range_)))


def _lead(lead: Mapping[str, Any] | None, checkpoint: str) -> str:
    if not lead or lead["of"] != checkpoint:
        return "."
    value, range_ = number(lead["value"], POINTS), bounds(lead["low"], lead["high"], POINTS)
    if lead["low"] > 0:
        return f"; it is ahead of {lead['over']} by {value.lstrip('+')} points {range_}."
    return f"; it is not shown to be ahead of {lead['over']} ({value} points {range_})."


def _kept(checkpoint: str, results: Sequence[Result], baseline: str | None) -> str:
    kept = [r for r in results if r.task == "relative"]
    # One metric for all: the whole score where there is one, else the part that was measured.
    others = {r.metric for r in kept if r.checkpoint != baseline and math.isfinite(r.value)}
    metric = next((m for m in _KEPT if m in others), None)
    own = [r for r in kept if r.checkpoint == checkpoint]
    for result in own:
        known = math.isfinite(result.value) and result.verdict is not Verdict.INCOMPARABLE
        if result.metric == metric and known:
            return f"It retained {_KEPT[metric].format(_figure(result), baseline)}."
    if any(r.metric == "relative_score" for r in own):
        return "What it retained can't be compared."
    return "What it retained was not measured."


def _names(checkpoints: Sequence[str]) -> str:
    """Of many names the first three."""
    names = list(checkpoints)
    if len(names) > _NAMED:
        names = [*names[:3], f"{len(names) - 3} more"]
    if len(names) < 3:
        return " and ".join(names)
    return f"{', '.join(names[:-1])}, and {names[-1]}"
