"""report.html: one page that opens from the disk, offline, and runs nothing that a model wrote.

Model output reaches the page as data only: a JSON block in which no character can end the block,
read by a script that writes text nodes. The content security policy knows the hash of that script
and of the style sheet, and allows nothing else.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import resources
from typing import Any

from harness.hallucination.signals import CONTROLS
from harness.report.cells import PERCENT, RATIO, SCALES, Scale, ordered_checkpoints
from harness.report.columns import gathered
from harness.report.document import finite
from harness.report.missing import tasks_of
from harness.report.parts import Part, packed_parts, repeated
from harness.report.people import packed_grades
from harness.report.redact import redacted_page
from harness.report.samples import confusion
from harness.review.judgement import Judgement
from harness.runs import Run

SCRIPTS = (
    "texts",
    "texts_page",
    "texts_unknown",
    "texts_grading",
    "texts_reviewed",
    "texts_reasons",
    "dom",
    "columns",
    "data",
    "elsewhere",
    "grades",
    "estimate",
    "queue",
    "cells",
    "chart",
    "gates",
    "learnt",
    "retrieval",
    "qualitative",
    "voice",
    "dots",
    "membership",
    "curves",
    "hallucination",
    "doubts",
    "ranks",
    "unknown",
    "outcomes",
    "reviewed",
    "verdict",
    "scatter",
    "fit",
    "suites",
    "costs",
    "overview",
    "manifest",
    "diff",
    "likelihoods",
    "filters",
    "judge",
    "samples",
    "sample",
    "grading",
    "grading_card",
    "grading_setup",
    "grading_cards",
    "grading_figures",
    "main",
)
# The only script that asks for anything: a page that is opened from the disk is without it.
SENDING = "sending"
STYLES = ("page", "grading", "hallucination")
# Of what a task found: by far the longest.
_CURVES = ("roc", "histogram", "curves")
# Of a signal's figures: the results, which the page has, too, say how intervals were made.
_METHODS = ("interval", "ap_interval", "clusters")
# Also what HTML, not JSON, gives a meaning to; and the two line ends that old scripts trip over.
_ESCAPES = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}


def page(
    run: Run,
    report: dict[str, Any],
    people: Mapping[str, Judgement] | None = None,
    serving: bool = False,
) -> str:
    """The whole page for a run and its `document.document`.

    people: what they said of answers, by the answer's key; None for what they had said when the run
    was made. serving: for `harness.commands.server`, to which the page then sends grades.
    """
    return html(page_data(run, report, people, serving), serving)


def html(data: Mapping[str, Any], serving: bool = False) -> str:
    """The page that draws the data (`page_data`)."""
    names = (*SCRIPTS, SENDING) if serving else SCRIPTS
    script = "(() => {\n'use strict';\n" + "\n".join(_asset(f"{s}.js") for s in names) + "})();\n"
    style = "\n".join(_asset(f"{s}.css") for s in STYLES)
    fields = {
        "{{style_hash}}": _hash(style),
        "{{connect}}": " connect-src 'self';" if serving else "",
        "{{script_hash}}": _hash(script),
        "{{style}}": style,
        "{{script}}": script,
        "{{data}}": data_block({**data, "report": gathered(finite(data["report"]))}),
    }
    text = _asset("page.html")
    for field in fields:  # split first: what a model wrote may look like a field, too
        text = text.replace(field, f"\0{field}\0")
    return "".join(fields.get(piece, piece) for piece in text.split("\0"))


def page_data(
    run: Run,
    report: dict[str, Any],
    people: Mapping[str, Judgement] | None = None,
    serving: bool = False,
) -> dict[str, Any]:
    """What the page's script reads: report, packed samples, confusion tables, people's grades."""
    left_out = repeated(run)
    parts = {
        task: Part.empty(task) if task in left_out else next(packed_parts(run, task, people=people))
        for task in tasks_of(run)
    }
    return data_with(run, report, parts, serving)


def data_with(
    run: Run,
    report: dict[str, Any],
    parts: Mapping[str, Part],
    serving: bool = False,
    **places: Any,
) -> dict[str, Any]:
    """As `page_data`, with the samples in `parts`, by task. places: where others lie."""
    checkpoints = [str(c["id"]) for c in ordered_checkpoints(run)]
    tables = {c: confusion(run, c) for c in checkpoints} if "place" not in places else {}
    judged = {task: part.judged for task, part in parts.items() if part.judged}
    shown = next((part.passages for part in parts.values() if part.passages.shown), None)
    data = {
        "report": {
            **report,
            "details": _drawn(report["details"]),
            "results": [_shown(result) for result in report["results"]],
        },
        "scales": [[*to, dataclasses.asdict(scale)] for *to, scale in (*SCALES, *_no_shares(run))],
        "percent": dataclasses.asdict(PERCENT),
        "checkpoints": checkpoints,
        "tasks": list(parts),
        "samples": {task: part.packing.content for task, part in parts.items()},
        "confusion": {c: table for c, table in tables.items() if table},
        "grades": packed_grades(run, (part.said for part in parts.values())),
        **({"passages": {"texts": shown.texts, "shown": shown.shown}} if shown else {}),
        **({"judged": judged} if judged else {}),
        "review": {"server": serving, "rubric": run.manifest.get("rubric")},
        **places,
    }
    # The local server shows what it grades; its page goes nowhere.
    return redacted_page(data) if run.manifest.get("redact") and not serving else data


def _no_shares(run: Run) -> list[tuple[str, str, Scale]]:
    """Figures of lm-eval's tasks that are no shares, as `SCALES` has those of ours."""
    results = [r for item in run.items for r in item.results]
    named = {(r.task, r.metric) for r in results if r.metric in r.identity.get("no_shares", ())}
    return [(task, metric, RATIO) for task, metric in sorted(named)]


def _shown(result: dict[str, Any]) -> dict[str, Any]:
    """A result without the ids that its gate keeps for the summary."""
    gate = result.get("gate") or {}
    return {**result, "gate": _without(gate, ("fell",))} if "fell" in gate else result


def _drawn(details: dict[str, Any]) -> dict[str, Any]:
    """Details without what the page does not draw, and curves no finer than it draws them."""
    return {
        checkpoint: {task: _rounded(_told(task, found), 9) for task, found in tasks.items()}
        for checkpoint, tasks in details.items()
    }


def _told(task: str, found: dict[str, Any]) -> dict[str, Any]:
    """What a task found, without what the page leaves out."""
    if task == "trained":
        return _of_verdicts(found)
    return _of_doubts(found) if "detection" in found else found


def _of_verdicts(trained: dict[str, Any]) -> dict[str, Any]:
    """What was found of trained questions, by the attack alone that each verdict goes by."""
    datasets = []
    for entry in trained.get("datasets") or ():
        attack = entry.get("attack")
        found = (entry.get("attacks") or {}).get(attack)
        datasets.append({**entry, "attacks": {attack: _uncurved(found)} if found else {}})
    return {**trained, "datasets": datasets}


def _of_doubts(found: dict[str, Any]) -> dict[str, Any]:
    """What was found of made-up answers, with the curves of the chosen signal and of controls."""
    chosen = found.get("selection") or {}
    drawn = (chosen.get("signal"), *CONTROLS)
    curves = {name: curve for name, curve in chosen.get("curves", {}).items() if name in drawn}
    detection = {
        stratum: {name: _without(entry, _METHODS) for name, entry in entries.items()}
        for stratum, entries in found["detection"].items()
    }
    selection = {**chosen, "curves": curves} if chosen else {}
    return {**found, "detection": detection, "selection": selection}


def _uncurved(attack: dict[str, Any]) -> dict[str, Any]:
    return _without(attack, _CURVES)


def _without(entry: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name not in names}


def _rounded(value: Any, digits: int) -> Any:
    """The same value, its numbers to `digits` significant digits and those of curves to four."""
    if isinstance(value, dict):
        return {k: _rounded(v, 4 if k in _CURVES else digits) for k, v in value.items()}
    if isinstance(value, list):
        return [_rounded(entry, digits) for entry in value]
    return float(f"{value:.{digits}g}") if isinstance(value, float) else value


def data_block(data: dict[str, Any]) -> str:
    """JSON that can stand inside a script element whatever its texts are."""
    text = json.dumps(finite(data), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.translate(_ESCAPES)


@lru_cache
def _asset(name: str) -> str:
    return (resources.files("harness.report") / "assets" / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
