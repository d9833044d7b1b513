"""What makes two of lm-eval's tasks the same."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# Of a task's configuration: where things lie on this machine, which changes no question. What is
# asked, and what counts as right, is in the identity's hash of samples.
_PLACES = ("custom_dataset", "dataset_path", "dataset_name", "dataset_kwargs", "metadata")


def config_hash(config: Mapping[str, Any]) -> str:
    """16 hexadecimal digits of what a task's YAML says, but for places of data."""
    told = {key: value for key, value in config.items() if key not in _PLACES}
    text = json.dumps(told, sort_keys=True, default=_written)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def public_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """A task's configuration as lm-eval's results hold it, but for places on this machine."""
    told = {key: value for key, value in config.items() if key not in _PLACES}
    found: dict[str, Any] = json.loads(json.dumps(told, default=_source))
    return found


def _written(value: Any) -> str:
    """A function by its name and the whole file that it stands in, whose others it may call."""
    try:
        file = inspect.getsourcefile(value)
        content = Path(file).read_bytes() if file else b""
    except (TypeError, OSError):
        return _named(value)
    return f"{_named(value)} {hashlib.sha256(content).hexdigest()}"


def _source(value: Any) -> str:
    """A function as it is written: its name tells where in memory it lies today."""
    try:
        return inspect.getsource(value)
    except (TypeError, OSError):
        return _named(value)


def _named(value: Any) -> str:
    return str(getattr(value, "__qualname__", type(value).__qualname__))
