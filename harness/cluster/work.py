"""What a cluster is to answer: which requests a free worker gets next, and what becomes of those
that kill it. Knows nothing of Ray.

A job is asked in the batches that one engine alone would ask it in, and a worker gets some thirty
seconds of whole batches: what an answer is batched with shows in its last bits.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum

from harness.engines import Answer
from harness.errors import MichiError
from harness.planning.cost import cost, kind
from harness.records import Checkpoint, Model, Request

SPAN = 30.0  # seconds that a worker is given work for
LEAST = 5.0  # where little is left, and all workers are to have some of it
DEATHS = 3  # of workers, after which their work is doubted
_BATCH = 1.0  # seconds of a batch, as long as none was timed

# Seconds that so much of a kind takes one worker with a model; None where that is not known.
Seconds = Callable[[Model, str, int], float | None]


@dataclass(eq=False, slots=True, weakref_slot=True)
class Job:
    """What is asked of one checkpoint at once.

    requests: all of them, over which batches are planned. open: places of those without an answer.
    take: is given answers. urgent: whether somebody waits for it now. batches: places that nobody
    was given yet; None until they are planned. poison: by place, what was said when it killed its
    last worker. error: why none of it can be answered.
    """

    checkpoint: Checkpoint
    fingerprint: str
    requests: Sequence[Request]
    open: set[int]
    take: Callable[[list[Answer]], None]
    urgent: bool = False
    batches: deque[list[int]] | None = None
    planning: bool = False
    deaths: int = 0  # while it was planned
    poison: dict[int, str] = field(default_factory=dict)
    error: MichiError | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self.error is not None or not self.open

    def planned(self, batches: Iterable[Sequence[int]]) -> None:
        """Take batches of places, of which some may have answers."""
        wanted = ([place for place in batch if place in self.open] for batch in batches)
        self.batches = deque(batch for batch in wanted if batch)
        self.planning = False

    def poisoned(self) -> list[Request]:
        """The requests that killed their workers."""
        return [self.requests[place] for place in self.poison]


@dataclass(eq=False, slots=True)
class Work:
    """Batches of one job for one worker. deaths: of workers that had it. halved: for its deaths."""

    job: Job
    batches: list[list[int]]
    deaths: int = 0
    halved: bool = False

    @property
    def left(self) -> list[list[int]]:
        """What of it has no answer yet."""
        wanted = ([p for p in batch if p in self.job.open] for batch in self.batches)
        return [batch for batch in wanted if batch]

    @property
    def places(self) -> list[int]:
        """Of all its requests without an answer."""
        return [place for batch in self.left for place in batch]


class Fate(Enum):
    """What becomes of work that its worker did not end."""

    AGAIN = "which are given out again"
    HALVED = "which are given out again in two halves"
    POISON = "which is given up as the cause"


class Queue:
    """Jobs that wait, in the order in which they came, and work that came back."""

    def __init__(self, seconds: Seconds) -> None:
        self._seconds = seconds
        self._jobs: list[Job] = []
        self._again: list[Work] = []

    def put(self, job: Job) -> None:
        """Something more to answer."""
        self._jobs.append(job)

    def drop(self, job: Job) -> None:
        """Forget it: nobody waits for it any more."""
        self._jobs = [other for other in self._jobs if other is not job]
        self._again = [work for work in self._again if work.job is not job]

    def take(
        self, held: Checkpoint | None, others: Collection[Checkpoint], workers: int
    ) -> Work | Job | None:
        """What suits a free worker best: work, or a job that it is to plan first.

        held: the checkpoint that it has in memory. others: those of the other workers.
        """
        self._jobs = [job for job in self._jobs if not job.ended and job.batches != deque()]
        self._again = [work for work in self._again if not work.job.ended and work.left]
        ready: list[Work | Job] = [*self._again, *(job for job in self._jobs if not job.planning)]
        if not ready:
            return None
        best = min(enumerate(ready), key=lambda one: (*_rank(one[1], held, others), one[0]))[1]
        if isinstance(best, Work):
            self._again.remove(best)
            return best
        if best.batches is None:
            best.planning = True
            return best
        return self._cut(best, workers)

    def back(self, work: Work, why: str, blamed: bool) -> Fate:
        """Take back what a worker did not come to. blamed: whether that may be the work's fault.

        Work that three workers died of is halved, its halves at each death again, until a single
        request has killed three more: that one is poison.
        """
        left = work.left
        count = sum(map(len, left))
        if not count or work.job.ended:
            return Fate.AGAIN
        work.batches = left
        work.deaths += blamed
        if work.deaths < (1 if work.halved and count > 1 else DEATHS):
            self._again.append(work)
            return Fate.AGAIN
        if count > 1:
            self._again += [Work(work.job, half, halved=True) for half in _halves(left)]
            return Fate.HALVED
        place = left[0][0]
        work.job.poison[place] = why
        work.job.open.discard(place)
        return Fate.POISON

    def unplanned(self, job: Job, blamed: bool) -> None:
        """Take back a job whose worker died when it planned; the third time it is not planned."""
        job.planning = False
        job.deaths += blamed
        if job.deaths >= DEATHS:
            job.planned([sorted(job.open)])

    def _cut(self, job: Job, workers: int) -> Work:
        assert job.batches, "jobs without batches are not taken"
        goal = SPAN
        if len(self._jobs) == 1:
            goal = min(SPAN, max(LEAST, self._all(job) / (2 * workers)))
        name, taken, seconds = kind(job.requests[job.batches[0][0]]), [], 0.0
        while job.batches and seconds < goal:
            if kind(job.requests[job.batches[0][0]]) != name:
                break
            taken.append(job.batches.popleft())
            seconds += self._of(job, taken[-1])
        return Work(job, taken)

    def _all(self, job: Job) -> float:
        return sum(self._of(job, batch) for batch in job.batches or ())

    def _of(self, job: Job, batch: Sequence[int]) -> float:
        first = job.requests[batch[0]]
        units = sum(cost(job.requests[place]) for place in batch)
        found = self._seconds(job.checkpoint.model, kind(first), units)
        return _BATCH if found is None else found


def _rank(
    one: Work | Job, held: Checkpoint | None, others: Collection[Checkpoint]
) -> tuple[bool, bool, int]:
    """The less, the sooner: urgent before the rest, an adapter that is held before another, one
    that nobody holds before one that somebody does, and a base that others have last of all.
    """
    job = one.job if isinstance(one, Work) else one
    wanted = job.checkpoint
    if held is not None and wanted == held:
        rank = 0
    elif held is not None and wanted.model == held.model:
        rank = 2 if wanted in others else 1
    else:
        rank = 4 if any(other.model == wanted.model for other in others) else 3
    return rank == 4, not job.urgent, rank


def _halves(batches: list[list[int]]) -> list[list[list[int]]]:
    if len(batches) == 1:
        middle = len(batches[0]) // 2
        return [[batches[0][:middle]], [batches[0][middle:]]]
    middle = len(batches) // 2
    return [batches[:middle], batches[middle:]]
