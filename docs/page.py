"""Figures that a script writes into a page, between two markers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def write_between(page: Path, begin: str, end: str, lines: Sequence[str]) -> None:
    """Put `lines` in place of what stands between the markers. Raises ValueError without them."""
    before, rest = page.read_text("utf-8").split(begin)
    _, after = rest.split(end)
    page.write_text("\n".join([before + begin, "", *lines, "", end + after]), "utf-8")
