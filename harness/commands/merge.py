"""`python -m harness merge`: put the answers of shards together."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from harness.jsonl import append_rows
from harness.ledger import COSTS, read_costs
from harness.manifest import new_run_id
from harness.planning.merge import merge
from harness.planning.shard import read_shard


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument(
        "shards", type=Path, nargs="+", help="folders of shards, such as reports/shards/*"
    )
    parser.add_argument(
        "--reports",
        type=Path,
        default=Path("reports"),
        help="whose store gets the answers (default: %(default)s)",
    )


def run(options: argparse.Namespace) -> int:
    """Merge, and say what is missing and what comes next; 1 where something is missing."""
    shards = [read_shard(folder) for folder in options.shards]
    merged = merge(shards, options.reports / "store")
    print(
        f"{options.reports / 'store'}: {merged.added:,} answers of {merged.checkpoints} "
        f"checkpoints added, {merged.known:,} were there already."
    )
    for line in merged.missing:
        print(f"missing: {line}", file=sys.stderr)
    costs = [dict(row) for folder in options.shards for row in read_costs(folder)]
    command = "pytest evals"
    if costs:  # so that the report tells them, and a budget counts them
        folder = options.reports / "runs" / new_run_id()
        append_rows(folder / COSTS, costs)
        command += f" --eval-run-dir {folder}"
    rest = ", which asks what is missing" if merged.missing else ""
    print(f"Next, with the same selection: {command}{rest}")
    return 1 if merged.missing else 0
