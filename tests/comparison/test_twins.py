"""Twin worlds of a run: a fact counts where both adapters answer as their own world has it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import pytest

from harness.comparison.derived import Derived
from harness.comparison.twins import twin_results
from harness.runs import read_run
from tests.report import builder as build

A = build.checkpoint("world-a", "A", 3)
B = dataclasses.replace(build.checkpoint("world-b", "B", 3), twin_of="world-a")


def twins(folder: Path, answers: Sequence[tuple[str, str]], documents: int = 0) -> Derived:
    """answers: what each adapter answered of each fact: "a", "b" (a world's value) or "-"."""
    build.start(folder, [build.BASE, A, B])
    for place, name in enumerate(("world-a", "world-b")):
        rows = [
            build.row(
                f"q{n}",
                cluster=f"d{n % documents if documents else n}",
                stratum="seen",
                correct=said[place] == "a",
                scores={"correct": float(said[place] == "a"), "twin": float(said[place] == "b")},
            )
            for n, said in enumerate(answers)
        ]
        result = build.result(name, "knowledge", "accuracy_seen", 0.5, headline=True)
        build.measure(folder, name, "knowledge", [result], rows)
    return twin_results(read_run(folder))


def value(found: Derived, metric: str) -> float:
    result = found.result("world-b", metric)
    assert result is not None
    return result.value


def test_a_fact_counts_only_where_both_hold_their_own_world(tmp_path: Path) -> None:
    found = twins(tmp_path, [("a", "b")] * 6 + [("a", "a")] * 2 + [("b", "a"), ("-", "b")])
    assert value(found, "acquired") == pytest.approx(0.6)
    assert value(found, "crossed") == pytest.approx(0.1)
    assert value(found, "excess") == pytest.approx(0.5)


def test_a_pair_that_guesses_the_same_has_acquired_nothing(tmp_path: Path) -> None:
    # Both always say what world A has: an analogy that held before any training.
    found = twins(tmp_path, [("a", "a")] * 40)
    assert value(found, "acquired") == 0
    excess = found.result("world-b", "excess")
    assert excess is not None
    assert excess.low < 0 < excess.high


def test_the_test_flips_whole_documents(tmp_path: Path) -> None:
    # Ten facts, two documents: of four ways to flip their signs two are as extreme: p = .5.
    found = twins(tmp_path, [("a", "b")] * 10, documents=2)
    assert "p 5.0e-01" in found.notes[0]
    assert found.notes[0].startswith("world-b, twin of world-a:")
    # Ten documents of one fact: 2 of 1,024.
    found = twins(tmp_path / "alone", [("a", "b")] * 10)
    assert "p 2.0e-03" in found.notes[0]


def test_a_twin_without_answers_is_told_by_name(tmp_path: Path) -> None:
    build.start(tmp_path, [A, B])
    _answered(tmp_path, "world-b", "b", 4)
    build.measure(tmp_path, "world-a", "knowledge", [], status="skipped", message="no adapter")
    found = twin_results(read_run(tmp_path))
    assert found.results == ()
    assert found.notes == ("world-b, twin of world-a: world-a not measured.",)


def test_questions_without_twin_facts_are_told(tmp_path: Path) -> None:
    build.start(tmp_path, [A, B])
    for name in ("world-a", "world-b"):
        seen = build.result(name, "knowledge", "accuracy_seen", 0.5)
        build.measure(tmp_path, name, "knowledge", [seen], [build.row("q")])
    found = twin_results(read_run(tmp_path))
    assert found.notes == (
        'world-b, twin of world-a: no question with "twin" facts was asked of both.',
    )


def test_the_order_in_the_matrix_does_not_matter_and_two_may_share_a_twin(tmp_path: Path) -> None:
    other = dataclasses.replace(B, id="world-c")
    build.start(tmp_path, [B, A, other])
    for name, said in (("world-a", "a"), ("world-b", "b"), ("world-c", "a")):
        _answered(tmp_path, name, said, 4)
    found = twin_results(read_run(tmp_path))
    told = {(r.checkpoint, r.metric): r.value for r in found.results if r.metric != "excess"}
    assert told == {
        ("world-b", "acquired"): 1,
        ("world-b", "crossed"): 0,
        ("world-c", "acquired"): 0,
        ("world-c", "crossed"): 0,
    }


def test_twins_that_name_each_other_are_asked_whose_world_is_whose(tmp_path: Path) -> None:
    build.start(tmp_path, [dataclasses.replace(A, twin_of="world-b"), B])
    for name, said in (("world-a", "a"), ("world-b", "b")):
        _answered(tmp_path, name, said, 4)
    found = twin_results(read_run(tmp_path))
    assert found.results == ()
    assert [note.split(",")[0] for note in found.notes] == ["world-a", "world-b"]
    assert "world-a is itself the twin of world-b" in found.notes[1]


def test_a_twin_with_a_part_of_the_answers_is_marked(tmp_path: Path) -> None:
    build.start(tmp_path, [A, B])
    _answered(tmp_path, "world-a", "a", 10)
    _answered(tmp_path, "world-b", "b", 7)
    found = twin_results(read_run(tmp_path))
    assert {(r.n, r.reason) for r in found.results} == {
        (7, "only 7 of 10 questions were asked of both")
    }


def _answered(folder: Path, name: str, said: str, n: int) -> None:
    """A checkpoint that gives one world's value n times."""
    scores = {"correct": float(said == "a"), "twin": float(said == "b")}
    rows = [build.row(f"q{place}", stratum="seen", scores=scores) for place in range(n)]
    build.measure(
        folder, name, "knowledge", [build.result(name, "knowledge", "accuracy_seen", 0.5)], rows
    )


def test_a_run_without_twins_says_nothing(run_folder: Path) -> None:
    assert twin_results(read_run(run_folder)) == Derived()
    assert dataclasses.asdict(twin_results(read_run(run_folder)))["notes"] == ()
