"""Reports that may be shared: figures, ids and outcomes without what was asked and answered.

Left out are prompts, accepted answers, answers, reasons that quote either, people's notes, the
rubric (which may give examples), the keys of answers (a hash of a short text can be guessed), and
messages of errors, which quote the line of a data file. What stays is listed here rather than what
goes, so that a field that is new to the page stays out until somebody says that it may be seen.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from harness.records import Verdict
from harness.runs import Item, Run

HIDDEN = "███"
FOLDER = "redacted"  # of the reports that are made beside whole ones
# Of the page's data: fields that hold no text of a sample.
KEPT = ("scales", "percent", "checkpoints", "tasks", "confusion", "verdict", "kinds")
_ANSWER = 6  # places of a packed answer (`harness.report.samples`)


def redacted_run(run: Run) -> Run:
    """The run as redacted reports are made of it; its sample files are as they were.

    Comparisons are made before: samples are paired by what was asked.
    """
    manifest = {**run.manifest, "redact": True, "rubric": None}
    return dataclasses.replace(run, manifest=manifest, items=tuple(map(_item, run.items)))


def _item(item: Item) -> Item:
    """A message that a gate wrote stays; any other may quote. So may a suite's own prompt."""
    gates = {
        f"{r.verdict}: {r.task} {r.metric} {r.reason}"
        for r in item.results
        if r.verdict is not Verdict.MEASURED
    }
    results = tuple(dataclasses.replace(r, identity=_identity(r.identity)) for r in item.results)
    message = item.message if item.message in gates else item.message and HIDDEN
    return dataclasses.replace(item, results=results, message=message)


def _identity(identity: Mapping[str, Any]) -> dict[str, Any]:
    """What results were measured on, without templates of prompts."""
    return {k: HIDDEN if isinstance(v, str) and "{" in v else v for k, v in identity.items()}


def redacted_page(data: Mapping[str, Any]) -> dict[str, Any]:
    """The page's data (`harness.report.page.page_data`) of a run that is redacted."""
    return {
        **{name: data[name] for name in KEPT if name in data},
        "report": data["report"],  # made of the redacted run
        "samples": {task: _samples(packed) for task, packed in data["samples"].items()},
        "grades": {"authors": [], "events": {}},
        "review": {"server": False, "rubric": None},
    }


def _samples(packed: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "questions": [_question(question) for question in packed["questions"]],
        "strata": packed["strata"],
        "outcomes": packed["outcomes"],
        "authors": packed["authors"],
        "reasons": [reason and HIDDEN for reason in packed["reasons"]],
    }


def _question(question: Sequence[Any]) -> list[Any]:
    """A packed question (`harness.report.samples`); how many texts there are stays."""
    identifier, _, _, gold, stratum, texts, answers = question[:7]
    hidden = [HIDDEN] * len(gold), [HIDDEN] * len(texts)
    kept = [answer and answer[:_ANSWER] for answer in answers]
    return [identifier, 0, HIDDEN, hidden[0], stratum, hidden[1], kept, ""]
