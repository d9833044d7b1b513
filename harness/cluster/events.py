"""What happens on a cluster: workers, and what is heard of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from harness.cluster.nodes import Node, Share
from harness.cluster.work import Job, Work
from harness.errors import MichiError
from harness.records import Checkpoint, Response


@dataclass(eq=False, slots=True)
class Seat:
    """One worker. awaited: what Ray will tell next of it, None while it has nothing to do.

    there: whether it has said so since it was started. sign: when it was last heard of. ask_at:
    when it is asked again whether it is there. tries: how often it did not come up.
    """

    number: int
    node: Node
    share: Share
    actor: Any
    awaited: Any = None
    doing: Work | Job | None = None
    held: Checkpoint | None = None
    there: bool = False
    sign: float = 0.0
    ask_at: float = 0.0
    tries: int = 0

    @property
    def free(self) -> bool:
        """Whether it waits for work."""
        return self.there and self.awaited is None


@dataclass(frozen=True, slots=True)
class Planned:
    """Batches of a job."""

    job: Job
    batches: list[list[int]]


@dataclass(frozen=True, slots=True)
class Answered:
    """Some answers, by place, and the seconds that they took."""

    seat: Seat
    work: Work
    answers: list[tuple[int, Response]]
    seconds: float


@dataclass(frozen=True, slots=True)
class Ended:
    """A worker did all that it was given."""

    seat: Seat
    work: Work


@dataclass(frozen=True, slots=True)
class Refused:
    """What was asked can't be answered by anybody."""

    job: Job
    error: MichiError


@dataclass(frozen=True, slots=True)
class Lost:
    """A worker died. blamed: whether what it was doing may be why."""

    seat: Seat
    task: Work | Job | None
    why: str
    blamed: bool


Event = Planned | Answered | Ended | Refused | Lost
