"""How far an item is: samples done, rate, time left, shown behind what pytest has printed."""

from __future__ import annotations

import time
from collections.abc import Callable

WIDTH = 48  # columns of one line of progress


class ProgressLine:
    """Shows a text behind the cursor, at most five times a second.

    write: puts text on the terminal as it is. place: which of several lines beside each other this
    is, counted from 0 (xdist's workers share a terminal). The rate counts what was answered since
    the first call, so that samples taken from the store don't flatter it; it begins again with each
    part of the work (passages in vectors, then answers).
    """

    def __init__(self, label: str, write: Callable[[str], None], place: int = 0) -> None:
        self._label = label
        self._write = write
        self._right = place * WIDTH
        self._started = self._shown = time.monotonic()
        self._first, self._last, self._total = 0, 0, -1

    def __call__(self, done: int, total: int) -> None:
        """Tell that `done` of `total` samples are answered."""
        now = time.monotonic()
        if total != self._total or done < self._last:
            self._first, self._started, self._total = done, now, total
        self._last = done
        text = describe(self._label, done, total, done - self._first, now - self._started)
        self.say(text, at_once=done >= total)

    def say(self, text: str, at_once: bool = False) -> None:
        """Show a text, unless one was shown just now."""
        now = time.monotonic()
        if now - self._shown >= 0.2 or at_once:
            self._shown = now
            self._write(behind_cursor(text, self._right))

    def clear(self) -> None:
        """Take the text away again."""
        self._write(behind_cursor("", self._right))


def behind_cursor(text: str, right: int) -> str:
    """Text for `right` columns behind the cursor, which is then put back where it was.

    So pytest's own line, which is waiting for its dot, stays as it is. ANSI: save the cursor's
    place (ESC 7), go right (CUF), erase WIDTH columns (ECH), write, go back (ESC 8).
    """
    move = f"\x1b[{right}C" if right else ""
    return f"\x1b7{move}\x1b[{WIDTH}X{text[:WIDTH]}\x1b8"


def describe(label: str, done: int, total: int, answered: int, seconds: float) -> str:
    """ "qa-long  120/300  41/s  4 s left"; without a rate until something was answered."""
    text = f"{label}  {done:,}/{total:,}"
    if answered and seconds > 0:
        rate = answered / seconds
        text += f"  {rate:.3g}/s  {(total - done) / rate:.0f} s left"
    return text
