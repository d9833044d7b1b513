"""The workers of a Ray cluster: where they are, what each is doing, and what came of it.

Ray starts an actor again whose process died; what it was doing is not asked again by Ray but given
back, for with a whole node its own retries are not enough (measured: one ActorUnavailableError a
lost node reaches the driver).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from harness.cluster.events import Answered, Ended, Event, Lost, Planned, Refused, Seat
from harness.cluster.log import Log
from harness.cluster.nodes import nodes_of, share_on
from harness.cluster.work import Job, Work
from harness.cluster.worker import MUST_AGREE, Worker
from harness.engines.loading import first_line
from harness.errors import ConfigError, MichiError, ServiceError
from harness.versions import versions

PATIENCE = 1800.0  # seconds without a sign: a base may be loaded from a slow disk in them
NOBODY = 600.0  # seconds without any worker
_LOOK = 2.0  # seconds between two looks at the nodes
_AGAIN = 0.5  # seconds before a worker is asked again whether it is there
_TRIES = 3  # of a worker that does not come up


class Crew:
    """All workers. given: what each of them is made with. group, cores: `nodes.share_on`."""

    def __init__(self, given: Sequence[Any], group: int, cores: int, log: Log) -> None:
        import ray

        self._ray: Any = ray
        self._given = given
        self._group, self._cores = group, cores
        self._log = log
        self._names: dict[str, str] = {}
        self._known: set[str] = set()  # nodes that have been given workers
        self.seats: list[Seat] = []
        self._requests: WeakKeyDictionary[Job, Any] = WeakKeyDictionary()
        self._looked = 0.0
        self._somebody = time.monotonic()
        self._count = 0

    @property
    def free(self) -> list[Seat]:
        """Workers without work."""
        return [seat for seat in self.seats if seat.free]

    def give(self, seat: Seat, task: Work | Job) -> None:
        """Have a worker do something."""
        job = task.job if isinstance(task, Work) else task
        if job not in self._requests:
            self._requests[job] = self._ray.put(list(job.requests))
        asked = job.checkpoint, job.fingerprint, self._requests[job]
        seat.doing, seat.held, seat.sign = task, job.checkpoint, time.monotonic()
        if isinstance(task, Work):
            streamed = seat.actor.answer.options(num_returns="streaming")
            seat.awaited = streamed.remote(*asked, task.places)
        else:
            seat.awaited = seat.actor.batches.remote(*asked)

    def events(self, patience: float) -> Iterator[Event]:
        """What happened, at most so many seconds from now. Raises ConfigError, ServiceError."""
        yield from self._look()
        self._ask_again()
        awaited = {seat.awaited: seat for seat in self.seats if seat.awaited is not None}
        if not awaited:
            time.sleep(min(patience, _AGAIN))
            return
        done, _ = self._ray.wait(list(awaited), num_returns=1, timeout=patience)
        if done:
            done, _ = self._ray.wait(list(awaited), num_returns=len(awaited), timeout=0)
        for ref in done:
            yield from self._heard(awaited[ref])

    def close(self) -> None:
        """End them all."""
        for seat in self.seats:
            self._kill(seat, restart=False)
        self.seats = []

    def _look(self) -> Iterator[Event]:
        """Find nodes that came and went, and workers that are silent for too long."""
        now = time.monotonic()
        if any(seat.there for seat in self.seats):
            self._somebody = now
        elif now - self._somebody > NOBODY:
            raise ServiceError(
                f"for {NOBODY:.0f} s the cluster had no worker for us: its GPUs or cores are "
                "taken, or its nodes are gone. What was answered is kept; run the same command "
                "again for the rest."
            )
        if now - self._looked < _LOOK:
            return
        self._looked = now
        yield from self._nodes()
        for seat in self.seats:
            if seat.doing is not None and now - seat.sign > PATIENCE:
                self._log.note("silent", f"{_named(seat)}: no sign for {PATIENCE:.0f} s: killed")
                seat.sign = now
                self._kill(seat, restart=True)

    def _nodes(self) -> Iterator[Event]:
        nodes = nodes_of(self._ray.nodes(), self._names)
        alive = {node.id for node in nodes}
        for id in self._known - alive:
            self._known.discard(id)
            self._log.note("gone", f"node {self._names[id]} is gone")
        for gone in [seat for seat in self.seats if seat.node.id not in alive]:
            self.seats.remove(gone)
            self._kill(gone, restart=False)
            yield Lost(gone, gone.doing, f"node {gone.node.name} is gone", blamed=False)
        on_gpus = any(node.gpus for node in nodes)
        for node in nodes:
            if node.id in self._known:
                continue
            self._known.add(node.id)
            share, count = share_on(node, self._group, self._cores, on_gpus)
            if count:
                has = f"{share.gpus} GPUs" if share.gpus else f"{share.cores} cores"
                self._log.note("node", f"node {node.name}: {count} workers with {has} each")
            for _ in range(count):
                self._count += 1
                seat = Seat(self._count, node, share, None)
                self._start(seat)
                self.seats.append(seat)

    def _start(self, seat: Seat) -> None:
        """A new actor on the seat's node."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        here = NodeAffinitySchedulingStrategy(seat.node.id, soft=False)
        actor = self._ray.remote(Worker).options(
            num_gpus=seat.share.gpus,
            num_cpus=seat.share.cores,
            max_restarts=-1,
            max_task_retries=0,
            scheduling_strategy=here,
        )
        seat.actor = actor.remote(*self._given)
        self._ask(seat, 0.0)

    def _ask(self, seat: Seat, wait: float) -> None:
        """Ask, in a while, whether it is there."""
        seat.there, seat.doing, seat.held, seat.awaited = False, None, None, None
        seat.ask_at = time.monotonic() + wait

    def _ask_again(self) -> None:
        now = time.monotonic()
        for seat in self.seats:
            if not seat.there and seat.awaited is None and seat.ask_at <= now:
                seat.awaited = seat.actor.about.remote()

    def _heard(self, seat: Seat) -> Iterator[Event]:
        """What a worker's answer, or its end, means."""
        errors = self._ray.exceptions
        seat.sign, task = time.monotonic(), seat.doing
        try:
            if isinstance(task, Work):
                answers, seconds = self._ray.get(next(seat.awaited))
                yield Answered(seat, task, answers, seconds)
                return
            found = self._ray.get(seat.awaited)
        except StopIteration:
            seat.awaited = seat.doing = None
            assert isinstance(task, Work)
            yield Ended(seat, task)
        except errors.RayTaskError as error:
            yield from self._failed(seat, error)
        except errors.RayError as error:
            dead = isinstance(error, errors.ActorDiedError)
            gone = isinstance(error, errors.ActorUnavailableError)
            yield from self._lost(seat, "its process is gone" if gone else first_line(error), dead)
        else:
            seat.awaited = seat.doing = None
            if isinstance(task, Job):
                yield Planned(task, found)
                return
            self._refuse_unlike(seat, found.versions)
            seat.there, seat.tries = True, 0
            self._log.note("worker", f"{_named(seat)} is there, process {found.pid}")

    def _failed(self, seat: Seat, error: Any) -> Iterator[Event]:
        """Something was raised on the worker: a mistake of somebody's, or its engine's end."""
        task = seat.doing
        if isinstance(error.cause, MichiError) and task is not None:
            seat.awaited = seat.doing = None
            yield Refused(task.job if isinstance(task, Work) else task, error.cause)
            return
        self._kill(seat, restart=True)  # or it would be given work again before it has ended
        yield from self._lost(seat, str(error.cause), dead=False)

    def _lost(self, seat: Seat, why: str, dead: bool) -> Iterator[Event]:
        """A worker died. dead: for good, so that it needs a new actor."""
        task, alive = seat.doing, seat.node.id in self._alive()
        if task is None and dead:
            seat.tries += 1
        if not alive:
            self._looked = 0.0  # what else was on it is looked for at once
            why = f"node {seat.node.name} is gone"
            self.seats.remove(seat)
        elif seat.tries >= _TRIES:
            self._give_up(seat, why)
        elif dead:
            self._start(seat)
        else:
            self._ask(seat, _AGAIN)
        if task is not None:
            yield Lost(seat, task, why, blamed=alive)

    def _give_up(self, seat: Seat, why: str) -> None:
        self._log.note("given up", f"{_named(seat)} does not come up: {why}")
        self.seats.remove(seat)
        if not self.seats:
            raise ServiceError(f"no worker of the cluster comes up: {why}")

    def _alive(self) -> set[str]:
        return {row["NodeID"] for row in self._ray.nodes() if row["Alive"]}

    def _kill(self, seat: Seat, restart: bool) -> None:
        try:
            self._ray.kill(seat.actor, no_restart=not restart)
        except Exception:  # it is dead already, or Ray is
            return

    def _refuse_unlike(self, seat: Seat, found: Any) -> None:
        ours = versions(MUST_AGREE)
        unlike = [name for name in MUST_AGREE if found.get(name) != ours.get(name)]
        if unlike:
            said = ", ".join(
                f"{name} {found.get(name, 'missing')} (here {ours.get(name, 'missing')})"
                for name in unlike
            )
            raise ConfigError(
                f"node {seat.node.name} of the cluster has {said}: its answers would be others. "
                "Install the same everywhere."
            )


def _named(seat: Seat) -> str:
    return f"worker {seat.number} on {seat.node.name}"
