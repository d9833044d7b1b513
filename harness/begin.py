"""run.json as a run begins: before anything is measured, so that a killed run is told, too."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from harness import manifest
from harness.evaluate.judging import Jury
from harness.fingerprint import FileHashes, same_weights
from harness.review.judgement import Judgement
from harness.review.rubric import read_rubric
from harness.runs import write_json
from harness.settings import Settings


def begin_run(
    settings: Settings, hashes: FileHashes, people: Mapping[str, Judgement], jury: Jury | None
) -> None:
    """Write run.json. Raises DataError for a rubric that can't be read, and StorageError."""
    described = manifest.describe(
        settings.run_folder,
        settings.matrix,
        settings.arguments,
        settings.root,
        settings.reports,
        hashes,
        settings.redact,
    )
    rubric = dataclasses.asdict(read_rubric(settings.grades))
    described = {**described, "rubric": rubric, "graded": len(people)}
    if jury is not None:
        described["judge"] = jury.described()
        described["judge"]["same_as"] = [
            checkpoint.id
            for checkpoint in settings.matrix.checkpoints
            if same_weights(checkpoint.model, jury.checkpoint.model, hashes)
        ]
    write_json(settings.run_folder / "run.json", described)
