"""Work in threads whose results are taken as they come, and none of which is lost to an error."""

from __future__ import annotations

import itertools
import math
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import TypeVar

from harness.errors import MichiError

Thing = TypeVar("Thing")
Made = TypeVar("Made")
Given = TypeVar("Given")
Ended = tuple[list[Made], BaseException | None]  # one result, or what went wrong

_BEAT = 1.0  # seconds after which a list without results says that the work goes on
AFTER_ERROR, AFTER_INTERRUPT = 60.0, 10.0  # seconds that work under way is waited for at most


def in_parallel(
    work: Callable[[Thing], Made],
    things: Iterable[Thing],
    width: int,
    beat: float = _BEAT,
    patience: Callable[[BaseException], float] = lambda stop: (
        AFTER_ERROR if isinstance(stop, Exception) else AFTER_INTERRUPT
    ),
) -> Generator[list[Made], None, None]:
    """Results as they come, `width` at a time; an empty list every `beat` seconds without any.

    After an error nothing new is begun; what is under way is yielded before the error is raised, as
    far as it ends within `patience` seconds. The same at ^C, and where the taker throws an error
    in (`Generator.throw`): a request that was sent is paid for. A second ^C waits for nothing, nor
    does Python's end (`concurrent.futures` would wait for its threads then).
    """
    waiting = iter(things)
    tasks: queue.SimpleQueue[tuple[Thing] | None] = queue.SimpleQueue()
    ended: deque[Ended[Made]] = deque()
    signs: queue.SimpleQueue[None] = queue.SimpleQueue()  # of which ^C may lose one

    def run() -> None:
        while (task := tasks.get()) is not None:
            try:
                ended.append(([work(*task)], None))
            except BaseException as error:
                ended.append(([], error))
            signs.put(None)

    threads = [threading.Thread(target=run, daemon=True) for _ in range(width)]
    under_way = 0
    failed: BaseException | None = None
    until = math.inf
    for thread, thing in zip(threads, waiting, strict=False):
        tasks.put((thing,))
        thread.start()
        under_way += 1
    try:
        while under_way and (left := until - time.monotonic()) > 0:
            stops: list[BaseException] = []
            try:
                _wait(signs, min(beat, left))
            except KeyboardInterrupt as stop:
                stops.append(stop)
            results = [ended.popleft() for _ in range(len(ended))]
            under_way -= len(results)
            stops += [wrong for _, wrong in results if wrong is not None]
            if failed is None and not stops:
                for thing in itertools.islice(waiting, len(results)):
                    tasks.put((thing,))
                    under_way += 1
            try:
                yield [made for found, _ in results for made in found]
            except GeneratorExit:
                raise
            except BaseException as stop:
                stops.append(stop)
            for error in stops:
                if failed is not None and isinstance(error, KeyboardInterrupt):
                    raise error
                failed = failed or error
                until = min(until, time.monotonic() + patience(error))
    finally:
        for _ in threads:
            tasks.put(None)
    if failed is not None:
        raise failed


def handed_over(batches: Iterator[Given], keep: Callable[[Given], object]) -> None:
    """Have results kept as they come.

    Where that fails, over a budget or at ^C, whoever works is told, and what comes of the work that
    is under way is kept, too, before the failure is raised.
    """
    failed = False
    given = next(batches, None)
    while given is not None:
        try:
            keep(given)
        except (MichiError, KeyboardInterrupt) as error:
            if not isinstance(batches, Generator) or (failed and not isinstance(error, MichiError)):
                raise
            if not failed:
                failed = True
                given = batches.throw(error)
                continue
        given = next(batches, None)


def _wait(signs: queue.SimpleQueue[None], patience: float) -> None:
    """Until there is a sign, or patience is over."""
    try:
        signs.get(timeout=patience)
        while True:
            signs.get_nowait()
    except queue.Empty:
        pass
