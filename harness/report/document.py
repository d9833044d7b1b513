"""report.json: every figure of a run for other programs. Strict JSON, so NaN becomes null."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from harness.comparison.within import Comparisons
from harness.report.apis import costs
from harness.report.cells import ordered_checkpoints
from harness.report.details import details
from harness.report.fit import fit_data
from harness.report.kinds import by_kind
from harness.report.missing import gaps
from harness.report.samples import outcomes
from harness.report.sentence import verdict_sentence
from harness.report.verdict import verdict
from harness.report.voice import broken_sentence
from harness.runs import Item, Run

SCHEMA = 1


def document(run: Run, compared: Comparisons) -> dict[str, Any]:
    """The run's manifest, all results (those of comparisons included), its items and its gaps.

    notes: {kind of comparison: [what could not be made, and why]}.
    details: {checkpoint: {task: what it found besides figures}}, as `harness.tasks` says.
    review: what people's grades say (`harness.comparison.reviewed`).
    judge: what a judging model said (`harness.comparison.judged`).
    outcomes: {checkpoint: {form: {outcome: answers}}} of the knowledge questions.
    voice: signs of damage beside the baseline's (`harness.comparison.voice.Spoken`).
    verdict: {"sentence": in English, "parts": what it is made of (`harness.report.verdict`), None
    where no checkpoint was measured beside the baseline}.
    costs: of answers from APIs (`harness.report.apis.costs`).
    fit: who may use each checkpoint, and why (`harness.report.fit.fit_data`).
    kinds: {checkpoint: {form: {kind of fact: accuracy}}} (`harness.report.kinds`).
    """
    results = [r for item in run.items for r in item.results] + list(compared.results)
    checkpoints = [str(c["id"]) for c in ordered_checkpoints(run)]
    found = verdict(run, results)
    whole = finite(
        {
            "schema": SCHEMA,
            "run": dict(run.manifest),
            "results": [dataclasses.asdict(result) for result in results],
            "items": [_item(item) for item in run.items],
            "missing": [dataclasses.asdict(gap) for gap in gaps(run)],
            "notes": {
                "acquisition": compared.acquisition.notes,
                "twins": compared.twins.notes,
                "known_before": compared.categories.notes,
                "relative": compared.relative.notes,
                **({"retrieval": n} if (n := compared.retrieval.notes) else {}),
                **({"qualitative": n} if (n := compared.qualitative.notes) else {}),
            },
            "details": details(run),
            "review": dataclasses.asdict(compared.review),
            "judge": dataclasses.asdict(compared.judge),
            "outcomes": {c: forms for c in checkpoints if (forms := outcomes(run, c))},
            "voice": [dataclasses.asdict(spoken) for spoken in compared.voices],
            "verdict": {
                "sentence": " ".join(
                    filter(
                        None,
                        (
                            verdict_sentence(found, results, run.baseline),
                            broken_sentence(compared.voices, checkpoints),
                        ),
                    )
                ),
                "parts": found,
            },
            "costs": costs(run),
            "fit": fit_data(compared.fit),
            "kinds": {c: forms for c in checkpoints if (forms := by_kind(run, c))},
        }
    )
    assert isinstance(whole, dict)
    return whole


def finite(value: Any) -> Any:
    """The same value with None for every number that JSON does not know."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): finite(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(entry) for entry in value]
    return value


def _item(item: Item) -> dict[str, Any]:
    # Results stand in their own list: said twice they would have to be kept equal.
    return {k: v for k, v in dataclasses.asdict(item).items() if k != "results"}
