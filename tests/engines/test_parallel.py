"""Work in threads: every result comes, errors end it, and ^C waits for nobody."""

from __future__ import annotations

import subprocess
import sys
import threading

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


INTERRUPTED = """
import os, signal, time
from harness.engines.parallel import in_parallel

def work(number):
    if number >= 6:
        if number == 8:
            time.sleep(0.5)
            os.kill(os.getpid(), signal.SIGINT)
        time.sleep(600)
    return number

try:
    for batch in in_parallel(work, range(100), 3, beat=60):
        print(*batch, flush=True)
except KeyboardInterrupt:
    print("interrupted")
"""


def test_an_interrupt_keeps_what_has_ended_and_waits_for_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=60, check=True
    )
    words = done.stdout.split()
    assert sorted(words[:-1]) == ["0", "1", "2", "3", "4", "5"]
    assert words[-1] == "interrupted"
    assert done.stderr == ""
