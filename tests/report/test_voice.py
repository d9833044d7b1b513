"""Damaged voices in tables, in the verdict and in report.json."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.comparison.voice import voices
from harness.comparison.within import comparisons
from harness.config.gates import DEFAULT_MARGIN
from harness.report.markdown import summary
from harness.report.terminal import render
from harness.report.voice import broken_sentence, voice_tables
from harness.report.write import write_reports
from harness.runs import Run, read_run
from tests.report import builder as build
from tests.report.speaking import answers, measure_spoken, spoken_run

NOBODY = answers(0, 100)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Broken in knowledge by two signs, in jsquad by one; in qualitative one answer in a hundred."""
    worse = [*answers(60, 60, "unfinished"), *answers(40, 40, "unfinished", "looping")]
    return read_run(spoken_run(tmp_path / "run", {
        "knowledge": {"base": answers(1, 100, "empty"), "qa-e3": worse},
        "jsquad": {"base": NOBODY, "qa-e3": answers(20, 100, "foreign")},
        "qualitative": {"base": NOBODY, "qa-e3": answers(1, 100, "leaked")},
    }))  # fmt: skip


def test_a_row_a_checkpoint_a_column_a_suite_and_what_rose(run: Run) -> None:
    (table,) = voice_tables(run, voices(run))
    assert table.columns == ("#", "checkpoint", "jsquad", "knowledge", "qualitative", "what rose")
    assert table.rows == (
        ("1", "base (baseline)", "0.0 [−5.0, 5.0]", "1.0 [−4.0, 6.0]", "0.0 [−5.0, 5.0]", ""),
        ("2", "qa-e3", "20.0 [15.0, 25.0]", "100.0 [95.0, 105.0]", "1.0 [−4.0, 6.0]",
         "jsquad BROKEN: another language +20.0; "
         "knowledge BROKEN: never ends +100.0, repeats itself +40.0"),
    )  # fmt: skip
    # The note says the margin that decides, and half of it.
    margin = 100 * DEFAULT_MARGIN
    assert f"by {margin / 2:g} points or more, and {margin:g} can't be" in table.notes[0]
    assert "against base on the same questions" in table.notes[0]


def test_the_sentence_names_each_broken_checkpoint_its_signs_and_its_worst_suite(run: Run) -> None:
    told = broken_sentence(voices(run), ["base", "qa-e3"])
    damaged = next(s for s in voices(run) if s.task == "knowledge").rises[0]
    low, high = 100 * damaged.low, 100 * damaged.high
    assert told == (
        "The voice of qa-e3 is damaged (never ends, repeats itself): 100.0 % of its answers in "
        f"knowledge and 1 more, +99.0 points [+{low:.1f}, +{high:.1f}]."
    )
    assert broken_sentence(voices(run), ["base"]) == ""
    assert broken_sentence((), ["base", "qa-e3"]) == ""


def test_damage_of_many_kinds_is_told_as_that(tmp_path: Path) -> None:
    kinds = ("unfinished", "empty", "looping", "foreign", "leaked")
    # Ten of 200, two by each sign: none of them rose for certain, but damage did.
    worse = [(kind,) for kind in kinds * 2] + [()] * 190
    run = read_run(
        spoken_run(tmp_path / "run", {"jsquad": {"base": answers(0, 200), "qa-e3": worse}})
    )
    assert broken_sentence(voices(run), ["qa-e3"]).startswith(
        "The voice of qa-e3 is damaged (several signs): 5.0 % of its answers in jsquad, +5.0 "
    )


def test_verdict_summary_and_data_say_it(run: Run) -> None:
    write_reports(run.folder)
    document = json.loads((run.folder / "report.json").read_text("utf-8"))
    sentence = broken_sentence(voices(run), ["base", "qa-e3"])
    assert document["verdict"]["sentence"].endswith(sentence)
    assert [(s["checkpoint"], s["task"], s["broken"]) for s in document["voice"]] == [
        ("qa-e3", "jsquad", True), ("qa-e3", "knowledge", True), ("qa-e3", "qualitative", False),
    ]  # fmt: skip
    assert document["voice"][0]["rises"][0] == {
        "sign": "damaged", "before": 0.0, "now": 0.2, "difference": 0.2,
        "low": pytest.approx(voices(run)[0].rises[0].low),
        "high": pytest.approx(voices(run)[0].rises[0].high),
    }  # fmt: skip
    text = (run.folder / "summary.md").read_text("utf-8")
    assert "The voice of qa-e3 is damaged" in text
    assert "## Voice: damaged answers (%)" in text


def test_many_suites_stand_in_tables_that_fit_a_terminal(tmp_path: Path) -> None:
    worse = answers(60, 60, "unfinished", "looping")
    suites = ("jaqket", "jcommonsenseqa", "jsquad", "knowledge", "known", "marc_ja", "qualitative")
    run = read_run(spoken_run(tmp_path / "run", {
        task: {"base": answers(0, 60), "qa-e3": worse} for task in suites
    }))  # fmt: skip
    tables = voice_tables(run, voices(run))
    shown = [column for table in tables for column in table.columns[2:-1]]
    assert shown == list(suites)
    assert max(len(line) for table in tables for line in render(table)) <= 100
    # What rose stands beside the suites in which it did; what the words mean is said once.
    for table in tables:
        assert [p.split(" ")[0] for p in table.rows[1][-1].split("; ")] == [*table.columns[2:-1]]
    assert [sum(note.startswith("Damaged: ") for note in t.notes) for t in tables] == [1, 0, 0]


def test_what_can_not_be_compared_says_why(tmp_path: Path) -> None:
    folder = build.start(tmp_path / "run", [build.BASE, build.QA])
    measure_spoken(folder, "base", "jsquad", NOBODY, identity={"max_new_tokens": 48})
    worse = answers(100, 100, "unfinished")
    measure_spoken(folder, "qa-e3", "jsquad", worse, identity={"max_new_tokens": 8})
    run = read_run(folder)
    (table,) = voice_tables(run, voices(run))
    assert table.rows[1][2:] == ("100.0 [95.0, 105.0]", "")
    assert table.notes[-1] == "qa-e3, jsquad: max_new_tokens not as in base."
    assert broken_sentence(voices(run), ["qa-e3"]) == ""


def test_a_checkpoint_that_was_not_asked_has_a_blank(tmp_path: Path) -> None:
    folder = build.start(tmp_path / "run", [build.BASE, build.QA])
    measure_spoken(folder, "base", "jsquad", NOBODY)
    run = read_run(folder)
    (table,) = voice_tables(run, voices(run))
    assert table.rows[1] == ("2", "qa-e3", "–", "")


def test_a_run_that_wrote_nothing_has_no_table(tmp_path: Path) -> None:
    run = read_run(build.whole_run(tmp_path / "run"))
    assert voice_tables(run, voices(run)) == []
    assert "Voice" not in summary(run, comparisons(run))
