"""Who judges a session's answers besides the rules: people, and a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial

from harness.evaluate import Progress, Workbench
from harness.evaluate.judging import Jury, checkpoint_of
from harness.grading.meanings import Comparer
from harness.records import Checkpoint, Graded
from harness.review.files import read_grades
from harness.review.judgement import Judgement, judgements
from harness.settings import Settings
from harness.tasks import Task


class Judges:
    """Of one session. fingerprint: of a checkpoint. bench: where a task is asked of one."""

    def __init__(
        self,
        settings: Settings,
        fingerprint: Callable[[Checkpoint], str],
        bench: Callable[[str, Checkpoint, None, Progress], Workbench],
    ) -> None:
        self._settings, self._fingerprint, self._bench = settings, fingerprint, bench

    @cached_property
    def people(self) -> Mapping[str, Judgement]:
        """What people said of answers, by the answer's key. Raises DataError."""
        grades = read_grades(self._settings.grades, self._settings.grade_sizes)
        return judgements(grades)

    @cached_property
    def jury(self) -> Jury | None:
        """The matrix's judge. Raises ConfigError and DataError."""
        judge = self._settings.matrix.judge
        return Jury(judge, self._fingerprint(checkpoint_of(judge))) if judge else None

    def judge(self, progress: Progress) -> Callable[[Task, Sequence[Graded]], list[Graded]] | None:
        """What has answers judged; None without a judge, and in a shard, which only asks."""
        jury = self.jury
        if jury is None or self._settings.shard is not None:
            return None
        return lambda task, graded: jury.judged(
            task, graded, self._bench(task.name, jury.checkpoint, None, progress)
        )

    def comparer(self, task: str, progress: Progress) -> Comparer | None:
        """What reads which answers in words mean the same; None as of `judge`."""
        jury = self.jury
        if jury is None or self._settings.shard is not None:
            return None
        return jury.comparer(partial(self._bench, task, jury.checkpoint, None, progress))
