"""What Ray costs beside one process on the same cores, and from which size of work on it pays.

    python docs/cluster_speed.py [--rounds 2]

The embedded model with seven checkpoints, 420 to 6,720 questions, nothing stored: whole processes,
one way after another in each round. Ray once as one worker with all cores, which is what it costs,
and once as a worker for each core. Prints a table of medians.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "build/cluster_speed"
LIMITS = (60, 240, 960)  # questions a checkpoint
WAYS = {
    "one process": (),
    "Ray, one worker": ("--eval-engine=ray",),
    "Ray, a worker for each core": ("--eval-engine=ray", "--eval-ray-cores=1"),
}


def main() -> None:
    """Run all rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=2)
    rounds = parser.parse_args().rounds
    seconds: dict[int, dict[str, list[float]]] = {
        limit: {name: [] for name in WAYS} for limit in LIMITS
    }
    for _ in range(rounds):
        for limit, found in seconds.items():
            for name, way in WAYS.items():
                found[name].append(timed(limit, way))
    say("| questions | " + " | ".join(WAYS) + " |")
    say("|---|" + "---|" * len(WAYS))
    for limit, found in seconds.items():
        cells = (f"{statistics.median(values):.1f} s" for values in found.values())
        say(f"| {7 * limit:,} | " + " | ".join(cells) + " |")


def timed(limit: int, way: tuple[str, ...]) -> float:
    """Seconds of a whole process. Raises CalledProcessError."""
    shutil.rmtree(BUILD, ignore_errors=True)
    command = [
        *(sys.executable, "-m", "pytest", "evals", "-q", "-k", "knowledge"),
        *(f"--eval-limit={limit}", "-o", f"eval_reports={BUILD}", *way),
    ]
    environment = {k: v for k, v in os.environ.items() if k != "OMP_NUM_THREADS"}
    begun = time.monotonic()
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    took = time.monotonic() - begun
    say(limit, way, f"{took:.1f} s")
    return took


def say(*what: object) -> None:
    """To whoever waits."""
    sys.stdout.write(" ".join(map(str, what)) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
