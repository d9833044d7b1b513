"""A cluster as an engine: an item that asks more than was handed over for it asks here."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence

from harness.cluster.driver import Cluster
from harness.engines import Answer
from harness.records import Checkpoint, Request


class ClusterEngine:
    """See `harness.engines.Engine`. fingerprint: of a checkpoint's files."""

    def __init__(self, cluster: Cluster, fingerprint: Callable[[Checkpoint], str]) -> None:
        self._cluster, self._fingerprint = cluster, fingerprint

    def answer(
        self, checkpoint: Checkpoint, requests: Sequence[Request], skip: Container[Request] = ()
    ) -> Iterator[list[Answer]]:
        """See `harness.engines.Engine.answer`."""
        return self._cluster.ask(checkpoint, self._fingerprint(checkpoint), requests, skip)

    def close(self) -> None:
        """The workers keep what they hold: they are closed with the cluster."""
