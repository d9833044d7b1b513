"""How a command tells what it does: a line at a time."""

from __future__ import annotations

from collections.abc import Callable

Report = Callable[[str], None]
