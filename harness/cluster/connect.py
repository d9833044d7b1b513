"""To a Ray cluster: one that is started here and nobody else reaches, or one that asks for a token.

Whoever reaches a cluster's ports runs what code he likes on it (docs.ray.io, "Security"), so no
cluster is joined that would let anybody in.
"""

from __future__ import annotations

import importlib.util
import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

from harness.engines.loading import cores, first_line
from harness.errors import ConfigError, ServiceError

_ASKED = 30.0  # seconds for a cluster to say whether it lets us in without a token
_QUIET: dict[str, Any] = {
    "configure_logging": False,
    "logging_level": "ERROR",
    "log_to_driver": False,
}


def refuse_unready(address: str) -> None:
    """Raise ConfigError where Ray is not installed, or no token is there for a cluster of others.

    address: "" for a cluster of our own.
    """
    if importlib.util.find_spec("ray") is None:
        raise ConfigError(
            "--eval-engine ray: Ray is not installed here: pip install 'pytest-michi[ray]'."
        )
    if not address:
        return
    if os.environ.get("RAY_AUTH_MODE") != "token" or not _token():
        raise ConfigError(
            f"--eval-engine ray://{address}: a cluster that is not started here is joined with a "
            "token only: whoever reaches its ports runs what he likes on it. Start all of its "
            "nodes with RAY_AUTH_MODE=token and one RAY_AUTH_TOKEN (or RAY_AUTH_TOKEN_PATH), and "
            "set both here, too."
        )


def connect(address: str) -> None:
    """Start a cluster on this machine ("") or join one. Raises ConfigError and ServiceError."""
    refuse_unready(address)
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    # Ray prints a paragraph for each process that ended; cluster.jsonl has a line of it.
    os.environ.setdefault("RAY_DEDUP_LOGS_SKIP_REGEX", ".*A worker died or was killed")
    if address:
        _join(address)
    else:
        _start()


def _start() -> None:
    """A cluster of this machine's cores and GPUs: on loopback, behind a token made for it."""
    os.environ["RAY_AUTH_MODE"] = "token"
    os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
    # Else Ray's processes listen on all of the machine's addresses. The variable, which is read
    # when Ray is imported, says whether the machine is to be part of a cluster at all; of the name
    # only the default is Windows' (ray/_private/ray_constants.py of Ray 2.60).
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    import ray

    try:
        ray.init(address="local", num_cpus=cores(), include_dashboard=False, **_QUIET)
    except Exception as error:  # no port, no /dev/shm, a process that does not start
        raise ServiceError(f"no Ray cluster could be started here: {first_line(error)}.") from error


def _join(address: str) -> None:
    import ray

    try:
        ray.init(address=address, **_QUIET)
    except Exception as error:  # Ray raises ConnectionError, RuntimeError, RaySystemError …
        raise ConfigError(
            f"--eval-engine ray://{address}: can't be joined ({first_line(error)}). Pytest has to "
            "run on a node of the cluster, with its token; the address is that of its GCS, "
            "HOST:6379 as ray start --head prints it, or auto."
        ) from error
    address = ray.get_runtime_context().gcs_address
    if _is_open(address):
        ray.shutdown()
        raise ConfigError(
            f"--eval-engine ray://{address}: the cluster lets in whoever comes without a token. "
            "Start all of its nodes with RAY_AUTH_MODE=token."
        )


def _is_open(address: str) -> bool:
    """Whether it answers to somebody who has no token."""
    without = {k: v for k, v in os.environ.items() if not k.startswith("RAY_AUTH_")}
    command = [sys.executable, "-m", "ray.scripts.scripts", "health-check", "--address", address]
    try:
        done = subprocess.run(
            command,
            env={**without, "RAY_AUTH_MODE": "disabled"},
            capture_output=True,
            timeout=_ASKED,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def _token() -> bool:
    """Whether Ray will find one (docs.ray.io, "Token authentication")."""
    if os.environ.get("RAY_AUTH_TOKEN"):
        return True
    path = os.environ.get("RAY_AUTH_TOKEN_PATH") or "~/.ray/auth_token"
    return Path(path).expanduser().is_file()
