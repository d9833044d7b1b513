"""Who gets what, and what becomes of work that kills its workers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from harness.cluster.work import DEATHS, Job, Queue, Work
from harness.engines import Answer
from harness.planning.cost import cost
from harness.records import Checkpoint, Model, Request

ONE = Model("one", "/one", date(2025, 1, 1))
TWO = Model("two", "/two", date(2025, 1, 1))
BASE = Checkpoint("base", ONE)
A = Checkpoint("a", ONE, adapter=Path("/a"))
B = Checkpoint("b", ONE, adapter=Path("/b"))
OTHER = Checkpoint("other", TWO)


def nothing(answers: list[Answer]) -> None:
    pass


def job(checkpoint: Checkpoint, count: int, size: int = 1, urgent: bool = False) -> Job:
    """A planned job of so many requests in batches of a size."""
    requests = [Request(f"{i:03}") for i in range(count)]
    made = Job(checkpoint, checkpoint.id, requests, set(range(count)), nothing, urgent)
    made.planned([list(range(i, min(i + size, count))) for i in range(0, count, size)])
    return made


def queue(*jobs: Job, batch: float = 1.0) -> Queue:
    """A queue whose batches of one request take so many seconds."""
    made = Queue(lambda model, kind, units: batch * units / unit())
    for each in jobs:
        made.put(each)
    return made


def unit() -> int:
    return cost(Request("000"))


def taken(found: Work | Job | None) -> Work:
    assert isinstance(found, Work)
    return found


def test_a_worker_gets_half_a_minute_of_whole_batches() -> None:
    waiting = queue(job(A, 100, size=7), job(B, 100))
    work = taken(waiting.take(None, [], 2))
    assert [len(batch) for batch in work.batches] == [7, 7, 7, 7, 7]
    assert work.places[:8] == list(range(8))


def test_of_the_last_job_every_worker_gets_a_part() -> None:
    waiting = queue(job(A, 40))
    sizes = []
    while (found := waiting.take(A, [], 2)) is not None:
        sizes.append(len(taken(found).places))
    assert sizes == [10, 8, 6, 5, 5, 5, 1]
    assert sum(sizes) == 40


def test_the_adapter_that_is_held_comes_first_then_one_that_nobody_holds() -> None:
    jobs = [job(OTHER, 5), job(B, 5), job(A, 5), job(BASE, 5)]
    waiting = queue(*jobs)
    order = []
    held: Checkpoint = A
    while (found := waiting.take(held, [B], 2)) is not None:
        held = taken(found).job.checkpoint
        if not order or order[-1] != held:
            order.append(held)
    assert order == [A, BASE, B, OTHER]


def test_what_somebody_waits_for_comes_before_what_is_held() -> None:
    waiting = queue(job(A, 5), job(B, 5, urgent=True))
    assert taken(waiting.take(A, [], 1)).job.checkpoint == B


def test_a_base_that_another_worker_holds_is_left_to_it_while_there_is_other_work() -> None:
    waiting = queue(job(OTHER, 5, urgent=True), job(A, 5))
    assert taken(waiting.take(A, [OTHER], 2)).job.checkpoint == A
    assert taken(waiting.take(A, [OTHER], 2)).job.checkpoint == OTHER


def test_a_job_is_planned_by_one_worker_and_waits_for_it() -> None:
    unplanned = Job(A, "a", [Request("x"), Request("y")], {0, 1}, nothing)
    waiting = queue(unplanned)
    assert waiting.take(None, [], 2) is unplanned
    assert waiting.take(None, [], 2) is None
    unplanned.planned([[1, 0]])
    assert taken(waiting.take(None, [], 2)).places == [1, 0]


def test_what_was_answered_before_a_death_is_not_given_out_again() -> None:
    mine = job(A, 6, size=2)
    waiting = queue(mine)
    work = taken(waiting.take(None, [], 1))
    mine.open -= {0, 1, 2}
    waiting.back(work, "died", blamed=True)
    again = taken(waiting.take(None, [], 1))
    assert again.places == [3, 4, 5]
    assert mine.poison == {}


@pytest.mark.parametrize("size", [1, 5, 64])
def test_the_request_that_kills_is_found_and_everything_else_answered(size: int) -> None:
    mine = job(A, 64, size=size)
    waiting = queue(mine)
    deaths = answered = 0
    while (found := waiting.take(A, [], 1)) is not None:
        work = taken(found)
        places = work.places
        if 37 in places:  # answers come batch by batch until there
            deaths += 1
            before = [batch for batch in work.left if batch[0] < 37 and 37 not in batch]
            mine.open -= {place for batch in before for place in batch}
            waiting.back(work, "died of it", blamed=True)
        else:
            mine.open -= set(places)
            answered += len(places)
    assert mine.poison == {37: "died of it"}
    assert mine.ended
    assert deaths <= 2 * DEATHS + 6  # three to be doubted, log2(64), three for the last


def test_a_lost_node_is_not_blamed_on_what_it_was_doing() -> None:
    waiting = queue(job(A, 1))
    for _ in range(5 * DEATHS):
        waiting.back(taken(waiting.take(A, [], 1)), "node gone", blamed=False)
    assert taken(waiting.take(A, [], 1)).deaths == 0


def test_a_job_that_cannot_be_planned_is_asked_in_one_piece_and_halved() -> None:
    unplanned = Job(A, "a", [Request(str(i)) for i in range(4)], {0, 1, 2, 3}, nothing)
    waiting = queue(unplanned)
    for _ in range(DEATHS):
        assert waiting.take(None, [], 1) is unplanned
        waiting.unplanned(unplanned, blamed=True)
    assert sorted(taken(waiting.take(None, [], 1)).places) == [0, 1, 2, 3]


def test_what_nobody_waits_for_any_more_is_forgotten() -> None:
    one, other = job(A, 3), job(B, 3)
    waiting = queue(one, other)
    waiting.back(taken(waiting.take(A, [], 1)), "died", blamed=True)
    waiting.drop(one)
    assert places_by_checkpoint(waiting) == {"b": [0, 1, 2]}


def places_by_checkpoint(waiting: Queue) -> dict[str, Sequence[int]]:
    found: dict[str, Sequence[int]] = {}
    while (work := waiting.take(None, [], 1)) is not None:
        found[taken(work).job.checkpoint.id] = taken(work).places
    return found
