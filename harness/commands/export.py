"""`python -m harness export`: a run's results in another tool's form."""

from __future__ import annotations

import argparse
from pathlib import Path

from harness.report.exporting import export_lm_eval
from harness.runs import read_run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("run", type=Path, help="a run folder, such as reports/latest")
    parser.add_argument(
        "--lm-eval",
        type=Path,
        metavar="DIR",
        required=True,
        help="write results_*.json and samples_*.jsonl as lm-eval does, a folder a checkpoint",
    )


def run(options: argparse.Namespace) -> int:
    """Write the files and say where. Raises MichiError."""
    for path in export_lm_eval(read_run(options.run), options.lm_eval):
        print(path)
    return 0
