"""`python -m harness`: what is done with a run after pytest has ended."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path

from harness import calibrating
from harness.comparison.baseline import (
    describe,
    doubts,
    make_baseline,
    measured_in,
    read_baseline,
)
from harness.comparison.compare import FAILING, MARGIN, Side, compare
from harness.comparison.sources import read_source
from harness.errors import MichiError, StorageError
from harness.report.comparison import FORMATS
from harness.report.exporting import export_lm_eval
from harness.report.terminal import plain
from harness.report.write import write_reports
from harness.review.files import read_grades
from harness.reviewing import GRADES, add_arguments, review, uncounted
from harness.runs import read_run, write_json


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
    report = commands.add_parser("report", help="make a run's reports again; nothing is asked")
    report.add_argument("run", type=Path, help="a run folder, such as reports/latest")
    report.add_argument(
        "--redact",
        action="store_true",
        help="write reports without questions, answers and documents into RUN/redacted",
    )
    report.add_argument(
        "--grades",
        type=Path,
        metavar="DIR",
        default=GRADES,
        help="where people's grades lie, to say if some came since (default: %(default)s)",
    )
    report.set_defaults(command=_report)
    _add_compare(commands.add_parser("compare", help="two runs or sample logs, sample by sample"))
    bless = commands.add_parser("bless", help="make a run the baseline that gates go by")
    bless.add_argument("run", type=Path, help="a run folder, such as reports/latest")
    bless.add_argument(
        "--out",
        type=Path,
        default=Path("reports/baselines/main.json"),
        help="the baseline file, to be committed (default: %(default)s)",
    )
    bless.add_argument("--allow-partial", action="store_true", help="bless an unfinished run")
    bless.add_argument("--allow-dirty", action="store_true", help="bless uncommitted changes")
    bless.set_defaults(command=_bless)
    export = commands.add_parser("export", help="write a run's results in another tool's form")
    export.add_argument("run", type=Path, help="a run folder, such as reports/latest")
    export.add_argument(
        "--lm-eval",
        type=Path,
        metavar="DIR",
        required=True,
        help="write results_*.json and samples_*.jsonl as lm-eval does, a folder a checkpoint",
    )
    export.set_defaults(command=_export)
    grading = commands.add_parser("review", help="grade a run's answers by eye, in a browser")
    add_arguments(grading)
    grading.set_defaults(command=_review)
    calibration = commands.add_parser(
        "calibrate", help="hold a run's judge against people's grades"
    )
    calibrating.add_arguments(calibration)
    calibration.set_defaults(command=_calibrate)
    return parser


def _add_compare(parser: argparse.ArgumentParser) -> None:
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
    parser.set_defaults(command=_compare)


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no share above 0 and at most 1: 0.03")
    return value


def _compare(options: argparse.Namespace) -> int:
    a, b = (Side(str(path), read_source(path)) for path in (options.a, options.b))
    comparison = compare(a, b, options.margin, options.metric, options.allow_unlike)
    # Models emit lone surrogates, which have no UTF-8; in JSON the escape is the right spelling.
    text = FORMATS[options.format](comparison).encode("utf-8", "backslashreplace").decode("utf-8")
    if options.out is None:
        print(text, end="")
    else:
        _write(options.out, text)
    return int(options.fail_on is not None and comparison.fails(options.fail_on))


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: BaseException | None) -> StorageError:
    reason = getattr(error, "strerror", None) or error
    return StorageError(f"{path}: can't be written: {reason}. Name another file with --out.")


def _report(options: argparse.Namespace) -> int:
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


def _held(path: Path) -> set[str]:
    """What the file that is about to be replaced has answers of."""
    try:
        return measured_in(read_baseline(path).content)
    except MichiError:
        return set()


def _bless(options: argparse.Namespace) -> int:
    run = read_run(options.run)
    content = make_baseline(run, options.allow_dirty, options.allow_partial)
    gone = sorted(_held(options.out) - measured_in(content))
    try:
        write_json(options.out, content)
    except StorageError as error:
        raise _unwritable(options.out, error.__cause__) from error
    print(f"{options.out}: {describe(content)}")
    if gone:
        print(f"No longer in it, for this run has none: {', '.join(gone)}.", file=sys.stderr)
    for doubt in doubts(run):
        print(doubt, file=sys.stderr)
    return 0


def _export(options: argparse.Namespace) -> int:
    for path in export_lm_eval(read_run(options.run), options.lm_eval):
        print(path)
    return 0


def _review(options: argparse.Namespace) -> int:
    for line in review(options):
        print(plain(line), flush=True)
    return 0


def _calibrate(options: argparse.Namespace) -> int:
    for line in calibrating.calibrate_run(options):
        print(plain(line))
    return 0


if __name__ == "__main__":
    sys.exit(main())
