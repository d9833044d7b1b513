"""How fast a server is asked, with a clock of the test's own."""

from __future__ import annotations

import threading
from email.utils import formatdate
from time import time

import pytest

from harness.engines.throttle import LONGEST, Throttle, duration, retry_after


class Clock:
    def __init__(self) -> None:
        self.now, self.slept = 0.0, []

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 6))
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def throttle(clock: Clock) -> Throttle:
    return Throttle(8, lambda: clock.now, clock.sleep)


def test_everybody_waits_as_long_as_a_refusal_says(throttle: Throttle, clock: Clock) -> None:
    throttle.wait()
    assert clock.slept == []
    throttle.told(429, {"retry-after": "7"})
    throttle.wait()
    assert clock.slept == [7.0]
    throttle.wait()
    assert clock.slept == [7.0]


def test_without_a_word_pauses_double_until_an_answer_comes(
    throttle: Throttle, clock: Clock
) -> None:
    for status in (429, 503, 429):
        throttle.told(status, {})
        throttle.wait()
    throttle.told(200, {})
    throttle.told(429, {})
    throttle.wait()
    assert clock.slept == [1.0, 2.0, 4.0, 1.0]


def test_a_wait_of_a_day_is_not_waited_for(throttle: Throttle, clock: Clock) -> None:
    throttle.told(429, {"retry-after": "86400"})
    throttle.wait()
    assert clock.slept == []
    throttle.told(200, {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "24h"})
    throttle.wait()
    assert clock.slept == [LONGEST]


def test_refusals_of_what_was_sent_before_the_pause_count_once(
    throttle: Throttle, clock: Clock
) -> None:
    for _ in range(8):
        throttle.told(429, {})
    assert throttle.width == 4
    throttle.told(429, {"retry-after": "3"})
    throttle.wait()
    assert clock.slept == [3.0]


def test_a_used_up_quota_is_waited_for_before_it_is_refused(
    throttle: Throttle, clock: Clock
) -> None:
    throttle.told(
        200, {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m0.5s"}
    )
    throttle.wait()
    assert clock.slept == [60.5]


def test_refusals_halve_the_width_and_answers_widen_it_again(throttle: Throttle) -> None:
    assert throttle.width == 8
    throttle.told(429, {"retry-after": "0"})
    assert throttle.width == 4
    for _ in range(3):
        throttle.told(503, {"retry-after": "0"})
    assert throttle.width == 1
    # From 1 on a whole window of answers widens it by about one: 8 + 7 + ... + 1 are enough.
    for _ in range(36):
        throttle.told(200, {})
    assert throttle.width == 8


def test_no_more_requests_are_under_way_than_the_width(throttle: Throttle) -> None:
    throttle.told(429, {"retry-after": "0"})
    under_way, most, lock = 0, 0, threading.Lock()
    enough = threading.Barrier(4, timeout=10)

    def work() -> None:
        nonlocal under_way, most
        with throttle.turn():
            with lock:
                under_way += 1
                most = max(most, under_way)
            enough.wait()  # four must be there together, or none gets on
            with lock:
                under_way -= 1

    threads = [threading.Thread(target=work) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    assert most == 4


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "2.5"}, 2.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "soon"}, None),
        ({}, None),
        ({"retry-after": formatdate(0)}, 0.0),
    ],
)
def test_what_a_server_asks_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_a_date_to_wait_for_is_by_this_clock() -> None:
    found = retry_after({"retry-after": formatdate(time() + 30, usegmt=True)})
    assert found == pytest.approx(30, abs=2)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("6m0s", 360.0), ("20ms", 0.02), ("1.5s", 1.5), ("1h2m", 3720.0), ("later", None), ("", None)],
)
def test_durations_as_openai_writes_them(text: str, seconds: float | None) -> None:
    assert duration(text) == seconds
