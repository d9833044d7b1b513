"""Runs of a test project inside this process must leave this process as it was."""

from __future__ import annotations

import importlib

import pytest

import harness.session

# pytester forgets modules that were first imported inside a run, and numpy and scipy can't be
# imported twice in a process.
HEAVY = (
    "numpy",
    "scipy.stats",
    "rapidfuzz.fuzz",
    "rapidfuzz.utils",
    "harness.report.write",
    "harness.tasks.jsquad",
    "harness.tasks.knowledge",
    "harness.tasks.marc_ja",
)


@pytest.fixture(autouse=True)
def _this_process_stays_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in HEAVY:
        importlib.import_module(name)
    # The project's conftest puts a scripted engine in its place.
    monkeypatch.setattr(harness.session, "open_engine", harness.session.open_engine)
    for name in ("CI", "BUILD_NUMBER", "PYTEST_ADDOPTS", "DIE_AT", "SLOW"):
        monkeypatch.delenv(name, raising=False)
