"""The scheduler's choice, on workers that are no processes."""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterable
from types import SimpleNamespace

import pytest

from harness.plugin.spread import CheckpointScheduling, checkpoint_of
from harness.records import Checkpoint, Model

ONE, TWO = (Model(id, f"/{id}", datetime.date(2025, 4, 1)) for id in ("one", "two"))
ON_ONE = [Checkpoint(id, ONE) for id in ("base", "qa", "qa-long")]
ON_TWO = [Checkpoint(id, TWO) for id in ("other", "other-qa")]
ALL = [*ON_ONE, *ON_TWO]


class StubConfig:
    """As much of pytest's configuration as xdist's scheduler reads."""

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def getvalue(self, name: str) -> list[str]:
        assert name == "tx"
        return ["popen"] * self.workers

    def getoption(self, name: str, default: object = None) -> object:
        return default


class StubLog:
    def __getattr__(self, name: str) -> StubLog:
        return self

    def __call__(self, *message: object) -> None:
        pass


class StubNode:
    """A worker: what it was sent, in order, and what it is to do next.

    Like xdist's own, it begins an item only when it knows the next, or that there is none.
    """

    def __init__(self) -> None:
        self.gateway = SimpleNamespace(id="gw")
        self.sent: list[int] = []
        self.done = 0
        self.shutting_down = False

    def send_runtest_some(self, indices: Iterable[int]) -> None:
        assert not self.shutting_down
        self.sent.extend(indices)

    def shutdown(self) -> None:
        self.shutting_down = True

    @property
    def can_work(self) -> bool:
        ahead = len(self.sent) - self.done
        return ahead > 1 or (ahead == 1 and self.shutting_down)


def collection(checkpoints: list[Checkpoint], tasks: int = 3) -> list[str]:
    return [f"evals/test_t{t}.py::test_t{t}[{c.id}]" for t in range(tasks) for c in checkpoints]


def begin(ids: list[str], workers: int) -> tuple[CheckpointScheduling, list[StubNode]]:
    scheduling = CheckpointScheduling(StubConfig(workers), StubLog(), ALL)
    nodes = [StubNode() for _ in range(workers)]
    for node in nodes:
        scheduling.add_node(node)
    for node in nodes:
        scheduling.add_node_collection(node, ids)
    scheduling.schedule()
    return scheduling, nodes


def work(scheduling: CheckpointScheduling, nodes: list[StubNode], seed: int) -> None:
    """Let workers end items in a random order until none can go on."""
    chance = random.Random(seed)
    while ready := [node for node in nodes if node.can_work]:
        node = chance.choice(ready)
        index = node.sent[node.done]
        node.done += 1
        scheduling.mark_test_complete(node, index)


def models(ids: list[str], node: StubNode) -> list[str]:
    """The base models that a worker had in turn, each once for as long as it kept it."""
    found: list[str] = []
    for index in node.sent:
        checkpoint = checkpoint_of(ids[index], ALL)
        if checkpoint is not None and found[-1:] != [checkpoint.model.id]:
            found.append(checkpoint.model.id)
    return found


@pytest.mark.parametrize(
    ("nodeid", "expected"),
    [
        ("evals/test_a.py::test_a[base]", "base"),
        ("evals/test_a.py::test_a[qa-long]", "qa-long"),
        ("evals/test_a.py::test_a[qa]", "qa"),
        ("evals/test_a.py::test_a[qa-small]", "qa"),
        ("evals/test_a.py::test_a[small-qa-long]", "qa-long"),
        ("evals/test_a.py::test_a[small-other-big]", "other"),
        ("evals/test_a.py::TestA::test_a[base]", "base"),
        ("evals/test_a.py::test_a[database]", None),
        ("evals/test_a.py::test_a[x]", None),
        ("evals/test_base.py::test_base", None),
        ("evals/test_a.py::test_a[]", None),
    ],
)
def test_the_checkpoint_of_a_node_id(nodeid: str, expected: str | None) -> None:
    found = checkpoint_of(nodeid, ALL)
    assert (found.id if found else None) == expected


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("workers", [1, 2, 3, 5])
def test_every_item_is_handed_out_exactly_once(workers: int, seed: int) -> None:
    ids = collection(ALL)
    scheduling, nodes = begin(ids, workers)
    work(scheduling, nodes, seed)
    assert sorted(i for node in nodes for i in node.sent) == list(range(len(ids)))
    assert all(node.done == len(node.sent) for node in nodes)
    assert scheduling.tests_finished
    assert not scheduling.has_pending


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("workers", [1, 2, 3, 5])
def test_no_worker_changes_its_base_twice(workers: int, seed: int) -> None:
    ids = collection(ALL)
    scheduling, nodes = begin(ids, workers)
    work(scheduling, nodes, seed)
    for node in nodes:
        assert len(models(ids, node)) == len(set(models(ids, node)))


def test_no_worker_leaves_its_base_while_an_item_needs_it() -> None:
    ids = collection(ALL)
    scheduling, nodes = begin(ids, 2)
    chance = random.Random(3)
    while ready := [node for node in nodes if node.can_work]:
        node = chance.choice(ready)
        before, held = list(scheduling.pending), models(ids, node)[-1]
        count = len(node.sent)
        index = node.sent[node.done]
        node.done += 1
        scheduling.mark_test_complete(node, index)
        taken = [checkpoint_of(ids[i], ALL) for i in node.sent[count:]]
        waiting = [checkpoint_of(ids[i], ALL) for i in before]
        if any(c and c.model.id != held for c in taken):
            assert not any(c and c.model.id == held for c in waiting)


def test_two_workers_begin_on_two_bases() -> None:
    ids = collection(ALL)
    _, nodes = begin(ids, 2)
    assert sorted(models(ids, node)[0] for node in nodes) == ["one", "two"]


def test_workers_on_one_base_take_different_checkpoints_first() -> None:
    ids = collection(ON_ONE)
    _, nodes = begin(ids, 3)
    assert {checkpoint_of(ids[node.sent[0]], ALL) for node in nodes} == set(ON_ONE)


def test_a_plain_test_between_does_not_make_a_worker_forget_its_base() -> None:
    ids = [
        "evals/test_t.py::test_t[base]",
        "evals/test_t.py::test_t[qa]",
        "evals/test_u.py::test_plain",
        "evals/test_u.py::test_u[base]",
        "evals/test_u.py::test_u[qa]",
        "evals/test_u.py::test_u[qa-long]",
        "evals/test_u.py::test_u[other]",
        "evals/test_v.py::test_plain",
        "evals/test_v.py::test_v[base]",
        "evals/test_v.py::test_v[qa]",
        "evals/test_v.py::test_v[other]",
    ]
    for seed in range(20):
        scheduling, nodes = begin(ids, 2)
        work(scheduling, nodes, seed)
        assert sorted(i for node in nodes for i in node.sent) == list(range(len(ids)))
        for node in nodes:
            assert len(models(ids, node)) == len(set(models(ids, node))), seed


def test_an_item_that_killed_its_worker_is_not_handed_out_again() -> None:
    ids = collection(ALL)
    scheduling, nodes = begin(ids, 2)
    dead = nodes[0]
    fatal = dead.sent[0]
    assert scheduling.remove_node(dead) == ids[fatal]
    replacement = StubNode()
    scheduling.add_node(replacement)
    scheduling.add_node_collection(replacement, ids)
    scheduling.schedule()
    work(scheduling, [nodes[1], replacement], 1)
    handed = nodes[1].sent + replacement.sent
    assert sorted(handed) == sorted(set(range(len(ids))) - {fatal})


def test_what_a_dead_worker_had_not_begun_is_done_by_its_replacement() -> None:
    ids = collection(ON_ONE[:1], tasks=3)
    scheduling, (only,) = begin(ids, 1)
    assert scheduling.remove_node(only) == ids[0]
    replacement = StubNode()
    scheduling.add_node(replacement)
    scheduling.add_node_collection(replacement, ids)
    scheduling.schedule()
    work(scheduling, [replacement], 1)
    assert sorted(replacement.sent) == [1, 2]


def test_a_worker_that_ended_well_names_no_item() -> None:
    ids = collection(ON_ONE)
    scheduling, nodes = begin(ids, 2)
    work(scheduling, nodes, 1)
    assert [scheduling.remove_node(node) for node in nodes] == [None, None]


def test_a_session_without_evals_is_handed_out_as_xdist_does() -> None:
    ids = [f"tests/test_a.py::test_{i}" for i in range(20)]
    scheduling, nodes = begin(ids, 2)
    assert [node.sent for node in nodes] == [[0, 1], [2, 3]]
    work(scheduling, nodes, 1)
    assert sorted(i for node in nodes for i in node.sent) == list(range(20))
