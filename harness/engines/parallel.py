"""Work in threads whose results are taken as they come, and none of which is lost to an error."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

Thing = TypeVar("Thing")
Made = TypeVar("Made")


def in_parallel(
    work: Callable[[Thing], Made], things: Iterable[Thing], width: int
) -> Iterator[list[Made]]:
    """Results as they come, `width` at a time.

    After an error nothing new is begun; what is under way ends and is yielded before the error is
    raised.
    """
    waiting = iter(things)
    with ThreadPoolExecutor(max_workers=width) as pool:
        running: set[Future[Made]] = {
            pool.submit(work, thing) for thing in itertools.islice(waiting, width)
        }
        failed: BaseException | None = None
        try:
            while running:
                ended, running = wait(running, return_when=FIRST_COMPLETED)
                errors = [error for f in ended if (error := f.exception()) is not None]
                failed = failed or next(iter(errors), None)
                if failed is None:
                    running |= {pool.submit(work, x) for x in itertools.islice(waiting, len(ended))}
                if made := [future.result() for future in ended if future.exception() is None]:
                    yield made
        except GeneratorExit:
            for future in running:
                future.cancel()
            raise
        if failed is not None:
            raise failed
