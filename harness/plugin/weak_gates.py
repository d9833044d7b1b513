"""Before anything is asked: can the gates tell at all, with the samples there are?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from harness.comparison.gate import POWER
from harness.comparison.scores import metric_samples
from harness.config import DataSource
from harness.config.gates import Gate
from harness.hallucination.labels import ABSTAINED, HALLUCINATED, group_of
from harness.records import Sample
from harness.report.cells import source_of
from harness.selection import limited
from harness.settings import Settings
from harness.statistics.power import detectable_difference, power_of, sample_size
from harness.tasks import AskedTask

# What is assumed of answers that change from one fine-tuning to the next: between the embedded
# checkpoints and their base 1 to 2 % (sentiment) and 4 to 16 % (exact match) of answers differ.
DISCORDANCE = 0.1
CORRELATION = 0.1


def underpowered(settings: Settings, tasks: Iterable[str]) -> list[str]:
    """A line for each gate on these tasks that would often not pass what did not change.

    Raises DataError where data can't be read.
    """
    lines = []
    chosen = set(tasks)
    for gate in settings.gates:
        task = _task(gate.task)
        named = source_of(gate.task, settings.matrix.data)
        if gate.task not in chosen or task is None or named not in settings.matrix.data:
            continue
        n, effect = _sizes(gate, _samples(task, settings.matrix.source(named)))
        if n and power_of(n, gate.margin, DISCORDANCE, design_effect=effect) < POWER:
            lines.append(_line(gate, n, effect))
    return lines


def _line(gate: Gate, n: int, effect: float) -> str:
    size = sample_size(gate.margin, DISCORDANCE, power=POWER, design_effect=effect)
    seen = detectable_difference(n, DISCORDANCE, power=POWER, design_effect=effect)
    return (
        f"gate {gate.task} {gate.metric}: underpowered: n {n} for a margin of "
        f"{100 * gate.margin:g} points. If {DISCORDANCE:.0%} of answers differ, {100 * seen:.1f} "
        f"points can be told, and {100 * gate.margin:g} take n ≈ {size:,}; expect inconclusive"
    )


def _task(name: str) -> AskedTask | None:
    """The task that a suite of ours asks; None for a suite of the user's own."""
    if name in ("knowledge", "hallucination"):  # the same samples, looked at again
        from harness.tasks.knowledge import Knowledge

        return Knowledge()
    if name == "jsquad":
        from harness.tasks.jsquad import JSQuAD

        return JSQuAD()
    if name == "marc_ja":
        from harness.tasks.marc_ja import MarcJa

        return MarcJa()
    return None


def _samples(task: AskedTask, source: DataSource) -> list[Sample]:
    return limited(task.load(source.path), source.limit)


def _sizes(gate: Gate, samples: Sequence[Sample]) -> tuple[int, float]:
    """How many samples are behind the gate's metric, and their assumed design effect."""
    score, stratum = metric_samples(gate.metric)
    of = group_of if score in (HALLUCINATED, ABSTAINED) else lambda sample: sample.stratum
    chosen = [sample for sample in samples if stratum in (None, of(sample))]
    if not chosen:
        return 0, 1.0
    return len(chosen), assumed_effect([sample.cluster for sample in chosen])


def assumed_effect(clusters: Sequence[str]) -> float:
    """The design effect that is assumed of changes before any is seen.

    Kish's 1 + (m - 1)·rho (1965) with m weighted by size. Questions on one document change together
    less than wholly: rho .1 (between the embedded checkpoints design effects were 1.0 to 1.1).
    """
    sizes = Counter(clusters).values()
    mean = sum(size * size for size in sizes) / len(clusters)
    return 1 + (mean - 1) * CORRELATION
