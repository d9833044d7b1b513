"""Work in threads whose results are taken as they come, and none of which is lost to an error."""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Thing = TypeVar("Thing")
Made = TypeVar("Made")
Ended = tuple[list[Made], BaseException | None]  # one result, or what went wrong

_BEAT = 1.0  # seconds after which a list without results says that the work goes on


def in_parallel(
    work: Callable[[Thing], Made], things: Iterable[Thing], width: int, beat: float = _BEAT
) -> Iterator[list[Made]]:
    """Results as they come, `width` at a time; an empty list every `beat` seconds without any.

    After an error nothing new is begun; what is under way ends and is yielded before the error is
    raised. At ^C what has ended is yielded and nothing else is waited for, here or when Python ends
    (`concurrent.futures` would wait for its threads then): a request may take minutes.
    """
    waiting = iter(things)
    tasks: queue.SimpleQueue[tuple[Thing] | None] = queue.SimpleQueue()
    ended: queue.SimpleQueue[Ended[Made]] = queue.SimpleQueue()

    def run() -> None:
        while (task := tasks.get()) is not None:
            try:
                ended.put(([work(*task)], None))
            except BaseException as error:
                ended.put(([], error))

    threads = [threading.Thread(target=run, daemon=True) for _ in range(width)]
    under_way = 0
    failed: BaseException | None = None
    for thread, thing in zip(threads, waiting, strict=False):
        tasks.put((thing,))
        thread.start()
        under_way += 1
    try:
        while under_way:
            results: list[Ended[Made]] = []
            try:
                _take(ended, beat, results)
            except KeyboardInterrupt as stop:
                _take(ended, 0.0, results)
                under_way, failed = len(results), stop
            under_way -= len(results)
            failed = failed or next((error for _, error in results if error is not None), None)
            if failed is None:
                for thing in itertools.islice(waiting, len(results)):
                    tasks.put((thing,))
                    under_way += 1
            yield [made for found, _ in results for made in found]
    finally:
        for _ in threads:
            tasks.put(None)
    if failed is not None:
        raise failed


def _take(ended: queue.SimpleQueue[Ended[Made]], patience: float, into: list[Ended[Made]]) -> None:
    """Everything that has ended; for the first the patience is waited."""
    try:
        into.append(ended.get(timeout=patience))
        while True:
            into.append(ended.get_nowait())
    except queue.Empty:
        pass
