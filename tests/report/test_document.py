from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.report.parts import packed_task
from harness.report.samples import confusion, cut, outcomes, packed_reading
from harness.report.write import write_reports
from harness.review.events import sample_key
from harness.runs import read_run
from tests.report import builder as build
from tests.report.evidence import evidence_run


def _strict(constant: str) -> Any:
    raise AssertionError(f"{constant} is no JSON")


def _report(folder: Path) -> Any:
    write_reports(folder)
    return json.loads((folder / "report.json").read_text("utf-8"), parse_constant=_strict)


def test_report_json_holds_every_field_of_every_result(run_folder: Path) -> None:
    report = _report(run_folder)

    assert report["schema"] == 1
    assert report["run"]["id"] == "20261123-231502-4f2a"
    first = next(r for r in report["results"] if r["metric"] == "accuracy_seen")
    assert first == {
        "checkpoint": "qa-e3", "task": "knowledge", "metric": "accuracy_seen", "value": 0.65,
        "low": pytest.approx(0.6), "high": pytest.approx(0.7), "n": 1200, "clusters": 50,
        "interval": "cluster bootstrap", "headline": True, "verdict": "measured", "reason": "",
        "identity": {}, "gate": {},
    }  # fmt: skip
    assert {"relative_score", "relative_jsquad_f1"} <= {r["metric"] for r in report["results"]}


def test_report_json_lists_items_and_what_is_missing(run_folder: Path) -> None:
    report = _report(run_folder)

    assert len(report["items"]) == 7
    assert all("results" not in item for item in report["items"])
    assert [(g["checkpoint"], g["task"], g["status"]) for g in report["missing"]] == [
        ("gpt", "knowledge", "skipped"),
        ("gpt", "jsquad", "not run"),
        ("gpt", "marc_ja", "not run"),
    ]


def test_report_json_keeps_notes_and_outcomes_apart(tmp_path: Path) -> None:
    report = _report(evidence_run(tmp_path))

    assert set(report["notes"]) == {"acquisition", "twins", "known_before", "relative"}
    assert [note.startswith("qa-b, twin of qa-e3") for note in report["notes"]["twins"]] == [True]
    assert report["notes"]["acquisition"] == []
    assert report["outcomes"]["qa-e3"]["control"] == {"correct": 1, "wrong": 3}
    assert report["outcomes"]["base"]["control"] == {"abstained": 4}


def test_an_answer_given_twice_counts_once_as_the_last_time(tmp_path: Path) -> None:
    folder = build.start(tmp_path, [build.BASE])
    rows = [
        build.row("1", stratum="seen"),
        build.row("2", stratum="seen", outcome="partial"),
        build.row("2", stratum="seen", outcome="wrong"),
        build.row("3", stratum="control", outcome="abstained"),
    ]
    build.measure(folder, "base", "knowledge", [], rows)

    assert outcomes(read_run(folder), "base") == {
        "seen": {"correct": 1, "wrong": 1},
        "control": {"abstained": 1},
    }
    assert outcomes(read_run(folder), "qa-e3") == {}


def test_nan_becomes_null(tmp_path: Path) -> None:
    folder = build.start(tmp_path, [build.BASE])
    lost = build.result("base", "knowledge", "accuracy_seen", float("nan"), high=float("inf"))
    build.measure(folder, "base", "knowledge", [lost])

    (first,) = _report(folder)["results"]

    assert (first["value"], first["low"], first["high"]) == (None, None, None)


def test_packed_samples_hold_each_prompt_and_answer_once(tmp_path: Path) -> None:
    folder = build.start(tmp_path, [build.BASE, build.QA])
    prompts = {"a": "文章：長い。質問：一", "b": "文章：長い。質問：二"}
    rows = [build.row(i, prompt=p, gold=["一円"], response="一円") for i, p in prompts.items()]
    build.measure(folder, "base", "jsquad", [], rows[:1])
    wrong = {**rows[1], "response": "二円", "outcome": "wrong", "scores": {"f1": 0.5}}
    build.measure(folder, "qa-e3", "jsquad", [], [rows[0], wrong])

    keys = {
        (i, said): sample_key("jsquad", i, prompts[i], said)
        for i, said in (("a", "一円"), ("b", "一円"), ("b", "二円"))
    }
    assert packed_task(read_run(folder), "jsquad") == {
        "questions": [
            ["a", 0, "文章：長い。質問：一", ["一円"], 0, [], [[], []], keys["a", "一円"], 0],
            [
                "b",
                9,
                "二",
                ["一円"],
                0,
                ["二円"],
                [0, [1, 1, 501]],
                " " * 16 + keys["b", "二円"],  # the gold answer, which nobody gave, has none
                1,
            ],
        ],
        "strata": [""],
        "outcomes": ["correct", "wrong"],
        "reasons": [""],
        "authors": ["rule/1"],
    }


def test_long_texts_are_cut_with_a_mark() -> None:
    assert cut("あ" * 4_000) == "あ" * 4_000
    assert cut("あ" * 5_000) == "あ" * 4_000 + " … [+1,000]"


def test_confusion_counts_answers_by_gold_label(tmp_path: Path) -> None:
    folder = build.start(tmp_path, [build.BASE])
    no, yes = "ネガティブ", "ポジティブ"
    wrong = {"correct": False, "outcome": "wrong"}
    rows = [
        build.row("1", gold=[yes], response=yes),
        build.row("2", gold=[yes], response=f"{yes}です"),  # judged right in a sentence
        build.row("3", gold=[yes], response=f" {no}\n", **wrong),
        build.row("4", gold=[no], response=yes, **wrong),
        build.row("5", gold=[no], response="どちらとも", **wrong),
    ]
    build.measure(folder, "base", "marc_ja", [], rows)

    assert confusion(read_run(folder), "base") == {
        "labels": [yes, no],
        "counts": [[2, 1, 0], [1, 0, 1]],
    }
    assert confusion(read_run(folder), "qa-e3") is None


def test_a_reading_is_three_characters_a_token() -> None:
    # 1 character at 0; 2 at .25: 25 is "<", the 25th character after "#".
    assert packed_reading({"ends": [1, 3], "logprobs": [0.0, -0.25]}) == "$##%#<"
    # A token of 90 characters takes two triples, one that ends inside a character none of its own.
    # 2,000 hundredths are 22 · 88 + 64, a hundred are 1 · 88 + 12.
    assert packed_reading({"ends": [90, 90], "logprobs": [-20.0, -1.0]}) == "z9c&9c#$/"


def test_report_json_says_the_verdict_and_what_it_is_made_of(tmp_path: Path) -> None:
    report = _report(evidence_run(tmp_path))

    said, parts = report["verdict"]["sentence"], report["verdict"]["parts"]
    assert said.startswith("No checkpoint can be recommended: ")
    assert said in (tmp_path / "summary.md").read_text("utf-8").replace("\\", "")
    assert (parts["task"], parts["metric"], parts["ranked"]) == (
        "acquisition", "acquisition", ["qa-e3"],
    )  # fmt: skip
    assert parts["barred"] == {"qa-e3": "regressed"}


def test_report_json_has_accuracy_by_kind_of_fact(tmp_path: Path) -> None:
    report = _report(evidence_run(tmp_path))

    found = report["kinds"]["qa-e3"]["control"]["price"]
    assert set(found) == {"value", "low", "high", "n", "interval"}
    assert (found["value"], found["n"]) == (0.25, 4)  # one control question of four
    assert found["low"] < 0.25 < found["high"]
    assert report["kinds"]["base"]["seen"]["price"]["value"] == 0
