"""Workers that do not come up, or come up as others: with a Ray that says what a test wants."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.cluster import crew as crews
from harness.cluster.crew import Crew
from harness.cluster.log import Log
from harness.cluster.worker import MUST_AGREE, About
from harness.errors import ConfigError, ServiceError
from harness.versions import versions


class ActorDiedError(Exception):
    pass


class FakeRay:
    """One node of two cores. told: what a worker says when it is asked whether it is there."""

    def __init__(self, told: Callable[[], About], cores: float = 2.0) -> None:
        self.told, self.cores, self.started = told, cores, 0
        names = ("RayError", "RayTaskError", "ActorUnavailableError")
        self.exceptions = SimpleNamespace(
            ActorDiedError=ActorDiedError, **{name: type(name, (Exception,), {}) for name in names}
        )
        self.exceptions.RayError = ActorDiedError

    def nodes(self) -> list[dict[str, Any]]:
        resources = {"CPU": self.cores}
        return [
            {"NodeID": "1", "NodeManagerHostname": "host", "Alive": True, "Resources": resources}
        ]

    def remote(self, worker: type) -> Any:
        return SimpleNamespace(options=lambda **settings: SimpleNamespace(remote=self._start))

    def _start(self, *given: object) -> Any:
        self.started += 1
        return SimpleNamespace(about=SimpleNamespace(remote=object))

    def wait(self, refs: list[Any], **settings: Any) -> tuple[list[Any], list[Any]]:
        return refs, []

    def get(self, ref: object) -> About:
        return self.told()

    def kill(self, actor: object, no_restart: bool) -> None:
        pass


def crew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fake: FakeRay) -> Crew:
    monkeypatch.setitem(sys.modules, "ray", fake)
    strategies = SimpleNamespace(NodeAffinitySchedulingStrategy=lambda node, soft: None)
    monkeypatch.setitem(sys.modules, "ray.util", SimpleNamespace())
    monkeypatch.setitem(sys.modules, "ray.util.scheduling_strategies", strategies)
    monkeypatch.setattr(crews, "_AGAIN", 0.0)
    return Crew((), 1, 1, Log(tmp_path))


def test_workers_are_there_once_they_say_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = crew(monkeypatch, tmp_path, FakeRay(lambda: About(7, versions(MUST_AGREE))))
    assert list(found.events(0.0)) == []
    assert [seat.free for seat in found.seats] == [True, True]


def test_a_node_with_other_versions_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = crew(
        monkeypatch, tmp_path, FakeRay(lambda: About(7, {**versions(MUST_AGREE), "peft": "0.1"}))
    )
    with pytest.raises(ConfigError, match=r"node host of the cluster has peft 0\.1 \(here 0\."):
        list(found.events(0.0))


def test_workers_that_never_come_up_end_the_run_and_say_why(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def dead() -> About:
        raise ActorDiedError("No module named 'harness'\nand pages more")

    fake = FakeRay(dead)
    found = crew(monkeypatch, tmp_path, fake)
    said = r"comes up: ActorDiedError: No module named 'harness'$"
    with pytest.raises(ServiceError, match=said):
        until_it_fails(found)
    assert fake.started == 6  # two workers, three times


def until_it_fails(found: Crew) -> None:
    for _ in range(20):
        list(found.events(0.0))


def test_a_cluster_without_room_ends_the_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = crew(monkeypatch, tmp_path, FakeRay(lambda: About(7, {}), cores=0.0))
    list(found.events(0.0))
    monkeypatch.setattr(crews, "NOBODY", -1.0)
    with pytest.raises(ServiceError, match="its GPUs or cores are taken, or its nodes are gone"):
        list(found.events(0.0))
