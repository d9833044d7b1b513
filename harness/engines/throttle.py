"""How fast a server may be asked: everybody waits when it says so, and fewer ask at once.

Requests under way are counted as TCP counts its window (additive increase, multiplicative decrease;
Chiu and Jain 1989): a refusal (429, 503) halves the width, and each answer widens it by one over
itself, up to the width that was given.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

LONGEST = 300.0  # seconds that are waited at one word of a server; a day's quota is not waited for
_FIRST = 1.0  # seconds of the first pause where the server names none; doubles up to _LAST
_LAST = 30.0
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class Throttle:
    """Shared by the threads that ask one server."""

    def __init__(
        self,
        width: int,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._most, self._width = width, float(width)
        self._clock, self._sleep = clock, sleep
        self._under_way = 0
        self._until = 0.0
        self._pause = _FIRST
        self._free = threading.Condition()

    @property
    def width(self) -> int:
        """Requests that may be under way now."""
        return max(1, int(self._width))

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a place among the requests under way."""
        with self._free:
            self._free.wait_for(lambda: self._under_way < self.width)
            self._under_way += 1
        try:
            yield
        finally:
            with self._free:
                self._under_way -= 1
                self._free.notify_all()

    def wait(self) -> None:
        """Until the pause that the server asked for is over, whoever was told of it."""
        while (left := self._until - self._clock()) > 0:
            self._sleep(left)

    def told(self, status: int, headers: Mapping[str, str]) -> None:
        """Take up what a response says of the server's limits."""
        with self._free:
            if status in (429, 503):
                asked = retry_after(headers)
                if (asked or 0.0) > LONGEST:  # who was refused gives up (`complaints`)
                    pass
                elif self._clock() < self._until:  # it was sent before the pause: nothing new
                    self._hold(asked or 0.0)
                else:
                    self._width = max(1.0, self._width / 2)
                    self._hold(self._pause if asked is None else asked)
                    self._pause = min(_LAST, 2 * self._pause)
            elif status < 400:
                self._width = min(self._most, self._width + 1 / self._width)
                self._pause = _FIRST
                for kind in ("requests", "tokens"):
                    if headers.get(f"x-ratelimit-remaining-{kind}") == "0":
                        self._hold(duration(headers.get(f"x-ratelimit-reset-{kind}", "")) or 0.0)
            self._free.notify_all()

    def _hold(self, seconds: float) -> None:
        self._until = max(self._until, self._clock() + min(seconds, LONGEST))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a response asks to wait; None where it does not say.

    `retry-after-ms`, or Retry-After in seconds; as a date (RFC 9110 §10.2.3) by this machine's
    clock.
    """
    from email.utils import parsedate_to_datetime

    try:
        if "retry-after-ms" in headers:
            return max(0.0, float(headers["retry-after-ms"]) / 1000)
    except ValueError:
        pass
    text = headers.get("retry-after", "")
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (TypeError, ValueError):
        return None


def duration(text: str) -> float | None:
    """Seconds of "6m0s", "20ms" or "1.5s", as OpenAI's x-ratelimit-reset headers write them."""
    import re

    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in parts)
