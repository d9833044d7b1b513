"""`python -m harness`: what is done with a run after pytest has ended."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from harness.errors import MichiError
from harness.report.write import write_reports


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code (0, or 2 for an error of the user's to mend)."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except MichiError as error:
        print(error, file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m harness", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    report = commands.add_parser("report", help="make a run's reports again; nothing is asked")
    report.add_argument("run", type=Path, help="a run folder, such as reports/latest")
    report.set_defaults(command=_report)
    return parser


def _report(options: argparse.Namespace) -> int:
    for path in write_reports(options.run):
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
