"""Fixtures of the report's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.report import builder as build


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """A small whole run: base and qa-e3 measured, gpt skipped."""
    return build.whole_run(tmp_path / "run")
