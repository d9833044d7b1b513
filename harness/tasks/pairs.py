"""What the tasks on labelled texts share: blind scores, and a judgement as figures and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.errors import DataError
from harness.membership.attacks import Frequencies, attack_scores
from harness.membership.blind import blind_scores
from harness.membership.panel import Estimate, Judgement, Verdict, named, plain
from harness.records import Reading, Response, Sample
from harness.tasks import Measure

AUTHOR = "membership attacks"
BLIND = "blind/"  # what names of blind scores begin with
NO_REFERENCE = "no reference model"


def verdict_details(
    judgement: Judgement, words: Mapping[Verdict, str], wanting: Mapping[str, str]
) -> dict[str, Any]:
    """What a report says of a pair, as plain JSON.

    words: how the task calls the verdicts. wanting: what an attack needs that is not run without
    it. needed: documents on a side that would give a verdict, None where that is not in question.
    """
    not_run = [
        {"attack": name, "name": named(name), "reason": f"not run: {wanting[name]}"}
        for name in judgement.not_run
    ]
    untold = "".join(f"; {entry['name']} {entry['reason']}" for entry in not_run)
    return {
        "members": judgement.members,
        "others": judgement.others,
        "verdict": str(judgement.verdict),
        "sentence": judgement.sentence(words) + untold,
        "reason": judgement.reason,
        "needed": judgement.needed or None,
        "not_run": not_run,
        "attack": judgement.attack,
        "attack_name": named(judgement.attack),
        "best_blind": judgement.best_blind,
        "blind": {name: plain(found, "auroc") for name, found in judgement.blind.items()},
    }


def reading_of(response: Response) -> Reading:
    """The reading of a response. Raises DataError where the engine gave none."""
    if response.reading is None:
        raise DataError("the engine does not read texts token by token")
    return response.reading


def scores_of(
    sample: Sample,
    reading: Reading,
    text: str,
    reference: Response | None,
    frequencies: Frequencies | None = None,
) -> dict[str, float]:
    """The attacks' scores of a text. Raises DataError naming the sample where it has none."""
    other = None if reference is None else reading_of(reference)
    try:
        return attack_scores(reading, text, other, frequencies)
    except ValueError as error:
        raise DataError(
            f"{sample.id}: {error}. Leave the text out, or name a reference of the same tokenizer."
        ) from error


def blind_of_pair(
    pair: Sequence[Sample], texts: Sequence[str], members: Sequence[bool], language: str
) -> dict[str, list[float]]:
    """Blind scores of labelled texts by baseline; none where one side is empty."""
    if len(set(members)) < 2:
        return {}
    return blind_scores(
        texts,
        [int(member) for member in members],
        [sample.cluster for sample in pair],
        [str(sample.detail["published"]) for sample in pair],
        language,
    )


def figures_of(figures: Mapping[str, float], prefix: str) -> dict[str, float]:
    """The figures whose names begin with `prefix`, without it."""
    return {n.removeprefix(prefix): v for n, v in figures.items() if n.startswith(prefix)}


def measure_of(
    metric: str, estimate: Estimate, judgement: Judgement, headline: bool = False
) -> Measure:
    """An estimate on a pair as a figure of a task."""
    n, documents = judgement.members + judgement.others, judgement.documents
    return Measure(metric, estimate.value, estimate.interval, n, documents, headline)
