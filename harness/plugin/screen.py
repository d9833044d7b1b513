"""Where progress may be drawn: on a terminal that a person watches; not in -q, CI and logs."""

from __future__ import annotations

import os
import shutil
import sys
from typing import Any

import pytest

from harness.plugin.progress import WIDTH, ProgressLine

_PYTESTS_OWN = 24  # columns left to pytest's dots


def progress_line(config: pytest.Config, label: str, place: int = 0) -> ProgressLine:
    """The line of this process; workers have one each, beside each other, while there is room.

    place: of several lines of one process, counted from 0.
    """
    worker: dict[str, Any] = getattr(config, "workerinput", {})
    if worker:
        columns, place = worker["michi_columns"], int(worker["workerid"].removeprefix("gw"))
    else:
        columns = watched_columns(config)
    capture: Any = config.pluginmanager.get_plugin("capturemanager")
    reporter: Any = config.pluginmanager.get_plugin("terminalreporter")

    def write(text: str) -> None:
        if columns < (place + 1) * WIDTH + _PYTESTS_OWN:
            return
        if capture is not None:
            with capture.global_and_fixture_disabled():
                _put(text, None if worker else reporter)
        else:
            _put(text, None if worker else reporter)

    return ProgressLine(label, write, place)


def watched_columns(config: pytest.Config) -> int:
    """Columns of the terminal that progress may use; 0 where nobody watches."""
    reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
    in_ci = os.environ.get("CI") or os.environ.get("BUILD_NUMBER")
    if reporter is None or not reporter.isatty or config.get_verbosity() < 0 or in_ci:
        return 0
    capture: Any = config.pluginmanager.get_plugin("capturemanager")
    if capture is None:
        return shutil.get_terminal_size().columns
    with capture.global_and_fixture_disabled():  # else it is asked of the file that catches output
        return shutil.get_terminal_size().columns


def _put(text: str, reporter: Any) -> None:
    if reporter is not None:
        reporter.write(text, flush=True)
    elif sys.__stderr__ is not None and sys.__stderr__.isatty():
        # A worker's standard output is xdist's own; its standard error is the terminal.
        sys.__stderr__.write(text)
        sys.__stderr__.flush()
