"""What keeps a large run within memory: data read once, items looked through one at a time."""

from __future__ import annotations

import gc
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness import runs
from harness.comparison.rated import rated, rated_items
from harness.config import DataSource
from harness.evaluate.bench import Workbench
from harness.evaluate.foreseen import samples_of
from harness.jsonl import append_rows, many_rows
from harness.records import Request, Sample
from harness.runs import read_run
from harness.store import Store
from tests.report import builder as build


@dataclass(frozen=True)
class Counting:
    """A task that notes each file that it loads."""

    name: str = "counting"
    note: Path = Path("note")

    def load(self, path: Path) -> list[Sample]:
        append_rows(self.note, [{"read": path.name}])
        return [Sample(text, Request(text), (), text) for text in path.read_text("utf-8").split()]


def _ids(task: Counting, data: Path, limit: int | None = None) -> list[str]:
    bench = Workbench("", lambda: None, Store(data.parent / "store"), None)  # type: ignore[arg-type, return-value]
    return [s.id for s in samples_of(task, DataSource(data, limit=limit), bench)]  # type: ignore[arg-type]


def test_a_data_file_is_read_once_for_all_checkpoints_until_it_changes(tmp_path: Path) -> None:
    data, task = tmp_path / "data.txt", Counting(note=tmp_path / "note")
    data.write_text("a b c", "utf-8")
    assert [_ids(task, data) for _ in range(3)] == [["a", "b", "c"]] * 3
    assert len(_ids(task, data, limit=2)) == 2
    assert len((tmp_path / "note").read_text().splitlines()) == 1

    data.write_text("a b d", "utf-8")
    os.utime(data, ns=(1, 1))
    assert _ids(task, data) == ["a", "b", "d"]


def test_what_is_done_to_a_list_of_samples_is_not_done_to_the_next(tmp_path: Path) -> None:
    data, task = tmp_path / "data.txt", Counting(note=tmp_path / "note")
    data.write_text("a b c", "utf-8")
    bench = Workbench("", lambda: None, Store(tmp_path), None)  # type: ignore[arg-type, return-value]
    samples_of(task, DataSource(data), bench).clear()  # type: ignore[arg-type]

    assert _ids(task, data) == ["a", "b", "c"]


def test_an_index_of_files_is_read_each_time(tmp_path: Path) -> None:
    """Which files it names, and whether they changed, only the task knows."""
    index, task = tmp_path / "index.toml", Counting(note=tmp_path / "note")
    index.write_text("a", "utf-8")
    _ids(task, index)
    _ids(task, index)

    assert len((tmp_path / "note").read_text().splitlines()) == 2


def test_a_field_is_found_in_rows_without_parsing_them(tmp_path: Path) -> None:
    folder = build.start(tmp_path, [build.BASE, build.QA])
    said = {"people": {"opinions": {"human:a": {"verdict": "right"}}}}
    build.measure(folder, "base", "jsquad", [], [build.row("a"), build.row("b", **said)])
    quoted = build.row("a", response='"people": {')
    build.measure(folder, "qa-e3", "jsquad", [], [quoted])
    build.measure(folder, "qa-e3", "marc_ja", [], [])
    run = read_run(folder)

    assert run.holds("base", "jsquad", "judge", "people")
    assert not run.holds("base", "jsquad", "judge")
    assert not run.holds("qa-e3", "jsquad", "people")
    assert not run.holds("qa-e3", "marc_ja", "people")
    assert not run.holds("qa-e3", "knowledge", "people")
    assert [[a.item for a in of] for of in rated_items(run, "people")] == [["a", "b"]]
    assert len(rated(run)) == 3


def test_rows_are_kept_only_while_they_are_few(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = build.start(tmp_path, [build.BASE, build.QA])
    for name in ("base", "qa-e3"):
        build.measure(folder, name, "jsquad", [], [build.row("a")])
    run = read_run(folder)
    assert run.samples("base", "jsquad") is run.samples("base", "jsquad")
    monkeypatch.setattr(runs, "_KEPT", 1)
    first = run.samples("base", "jsquad")
    run.samples("qa-e3", "jsquad")

    assert run.samples("base", "jsquad") is not first
    assert run.samples("base", "jsquad") == first


def test_the_collector_is_as_it_was_after_many_rows() -> None:
    before = gc.get_threshold()
    seen: list[tuple[int, ...]] = []

    @many_rows()
    def failing() -> None:
        seen.append(gc.get_threshold())
        raise ValueError("x")

    with pytest.raises(ValueError, match="x"):
        failing()
    assert seen != [before]
    assert gc.get_threshold() == before
