"""A session's cluster, from its settings."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from harness.cluster.driver import Cluster
from harness.cluster.engine import ClusterEngine
from harness.cluster.log import Log
from harness.config import Matrix
from harness.engines import Engine
from harness.errors import ConfigError
from harness.planning.speeds import Speeds
from harness.records import Checkpoint, Model
from harness.settings import OnCluster, Settings

if TYPE_CHECKING:
    from harness.cluster.crew import Crew

# What libraries look at when they are imported; nodes that were started elsewhere have their own.
_TOLD = ("HF_HUB_OFFLINE", "HF_HOME", "HF_HUB_CACHE", "TRANSFORMERS_OFFLINE")
_PARALLEL = "--tensor-parallel-size"


def open_cluster(
    settings: Settings, on: OnCluster, opened: Callable[[Model], Engine], speeds: Speeds
) -> Cluster:
    """Nothing is started yet. opened: opens an engine; it goes to the nodes. Raises ConfigError."""
    memory = settings.reports / "store" / "hashes.json"
    given = opened, _environment(), memory
    group = gpus_each(settings.matrix)

    def make(log: Log) -> Crew:
        from harness.cluster.crew import Crew

        return Crew(given, group, on.cores, log)

    return Cluster(on.address, make, Log(settings.run_folder), speeds)


def opened_by(
    cluster: Cluster,
    fingerprint: Callable[[Checkpoint], str],
    opened: Callable[[Model], Engine],
) -> Callable[[Model], Engine]:
    """Opens what the cluster answers for, and others as before."""
    return partial(_opened, ClusterEngine(cluster, fingerprint), opened)


def gpus_each(matrix: Matrix) -> int:
    """GPUs of a worker: as many as the matrix's vLLM models are spread over. Raises ConfigError."""
    most = 1
    for model in matrix.models:
        told = [argument.replace("=", " ") for argument in model.vllm]
        words = " ".join(told).split()
        if _PARALLEL in words:
            try:
                most = max(most, int(words[words.index(_PARALLEL) + 1]))
            except (IndexError, ValueError) as error:
                raise ConfigError(
                    f"{matrix.path}: model {model.id}: {_PARALLEL} wants a number."
                ) from error
    return most


def _environment() -> dict[str, str]:
    return {name: os.environ[name] for name in _TOLD if name in os.environ}


def _opened(engine: ClusterEngine, opened: Callable[[Model], Engine], model: Model) -> Engine:
    return engine if model.here else opened(model)
