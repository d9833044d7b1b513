"""What coming items will ask is handed over before they run, so that no worker waits for pytest.

An item that runs waits until its answers are in the store, and takes them from there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial

from harness.cluster.driver import Cluster
from harness.cluster.work import Job
from harness.planning.plan import key_of
from harness.planning.survey import Asked, Item
from harness.records import Request
from harness.store import Store

# Requests that wait at most: a hundred thousand, or so many a worker; some hundred megabytes.
_DEPTH, _EACH = 100_000, 20_000


class Advance:
    """Of one session. items: in the order in which they will run.

    stored: by fingerprint, the keys that have an answer (`plan.key_of`). store: where answers go.
    """

    def __init__(
        self,
        cluster: Cluster,
        items: Iterable[Item],
        stored: Callable[[str], Collection[bytes]],
        store: Store,
    ) -> None:
        self._cluster = cluster
        self._items: Iterator[Item] = iter(items)
        self._stored, self._store = stored, store
        self._asked: dict[str, set[Request]] = {}  # handed over, and no item has come for them

    def more(self) -> None:
        """Hand over more, if there is room. Not while an item asks: a library's tasks can't be
        looked through then. Raises ConfigError and ServiceError.
        """
        if self._cluster.failed:  # told to items that ask something
            return
        room = max(_DEPTH, _EACH * self._cluster.workers)
        while self._cluster.waiting < room and (item := next(self._items, None)) is not None:
            if item.known:
                for asked in item.asked:
                    self._hand_over(asked)

    def wait(
        self, fingerprint: str, tell: Callable[[int, int], None], requests: Sequence[Request]
    ) -> frozenset[Request]:
        """Those of the requests that were handed over for whoever asks now, once none is pending.

        tell: how many have an answer, of how many.
        """
        self._cluster.wait(fingerprint, requests, tell)
        handed = self._asked.get(fingerprint, set())
        own = frozenset(request for request in requests if request in handed)
        handed -= own
        return own

    def _hand_over(self, asked: Asked) -> None:
        who, fingerprint, requests = asked
        if not who.model.here:
            return
        had, pending = self._stored(fingerprint), self._cluster.pending(fingerprint)
        wanted = {
            place
            for place, request in enumerate(requests)
            if request not in pending and key_of(request) not in had
        }
        if wanted:
            self._asked.setdefault(fingerprint, set()).update(requests[i] for i in wanted)
            take = partial(self._store.add, fingerprint)
            self._cluster.put(Job(who, fingerprint, requests, wanted, take))
