"""Work in threads: every result comes, errors end it, and ^C waits for nobody."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from harness.engines.parallel import in_parallel


def test_every_result_comes_once_and_no_more_run_at_once_than_allowed() -> None:
    running, most, lock = 0, 0, threading.Lock()

    def work(number: int) -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.001)
        with lock:
            running -= 1
        return number * number

    made = [x for batch in in_parallel(work, range(200), 5) for x in batch]
    assert sorted(made) == [n * n for n in range(200)]
    assert 2 <= most <= 5
    assert list(in_parallel(work, [], 5)) == []


def test_after_an_error_what_is_under_way_is_yielded_and_nothing_is_begun() -> None:
    begun: list[int] = []
    failing = threading.Event()

    def work(number: int) -> int:
        begun.append(number)
        if number == 0:
            failing.set()
            raise ValueError("zero")
        failing.wait(10)
        return number

    made: list[int] = []
    batches = in_parallel(work, range(100), 4)
    with pytest.raises(ValueError, match="zero"):
        made.extend(x for batch in batches for x in batch)
    assert sorted(made) == sorted(n for n in begun if n)
    assert {1, 2, 3} <= set(made)
    assert len(begun) < 12


def test_slow_work_is_told_to_go_on() -> None:
    held = threading.Event()
    batches = in_parallel(lambda number: held.wait(10) and number, range(1, 3), 2, beat=0.01)
    assert next(batches) == []
    assert next(batches) == []
    held.set()
    assert sorted(x for batch in batches for x in batch) == [1, 2]


def test_what_hangs_after_an_error_is_waited_for_only_so_long() -> None:
    def work(number: int) -> int:
        if number == 0:
            raise ValueError("zero")
        time.sleep(0.2 if number == 1 else 600)
        return number

    made: list[int] = []
    begun = time.monotonic()
    with pytest.raises(ValueError, match="zero"):
        made.extend(
            x for batch in in_parallel(work, range(9), 3, patience=lambda _: 1.0) for x in batch
        )
    assert made == [1]
    assert time.monotonic() - begun < 10


def test_who_takes_results_may_stop_it_and_still_gets_what_is_under_way() -> None:
    begun: list[int] = []
    held = threading.Event()

    def work(number: int) -> int:
        begun.append(number)
        if number:
            held.wait(10)
        return number

    batches = in_parallel(work, range(100), 3, beat=0.01)
    made = list(next(batches))
    assert made == [0]
    made += batches.throw(ValueError("enough"))
    held.set()
    with pytest.raises(ValueError, match="enough"):
        made.extend(x for batch in batches for x in batch)
    assert sorted(made) == sorted(begun)
    assert len(begun) <= 4


INTERRUPTED = """
import os, signal, threading, time
from harness.engines.parallel import in_parallel

def work(number):
    if number >= 6:
        if number == 8:
            time.sleep(0.3)
            os.kill(os.getpid(), signal.SIGINT)
        time.sleep(1.0 if number == 6 else 600)
    return number

try:
    for batch in in_parallel(work, range(100), 3, beat=60, patience=lambda stop: SECONDS):
        print(*batch, flush=True)
except KeyboardInterrupt:
    print("interrupted")
"""


SECOND = """
threading.Timer(2, os.kill, (os.getpid(), signal.SIGINT)).start()
"""


def run(code: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_an_interrupt_keeps_what_was_sent_and_waits_only_so_long() -> None:
    *made, last = run(INTERRUPTED.replace("SECONDS", "2.0"))
    # The seventh ends after ^C; the others hang.
    assert sorted(made) == ["0", "1", "2", "3", "4", "5", "6"]
    assert last == "interrupted"


def test_a_second_interrupt_waits_for_nothing() -> None:
    code = INTERRUPTED.replace("SECONDS", "600.0").replace("try:", f"{SECOND}try:", 1)
    *made, last = run(code)
    assert sorted(made)[:6] == ["0", "1", "2", "3", "4", "5"]
    assert last == "interrupted"
