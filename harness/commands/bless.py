"""`python -m harness bless`: make a run the baseline that gates go by."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from harness.commands.writing import unwritable
from harness.comparison.baseline import (
    describe,
    doubts,
    make_baseline,
    measured_in,
    read_baseline,
)
from harness.errors import MichiError, StorageError
from harness.runs import read_run, write_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("run", type=Path, help="a run folder, such as reports/latest")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("reports/baselines/main.json"),
        help="the baseline file, to be committed (default: %(default)s)",
    )
    parser.add_argument("--allow-partial", action="store_true", help="bless an unfinished run")
    parser.add_argument("--allow-dirty", action="store_true", help="bless uncommitted changes")


def run(options: argparse.Namespace) -> int:
    """Write the baseline file and say what is in it. Raises MichiError."""
    blessed = read_run(options.run)
    content = make_baseline(blessed, options.allow_dirty, options.allow_partial)
    gone = sorted(_held(options.out) - measured_in(content))
    try:
        write_json(options.out, content)
    except StorageError as error:
        raise unwritable(options.out, error.__cause__) from error
    print(f"{options.out}: {describe(content)}")
    if gone:
        print(f"No longer in it, for this run has none: {', '.join(gone)}.", file=sys.stderr)
    for doubt in doubts(blessed):
        print(doubt, file=sys.stderr)
    return 0


def _held(path: Path) -> set[str]:
    """What the file that is about to be replaced has answers of."""
    try:
        return measured_in(read_baseline(path).content)
    except MichiError:
        return set()
