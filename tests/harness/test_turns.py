"""Two processes that need the same answers of a server: one asks, the other takes them."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from harness.engines import Answer
from harness.errors import ServiceError
from harness.evaluate import Workbench, ask
from harness.ledger import Ledger
from harness.records import Api, Checkpoint, Model, Request, Response
from harness.store import Store

MODEL = Model("m", "m-1", datetime.date(2025, 1, 1), engine="api", api=Api())
CHECKPOINT = Checkpoint("m", MODEL)
REQUESTS = [Request(f"question {i}") for i in range(5)]
PATIENCE = 20.0  # seconds, for a test that fails: none that passes waits


class Worker:
    """One that asks, in a thread: files are locked by opened file, as between processes."""

    def __init__(self, folder: Path, task: str, begin: Callable[[], None] = lambda: None) -> None:
        self.asked: list[Request] = []
        self.looked = threading.Event()
        self.found: Any = None
        store = Store(folder / "store")
        self._begin = begin
        self._bench = Workbench(
            "print",
            lambda: self,
            store,
            None,
            ledger=Ledger(folder, folder, CHECKPOINT, task),
            turn=partial(store.turn, "print", task),
        )
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.found = ask(CHECKPOINT, REQUESTS, self._bench, lambda *_: self.looked.set())
        except ServiceError as error:
            self.found = error

    def answer(
        self, checkpoint: Checkpoint, requests: Sequence[Request], skip: Any = ()
    ) -> Iterator[list[Answer]]:
        self._begin()
        for request in requests:
            if request not in skip:
                self.asked.append(request)
                yield [(request, Response(request.prompt, "stop", 1))]

    def close(self) -> None: ...


def ended(worker: Worker) -> Worker:
    worker.thread.join(PATIENCE)
    assert not worker.thread.is_alive()
    return worker


def test_who_looked_too_early_looks_again_and_asks_nothing(tmp_path: Path) -> None:
    others: list[Worker] = []

    def until_the_other_has_found_nothing() -> None:
        others.append(Worker(tmp_path, "knowledge"))
        assert others[0].looked.wait(PATIENCE)

    first = ended(Worker(tmp_path, "knowledge", until_the_other_has_found_nothing))
    (second,) = map(ended, others)
    assert (first.asked, second.asked) == (REQUESTS, [])
    responses, known = second.found
    assert [responses[request].text for request in REQUESTS] == [r.prompt for r in REQUESTS]
    assert known == frozenset(REQUESTS)
    assert first.found == (responses, frozenset())


def test_another_task_does_not_wait(tmp_path: Path) -> None:
    def until_another_is_through() -> None:
        ended(Worker(tmp_path, "jsquad"))

    ended(Worker(tmp_path, "knowledge", until_another_is_through))


def test_whoever_waited_for_one_that_failed_asks_for_the_rest(tmp_path: Path) -> None:
    others: list[Worker] = []

    class Failing(Worker):
        def answer(self, *arguments: Any, **named: Any) -> Iterator[list[Answer]]:
            batches = super().answer(*arguments, **named)
            yield next(batches)
            others.append(Worker(tmp_path, "knowledge"))
            assert others[0].looked.wait(PATIENCE)
            raise ServiceError("down")

    first = ended(Failing(tmp_path, "knowledge"))
    (second,) = map(ended, others)
    assert isinstance(first.found, ServiceError)
    assert second.asked == REQUESTS[1:]
    assert second.found[1] == frozenset(REQUESTS[:1])


@pytest.mark.parametrize("task", ["knowledge", "../../outside", "a" * 300])
def test_a_turn_is_a_file_of_the_store(tmp_path: Path, task: str) -> None:
    with Store(tmp_path / "store").turn("print", task) as others_asked:
        assert others_asked
    assert [path.parent for path in tmp_path.rglob("*") if path.is_file()] == [
        tmp_path / "store" / "turns"
    ]
