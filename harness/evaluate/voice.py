"""The signs of a damaged voice, seen in every answer that is written, whatever its suite asks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from harness.grading.damage import DAMAGED, VOICE, signs
from harness.records import Grade, Graded, Interval, Response, Sample
from harness.statistics.intervals import clustered_mean
from harness.tasks import Measure, share

LENGTH = "length_ratio"


def voiced(sample: Sample, response: Response, grade: Grade) -> Grade:
    """The grade with the signs as scores of 0 or 1, and how long the answer is.

    Not of texts that are to be gone on with: with neither a turn of a chat nor a stop they have no
    end. The length is that of the longest accepted answer, as figure: 1 where both are equally
    long.
    """
    request = sample.request
    if not request.chat and not request.stop:
        return grade
    seen = signs(request.prompt, sample.gold, response)
    if not seen:
        return grade
    longest = max(map(len, sample.gold), default=0)
    figures = dict(grade.figures)
    if longest:
        figures[LENGTH] = round(len(response.text.strip()) / longest, 3)
    return replace(grade, scores={**grade.scores, **seen}, figures=figures)


def voice_measures(graded: Sequence[Graded]) -> list[Measure]:
    """The share of answers with each sign, and how long they are; nothing where none was written.

    `length_ratio` is the geometric mean: an answer of double length and one of half are 1 together.
    """
    written = [(sample.cluster, grade) for sample, _, grade in graded if DAMAGED in grade.scores]
    if not written:
        return []
    measures = [
        share(sign, [(cluster, grade.scores[sign]) for cluster, grade in written]) for sign in VOICE
    ]
    lengths = [
        (cluster, math.log(max(grade.figures[LENGTH], 0.01)))
        for cluster, grade in written
        if LENGTH in grade.figures
    ]
    return measures + ([_length(lengths)] if lengths else [])


def _length(rows: Sequence[tuple[str, float]]) -> Measure:
    """Of logarithms of ratios."""
    clusters, logs = zip(*rows, strict=True)
    mean, interval = clustered_mean(logs, clusters, bounds=(-math.inf, math.inf))
    low, high = math.exp(interval.low), math.exp(interval.high)
    method = f"{interval.method}, of logarithms"
    within = Interval(low, high, method, interval.level)
    return Measure(LENGTH, math.exp(mean), within, len(logs), len(set(clusters)))
