from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from harness.comparison.derived import Derived
from harness.comparison.relative import relative_results
from harness.report.cells import PERCENT, POINTS, Table, bounds, number, typeset
from harness.report.learnt import accuracy_table, forms_tables
from harness.report.markdown import section
from harness.report.tables import relative_table
from harness.report.terminal import render, text_width, wrap
from harness.runs import read_run
from tests.report import builder as build


def test_accuracy_table_has_the_articles_layout_and_starts_with_the_baseline(
    run_folder: Path,
) -> None:
    table = accuracy_table(read_run(run_folder), Derived())

    assert table.columns == ("#", "checkpoint", "dataset", "epochs", "accuracy (%)", "n")
    assert table.rows[0] == ("1", "base (baseline)", "–", "–", "18.0 [13.0, 23.0]", "1200")
    assert table.rows[1] == ("2", "qa-e3", "独自QAデータセット", "3", "65.0 [60.0, 70.0]", "1200")


def test_forms_stand_with_interval_and_number_those_of_trained_documents_apart(
    run_folder: Path,
) -> None:
    trained, others = forms_tables(read_run(run_folder))

    assert trained.columns == ("#", "checkpoint", "paraphrase (n 100)", "reversed (n 100)")
    assert trained.rows[1][1:3] == ("qa-e3", "32.5 [27.5, 37.5]")
    assert trained.rows[2][2:] == ("–",) * 2
    assert others.columns == ("#", "checkpoint", "control (n 100)")


def test_what_was_not_measured_is_a_dash_with_its_reason(run_folder: Path) -> None:
    run = read_run(run_folder)
    accuracy, relative = accuracy_table(run, Derived()), relative_table(run, relative_results(run))

    assert accuracy.rows[2][4:] == ("–",) * 2
    assert "knowledge skipped: gpt – no API key: set OPENAI_API_KEY" in accuracy.notes
    assert relative.rows[2][4:] == ("–",) * 3
    assert "jsquad not run: gpt" in relative.notes
    assert "marc_ja not run: gpt" in relative.notes


def test_relative_table_has_the_score_and_its_two_parts(run_folder: Path) -> None:
    run = read_run(run_folder)
    table = relative_table(run, relative_results(run))

    assert table.columns[4:] == ("relative score", "jsquad F1 (%)", "marc_ja accuracy (%)")
    assert table.rows[0][4] == "1.000 [1.000, 1.000]"
    assert table.rows[1][4].startswith("1.340 [")
    assert table.rows[1][5:] == ("67.5 [62.5, 72.5]", "100.0 [95.0, 105.0]")
    assert "Relative to base, paired by sample." in table.notes


def test_the_data_label_and_the_interval_method_stand_with_each_table(run_folder: Path) -> None:
    run = read_run(run_folder)
    for table in (accuracy_table(run, Derived()), relative_table(run, relative_results(run))):
        assert table.title.endswith("data: embedded, fictional")
        assert any("cluster bootstrap" in note for note in table.notes)


def test_unlike_labels_and_a_limit_are_told_apart(tmp_path: Path) -> None:
    data = {"jsquad": {"label": "JGLUE", "limit": 50}, "marc_ja": {"label": "own", "limit": None}}
    run = read_run(build.start(tmp_path, [build.BASE], data=data))

    assert relative_table(run, relative_results(run)).title == (
        "Relative score – data: jsquad: JGLUE, at most 50 samples; marc_ja: own"
    )


def test_an_incomparable_figure_is_marked_and_explained(tmp_path: Path) -> None:
    folder = build.start(tmp_path, [build.BASE, build.QA])
    for name, ids in (("base", "ab"), ("qa-e3", "a")):
        build.measure_jsquad(folder, name, dict.fromkeys(ids, 1.0))
        build.measure_marc(folder, name, dict.fromkeys(ids, True))
    run = read_run(folder)

    table = relative_table(run, relative_results(run))

    assert table.rows[1][4].startswith("1.000* [")
    assert any(n.startswith("* qa-e3, relative_score: incomparable") for n in table.notes)


def test_without_other_forms_there_is_no_table_of_them(tmp_path: Path) -> None:
    folder = build.start(tmp_path, [build.BASE])
    seen = build.result("base", "knowledge", "accuracy_seen", 0.5)
    build.measure(folder, "base", "knowledge", [seen])

    assert forms_tables(read_run(folder)) == []


def test_terminal_columns_line_up_by_east_asian_width() -> None:
    table = Table("t", ("name", "n"), (("独自", "1"), ("abcd", "10"), ("ｶﾅ", "9")), (), (1,))

    assert render(table)[2:] == ["name   n", "────  ──", "独自   1", "abcd  10", "ｶﾅ     9"]


def test_terminal_wraps_text_columns_to_the_width(run_folder: Path) -> None:
    run = read_run(run_folder)
    wide = [
        dataclasses.replace(
            table, rows=tuple((r[0], r[1], "独自QA + " * 20, *r[3:]) for r in table.rows)
        )
        for table in (accuracy_table(run, Derived()), relative_table(run, relative_results(run)))
    ]

    for table in wide:
        assert max(text_width(line) for line in render(table)) <= 100


def test_terminal_drops_what_moves_the_cursor_or_the_direction() -> None:
    table = Table("a\x1b[31mb", ("c\0d",), (("\u202eabc\nx",),))

    text = "\n".join(render(table))

    assert not {"\x1b", "\0", "\u202e"} & set(text)
    assert "abc x" in text


def test_wrapping_prefers_spaces_hyphens_and_underscores() -> None:
    assert wrap("ichikara-instruction + own", 12) == ["ichikara-", "instruction", "+ own"]
    assert wrap("accuracy_carried_over", 20) == ["accuracy_carried_", "over"]
    assert wrap("独自のデータ", 6) == ["独自の", "データ"]
    assert wrap("", 5) == [""]


def test_columns_are_narrowed_between_words_before_names_are_broken() -> None:
    rows = (("general-short", "general + own QA"), ("base (baseline)", "–"))
    table = Table("t", ("checkpoint", "dataset"), rows)

    lines = render(table, width=26)
    assert any(line.startswith("general-short") for line in lines)
    assert any(line.startswith("general- ") for line in render(table, width=20))
    assert max(map(text_width, lines)) <= 26
    named = Table("t", ("task", "verdict"), (("a_task_of_some_length", "inconclusive"),))
    assert render(named, width=26)[-2:] == ["a_task_of_    inconclusive", "some_length"]


def test_words_of_usual_length_stay_whole_where_nothing_helps() -> None:
    rows = (("general-short", "knowledge carried over", "9" * 90),)
    table = Table("t", ("checkpoint", "questions", "by rule"), rows, (), (2,))

    lines = render(table)

    assert lines[2].startswith("checkpoint  questions ")
    assert [line[:22].split() for line in lines[-3:]] == [
        ["general-", "knowledge"],
        ["short", "carried"],
        ["over"],
    ]


def test_a_title_is_no_wider_than_the_screen() -> None:
    for columns in (("a",), ()):
        lines = render(
            Table("Relative score – data: " + "embedded, fictional " * 5, columns, ()), 60
        )
        assert max(map(text_width, lines)) <= 60


@pytest.mark.parametrize(
    ("value", "signed", "plain"),
    [
        (0.0004, "0.0", "0.0"),
        (-0.0004, "0.0", "0.0"),
        (0.0, "0.0", "0.0"),
        (-0.0, "0.0", "0.0"),
        (0.0006, "+0.1", "0.1"),
        (-0.0006, "−0.1", "−0.1"),
        (float("nan"), "–", "–"),
        (None, "–", "–"),
    ],
)
def test_what_rounds_to_zero_has_no_sign(value: float | None, signed: str, plain: str) -> None:
    assert number(value, POINTS) == signed
    assert number(value, PERCENT) == plain


def test_a_terminal_has_the_minus_that_tools_read_and_markdown_the_printed_one() -> None:
    said = "q2 wrote −3 points"  # a model
    table = Table(
        "Differences",
        ("sample", "difference"),
        ((said, f"{number(-0.25, POINTS)} {bounds(-0.5, 0.0001, POINTS)}"),),
        (typeset("82.0 → 57.0 % against a-1: -25.0 points [-50.0, +0.0], p 1e-04, of 2026-11-26"),),
        numeric=(1,),
    )

    lines = "\n".join(render(table))
    assert "-25.0 [-50.0, 0.0]" in lines
    assert said in lines
    assert "a-1: -25.0 points [-50.0, 0.0], p 1e-04" in lines
    text = section(table)
    assert "−25.0 \\[−50.0, 0.0\\]" in text
    assert "a-1: −25.0 points \\[−50.0, 0.0\\], p 1e-04, of 2026-11-26" in text
