"""`python -m harness report`: a run's reports again; nothing is asked."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from harness.commands.review import GRADES, uncounted
from harness.report.write import write_reports
from harness.review.files import read_grades
from harness.runs import read_run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("run", type=Path, help="a run folder, such as reports/latest")
    parser.add_argument(
        "--redact",
        action="store_true",
        help="write reports without questions, answers and documents into RUN/redacted",
    )
    parser.add_argument(
        "--grades",
        type=Path,
        metavar="DIR",
        default=GRADES,
        help="where people's grades lie, to say if some came since (default: %(default)s)",
    )


def run(options: argparse.Namespace) -> int:
    """Write the reports and say where. Raises MichiError."""
    for path in write_reports(options.run, options.redact):
        print(path)
    if count := uncounted(read_run(options.run), read_grades(options.grades)):
        are = "grade is" if count == 1 else "grades are"
        print(
            f"{count} {are} not in these figures yet: run `pytest evals` again. Nothing is asked "
            "again for that.",
            file=sys.stderr,
        )
    return 0
