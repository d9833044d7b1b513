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

from harness.comparison.within import Comparisons
from harness.records import Verdict
from harness.runs import Item, Run

HIDDEN = "███"
FOLDER = "redacted"  # of the reports that are made beside whole ones
# Of the page's data: fields that hold no text of a sample.
KEPT = ("scales", "percent", "checkpoints", "tasks", "confusion")
_PLACES = ("place", "elsewhere")  # of a large run: which samples lie in which page
_ANSWER = 6  # places of a packed answer (`harness.report.samples`)


def redacted_run(run: Run) -> Run:
    """The run as redacted reports are made of it; its sample files are as they were.

    Comparisons are made before: samples are paired by what was asked.
    """
    manifest = {**run.manifest, "redact": True, "rubric": None}
    return dataclasses.replace(run, manifest=manifest, items=tuple(map(_item, run.items)))


def _item(item: Item) -> Item:
    """A message that a gate wrote stays; any other may quote."""
    gates = {
        f"{r.verdict}: {r.task} {r.metric} {r.reason}"
        for r in item.results
        if r.verdict is not Verdict.MEASURED
    }
    message = item.message if item.message in gates else item.message and HIDDEN
    return dataclasses.replace(item, message=message)


def redacted_report(report: Mapping[str, Any]) -> dict[str, Any]:
    """The `document.document` of a redacted run, without the templates of a suite's prompts."""
    results = [{**r, "identity": _untemplated(r["identity"])} for r in report["results"]]
    return {**report, "results": results}


def nameless(compared: Comparisons) -> Comparisons:
    """The comparisons of a run, with numbers for the names of the people who graded, and without
    the reasons of a judge.
    """
    pairs = compared.review.graders
    names = dict.fromkeys(name for pair in pairs for name in (pair.first, pair.second))
    numbered = {name: f"grader {number}" for number, name in enumerate(names, 1)}
    graders = tuple(
        dataclasses.replace(p, first=numbered[p.first], second=numbered[p.second]) for p in pairs
    )
    review = dataclasses.replace(compared.review, graders=graders)
    apart = tuple(dataclasses.replace(a, reason=HIDDEN) for a in compared.judge.apart)
    judge = dataclasses.replace(compared.judge, apart=apart)
    return dataclasses.replace(compared, review=review, judge=judge)


def _untemplated(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _untemplated(entry) for key, entry in value.items()}
    return HIDDEN if isinstance(value, str) and "{" in value else value


def redacted_page(data: Mapping[str, Any]) -> dict[str, Any]:
    """The page's data (`harness.report.page.page_data`) of a run that is redacted."""
    return {
        **{name: data[name] for name in (*KEPT, *_PLACES) if name in data},
        "report": redacted_report(data["report"]),
        "samples": {task: _samples(packed) for task, packed in data["samples"].items()},
        "grades": {"authors": [], "events": {}, "stale": {}},
        "review": {"server": False, "rubric": None},
    }


def _samples(packed: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "questions": [_question(question) for question in packed["questions"]],
        "strata": packed["strata"],
        "outcomes": packed["outcomes"],
        "authors": ["human" if a.startswith("human:") else a for a in packed["authors"]],
        "reasons": [reason and HIDDEN for reason in packed["reasons"]],
    }


def _question(question: Sequence[Any]) -> list[Any]:
    """A packed question (`harness.report.samples`); how many texts there are stays."""
    identifier, _, _, gold, stratum, texts, answers = question[:7]
    hidden = [HIDDEN] * len(gold), [HIDDEN] * len(texts)
    kept = [answer and answer[:_ANSWER] for answer in answers]
    return [identifier, 0, HIDDEN, hidden[0], stratum, hidden[1], kept, ""]
