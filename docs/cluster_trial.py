"""Does who answers change a figure? The embedded matrix, asked in one process and on clusters.

    python docs/cluster_trial.py                      # all of it: half an hour on two cores
    python docs/cluster_trial.py -k "jsquad"          # some suites

Each way begins with nothing stored and one thread a process: one process; two shards, merged; Ray
on this machine with a worker for each core; Ray on a cluster of two nodes that is started here.
Every figure of every report is held against the first way's. Prints a table.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import secrets
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "build/cluster_trial"
TWO_NODES = ROOT / "tests/cluster/two_nodes.py"
Key = tuple[str, str, str]


def main() -> None:
    """Run all ways and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-k", dest="keyword", default="", help="as pytest's -k")
    keyword = parser.parse_args().keyword
    shutil.rmtree(BUILD, ignore_errors=True)
    os.environ |= {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    ways = {
        "one process": lambda: evals("one", keyword),
        "two shards, merged": lambda: shards(keyword),
        "Ray, one node": lambda: evals("ray", keyword, "--eval-engine=ray", "--eval-ray-cores=1"),
        "Ray, two nodes": lambda: two_nodes(keyword),
    }
    rows, first = [], None
    for name, way in ways.items():
        begun = time.monotonic()
        found, answers = way()
        took = time.monotonic() - begun
        first = first or found
        rows.append((name, answers, *compared(first, found), took))
        say(*rows[-1])
    say("| | answers | figures | the same to the last digit | largest difference |")
    say("|---|---|---|---|---|")
    for name, answers, figures, same, apart, _ in rows:
        say(f"| {name} | {answers:,} | {figures} | {same} | {apart:.1g} |")


def evals(folder: str, keyword: str, *arguments: str) -> tuple[dict[Key, float], int]:
    """Figures of a run with reports of its own, and how many answers it stored."""
    pytest(folder, keyword, *arguments)
    reports = BUILD / folder
    document = json.loads((reports / "latest/report.json").read_text("utf-8"))
    figures = {(r["checkpoint"], r["task"], r["metric"]): r["value"] for r in document["results"]}
    lines = [file.read_bytes().count(b"\n") for file in (reports / "store").glob("*.jsonl")]
    return figures, sum(lines)


def shards(keyword: str) -> tuple[dict[Key, float], int]:
    """Two shards, one after another, merged."""
    for which in ("1/2", "2/2"):
        pytest("shards", keyword, f"--eval-shard={which}")
    folders = [str(folder) for folder in sorted((BUILD / "shards/shards").iterdir())]
    run("-m", "harness", "merge", *folders, "--reports", str(BUILD / "shards"))
    return evals("shards", keyword)


def two_nodes(keyword: str) -> tuple[dict[Key, float], int]:
    """A cluster of two nodes with a core each."""
    os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    cluster = subprocess.Popen(
        [sys.executable, str(TWO_NODES)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert cluster.stdout is not None
    address = cluster.stdout.readline().strip()
    try:
        return evals("nodes", keyword, f"--eval-engine=ray://{address}")
    finally:
        cluster.communicate()


def pytest(folder: str, keyword: str, *arguments: str) -> None:
    """Suites with reports of their own. Raises CalledProcessError."""
    reports = f"eval_reports={BUILD / folder}"
    run("-m", "pytest", "evals", "-q", "-k", keyword, "-o", reports, *arguments)


def run(*arguments: str) -> None:
    """Python, and what it said where it failed. Raises SystemExit."""
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}")


def compared(one: dict[Key, float], other: dict[Key, float]) -> tuple[int, int, float]:
    """Figures of the other, how many are the same, and the largest difference."""
    if one.keys() != other.keys():
        raise SystemExit(f"other figures: {sorted(one.keys() ^ other.keys())[:5]}")
    apart = [difference(value, other[key]) for key, value in one.items()]
    return len(other), sum(value == 0 for value in apart), max(apart, default=0.0)


def difference(one: float, other: float) -> float:
    """0 also where both are not numbers."""
    return 0.0 if math.isnan(one) and math.isnan(other) else abs(one - other)


def say(*what: object) -> None:
    """To whoever waits."""
    sys.stdout.write(" ".join(map(str, what)) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
