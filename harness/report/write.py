"""Write a run's reports into its folder: report.json, badge.json, summary.md, report.html."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from harness.comparison.within import Comparisons, comparisons
from harness.jsonl import many_rows
from harness.report.badge import badge
from harness.report.document import document
from harness.report.markdown import summary
from harness.report.pages import write_pages, write_text
from harness.report.redact import FOLDER, nameless, redacted_report, redacted_run
from harness.runs import Run, read_run, write_json


@many_rows()
def write_reports(
    folder: Path, redact: bool = False, compared: Comparisons | None = None
) -> list[Path]:
    """Make every report of a run again from what lies in its folder; returns what was written.

    A run that was made with `--eval-redact` has redacted reports. redact: of another run, write
    redacted ones into a folder of their own beside the whole ones. compared: where it is known.

    Each file appears whole or not at all. Raises ConfigError for a folder that is no run,
    StorageError where the folder can't be written.
    """
    run = read_run(folder)
    compared = compared or comparisons(run)
    if run.manifest.get("redact"):
        run = redacted_run(run)
    elif redact:
        folder, run = folder / FOLDER, _beside(redacted_run(run))
    if run.manifest.get("redact"):
        compared = nameless(compared)
    report = document(run, compared)
    if run.manifest.get("redact"):
        report = redacted_report(report)
    found = report["verdict"]
    names = ("report.json", "badge.json", "summary.md", "report.html")
    paths = [folder / name for name in names]
    write_json(paths[0], report)
    write_json(paths[1], badge(run, compared, found["parts"]))
    write_text(paths[2], summary(run, compared, found["sentence"]))
    write_pages(folder, run, report)
    return paths


def _beside(run: Run) -> Run:
    """The run as one whose reports lie in the folder of redacted ones."""
    place = run.manifest.get("folder")
    manifest = {**run.manifest, "folder": f"{place}/{FOLDER}" if place else None}
    return dataclasses.replace(run, manifest=manifest)
