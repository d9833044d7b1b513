"""--eval-plan: what the selected items will ask, told instead of asked."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import pytest

from harness.errors import MichiError
from harness.planning.estimate import estimates
from harness.planning.plan import Line, parts
from harness.planning.survey import lining_up, survey
from harness.plugin.selected import tasks_of
from harness.session import EvalSession
from harness.tasks import Task

_RECENT = 4  # checkpoints whose stored keys are remembered: one after another is planned


class PlanOnly:
    """Registered where --eval-plan is given. session: opens the one of this process, once."""

    def __init__(
        self,
        config: pytest.Config,
        session: Callable[[list[pytest.Item]], EvalSession],
        lm_eval_task: Callable[[str], Task],
    ) -> None:
        self._session, self._lm_eval_task = session, lm_eval_task
        self._lines: list[str] = []
        # Workers would collect for nothing. xdist reads this when it configures itself, at last.
        config.option.dist = "no"

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Plan in place of running; errors of collection are left to pytest."""
        if session.testsfailed:
            return None
        try:
            self._lines = self._planned(session.items)
        except MichiError as error:
            raise pytest.UsageError(str(error)) from error
        return True

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """The plan's tables."""
        if self._lines:
            terminalreporter.section("michi", sep="=")
        for line in self._lines:
            terminalreporter.write_line(line)

    def _planned(self, items: list[pytest.Item]) -> list[str]:
        from harness.report.planned import plan_table, shares_table
        from harness.report.terminal import render

        session = self._session(items)
        settings = session.settings
        selected = list(tasks_of(items, self._lm_eval_task))
        surveyed, line = survey(selected, settings.matrix, session.bench_of), Line()
        if settings.shard is not None:
            surveyed = lining_up(surveyed, line)
        stored = lru_cache(maxsize=_RECENT)(session.stored_keys)
        tables = [plan_table(estimates(surveyed, stored, session.speeds))]
        if settings.shard is not None:
            of = settings.shard[1]
            shares = [list(parts(line.portions, i, of)) for i in range(1, of + 1)]
            tables.append(shares_table(shares))
        left = len(items) - len(selected)
        lines = [line for table in tables for line in ["", *render(table)]]
        if left:
            lines += [
                "",
                f"{left} of {len(items)} items ask for fixtures of their own: not planned.",
            ]
        return lines
