"""Where there is no readable matrix: silent, unless an eval item asks for one."""

from __future__ import annotations

from typing import Any

import pytest

from harness.plugin.options import is_worker


class NoMatrix:
    """Stands in the recorder's place. Sessions without evals never hear of it."""

    def __init__(self, message: str) -> None:
        self._message = message
        self._needed = False

    def need(self, config: pytest.Config) -> None:
        """An eval item was collected that there is no checkpoint for."""
        self._needed = True
        if is_worker(config):
            config.workeroutput["michi_no_matrix"] = True  # type: ignore[attr-defined]

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config) -> None:
        """Say what is wrong, as an error of usage; a worker leaves it to the controller."""
        if self._needed and not is_worker(config):
            raise pytest.UsageError(self._message)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Hear from a worker that its evals have no matrix."""
        self._needed |= getattr(node, "workeroutput", {}).get("michi_no_matrix", False)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """The exit code of a usage error, under xdist too."""
        if self._needed:
            session.exitstatus = pytest.ExitCode.USAGE_ERROR

    def pytest_terminal_summary(self, terminalreporter: Any, config: pytest.Config) -> None:
        """Under xdist nothing has been said yet."""
        if self._needed and config.getoption("dist", "no") != "no":
            terminalreporter.write_line(f"ERROR: {self._message}", red=True)
