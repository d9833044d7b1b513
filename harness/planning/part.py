"""One shard at work: which part of which item is its own, and having that answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from harness.evaluate import Answered, Progress
from harness.planning.plan import Part, Portion, key_of, parts
from harness.records import Checkpoint, Request
from harness.tasks import Task

Mine = Callable[[Request], bool]
# Has a part of what a task asks of a checkpoint answered; all of it for None.
Answer = Callable[[Task, Checkpoint, Mine | None, Progress], Answered]


class Shard:
    """Shard 1, 2 ... of so many. portions: of all items, as every shard has them."""

    def __init__(self, number: int, of: int, portions: Sequence[Portion], answer: Answer) -> None:
        self.number, self.of = number, of
        self.own = {part.portion.nodeid: part for part in parts(portions, number, of)}
        self._answer = answer

    @property
    def count(self) -> int:
        """Requests that are this shard's, as far as they are known."""
        return sum(part.count for part in self.own.values())

    def answer(
        self, nodeid: str, task: Task, checkpoint: Checkpoint, progress: Progress
    ) -> Answered:
        """Have this shard's part of an item answered. Raises MichiError."""
        part = self.own[nodeid]
        if part.keys is None:
            return self._answer(task, checkpoint, None, progress)
        done = [
            self._answer(task, who, partial(_among, part.keys[fingerprint]), progress)
            for who, fingerprint in _asked(part, checkpoint)
        ]
        asked, stored = (sum(getattr(one, name) for one in done) for name in ("asked", "stored"))
        return Answered(asked, stored, done[-1].fingerprint)


def _asked(part: Part, checkpoint: Checkpoint) -> list[tuple[Checkpoint, str]]:
    """Who is asked something, the reference first: the item's own base then stays in memory."""
    groups = [group for group in part.portion.groups if group.fingerprint in (part.keys or {})]
    found = [(group.checkpoint, group.fingerprint) for group in groups]
    return sorted(found, key=lambda one: one[0] == checkpoint)


def _among(keys: frozenset[bytes], request: Request) -> bool:
    return key_of(request) in keys
