"""Accuracy by what the base knew before."""

from __future__ import annotations

from pathlib import Path

from harness.comparison.categories import category_results
from harness.comparison.derived import Derived
from harness.records import Response
from harness.runs import read_run, sample_row
from harness.tasks.knowledge import Knowledge
from harness.tasks.known import Known
from tests.report import builder as build

# The base's greedy answers to each fact in two wordings, and a sampled one.
KNOWN = {
    "d1/price": (True, True, True),
    "d2/price": (True, False, False),
    "d3/price": (False, False, True),
    "d4/price": (False, False, False),
    "d5/price": (False, False, False),
}


def knowledge(name: str, right: set[str]) -> list[dict[str, object]]:
    return [
        build.row(
            f"{key}/{form}",
            stratum=form,
            cluster=key.split("/")[0],
            correct=key in right,
            detail={"kind": "price", "question": f"{key}?"},
        )
        for key in KNOWN
        for form in ("seen", "paraphrase", "reversed")
    ]


def test_questions_are_told_apart_by_how_well_the_base_knew_the_fact(tmp_path: Path) -> None:
    build.start(tmp_path, [build.BASE, build.QA])
    probes = [
        build.row(
            f"{key}/{n}",
            stratum="sampled" if n == 2 else "greedy",
            cluster=key.split("/")[0],
            correct=right,
            detail={"fact_key": key, "question": f"{key}?"},
        )
        for key, answers in KNOWN.items()
        for n, right in enumerate(answers)
    ]
    build.measure(tmp_path, "base", "known", [], probes)
    for name, right in (("base", {"d1/price"}), ("qa-e3", {"d2/price", "d4/price"})):
        build.measure(tmp_path, name, "knowledge", [], knowledge(name, right))
    found = category_results(read_run(tmp_path))
    values = {(r.checkpoint, r.metric): (r.value, r.n) for r in found.results}
    # Two trained questions a fact; the reversed one is none of them.
    assert values == {
        ("base", "accuracy_highly_known"): (1.0, 2),
        ("base", "accuracy_maybe_known"): (0.0, 2),
        ("base", "accuracy_weakly_known"): (0.0, 2),
        ("base", "accuracy_unknown"): (0.0, 4),
        ("qa-e3", "accuracy_highly_known"): (0.0, 2),
        ("qa-e3", "accuracy_maybe_known"): (1.0, 2),
        ("qa-e3", "accuracy_weakly_known"): (0.0, 2),
        ("qa-e3", "accuracy_unknown"): (0.5, 4),
    }
    assert [r.headline for r in found.results] == [False, False, False, True] * 2


def test_without_the_known_suite_there_are_none(run_folder: Path) -> None:
    assert category_results(read_run(run_folder)) == Derived()


DATA = """\
{"id":"a","document":"d1","kind":"price","form":"seen","question":"帽子は？","answer":"7,700円"}
{"id":"b","document":"d1","kind":"price","form":"paraphrase","question":"帽子の値段は？","answer":"7,700円"}
{"id":"c","document":"d1","kind":"price","form":"seen","question":"手袋は？","answer":"3,300円"}
{"id":"d","document":"d2","kind":"price","form":"seen","question":"傘は？","answer":"5,500円"}
"""


def test_of_two_facts_of_a_kind_in_a_document_each_has_its_own_category(tmp_path: Path) -> None:
    data = tmp_path / "questions.jsonl"
    data.write_text(DATA, encoding="utf-8")
    build.start(tmp_path, [build.BASE])

    def rows(task: Known | Knowledge, answer: str) -> list[dict[str, object]]:
        said = Response(answer, "stop", 4)
        return [sample_row(s, said, task.grade(s, said)) for s in task.load(data)]

    # The base says one price whatever it is asked: it knows that of the hat alone.
    build.measure(tmp_path, "base", "known", [], rows(Known(prompts=0), "7,700円"))
    build.measure(tmp_path, "base", "knowledge", [], rows(Knowledge(), "7,700円"))
    found = category_results(read_run(tmp_path))
    assert {r.metric: (r.value, r.n) for r in found.results} == {
        "accuracy_highly_known": (1.0, 2),
        "accuracy_unknown": (0.0, 2),
    }
