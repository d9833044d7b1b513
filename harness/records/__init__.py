"""The words of the project as frozen records. Knows nobody.

`Model` and `Checkpoint` say who is asked; `Request` and `Response` what was asked and answered;
`Sample`, `Grade`, `Result` and `Verdict` what was made of it. Everything that is written to disk is
one of these through `dataclasses.asdict`.
"""

from __future__ import annotations

from harness.records.checkpoint import Api, Checkpoint, Embedding, Model, Retrieval
from harness.records.response import Ask, Certainty, Reading, Request, Response, Usage
from harness.records.result import Grade, Graded, Interval, Outcome, Result, Sample, Verdict

__all__ = [
    "Api",
    "Ask",
    "Certainty",
    "Checkpoint",
    "Embedding",
    "Grade",
    "Graded",
    "Interval",
    "Model",
    "Outcome",
    "Reading",
    "Request",
    "Response",
    "Result",
    "Retrieval",
    "Sample",
    "Usage",
    "Verdict",
]
