"""How far a cluster is: by checkpoint and by node."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping

from harness.cluster.events import Seat
from harness.cluster.log import Log

_TOLD = 30.0  # seconds between two lines of progress in the log


class Tally:
    """Counts requests as they are handed over and answered. Not safe between threads by itself."""

    def __init__(self) -> None:
        self._began = self._told = time.monotonic()
        self._handed: Counter[str] = Counter()
        self._answered: Counter[str] = Counter()
        self._by_node: Counter[str] = Counter()

    def begin(self) -> None:
        """There is a cluster now."""
        self._began = self._told = time.monotonic()

    def hand(self, checkpoint: str, count: int) -> None:
        """So many requests more are to be answered."""
        self._handed[checkpoint] += count

    def answer(self, checkpoint: str, node: str, count: int) -> None:
        """A node has answered so many."""
        self._answered[checkpoint] += count
        self._by_node[node] += count

    def note(self, seats: Iterable[Seat], log: Log) -> None:
        """Write into the log how far it is, now and then."""
        if time.monotonic() - self._told < _TOLD:
            return
        self._told = time.monotonic()
        under_way = {
            name: {"answered": self._answered[name], "of": handed}
            for name, handed in self._handed.items()
            if self._answered[name] < handed
        }
        workers = _workers(seats)
        nodes = {
            name: {"workers": workers[name], "answered": self._by_node[name]}
            for name in self._by_node.keys() | workers.keys()
        }
        done, handed = self._answered.total(), self._handed.total()
        text = f"{done:,} of {handed:,} requests answered"
        log.note("progress", text, checkpoints=under_way, nodes=nodes)

    def shortly(self, seats: Iterable[Seat]) -> str:
        """A line for whoever watches: "gpu-1 4 × 41/s, gpu-2 lost"."""
        workers, seconds = _workers(seats), max(1e-9, time.monotonic() - self._began)
        return ", ".join(
            f"{name} {workers[name]} × {self._by_node[name] / workers[name] / seconds:.3g}/s"
            if workers[name]
            else f"{name} lost"
            for name in dict.fromkeys([*workers, *self._by_node])
        )

    def lines(self, counts: Mapping[str, int]) -> list[str]:
        """For the end: who answered how much, and what went wrong. counts: of the log's events."""
        if not self._by_node:
            return []
        answered = ", ".join(f"{name} {count:,}" for name, count in self._by_node.items())
        said = [f"cluster: {self._answered.total():,} requests answered ({answered})"]
        wrong = {
            "lost": "workers that died at work, which was given out again",
            "poison": "requests that ended every worker that had them, and have no answer",
            "given up": "workers that did not come up",
            "gone": "nodes that were lost",
        }
        told = [f"{what}: {counts[event]}" for event, what in wrong.items() if counts.get(event)]
        return [*said, *(f"cluster: {line} (cluster.jsonl)" for line in told)]


def _workers(seats: Iterable[Seat]) -> Counter[str]:
    return Counter(seat.node.name for seat in seats if seat.there)
