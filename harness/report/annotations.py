"""Marks on a pull request's page for gates that did not pass: GitHub's workflow commands.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from collections.abc import Iterable

from harness.records import Result, Verdict
from harness.report.terminal import plain
from harness.runs import Item

MOST = 10  # of each kind; GitHub shows no more of a step
_FAILING = (Verdict.REGRESSED, Verdict.INCOMPARABLE)


def github_annotations(items: Iterable[Item], strict: bool) -> list[str]:
    """A line a gate: `::error` where it failed its item, `::warning` where it could not tell.

    strict: whether a gate that can't tell fails. Of more than MOST of a kind the last line counts
    the others.
    """
    gated = [r for item in items for r in item.results if r.verdict is not Verdict.MEASURED]
    failing = (*_FAILING, Verdict.INCONCLUSIVE) if strict else _FAILING
    errors = [r for r in gated if r.verdict in failing]
    warnings = [r for r in gated if r.verdict is Verdict.INCONCLUSIVE and not strict]
    return [*_lines("error", errors), *_lines("warning", warnings)]


def _lines(kind: str, results: list[Result]) -> list[str]:
    shown = results if len(results) <= MOST else results[: MOST - 1]
    lines = [
        f"::{kind} title={_property(f'{r.verdict}: {r.checkpoint}')}::"
        f"{_data(f'{r.task} {r.metric} {r.reason}')}"
        for r in shown
    ]
    if more := len(results) - len(shown):
        lines.append(f"::{kind} title=michi::and {more} more: see the report")
    return lines


def _data(text: str) -> str:
    """As GitHub's own toolkit escapes a message (actions/toolkit, packages/core/src/command.ts)."""
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return plain(escaped)


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
