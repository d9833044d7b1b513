"""run.json: what a run was, without secrets and without the places of anybody's machine."""

from __future__ import annotations

import dataclasses
import datetime
import platform
import secrets
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.config import Matrix
from harness.fingerprint import FileHashes
from harness.runs import SCHEMA, Item
from harness.versions import versions

PACKAGES = (
    "pytest-michi",
    "pytest",
    "pytest-xdist",
    "torch",
    "transformers",
    "peft",
    "bitsandbytes",
)


def new_run_id() -> str:
    """Sorts by time; the tail keeps two runs of one second apart."""
    now = datetime.datetime.now(datetime.UTC)
    return f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def now() -> str:
    """UTC time to the second, ISO 8601."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def describe(
    run_id: str,
    matrix: Matrix,
    arguments: Sequence[str],
    root: Path,
    reports: Path,
    hashes: FileHashes,
) -> dict[str, Any]:
    """The manifest of a run that begins. reports: where earlier runs lie."""
    return {
        "schema": SCHEMA,
        "id": run_id,
        "started": now(),
        "finished": None,
        "status": "partial",
        "command": shlex.join(["pytest", *(_place(a, root) for a in arguments)]),
        "tree": working_tree(root, reports),
        "matrix": _place(str(matrix.path), root),
        "models": [
            {
                "id": model.id,
                "weights": _place(model.weights, root),
                "released": model.released.isoformat(),
                "engine": model.engine,
                "dtype": model.dtype,
                "quantization": model.quantization,
                "note": model.note,
                "release_evidence": model.release_evidence,
            }
            for model in matrix.models
        ],
        "checkpoints": [
            {
                "id": checkpoint.id,
                "model": checkpoint.model.id,
                "adapter": _place(str(checkpoint.adapter), root) if checkpoint.adapter else None,
                "dataset": checkpoint.dataset,
                "epochs": checkpoint.epochs,
                "baseline": checkpoint.baseline,
                "twin_of": checkpoint.twin_of,
                "reference": checkpoint.reference,
                "fingerprint": None,
            }
            for checkpoint in matrix.checkpoints
        ],
        "data": {
            task: {
                **dataclasses.asdict(source),
                "path": _place(str(source.path), root),
                "sha256": hashes.of(source.path) if source.path.is_file() else None,
            }
            for task, source in matrix.data.items()
        },
        "environment": {
            "python": sys.version.split()[0],
            "platform": f"{platform.system()} {platform.machine()}",
            "packages": versions(PACKAGES),
        },
    }


def finished(manifest: dict[str, Any], items: Sequence[Item], complete: bool) -> dict[str, Any]:
    """The manifest of a run that ended, with the fingerprints of what was evaluated."""
    prints = {item.checkpoint: item.fingerprint for item in items if item.fingerprint}
    checkpoints = [
        {**c, "fingerprint": prints.get(c["id"], c["fingerprint"])} for c in manifest["checkpoints"]
    ]
    status = "complete" if complete else "partial"
    return {**manifest, "checkpoints": checkpoints, "finished": now(), "status": status}


def working_tree(root: Path, reports: Path) -> dict[str, Any] | None:
    """The commit that a run was made from, and whether anything had been changed since.

    Runs and store, where no .gitignore names them, are no change. None without a git to ask.
    """
    ours = ("runs", "store", "latest") if reports.is_relative_to(root) else ()
    but = [f":(exclude){(reports / name).relative_to(root).as_posix()}" for name in ours]

    def ask(*command: str) -> str:
        done = subprocess.run(
            ["git", *command], cwd=root, capture_output=True, text=True, check=True, timeout=30
        )
        return done.stdout.strip()

    try:
        return {
            "commit": ask("rev-parse", "--short=12", "HEAD"),
            "dirty": bool(ask("status", "--porcelain", "--", ":/", *but)),
        }
    except (OSError, subprocess.SubprocessError):
        return None


def _place(text: str, root: Path) -> str:
    """A path as seen from the project; what lies outside keeps its last two parts only."""
    path = Path(text)
    if not path.is_absolute():
        return text
    if path.is_relative_to(root):
        return str(path.relative_to(root))
    return str(Path("…", *path.parts[-2:]))
