"""What README and docs point to is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
# Made by `make example`, which a checkout may be without for a while.
MADE = {
    ROOT / f"docs/images/{name}.png" for name in ("report", "grade", "sample", "phone", "print")
}
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_TARGET = re.compile(r"\]\(([^)\s]+)[^)]*\)|(?:src|href)=\"([^\"]+)\"")


def _prose(page: Path) -> str:
    return re.sub(r"`[^`\n]*`", "code", _FENCE.sub("", page.read_text("utf-8")))


def _anchors(page: Path) -> set[str]:
    """As GitHub names headings: lower case, hyphens for blanks, no other punctuation."""
    text = _FENCE.sub("", page.read_text("utf-8"))
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    named = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
    return named | set(re.findall(r"<a (?:id|name)=\"([^\"]+)\"", text))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_relative_link_and_picture_leads_somewhere(page: Path) -> None:
    targets = [first or second for first, second in _TARGET.findall(_prose(page))]
    for target in targets:
        if re.match(r"https?:|mailto:", target):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists() or found in MADE, target
        if anchor:
            assert anchor in _anchors(found), target


def test_the_pages_have_links_to_follow() -> None:
    """Else the pattern of a link would find none, and all would lead somewhere."""
    assert "docs/grading.md" in [first for first, _ in _TARGET.findall(_prose(PAGES[0]))]
