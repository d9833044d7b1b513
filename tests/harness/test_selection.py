from __future__ import annotations

from collections import Counter

from harness.records import Request, Sample
from harness.selection import limited


def samples(**strata: int) -> list[Sample]:
    return [
        Sample(f"{stratum}-{i}", Request("?"), ("!",), cluster=str(i), stratum=stratum)
        for stratum, n in strata.items()
        for i in range(n)
    ]


def test_without_a_limit_everything_stays_in_order() -> None:
    rows = samples(seen=5)
    assert limited(rows, None) == rows
    assert limited(rows, 5) == rows


def test_strata_are_served_alike_and_small_ones_whole() -> None:
    kept = limited(samples(seen=1000, control=500, reversed=10), 70)
    assert Counter(s.stratum for s in kept) == {"seen": 30, "control": 30, "reversed": 10}


def test_a_smaller_limit_keeps_some_of_what_a_larger_one_keeps_whatever_the_order() -> None:
    rows = samples(seen=100, control=100)
    small = {s.id for s in limited(rows, 20)}
    large = {s.id for s in limited(rows[::-1], 60)}
    assert small < large


def test_kept_samples_stay_in_the_order_of_the_data() -> None:
    rows = samples(seen=50, control=50)
    kept = limited(rows, 30)
    assert kept == [s for s in rows if s in kept]
