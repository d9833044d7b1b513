"""run.json: what a run was, without secrets and without the places of anybody's machine."""

from __future__ import annotations

import dataclasses
import datetime
import json
import os
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
from harness.records import Api, Checkpoint, Embedding, Model, Retrieval
from harness.runs import SCHEMA, Item
from harness.scrub import hide_named, place, public_url, scrub, scrub_all, scrub_arguments
from harness.versions import versions

PACKAGES = (
    "pytest-michi",
    "pytest",
    "pytest-xdist",
    "torch",
    "transformers",
    "peft",
    "bitsandbytes",
    "liger-kernel",
    "sentence-transformers",
    "openai",
    "lm-eval",
    "datasets",
)


def new_run_id() -> str:
    """Sorts by time; the tail keeps two runs of one second apart."""
    now = datetime.datetime.now(datetime.UTC)
    return f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def now() -> str:
    """UTC time to the second, ISO 8601."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def describe(
    folder: Path,
    matrix: Matrix,
    arguments: Sequence[str],
    root: Path,
    reports: Path,
    hashes: FileHashes,
    redact: bool = False,
) -> dict[str, Any]:
    """The manifest of a run that begins. folder: where it lies; reports: where earlier ones lie.

    redact: whether its reports leave out what was asked and answered (`harness.report.redact`).
    """
    return {
        "schema": SCHEMA,
        "id": folder.name,
        "folder": _place(str(folder), root),
        "started": now(),
        "finished": None,
        "status": "partial",
        "command": shlex.join(["pytest", *scrub_arguments(arguments, root)]),
        "job": ci_job(),
        "redact": redact,
        "tree": working_tree(root, reports),
        "matrix": _place(str(matrix.path), root),
        "models": [_model(model, root) for model in matrix.models],
        "checkpoints": [_checkpoint(c, root, hashes) for c in matrix.checkpoints],
        "data": {
            task: {
                **scrub_all(dataclasses.asdict(source), root),
                "path": _place(str(source.path), root),
                "sha256": hashes.of(source.path) if source.path.is_file() else None,
            }
            for task, source in matrix.data.items()
        },
        "fit": dataclasses.asdict(matrix.fit),
        "environment": {
            "python": sys.version.split()[0],
            "platform": f"{platform.system()} {platform.machine()}",
            "packages": versions(PACKAGES),
        },
    }


def _model(model: Model, root: Path) -> dict[str, Any]:
    return {
        "id": model.id,
        "weights": scrub(_place(model.weights, root), root),
        "released": model.released.isoformat(),
        "engine": model.engine,
        "dtype": model.dtype if model.here else None,
        "quantization": model.quantization,
        "note": scrub(model.note, root),
        "api": _api(model, root),
        "release_evidence": scrub(model.release_evidence, root),
    }


def _checkpoint(checkpoint: Checkpoint, root: Path, hashes: FileHashes) -> dict[str, Any]:
    return {
        "id": checkpoint.id,
        "model": checkpoint.model.id,
        "adapter": _place(str(checkpoint.adapter), root) if checkpoint.adapter else None,
        "served_as": checkpoint.served_as,
        "dataset": checkpoint.dataset,
        "epochs": checkpoint.epochs,
        "baseline": checkpoint.baseline,
        "twin_of": checkpoint.twin_of,
        "reference": checkpoint.reference,
        "fingerprint": None,
        **_retrieval(checkpoint.retrieval, root, hashes),
    }


def _api(model: Model, root: Path) -> dict[str, Any] | None:
    """How an API's model was reached; without what may be secret in its address and body."""
    if model.here:
        return None
    api = model.api or Api()
    return {
        "base_url": public_url(api.address),
        "prompt_logprobs": api.prompt_logprobs,
        "logprobs": api.logprobs,
        "price": api.price,
        "max_cost": api.max_cost,
        "extra_body": json.dumps(scrub_all(hide_named(json.loads(api.extra_body)), root)),
        "omit": list(api.omit),
    }


def _retrieval(found: Retrieval | None, root: Path, hashes: FileHashes) -> dict[str, Any]:
    """What a checkpoint looks up; nothing for closed-book."""
    if found is None:
        return {}
    described = {
        "name": found.name,
        "kind": found.kind,
        **({"top_k": found.top_k} if found.kind != "gold" else {}),
        **({"embeddings": _embedding(found.embedding, root)} if found.embedding else {}),
        "passage_size": found.passage_size,
        "documents": _place(str(found.documents), root),
        "sha256": hashes.of(found.documents) if found.documents.is_file() else None,
    }
    return {"retrieval": described}


def _embedding(found: Embedding, root: Path) -> dict[str, Any]:
    """What embeds, without what may be secret in its address and bodies."""
    return {
        "model": scrub(_place(found.model, root), root),
        "server": public_url(found.api.address) if found.api else None,
        "query_prefix": found.query_prefix,
        "passage_prefix": found.passage_prefix,
        "dimensions": found.dimensions,
    }


def ci_job() -> str | None:
    """The address of the CI job that this process runs in; None where there is none.

    GitHub Actions and GitLab say it in variables:
    https://docs.github.com/en/actions/reference/workflows-and-actions/variables
    https://docs.gitlab.com/ci/variables/predefined_variables/
    """
    told = os.environ.get
    server, repository, run = (
        told(f"GITHUB_{name}") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID")
    )
    if server and repository and run:
        return f"{server}/{repository}/actions/runs/{run}"
    return told("CI_JOB_URL") or None


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
    """A path of this machine as others may read it; hub ids and relative paths as they stand."""
    return place(text, root) if Path(text).is_absolute() else text
