"""The tables, report.json and the page's data of what was unknown before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.comparison.within import comparisons
from harness.report.cells import Table
from harness.report.document import document
from harness.report.markdown import summary
from harness.report.missing import gaps
from harness.report.page import page_data
from harness.report.tables import results_table
from harness.report.terminal import render, run_lines, text_width
from harness.report.unknown import unknown_tables
from harness.runs import Run, read_run
from tests.report import builder as build
from tests.report import unknown


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return read_run(unknown.unknown_run(tmp_path))


def _table(run: Run, title: str) -> Table:
    (found,) = (table for table in unknown_tables(run) if table.title.startswith(title))
    return found


def test_each_language_has_its_verdict_and_the_figures_it_rests_on(run: Run) -> None:
    table = _table(run, "Does membership inference work here? – data: embedded, fictional")

    assert table.rows == (
        ("base", "en", "Min-K%++ 20", ".79 [.76, .82]", ".52 [.49, .55]", "+.27 [+.22, +.32]",
         "works"),
        ("base", "ja", "Min-K%++ 20", ".55 [.52, .58]", ".53 [.50, .56]", "+.02 [−.03, +.07]",
         "no power here"),
    )  # fmt: skip
    assert "base, en: works: Min-K%++ 20 AUROC 0.79 > blind 0.52 at 128 tokens" in table.notes
    assert "base, ja: no power here: the best AUROC is 0.55 at 128 tokens" in table.notes


def test_rates_are_those_of_the_verdicts_band_and_few_others_are_marked(run: Run) -> None:
    table = _table(run, "Members found at a fixed false-positive rate")

    tokens, n, at_5, at_1, asked = table.rows[0][2:]
    assert (tokens, n) == ("128", "284/282")
    assert at_5 == "30.7 [25.7, 36.7]"
    assert at_1 == "11.8* [6.8, 17.8]"
    assert asked == "4.7 [2.3, 9.4]"
    assert any("of 150 documents asked about 7 look like members at 5 % FPR: new-0000" in note
               for note in table.notes)  # fmt: skip
    assert any(note.endswith("new-0006. 3 more are too short for it.") for note in table.notes)
    assert any(note.startswith("* too few non-members") for note in table.notes)


def test_ranks_stand_by_set_with_control_verdict_and_flagged_documents(run: Run) -> None:
    table = _table(run, "Ranks of true values among 20")

    assert table.rows[1] == (
        "base", "unseen", "900", "200", ".503 [.485, .521]", ".497 [.479, .515]", ".6000", "unknown",
    )  # fmt: skip
    assert table.rows[3][1] == "carried over"
    assert table.rows[0][-2:] == ("<.0001", "known")
    assert "base, flagged for new: new-0007 (q .0100)." in table.notes
    assert any("40 of known, 40 of unseen" in note for note in table.notes)


def _ranks_notes(folder: Path, **changed: Any) -> str:
    unknown.study(folder, "base", "ranks", unknown.ranks() | changed, [])
    return "\n".join(_table(read_run(folder), "Ranks of true values").notes)


def test_the_margin_is_the_one_that_the_task_was_told(tmp_path: Path) -> None:
    folder = build.start(tmp_path, [build.BASE])

    assert "lies between .45 and .55." in _ranks_notes(folder)
    assert "lies between .475 and .525." in _ranks_notes(folder, margin=0.025)
    assert "a margin of .5 that this run does not tell" in _ranks_notes(folder, margin=None)


def test_sets_within_the_margin_that_are_not_at_one_half_are_named(tmp_path: Path) -> None:
    folder = build.start(tmp_path, [build.BASE])
    sets = unknown.ranks()["sets"]
    sets[1] |= {"p": 0.003, "sentence": "unknown, though not exactly .50"}
    sets[2] |= {"p": 0.4, "sentence": "unknown"}
    sets[3] |= {"verdict": "unknown", "low": 0.501, "sentence": "unknown, a little above"}

    notes = _ranks_notes(folder, sets=sets).splitlines()
    assert [note for note in notes if note.startswith("base, ") and ": unknown" in note] == [
        "base, unseen: unknown, though not exactly .50.",
        "base, carried over: unknown, a little above.",
    ]


def test_what_was_not_asked_about_is_counted(tmp_path: Path) -> None:
    folder = build.start(tmp_path, [build.BASE])
    told = unknown.verbatim() | {"left_out": {"ja/member": 3, "en/asked": 1}}
    unknown.study(folder, "base", "verbatim", told, [])

    notes = _ranks_notes(folder, unused={"near_miss": 12})
    assert "base: questions of other forms, not asked about: 12 of near miss." in notes
    verbatim = _table(read_run(folder), "Verbatim continuation")
    assert (
        "base: texts too short to be asked about: 3 of ja, member, 1 of en, asked."
        in verbatim.notes
    )


def test_where_no_document_is_flagged_the_notes_say_so(tmp_path: Path) -> None:
    folder = build.start(tmp_path, [build.BASE])

    assert "(Benjamini-Hochberg, q < .05).\nbase, flagged for new" in _ranks_notes(folder)
    notes = _ranks_notes(folder, flagged=[])
    assert "(Benjamini-Hochberg, q < .05): none outside training text." in notes


def test_without_a_blind_baseline_the_notes_say_so(tmp_path: Path) -> None:
    folder = build.start(tmp_path, [build.BASE])
    pair = {**unknown.language("ja", 0.7, 0.5, "works"), "blind": {}, "best_blind": ""}
    own = {**unknown.trained(0.9, 0.5)["datasets"][0], "blind": {}, "best_blind": ""}
    unknown.study(folder, "base", "membership", {"languages": [pair]}, [])
    unknown.study(folder, "base", "trained", {"datasets": [own]}, [])

    tables = [table for table in unknown_tables(read_run(folder)) if "blind" in table.columns]
    assert len(tables) == 2
    for table in tables:
        assert table.rows[0][4] == "–"
        assert "Blind: no classifier without the model was tried." in table.notes
        assert any(note.startswith("Evidence: AUROC above .5, its") for note in table.notes)


def test_no_note_on_what_figures_mean_is_cut_in_markdown(run: Run) -> None:
    text = summary(run, comparisons(run))

    notes = [note for table in unknown_tables(run) for note in table.notes]
    meanings = [n for n in notes if n.split(":")[0] in ("AUROC", "Blind", "Mean rank", "Unknown")]
    assert len(meanings) == 6
    assert "…" not in text
    for name in ("area under the receiver operating characteristic", "false-positive rate (FPR)",
                 "true-positive rate (TPR)"):  # fmt: skip
        assert name in text


def test_trained_questions_are_told_for_each_checkpoint_and_data_set(run: Run) -> None:
    table = _table(run, "Trained against held-out questions")

    assert [(row[0], row[1], row[-1]) for row in table.rows] == [
        ("base", "own QA", "not detected"),
        ("base", "general", "not detected"),
        ("qa-e3", "own QA", "detected"),
        ("qa-e3", "general", "not detected"),
    ]
    assert "own QA: 480 trained, 462 held-out questions." in table.notes


def test_verbatim_runs_stand_by_set_and_prompt(run: Run) -> None:
    table = _table(run, "Verbatim continuation")

    assert table.columns[-2:] == ("longest run (characters)", "20 or more (%)")
    assert table.rows[0] == (
        "base", "ja, member", "continued", "60", "34.2 [30.2, 38.2]", "60.0 [50.0, 70.0]",
    )  # fmt: skip
    assert any("in characters: ja, member +3.1 [+1.2, +5.0]." in note for note in table.notes)


def test_documents_that_fail_the_date_rule_are_named(run: Run) -> None:
    table = _table(run, "Unknown before? Dates")

    assert table.rows == (
        ("1", "base (baseline)", "2025-04-01", "150", "99.3 [96.0, 99.9]", "100.0 [97.5, 100.0]"),
    )
    assert any("new-0004 (published 2025-03-30, not after" in note for note in table.notes)
    assert not any("new-0001" in note for note in table.notes)


def test_of_many_documents_the_first_are_named_and_the_rest_counted(tmp_path: Path) -> None:
    folder = build.start(tmp_path, [build.BASE])
    early = [build.row(f"d{n}", outcome="wrong", reason="too early") for n in range(25)]
    shown = build.result("base", "dates", "share_after_release", 0.0)
    build.measure(folder, "base", "dates", [shown], early)

    (table,) = unknown_tables(read_run(folder))

    (note,) = (note for note in table.notes if "d0" in note)
    assert "d9 (too early) and 15 more." in note
    assert "d10" not in note


def test_only_what_was_measured_has_a_table(tmp_path: Path, run_folder: Path) -> None:
    assert unknown_tables(read_run(run_folder)) == []

    folder = build.start(tmp_path, [build.BASE])
    unknown.study(folder, "base", "ranks", unknown.ranks(), [])
    unknown.study(folder, "base", "verbatim", unknown.verbatim(), [])
    build.measure(folder, "base", "verbatim", [], status="error", message="it broke")
    assert [t.title.split(" –")[0] for t in unknown_tables(read_run(folder))] == [
        "Ranks of true values among 20"
    ]


def emptied(value: Any) -> Any:
    """Details whose every number is null, and every name as it was."""
    if isinstance(value, dict):
        return {key: emptied(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [emptied(entry) for entry in value]
    return value if isinstance(value, str) else None


def test_numbers_that_are_null_and_keys_that_are_absent_are_dashes(tmp_path: Path) -> None:
    folder = build.start(tmp_path, [build.BASE])
    language = {**unknown.language("ja", 0.7, 0.5, "works"), "band": 128, "tokens": 128}
    whole = {"membership": {"languages": [language]}, "ranks": unknown.ranks(),
             "trained": unknown.trained(0.9, 0.5), "verbatim": unknown.verbatim()}  # fmt: skip
    for task, found in whole.items():
        unknown.study(folder, "base", task, emptied(found), [])
    for table in unknown_tables(read_run(folder)):
        cells = {cell for row in table.rows for cell in row}
        assert "–" in cells, table.title
        assert not any("None" in text or "nan" in text for text in (*cells, *table.notes))

    lists = {"membership": "languages", "ranks": "sets", "trained": "datasets", "verbatim": "sets"}
    for task, name in lists.items():
        unknown.study(folder, "base", task, {name: [{}]}, [])
    tables = unknown_tables(read_run(folder))
    assert len(tables) == 5
    assert all(set(table.rows[0][1:]) == {"–"} for table in tables)


def test_no_table_is_wider_than_100_columns(run: Run) -> None:
    tables = unknown_tables(run)

    assert len(tables) == 6
    for table in tables:
        assert max(map(text_width, render(table))) <= 100, table.title


def test_the_tables_have_an_order_and_are_opened_after_what_was_kept(run: Run) -> None:
    text = summary(run, comparisons(run))
    titles = [line for line in text.splitlines() if line.startswith("##")]
    terminal = "\n".join(run_lines(run.folder))

    order = [
        next(n for n, title in enumerate(titles) if begin in title)
        for begin in ("Knowledge accuracy", "Relative", "Dates", "Does membership", "Trained")
    ]
    assert order == sorted(order)
    assert terminal.index("Knowledge accuracy") < terminal.index("Ranks of true values among 20")


def test_figures_that_are_no_shares_keep_their_scale(run: Run) -> None:
    rows = {row[2]: row[3] for row in results_table(run, comparisons(run)).rows}

    assert rows["auroc_min_k_plus_plus_20_en"] == "0.790 [0.740, 0.840]"
    assert rows["evidence_en"] == "+0.270 [+0.220, +0.320]"
    assert rows["mean_rank_unseen"] == "0.503 [0.453, 0.553] (90 % interval)"
    assert rows["share_verbatim_ja_member_continue"] == "60.0 [55.0, 65.0] %"
    assert rows["share_after_release"] == "99.3 [96.0, 99.9] %"


def test_an_adapter_is_not_missing_what_only_a_model_is_asked(run: Run) -> None:
    asked = {gap.task for gap in gaps(run) if gap.checkpoint == "qa-e3"}

    assert asked == {"knowledge"}


def test_report_json_holds_the_details_whole(run: Run) -> None:
    report = document(run, comparisons(run))

    assert set(report["details"]["base"]) == {"membership", "ranks", "trained", "verbatim"}
    assert set(report["details"]["qa-e3"]) == {"trained"}
    assert report["details"]["qa-e3"]["trained"] == unknown.trained(0.93, 0.52)
    assert json.loads(json.dumps(report["details"])) == report["details"]


def test_the_page_gets_neither_texts_that_were_only_read_nor_curves_that_it_does_not_draw(
    run: Run,
) -> None:
    data = page_data(run, document(run, comparisons(run)))
    counts = {task: len(packed["questions"]) for task, packed in data["samples"].items()}
    details = data["report"]["details"]["base"]

    assert counts == {"knowledge": 0, "dates": 2} | dict.fromkeys(unknown.TASKS[1:], 0)
    attacks = details["trained"]["datasets"][0]["attacks"]
    assert set(attacks) == {"min_k_plus_plus_20"}
    assert set(attacks["min_k_plus_plus_20"]) & {"auroc", "roc"} == {"auroc"}
    band = details["membership"]["languages"][0]["bands"][0]
    assert band["attacks"]["loss"]["roc"]
    assert details["ranks"]["sets"][0]["histogram"] == unknown.ranks()["sets"][0]["histogram"]
