"""What one process needs to evaluate items: run folder, store, and one base model at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from functools import lru_cache, partial
from itertools import chain
from pathlib import Path
from typing import TypeVar

from harness.begin import begin_run
from harness.cluster.advance import Advance
from harness.cluster.driver import Cluster
from harness.cluster.opening import open_cluster, opened_by
from harness.comparison.gate import Decision, decide
from harness.comparison.scores import ScoreSet, from_rows
from harness.config import DataSource, Matrix, missing_parts, reference_of
from harness.embedding.opening import Embedders
from harness.engines import open_engine
from harness.errors import ConfigError, DataError, UnavailableError
from harness.evaluate import (
    Answered,
    Evaluation,
    Progress,
    Workbench,
    answer_share,
    ask,
    evaluate,
)
from harness.fingerprint import FileHashes, checkpoint_fingerprint
from harness.gated import gates_on
from harness.judges import Judges
from harness.ledger import Ledger
from harness.lm_eval.leaderboard import as_asked
from harness.opened import OpenEngines, OpenRetrievers, open_for
from harness.planning.forecast import Forecast, Selection, data_of, nothing
from harness.planning.plan import short
from harness.planning.shard import ANSWERS
from harness.planning.speeds import Speeds
from harness.planning.survey import survey
from harness.read_ahead import ReadAhead
from harness.records import Checkpoint, Request, Response
from harness.scrub import scrub
from harness.settings import Settings
from harness.store import Store
from harness.tasks import Task

Done = TypeVar("Done")


class EvalSession:
    """Evaluates items in this process. The base model stays loaded between items.

    selected: what will be evaluated of a model, so that all of it can be held against a budget.
    """

    def __init__(self, settings: Settings, selected: Selection = nothing) -> None:
        self.settings = settings
        self._forecast = Forecast(settings, selected, self.bench_of)
        self._hashes = FileHashes(settings.reports / "store" / "hashes.json")
        self.ahead = ReadAhead(self._hashes)
        self.speeds = Speeds(settings.reports / "store" / "speeds")
        self._store = Store(settings.reports / "store", fresh=settings.fresh)
        if settings.shard is not None:
            self._store = Store(settings.run_folder / ANSWERS, behind=self._store)
        self._own = self._store.since_now()
        self._prints: dict[Checkpoint, str] = {}
        self._references: dict[str, ScoreSet] = {}
        self._readings: dict[str, dict[Request, Response]] = {}
        self._judges = Judges(settings, self.fingerprint, self._bench)
        vectors = settings.reports / "store" / "vectors"
        self._retrievers = OpenRetrievers(
            Embedders(vectors, settings.run_folder, settings.root, self._hashes, settings.fresh)
        )
        opened = partial(open_for, open_engine, settings.matrix.checkpoints)
        self.cluster: Cluster | None = None
        self._advance: Advance | None = None
        if settings.cluster is not None:
            self.cluster = open_cluster(settings, settings.cluster, opened, self.speeds)
            every = chain.from_iterable(map(selected, settings.matrix.models))
            items = survey(every, settings.matrix, self.bench_of)
            self._advance = Advance(self.cluster, items, self.stored_keys, self._own)
            self._engines = OpenEngines(opened_by(self.cluster, self.fingerprint, opened))
        else:
            self._engines = OpenEngines(opened)
        self._public = lru_cache(partial(scrub, root=settings.root))

    def evaluate(self, task: Task, checkpoint: Checkpoint, progress: Progress) -> Evaluation:
        """Measure one task on one checkpoint. Raises MichiError."""
        self.begin_run()
        if self._advance is not None:
            self._advance.more()
        return self._work(evaluate, task, checkpoint, self.settings.run_folder, progress)

    def answer_share(
        self,
        task: Task,
        checkpoint: Checkpoint,
        mine: Callable[[Request], bool] | None,
        progress: Progress,
    ) -> Answered:
        """Answer a part of what a task asks of a checkpoint; None: all. Raises MichiError."""
        self.begin_run()
        if mine is not None:
            work = partial(answer_share, mine=mine)
            return self._work(work, task, checkpoint, None, progress)
        done = self._work(evaluate, task, checkpoint, None, progress)
        return Answered(done.asked, done.stored, done.fingerprint)

    def decide(
        self, task: Task, checkpoint: Checkpoint, evaluation: Evaluation, progress: Progress
    ) -> list[Decision]:
        """What the gates say of an evaluation; nothing where none is set for it.

        Without a baseline file the run's baseline checkpoint is asked first what is not known of
        it. Raises MichiError.
        """
        if not self.settings.gates:
            return []
        ours = from_rows(checkpoint.id, task.name, evaluation.identity, evaluation.rows)
        gates = gates_on(evaluation, ours, self.settings)
        if not gates or (self.settings.baseline is None and checkpoint.baseline):
            return []
        theirs, name = self._reference(task, checkpoint, progress)
        return [decide(gate, ours, theirs, name) for gate in gates]

    def _reference(
        self, task: Task, checkpoint: Checkpoint, progress: Progress
    ) -> tuple[ScoreSet | None, str]:
        """What a checkpoint is gated against, and how to call it."""
        if self.settings.baseline is not None:
            baseline = self.settings.baseline
            return baseline.score_set(checkpoint.id, task.name), baseline.path.name
        base = next((c for c in self.settings.matrix.checkpoints if c.baseline), None)
        if base is None:
            raise ConfigError(
                f"{self.settings.matrix.path}: a gate is set for {task.name}, but there is nothing "
                "to hold it against: mark a checkpoint with baseline = true, or give "
                "--eval-baseline FILE."
            )
        # Two prompts of one task are two references.
        key = f"{task.name} {sorted(task.identity.items())}"
        if key not in self._references:
            try:
                known = self._work(evaluate, task, base, None, progress)
            except UnavailableError as error:
                raise ConfigError(
                    f"{self.settings.matrix.path}: a gate is set for {task.name}, but {base.id}, "
                    f"which it is held against, can't be asked: {error}"
                ) from error
            self._references[key] = from_rows(base.id, task.name, known.identity, known.rows)
        return self._references[key], base.id

    def _work(
        self,
        work: Callable[[Task, Checkpoint, DataSource, Workbench], Done],
        task: Task,
        checkpoint: Checkpoint,
        folder: Path | None,
        progress: Progress,
    ) -> Done:
        matrix = self.settings.matrix
        name, optional = data_of(task, matrix)
        if optional and name not in matrix.data:
            raise UnavailableError(_no_data(task, matrix))
        # What needs no answer needs no weights either: an API's model has none here.
        unasked = getattr(task, "unasked", False)
        bench = self._bench(task.name, checkpoint, folder, progress, "" if unasked else None)
        if self.settings.shard is None:  # a shard asks less than all that was selected
            self._forecast.prepare(checkpoint.model, bench.ledger)
        try:
            return work(as_asked(task, matrix.suites), checkpoint, matrix.source(name), bench)
        except DataError as error:
            if not optional:
                raise
            # The data of another suite, which are whole for it, need not hold what this one asks.
            raise UnavailableError(f"{_no_data(task, matrix)} Those of {name}: {error}") from error

    def _bench(
        self,
        task: str,
        checkpoint: Checkpoint,
        folder: Path | None,
        progress: Progress,
        fingerprint: str | None = None,
    ) -> Workbench:
        reference = reference_of(checkpoint, self.settings.matrix)
        run, is_api = self.settings.run_folder, checkpoint.model.engine == "api"
        shards = self.settings.shard[1] if self.settings.shard else 1
        ledger = Ledger(run, self.settings.root, checkpoint, task, shards) if is_api else None
        if fingerprint is None:
            fingerprint = self.fingerprint(checkpoint)
        return Workbench(
            fingerprint=fingerprint,
            engine=lambda: self._engines.of(checkpoint.model),
            # A baseline that gates ask again is the one of the tables, and is paid for once.
            # What a cluster answered before an item came to it is of this run, too.
            store=self._own
            if folder is None or checkpoint.baseline or self._advance
            else self._store,
            run_folder=folder,
            progress=progress,
            reference=lambda requests: self._reference_answers(
                task, checkpoint, requests, progress
            ),
            reference_id=reference.id if reference else "",
            people=self._judges.people,
            likelihoods=self.settings.likelihoods and folder is not None,
            ledger=ledger,
            ahead=partial(self._advance.wait, fingerprint, progress)
            if self._advance
            else lambda requests: frozenset(),
            turn=partial(self._store.turn, fingerprint, task)
            if is_api
            else lambda: nullcontext(False),
            forecast=partial(self._forecast.refuse_over, checkpoint.model),
            retriever=self._retrievers.of(checkpoint.retrieval),
            judge=self._judges.judge(progress),
            comparer=self._judges.comparer(task, progress),
            timed=partial(self.speeds.note, checkpoint.model)
            if self.cluster is None
            else lambda requests, seconds: None,
            public=self._public,
        )

    def bench_of(self, task: str, checkpoint: Checkpoint) -> Workbench:
        """Where nothing is measured, but what has no answer yet is found."""
        return self._bench(task, checkpoint, None, lambda done, total: None)

    def stored_keys(self, fingerprint: str) -> frozenset[bytes]:
        """What the store has answers to (`harness.planning.plan.key_of`)."""
        return frozenset(map(short, self._own.keys(fingerprint)))

    def _reference_answers(
        self,
        task: str,
        checkpoint: Checkpoint,
        requests: Sequence[Request],
        progress: Progress,
    ) -> Mapping[Request, Response]:
        """What the checkpoint's reference says; nothing where it has none."""
        reference = reference_of(checkpoint, self.settings.matrix)
        if reference is None:
            return {}
        # Kept, so that --eval-fresh reads it once and not again for each checkpoint.
        known = self._readings.setdefault(reference.id, {})
        missing = [request for request in requests if request not in known]
        if missing:
            bench, total = self._bench(task, reference, None, progress), len(missing)
            known |= ask(reference, missing, bench, lambda _, done: progress(done, total))[0]
        return known

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
        if not (self.settings.run_folder / "run.json").exists():
            begin_run(self.settings, self._hashes, self._judges.people, self._judges.jury)

    def close(self) -> None:
        """Give the models' memory back."""
        self._engines.close()
        if self.cluster is not None:
            self.cluster.close()


def _no_data(task: Task, matrix: Matrix) -> str:
    return (
        f"{matrix.path.name} names no data for it. Add [data.{task.name}] with a path, or give "
        f"--eval-data {task.name}=PATH."
    )
