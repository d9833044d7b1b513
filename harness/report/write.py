"""Write a run's reports into its folder: report.json, summary.md, report.html."""

from __future__ import annotations

import os
from pathlib import Path

from harness.comparison.within import comparisons
from harness.jsonl import storage_error
from harness.report.document import document
from harness.report.markdown import summary
from harness.report.page import page
from harness.runs import read_run, write_json


def write_reports(folder: Path) -> list[Path]:
    """Make every report of a run again from what lies in its folder; returns what was written.

    Each file appears whole or not at all. Raises ConfigError for a folder that is no run,
    StorageError where the folder can't be written.
    """
    run = read_run(folder)
    compared = comparisons(run)
    report = document(run, compared)
    paths = [folder / name for name in ("report.json", "summary.md", "report.html")]
    write_json(paths[0], report)
    _write_text(paths[1], summary(run, compared))
    _write_text(paths[2], page(run, report))
    return paths


def _write_text(path: Path, text: str) -> None:
    partial = path.with_name(path.name + ".partial")
    try:
        # A lone surrogate has no UTF-8; as backslash and digits it is also right inside JSON.
        partial.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
        os.replace(partial, path)
    except OSError as error:
        raise storage_error(path, error) from error
