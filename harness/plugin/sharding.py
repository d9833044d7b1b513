"""--eval-shard: which items have a part in this shard, and ending each once that is answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import pytest

from harness.errors import MichiError
from harness.evaluate import Answered, Progress
from harness.planning.part import Shard
from harness.planning.shard import write_shard
from harness.planning.survey import lined_up, survey
from harness.plugin.options import is_worker
from harness.plugin.selected import tasks_of
from harness.records import Checkpoint
from harness.session import EvalSession
from harness.tasks import Task


class Done(BaseException):
    """Ends a suite whose part was answered; no `except Exception` of its own catches it."""


class Sharding:
    """Registered where --eval-shard is given. session: opens the one of this process, once."""

    def __init__(
        self,
        session: Callable[[list[pytest.Item]], EvalSession],
        lm_eval_task: Callable[[str], Task],
    ) -> None:
        self._session, self._lm_eval_task = session, lm_eval_task
        self.shard: Shard | None = None
        self._left_out = 0

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Cut what -k and others left, and deselect items that have no part in this shard."""
        session = self._session(items)
        settings = session.settings
        which, of = settings.shard or (1, 1)
        try:
            selected = tasks_of(items, self._lm_eval_task)
            surveyed = survey(selected, settings.matrix, session.bench_of)
            portions = lined_up(surveyed)
            self.shard = Shard(which, of, portions, session.answer_share)
            own = list(self.shard.own.values())
            write_shard(settings.run_folder, which, of, portions, own)
        except MichiError as error:
            raise pytest.UsageError(str(error)) from error
        others = [item for item in items if item.nodeid not in self.shard.own]
        self._left_out = len(others)
        if is_worker(config):
            config.workeroutput["michi_left_out"] = len(others)  # type: ignore[attr-defined]
        if others:
            items[:] = [item for item in items if item.nodeid in self.shard.own]
            config.hook.pytest_deselected(items=others)

    def pytest_report_collectionfinish(self) -> str:
        """How much of it all this shard has."""
        assert self.shard is not None, "items were cut when they were collected"
        return (
            f"michi: shard {self.shard.number}/{self.shard.of}: {self.shard.count:,} requests of "
            f"{len(self.shard.own)} items, which are answered and not judged"
        )

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Hear from a worker that it left items to other shards."""
        self._left_out += getattr(node, "workeroutput", {}).get("michi_left_out", 0)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_pyfunc_call(self) -> Any:
        """A suite whose part was answered has done what it was to do."""
        try:
            return (yield)
        except Done:
            return True

    def answer(
        self, nodeid: str, task: Task, checkpoint: Checkpoint, progress: Progress
    ) -> Answered:
        """Have this shard's part of an item answered. Raises MichiError."""
        assert self.shard is not None, "items were cut when they were collected"
        return self.shard.answer(nodeid, task, checkpoint, progress)

    def end(self) -> NoReturn:
        """End the suite."""
        raise Done

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """A shard that all is too little for has nothing to do, and did it."""
        if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and self._left_out:
            session.exitstatus = pytest.ExitCode.OK
