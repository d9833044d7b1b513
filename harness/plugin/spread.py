"""xdist: which worker runs which item, so that each worker keeps one base model.

pytest-xdist's own way to keep items together (`xdist_group`) rewrites node ids, which breaks `--lf`
and reports (xdist issue 1386). Here only the order of handing out differs: ids stay as they are.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from xdist.scheduler import LoadScheduling

from harness.planning.cost import size
from harness.records import Checkpoint, Model


class CheckpointScheduling(LoadScheduling):  # type: ignore[misc]
    """Hands out items checkpoint by checkpoint; a worker stays on its base while any item needs it.

    A session without items of the matrix is handed out as xdist's default does.

    Which items read a text beside a reference is not known here, for only the task says so. Where a
    checkpoint's `reference` is on another base, the first item of a suite that reads (membership,
    trained) loads that base, and the next item the worker's own again: twice a suite and worker,
    and not again for other checkpoints, because readings are kept (`EvalSession`) and stored.
    """

    def __init__(self, config: Any, log: Any, checkpoints: Iterable[Checkpoint]) -> None:
        super().__init__(config, log)
        self.collection: list[str] | None
        self._checkpoints = tuple(checkpoints)
        self._of_item: list[Checkpoint | None] = []
        self._current: dict[Any, Checkpoint | None] = {}  # what each worker was given last

    def schedule(self) -> None:
        """Begin handing out, once every worker has collected."""
        if self.collection is not None:
            super().schedule()
            return
        if not self._check_nodes_have_same_collection():  # which has told so
            return
        collection = next(iter(self.node2collection.values()))
        self._of_item = [checkpoint_of(nodeid, self._checkpoints) for nodeid in collection]
        if not any(self._of_item):
            super().schedule()
            return
        self.collection = collection
        self.pending[:] = range(len(collection))
        for node in self.nodes:
            self.check_schedule(node)

    def check_schedule(self, node: Any, duration: float = 0) -> None:
        """Keep two items with a worker: it starts one only when it knows the next."""
        if not any(self._of_item):
            super().check_schedule(node, duration)
            return
        if node.shutting_down:
            return
        while len(self.node2pending[node]) < 2:
            index = self._next_for(node)
            if index is None:
                node.shutdown()
                return
            self._current[node] = self._of_item[index]
            self.pending.remove(index)
            self.node2pending[node].append(index)
            node.send_runtest_some([index])

    def remove_node(self, node: Any) -> str | None:
        """Forget a worker that ended; what it had not begun is handed out again."""
        self._current.pop(node, None)
        crashed: str | None = super().remove_node(node)
        return crashed

    def _next_for(self, node: Any) -> int | None:
        """The pending item that suits a worker best; None if it had better stop."""
        if not self.pending:
            return None
        own = self._current.get(node)
        others = [c for other, c in self._current.items() if other is not node and c is not None]
        busy = {c.id for c in others}
        held = {c.model for c in others}

        left: Counter[Model] = Counter()
        for index in self.pending:
            if (of := self._of_item[index]) is not None:
                left[of.model] += size(of.model)

        def cost(index: int) -> tuple[int, int, int]:
            wanted = self._of_item[index]
            if wanted is None or wanted == own:
                rank = 0
            elif own is not None and wanted.model == own.model:
                rank = 1 if wanted.id not in busy else 2
            elif wanted.model not in held:
                rank = 3
            else:
                rank = 4 if wanted.id not in busy else 5
            # A base that nobody holds: the longest work first, or it is what all wait for at last.
            longest = -left[wanted.model] if wanted is not None and rank >= 3 else 0
            return rank, longest, index

        rank, _, index = min(cost(index) for index in self.pending)
        if own is not None and rank == 5:
            return None  # loading another base for what a worker that has it is about to do
        return index


def checkpoint_of(nodeid: str, checkpoints: Iterable[Checkpoint]) -> Checkpoint | None:
    """The checkpoint in a node id's brackets, be it one parameter among others."""
    match = re.search(r"\[(.*)\]$", nodeid)
    if match is None:
        return None
    parameters = f"-{match[1]}-"
    found = [c for c in checkpoints if f"-{c.id}-" in parameters]
    return max(found, key=lambda c: len(c.id), default=None)
