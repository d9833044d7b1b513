"""The driver's side of a cluster: gives work to whoever is free, and keeps what comes back.

A thread of its own does so, all the time, while pytest's items are judged one after another.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Container, Iterator, Sequence

from harness.cluster.connect import connect
from harness.cluster.crew import Crew
from harness.cluster.events import Answered, Ended, Event, Lost, Planned, Refused, Seat
from harness.cluster.log import Log
from harness.cluster.pace import Pace
from harness.cluster.tally import Tally
from harness.cluster.work import Fate, Job, Queue, Work
from harness.engines import Answer
from harness.engines.loading import first_line
from harness.errors import MichiError, ServiceError
from harness.planning.speeds import Speeds
from harness.records import Checkpoint, Request

_BEAT = 0.2  # seconds in which work that was put is given out, if all the others are busy


class Cluster:
    """Answers on many machines. Nothing is started before something is put.

    address: `connect.connect`. make: makes the crew, once connected. speeds: of earlier runs.
    """

    def __init__(self, address: str, make: Callable[[Log], Crew], log: Log, speeds: Speeds) -> None:
        self._address, self._make, self._log = address, make, log
        self._changed = threading.Condition()
        self._pace = Pace(speeds)
        self._tally = Tally()
        self._queue = Queue(self._pace.seconds)
        self._pending: dict[str, set[Request]] = {}
        self._poison: dict[tuple[str, Request], str] = {}
        self._thread: threading.Thread | None = None
        self._closing = False
        self._failed: MichiError | None = None
        self._crew: Crew | None = None

    @property
    def waiting(self) -> int:
        """Requests without an answer."""
        with self._changed:
            return sum(map(len, self._pending.values()))

    @property
    def workers(self) -> int:
        """How many there are at the moment."""
        return sum(seat.there for seat in self._seats())

    def progress(self) -> str:
        """Its nodes, for whoever watches; "" before there are any."""
        return self._tally.shortly(self._seats())

    def summary(self) -> list[str]:
        """What it did, and what went wrong."""
        return self._tally.lines(self._log.counts)

    def put(self, job: Job) -> None:
        """Have something answered. Raises ConfigError and ServiceError."""
        self._start()
        with self._changed:
            self._raise_failed()
            wanted = {job.requests[place] for place in job.open}
            self._pending.setdefault(job.fingerprint, set()).update(wanted)
            self._tally.hand(job.checkpoint.id, len(wanted))
            self._queue.put(job)

    def pending(self, fingerprint: str) -> Container[Request]:
        """What is being answered of a checkpoint."""
        with self._changed:
            return frozenset(self._pending.get(fingerprint, ()))

    @property
    def failed(self) -> bool:
        """Whether nothing more can be asked."""
        return self._failed is not None

    def wait(
        self, fingerprint: str, requests: Sequence[Request], tell: Callable[[int, int], None]
    ) -> None:
        """Until none of them is being answered. tell: how many are, of how many."""
        left = set(requests)
        while True:
            with self._changed:
                left &= self._pending.get(fingerprint, set())
                if not left:
                    return
                self._changed.wait(_BEAT)
            tell(len(requests) - len(left), len(requests))

    def ask(
        self,
        checkpoint: Checkpoint,
        fingerprint: str,
        requests: Sequence[Request],
        skip: Container[Request],
    ) -> Iterator[list[Answer]]:
        """Yield answers as they come; an empty list now and then while none do.

        Raises MichiError; ServiceError for what killed its workers, once the rest is answered.
        """
        with self._changed:
            poison = [r for r in requests if r not in skip and (fingerprint, r) in self._poison]
            known = set(poison)
        wanted = {i for i, r in enumerate(requests) if r not in skip and r not in known}
        came: queue.SimpleQueue[list[Answer]] = queue.SimpleQueue()
        job = Job(checkpoint, fingerprint, requests, wanted, came.put, urgent=True)
        if wanted:
            self.put(job)
        try:
            while not (job.ended and came.empty()):
                try:
                    yield came.get(timeout=1.0)
                except queue.Empty:
                    self._raise_failed()
                    yield []
        finally:
            self._forget(job)
        if job.error is not None:
            raise job.error
        poison += job.poisoned()
        if poison:
            said = self._poison[fingerprint, poison[0]]
            raise ServiceError(
                f"{len(poison):,} of {len(requests):,} requests end the process of every worker "
                f"that is given them, {poison[0].asked[:60]!r} first of all ({said}). They have "
                "no answer; the others are kept."
            )

    def close(self) -> None:
        """End it. What is being answered is lost."""
        if self._thread is None:
            return
        self._closing = True
        self._thread.join(timeout=30)
        import ray

        ray.shutdown()
        self._thread = None

    def _start(self) -> None:
        if self._thread is not None or self._failed is not None:
            return
        begun = time.monotonic()
        try:
            connect(self._address)
        except MichiError as error:
            self._failed = error
            raise
        said = f"joined {self._address}" if self._address else "a cluster was started here"
        self._log.note("connected", said, seconds=round(time.monotonic() - begun, 2))
        self._tally.begin()
        self._thread = threading.Thread(target=self._run, name="michi-cluster", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._crew = self._make(self._log)
            while not self._closing:
                self._hand_out(self._crew)
                for event in self._crew.events(_BEAT):
                    self._take(event)
                with self._changed:
                    self._tally.note(self._crew.seats, self._log)
            self._crew.close()
            self._pace.keep()
        except MichiError as error:
            self._fail(error)
        except Exception as error:  # of Ray's own: its head is gone, or worse
            self._fail(
                ServiceError(
                    f"the cluster can't be reached any more ("
                    f"{first_line(error)}). What was answered is kept; run the same command again "
                    "for the rest."
                )
            )

    def _hand_out(self, crew: Crew) -> None:
        for seat in crew.free:
            others = [s.held for s in crew.seats if s is not seat and s.held is not None]
            with self._changed:
                task = self._queue.take(seat.held, others, max(1, len(crew.seats)))
            if task is None:
                return
            crew.give(seat, task)

    def _take(self, event: Event) -> None:
        if isinstance(event, Answered):
            self._keep(event)
        elif isinstance(event, Ended):
            self._end(event.work)
        else:
            with self._changed:
                if isinstance(event, Planned):
                    event.job.planned(event.batches)
                elif isinstance(event, Refused):
                    event.job.error = event.error
                    self._settle(event.job, event.job.open)
                    self._log.note("refused", str(event.error), checkpoint=event.job.checkpoint.id)
                else:
                    self._back(event)
                self._changed.notify_all()

    def _keep(self, event: Answered) -> None:
        """Hand answers on before they count: whoever waits for them looks for them there."""
        job = event.work.job
        places = {place for place, _ in event.answers} & job.open
        job.take([(job.requests[p], response) for p, response in event.answers if p in places])
        with self._changed:
            job.open -= places
            self._settle(job, places)
            self._tally.answer(job.checkpoint.id, event.seat.node.name, len(places))
            asked = [job.requests[place] for place in places]
            self._pace.note(job.checkpoint.model, asked, event.seconds)
            self._changed.notify_all()

    def _end(self, work: Work) -> None:
        with self._changed:
            if work.left:  # an engine that left out what it was asked
                self._queue.back(work, "the engine gave no answer to it", blamed=True)
                self._settle_poison(work.job)
                self._changed.notify_all()

    def _back(self, event: Lost) -> None:
        """What a worker did not come to goes back; what killed too many is given up."""
        task = event.task
        if task is None:
            return
        if isinstance(task, Work):
            job, count = task.job, len(task.places)
            fate = self._queue.back(task, event.why, event.blamed)
            what = f"{count:,} requests of {job.checkpoint.id}, {fate.value}"
        else:
            job, count, fate = task, 0, Fate.AGAIN
            self._queue.unplanned(task, event.blamed)
            what = f"the batches of {job.checkpoint.id} to plan"
        self._log.note(
            "poison" if fate is Fate.POISON else "lost",
            f"worker {event.seat.number} on {event.seat.node.name} died: {event.why}; had {what}",
            worker=event.seat.number,
            node=event.seat.node.name,
            checkpoint=job.checkpoint.id,
            requests=count,
            deaths=task.deaths,
        )
        self._settle_poison(job)

    def _settle_poison(self, job: Job) -> None:
        for place, why in job.poison.items():
            self._poison[job.fingerprint, job.requests[place]] = why
        self._settle(job, job.poison)

    def _settle(self, job: Job, places: Sequence[int] | set[int] | dict[int, str]) -> None:
        """Nobody needs to wait for these any more."""
        pending = self._pending.get(job.fingerprint, set())
        pending.difference_update(job.requests[place] for place in places)
        if not pending:
            self._pending.pop(job.fingerprint, None)
        if job.urgent and job.ended:
            job.take([])  # wakes whoever waits

    def _forget(self, job: Job) -> None:
        with self._changed:
            self._queue.drop(job)
            self._settle(job, job.open)

    def _seats(self) -> list[Seat]:
        return list(self._crew.seats) if self._crew else []

    def _fail(self, error: MichiError) -> None:
        self._log.note("failed", str(error))
        with self._changed:
            self._failed = error
            self._pending.clear()  # whoever waits asks anew, and is told
            self._changed.notify_all()

    def _raise_failed(self) -> None:
        if self._failed is not None:
            raise self._failed
