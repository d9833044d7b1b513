"""Which samples a limit keeps: the same ones on every machine, all strata served alike."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from harness.records import Sample


def limited(samples: Sequence[Sample], limit: int | None) -> list[Sample]:
    """At most `limit` samples, in the order of the data.

    Strata take turns, so that small ones are not starved; within a stratum the order is by a hash
    of the id, so the first 50 are among the first 100, and sorting the file changes nothing.
    """
    if limit is None or len(samples) <= limit:
        return list(samples)
    strata: dict[str, list[Sample]] = {}
    for sample in sorted(samples, key=_draw):
        strata.setdefault(sample.stratum, []).append(sample)
    turns = sorted(
        (turn, stratum, sample.id)
        for stratum, members in strata.items()
        for turn, sample in enumerate(members)
    )
    kept = {id for _, _, id in turns[:limit]}
    return [sample for sample in samples if sample.id in kept]


def limited_groups(samples: Sequence[Sample], limit: int | None, key: str) -> list[Sample]:
    """About `limit` samples in whole groups: those that share `detail[key]`; at least one group.

    Groups are drawn as samples are in `limited`, each by its first sample.
    """
    if limit is None or len(samples) <= limit:
        return list(samples)
    first = {sample.detail[key]: sample for sample in reversed(samples)}
    drawn = limited(list(first.values()), max(1, limit * len(first) // len(samples)))
    kept = {sample.detail[key] for sample in drawn}
    return [sample for sample in samples if sample.detail[key] in kept]


def _draw(sample: Sample) -> str:
    return hashlib.sha256(sample.id.encode()).hexdigest()
