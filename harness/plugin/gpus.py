"""A GPU for each of xdist's workers, chosen before torch is imported."""

from __future__ import annotations

import os
import re
import subprocess
from functools import lru_cache
from pathlib import Path

VISIBLE = "CUDA_VISIBLE_DEVICES"
_SUITE = re.compile(r"^def test_\w+\([^)]*\bevaluate\b", re.MULTILINE)
_TIMEOUT = 20.0  # seconds: a driver that wakes up takes some


def gpus() -> tuple[str, ...]:
    """The GPUs that this process may use: inside the caller's CUDA_VISIBLE_DEVICES, or all.

    By the driver's unique ids where the caller names none, for CUDA numbers GPUs by speed and the
    driver by place. None where there is no driver to ask.
    """
    given = os.environ.get(VISIBLE)
    if given is not None:
        # CUDA itself stops at the first that is none.
        named = [name.strip() for name in given.split(",")]
        ends = next((i for i, name in enumerate(named) if name in ("", "-1")), len(named))
        return tuple(named[:ends])
    return _of_driver()


@lru_cache(maxsize=1)
def _of_driver() -> tuple[str, ...]:
    try:
        told = subprocess.run(
            ["nvidia-smi", "--query-gpu=uuid", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(line.strip() for line in told.splitlines() if line.strip())


def gpu_of(worker: str) -> str:
    """The GPU of a worker, gw0, gw1 ...; more workers than GPUs share them. "" for none."""
    found = gpus()
    return found[int(worker.removeprefix("gw")) % len(found)] if found else ""


@lru_cache(maxsize=4)
def holds_suites(arguments: tuple[str, ...], folder: Path) -> bool:
    """Whether what is to be collected has suites, read off the files before pytest collects any."""
    for argument in arguments:
        path = folder / argument.partition("::")[0]
        files = path.rglob("test_*.py") if path.is_dir() else [path]
        for file in files:
            try:
                if _SUITE.search(file.read_text(encoding="utf-8")):
                    return True
            except (OSError, UnicodeDecodeError):
                continue
    return False
