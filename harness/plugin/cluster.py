"""--eval-engine ray: how far its nodes are, beside the item's own progress, and at the end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.plugin.progress import ProgressLine
from harness.plugin.screen import progress_line
from harness.session import EvalSession


class WithNodes:
    """Two lines of progress. nodes: what is said of them."""

    def __init__(self, own: ProgressLine, beside: ProgressLine, nodes: Callable[[], str]) -> None:
        self._own, self._beside, self._nodes = own, beside, nodes

    def __call__(self, done: int, total: int) -> None:
        """Tell that `done` of `total` samples are answered."""
        self._own(done, total)
        self._beside.say(self._nodes())

    def clear(self) -> None:
        """Take both away again."""
        self._own.clear()
        self._beside.clear()


def progress_of(
    config: pytest.Config, session: EvalSession, label: str
) -> ProgressLine | WithNodes:
    """What shows how far an item is."""
    own = progress_line(config, label)
    if session.cluster is None:
        return own
    return WithNodes(own, progress_line(config, "", place=1), session.cluster.progress)
