"""The line that tells how far an item is."""

from __future__ import annotations

import re

import pytest

from harness.plugin import progress
from harness.plugin.progress import ProgressLine


class Clock:
    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    ticking = Clock()
    monkeypatch.setattr(progress, "time", ticking)
    return ticking


def shown(clock: Clock, *calls: tuple[int, int]) -> list[str]:
    """What the line says, a second after each other."""
    written: list[str] = []
    line = ProgressLine("base", written.append)
    for done, total in calls:
        clock.now += 1
        line(done, total)
    return [re.sub(r"\x1b(\[\d+.|\d)", "", text) for text in written]


def test_the_rate_counts_what_was_answered_and_not_what_was_stored(clock: Clock) -> None:
    assert shown(clock, (100, 200), (110, 200), (120, 200)) == [
        "base  100/200", "base  110/200  10/s  9 s left", "base  120/200  10/s  8 s left",
    ]  # fmt: skip


@pytest.mark.parametrize("first", [(90, 90), (15, 40)])
def test_the_rate_begins_again_with_another_part_of_the_work(
    clock: Clock, first: tuple[int, int]
) -> None:
    lines = shown(clock, (0, first[1]), first, (0, 40), (20, 40))
    assert lines[2:] == ["base  0/40", "base  20/40  20/s  1 s left"]
