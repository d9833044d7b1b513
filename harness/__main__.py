"""`python -m harness`: what is done with a run after pytest has ended."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from harness.commands import bless, calibrate, compare, export, merge, report, review
from harness.errors import MichiError
from harness.report.terminal import plain

COMMANDS = {
    "report": (report, "make a run's reports again; nothing is asked"),
    "compare": (compare, "two runs or sample logs, sample by sample"),
    "bless": (bless, "make a run the baseline that gates go by"),
    "export": (export, "write a run's results in another tool's form"),
    "review": (review, "grade a run's answers by eye, in a browser"),
    "merge": (merge, "put the answers of shards together (pytest evals --eval-shard)"),
    "calibrate": (calibrate, "hold a run's judge against people's grades"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code (0; 1 if `compare` fails; 2 for an error to mend)."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except MichiError as error:
        # The text of a mistake names what stands in files.
        print(*map(plain, str(error).splitlines()), sep="\n", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m harness", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, (command, told) in COMMANDS.items():
        own = commands.add_parser(name, help=told)
        command.add_arguments(own)
        own.set_defaults(command=command.run)
    return parser


if __name__ == "__main__":
    sys.exit(main())
