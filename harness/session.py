"""What one process needs to evaluate items: run folder, store, and one base model at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness import manifest
from harness.config import Matrix, missing_parts
from harness.engines import Engine, open_engine
from harness.errors import ConfigError
from harness.evaluate import Evaluation, Progress, Workbench, evaluate
from harness.fingerprint import FileHashes, checkpoint_fingerprint, weights_folder
from harness.records import Checkpoint, Model
from harness.runs import write_json
from harness.store import Store
from harness.tasks import Task


@dataclass(frozen=True, slots=True)
class Settings:
    """A session's settings after command line and configuration files were put together.

    reports: the folder of runs, store and the link to the latest run. arguments: pytest's own.
    """

    matrix: Matrix
    run_folder: Path
    reports: Path
    root: Path
    fresh: bool
    arguments: Sequence[str]


class EvalSession:
    """Evaluates items in this process. The base model stays loaded between items."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._hashes = FileHashes(settings.reports / "store" / "hashes.json")
        self._store = Store(settings.reports / "store", fresh=settings.fresh)
        self._prints: dict[Checkpoint, str] = {}
        self._open: tuple[Model, Engine] | None = None

    def evaluate(self, task: Task, checkpoint: Checkpoint, progress: Progress) -> Evaluation:
        """Measure one task on one checkpoint. Raises MichiError."""
        self.begin_run()
        source = self.settings.matrix.source(task.name)
        bench = Workbench(
            fingerprint=self.fingerprint(checkpoint),
            engine=lambda: self._engine(checkpoint.model),
            store=self._store,
            run_folder=self.settings.run_folder,
            progress=progress,
        )
        return evaluate(task, checkpoint, source, bench)

    def fingerprint(self, checkpoint: Checkpoint) -> str:
        """Of the checkpoint's bytes. Raises ConfigError naming every part that is missing."""
        if checkpoint not in self._prints:
            missing = missing_parts(checkpoint)
            if missing:
                raise ConfigError(
                    f"checkpoint {checkpoint.id} of {self.settings.matrix.path}: not found: "
                    f"{'; '.join(missing)}. Mend the path, or train the adapter first."
                )
            self._prints[checkpoint] = checkpoint_fingerprint(checkpoint, self._hashes)
        return self._prints[checkpoint]

    def begin_run(self) -> None:
        """Write run.json if this run has none yet. Raises StorageError."""
        path = self.settings.run_folder / "run.json"
        if not path.exists():
            described = manifest.describe(
                self.settings.run_folder.name,
                self.settings.matrix,
                self.settings.arguments,
                self.settings.root,
                self._hashes,
            )
            write_json(path, described)

    def close(self) -> None:
        """Give the model's memory back."""
        if self._open is not None:
            self._open[1].close()
            self._open = None

    def _engine(self, model: Model) -> Engine:
        if self._open is None or self._open[0] != model:
            self.close()
            self._open = (model, open_engine(model, weights_folder(model)))
        return self._open[1]
