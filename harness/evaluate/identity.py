"""What must match for two results to be compared."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from harness.config import DataSource
from harness.evaluate.bench import Workbench
from harness.fingerprint import vllm_version
from harness.records import Checkpoint, Model, Sample
from harness.tasks import Task


def identity_of(
    task: Task,
    checkpoint: Checkpoint,
    source: DataSource,
    samples: Sequence[Sample],
    bench: Workbench,
) -> dict[str, Any]:
    """The identity of a task's results; the adapter is no part of it: it is what is compared."""
    questions = [[s.id, s.asked, list(s.gold)] for s in samples]
    together: dict[str, Any] = {}
    if hasattr(task, "grades"):
        # Labels, documents and drawn values make figures, too.
        questions = [
            [*asked, s.stratum, s.cluster, list(s.request.continuations)]
            for asked, s in zip(questions, samples, strict=True)
        ]
    if any(sample.request.per_token for sample in samples):
        # What is read is held against what the reference reads.
        together = {"reference": bench.reference_id}
    if bench.retriever is not None and hasattr(task, "retrieved"):
        together |= {"retrieval": dict(bench.retriever().identity)}
    return {
        **task.identity,
        **together,
        "data": source.path.name,
        "samples": hashlib.sha256(json.dumps(questions).encode()).hexdigest()[:16],
        "n": len(samples),
        **_precision(checkpoint.model),
    }


def _precision(model: Model) -> dict[str, str | None]:
    """Of the weights; an API does not tell (`harness.comparison.scores.unlike`)."""
    if not model.here:
        return {"dtype": "untold", "quantization": "untold"}
    served = {"engine": f"vllm {vllm_version()}"} if model.engine == "vllm" else {}
    return {"dtype": model.dtype, "quantization": model.quantization, **served}
