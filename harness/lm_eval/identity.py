"""What makes two of lm-eval's tasks the same."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Mapping
from typing import Any

# Of a task's configuration: where things lie on this machine, which changes no question. What is
# asked, and what counts as right, is in the identity's hash of samples.
_PLACES = ("custom_dataset", "dataset_path", "dataset_name", "dataset_kwargs", "metadata")


def config_hash(config: Mapping[str, Any]) -> str:
    """16 hexadecimal digits of what a task's YAML says, but for places of data."""
    told = {key: value for key, value in config.items() if key not in _PLACES}
    text = json.dumps(told, sort_keys=True, default=_source)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _source(value: Any) -> str:
    """A function as it is written: its name tells where in memory it lies today."""
    try:
        return inspect.getsource(value)
    except (TypeError, OSError):
        return str(getattr(value, "__qualname__", type(value).__qualname__))
