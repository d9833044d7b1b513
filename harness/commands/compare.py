"""`python -m harness compare`: two runs or sample logs, sample by sample."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

from harness.commands.writing import write_text
from harness.comparison.compare import FAILING, MARGIN, Side, compare
from harness.comparison.sources import read_source
from harness.report.comparison import FORMATS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    kinds = "a run folder, a folder or file of lm-eval's samples_*.jsonl, an inspect_ai log (.json)"
    parser.add_argument("a", type=Path, metavar="A", help=f"the reference: {kinds}")
    parser.add_argument("b", type=Path, metavar="B", help="what is held against it; as A")
    parser.add_argument(
        "--fail-on",
        choices=FAILING,
        help="exit with 1 for this verdict or a worse one; incomparable fails with either",
    )
    parser.add_argument(
        "--margin",
        type=_share,
        default=MARGIN,
        help="how much of a figure may be lost, 0.03 being three points (default: %(default)s)",
    )
    parser.add_argument("--metric", help="compare only this metric")
    parser.add_argument("--format", choices=FORMATS, default="terminal")
    parser.add_argument("--out", type=Path, help="write to this file rather than to the terminal")
    parser.add_argument(
        "--allow-unlike",
        action="store_true",
        help="compare also what was measured with another prompt, dtype, sampling ...",
    )


def run(options: argparse.Namespace) -> int:
    """Tell where they differ; 1 where --fail-on says so. Raises MichiError."""
    a, b = (Side(str(path), read_source(path)) for path in (options.a, options.b))
    comparison = compare(a, b, options.margin, options.metric, options.allow_unlike)
    # Models emit lone surrogates, which have no UTF-8; in JSON the escape is the right spelling.
    text = FORMATS[options.format](comparison).encode("utf-8", "backslashreplace").decode("utf-8")
    if options.out is None:
        print(text, end="")
    else:
        write_text(options.out, text)
    return int(options.fail_on is not None and comparison.fails(options.fail_on))


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no share above 0 and at most 1: 0.03")
    return value
