"""All that the selected items will ask, on one line: checkpoint after checkpoint, as asked.

A shard is a stretch of that line. So it holds few checkpoints and fewer base models, neighbours
that begin alike stay together, and every machine that sees the same matrix, data and selection cuts
at the same places, whatever its store holds.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from harness.planning.cost import cost, size
from harness.records import Checkpoint, Request
from harness.store import request_key

KEY = 8  # bytes of a request's key: of 10^7 requests two are alike once in 400,000 plans


@dataclass(frozen=True, slots=True)
class Group:
    """Requests to one checkpoint, of one item. costs and keys are aligned.

    Keys of 8 bytes and costs in an array: 10 million requests are half a gigabyte.
    """

    checkpoint: Checkpoint
    fingerprint: str
    costs: array[int] = field(default_factory=lambda: array("q"))
    keys: list[bytes] = field(default_factory=list)

    def add(self, request: Request, key: bytes) -> None:
        """One request more."""
        self.costs.append(cost(request) * size(self.checkpoint.model))
        self.keys.append(key)


@dataclass(frozen=True, slots=True)
class Portion:
    """What one item asks before it has any answer, less what an item before it asks.

    groups: to its own checkpoint, and where it reads texts beside a reference to that one. whole:
    not to be divided, for what it asks is not known yet; `groups` are then a guess of its cost.
    """

    nodeid: str
    task: str
    checkpoint: Checkpoint
    groups: tuple[Group, ...]
    whole: bool = False

    @property
    def cost(self) -> int:
        """Of all requests."""
        return sum(sum(group.costs) for group in self.groups)

    @property
    def digest(self) -> str:
        """Of what is asked of whom: unlike where data, prompt or weights are."""
        told = hashlib.sha256()
        for group in self.groups:
            told.update(group.fingerprint.encode())
            told.update(b"".join(group.keys))
        return told.hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Part:
    """What one shard answers of an item. keys: by fingerprint; None for all of it."""

    portion: Portion
    keys: dict[str, frozenset[bytes]] | None

    @property
    def count(self) -> int:
        """Requests, as far as they are known."""
        if self.keys is None:
            return sum(len(group.keys) for group in self.portion.groups)
        return sum(map(len, self.keys.values()))


def key_of(request: Request) -> bytes:
    """The request as the plan knows it."""
    return short(request_key(request))


def short(key: str) -> bytes:
    """A store's key as the plan knows it."""
    return bytes.fromhex(key[: 2 * KEY])


class Line:
    """Takes up portions in the order in which they are asked; the first that asks something has it.

    What was asked of bare models and of references is remembered to the end: others may be held
    against them. Of a fine-tuned checkpoint that is through nothing is.
    """

    def __init__(self) -> None:
        self._kept: set[str] = set()
        self._seen: dict[str, set[bytes]] = {}
        self.portions: list[Portion] = []

    def add(
        self,
        nodeid: str,
        task: str,
        checkpoint: Checkpoint,
        asked: Iterable[tuple[Checkpoint, str, Sequence[Request]]],
        whole: bool,
    ) -> None:
        """One item. asked: who, its fingerprint, and what is asked of it."""
        groups = []
        for who, fingerprint, requests in asked:
            group = Group(who, fingerprint)
            if who.bare or who != checkpoint:
                self._kept.add(fingerprint)
            seen = self._seen.setdefault(fingerprint, set())
            for request in requests:
                key = key_of(request)
                if whole:  # a guess: it is not what will be asked
                    group.add(request, key)
                elif key not in seen:
                    group.add(request, key)
                    seen.add(key)
            groups.append(group)
        self._forget_but({group.fingerprint for group in groups} | self._kept)
        self.portions.append(Portion(nodeid, task, checkpoint, tuple(groups), whole))

    def _forget_but(self, kept: set[str]) -> None:
        for fingerprint in [f for f in self._seen if f not in kept]:
            del self._seen[fingerprint]


def parts(portions: Sequence[Portion], shard: int, shards: int) -> Iterator[Part]:
    """What shard 1, 2 ... of so many answers: requests whose middle lies in its stretch."""
    total = sum(portion.cost for portion in portions)
    before = 0
    for portion in portions:
        if portion.whole:
            if _shard_at(before, portion.cost, total, shards) == shard:
                yield Part(portion, None)
            before += portion.cost
            continue
        keys: dict[str, set[bytes]] = {}
        for group in portion.groups:
            for price, key in zip(group.costs, group.keys, strict=True):
                if _shard_at(before, price, total, shards) == shard:
                    keys.setdefault(group.fingerprint, set()).add(key)
                before += price
        if keys:
            yield Part(portion, {name: frozenset(own) for name, own in keys.items()})


def _shard_at(before: int, price: int, total: int, shards: int) -> int:
    """The shard, from 1, in whose stretch the middle of [before, before + price) lies."""
    return min(shards, 1 + (2 * before + price) * shards // max(1, 2 * total))
