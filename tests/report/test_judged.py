"""What reports say of a model that judges: table, warnings, and its word beside each answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.comparison.judged import judge_review
from harness.report.judged import judge_tables
from harness.report.terminal import render
from harness.report.write import write_reports
from harness.runs import read_run
from tests.report.judged import JUDGE, judged_run, said
from tests.report.test_page_japanese import _ENGLISH, _SPACED, _said
from tests.report.visiting import Visit, section_rows

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def notes(folder: Path) -> list[str]:
    (table,) = judge_tables(judge_review(read_run(folder)))
    return list(table.notes)


def test_the_table_counts_what_the_judge_did(tmp_path: Path) -> None:
    review = judge_review(read_run(judged_run(tmp_path)))
    seen, control = review.forms
    assert (seen.form, seen.n, seen.unsure, seen.asked) == ("seen", 4, 2, 3)
    assert (seen.decided, seen.silent, seen.counted) == (2, 1, 1)
    assert (seen.sure, seen.alike) == (1, 0)
    assert control.agreement == pytest.approx(1 / 3)
    assert [a.item for a in review.apart] == ["apart"]
    assert dict(review.untrusted) == {
        "knowledge, seen, reason, rule unsure": 1,
        "knowledge, control, reason, rule unsure": 1,
    }
    (table,) = judge_tables(review)
    assert table.rows[0] == ("base", "knowledge seen", "4", "2", "3", "2", "1", "100.0", "0 of 1")
    assert max(map(len, render(table))) <= 100


def test_every_warning_is_told_in_all_places(tmp_path: Path) -> None:
    folder = judged_run(tmp_path, {**JUDGE, "snapshots": ["j-1"]})
    write_reports(folder)
    summary = (folder / "summary.md").read_text("utf-8")
    for place in (summary.replace("\\", ""), "\n".join(notes(folder))):
        assert "judge-1 judges answers of qa-e3, which stand on the same model" in place.replace(
            "&#58;", ":"
        )
        assert "is not calibrated for these answers" in place
    (listed,) = [line for line in notes(folder) if "differ on" in line]
    assert listed == "Judge and a rule that is sure differ on 1: knowledge apart (base)."


def test_a_judge_without_a_calibration_is_warned_of(tmp_path: Path) -> None:
    told = "\n".join(notes(judged_run(tmp_path, {**JUDGE, "calibration": None})))
    assert "judge-1 was never held against people, so none of its verdicts counts" in told


def silenced(folder: Path, *rows: int, **why: int) -> Path:
    """The run with no verdict in some of base's rows."""
    path = folder / "samples" / "base" / "knowledge.jsonl"
    found = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    for place in rows:
        found[place]["judge"] = {**said("none"), **why}
    path.write_text("".join(json.dumps(row) + "\n" for row in found), "utf-8")
    return folder


def test_a_judge_that_was_cut_off_is_told_with_the_way_out(tmp_path: Path) -> None:
    folder = silenced(judged_run(tmp_path, {**JUDGE, "calibration": None}), 0, 2, cut=3)
    told = "\n".join(notes(folder))
    assert "Warning: judge-1 was cut off before it gave a verdict on 2 of 4 answers." in told
    assert 'uses up the tokens for it: let it with omit = ["max_tokens"] in [models.judge' in told
    assert "never held against people" in told  # of what it did say
    assert "no verdict could be read of 2" in told


def test_a_judge_without_any_verdict_is_not_to_be_calibrated(tmp_path: Path) -> None:
    folder = silenced(
        judged_run(tmp_path, {**JUDGE, "calibration": None}), 0, 1, 2, 3, unanswered=3
    )
    told = "\n".join(notes(folder))
    assert "Warning: judge-1 gave no answer on 4 of 4 answers: it refused, or its server" in told
    assert "Warning: of no answer could judge-1's verdict be read, so none counts." in told
    assert "calibrate RUN" not in told


def test_a_judge_that_could_not_be_asked_left_nothing_to_be_graded(tmp_path: Path) -> None:
    folder = judged_run(tmp_path, {**JUDGE, "calibration": None})
    path = folder / "samples" / "base" / "knowledge.jsonl"
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    lines = [json.dumps({k: v for k, v in row.items() if k != "judge"}) + "\n" for row in rows]
    path.write_text("".join(lines), "utf-8")
    told = "\n".join(notes(folder))
    assert "it judged" not in told
    assert "calibrate RUN" not in told
    assert "Warning: judge-1 was asked of no answer." in told


def test_an_unknown_snapshot_is_warned_of(tmp_path: Path) -> None:
    folder = judged_run(tmp_path)
    path = folder / "samples" / "base" / "knowledge.jsonl"
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    rows[0]["judge"]["snapshots"] = ["j-2"]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    assert any(note.startswith("Warning: j-2 answered, of which") for note in notes(folder))


def test_without_a_judge_only_what_no_rule_can_tell_is_listed(tmp_path: Path) -> None:
    (table,) = judge_tables(judge_review(read_run(judged_run(tmp_path, None))))
    assert table.columns == ("checkpoint", "questions", "answers", "unsure")
    assert table.rows[0] == ("base", "knowledge seen", "4", "2")


def test_a_run_in_which_every_rule_is_sure_has_no_table(run_folder: Path) -> None:
    assert judge_tables(judge_review(read_run(run_folder))) == []


def test_redacted_reports_keep_figures_and_leave_reasons_out(tmp_path: Path) -> None:
    folder = judged_run(tmp_path)
    write_reports(folder, redact=True)
    texts = {f.name: f.read_text("utf-8") for f in (folder / "redacted").iterdir()}
    assert not any("because wrong" in text for text in texts.values())
    assert json.loads(texts["report.json"])["judge"]["apart_in_all"] == 1


@pytest.mark.browser
def test_the_page_shows_table_warnings_and_the_way_to_each_answer(
    visit: Visit, tmp_path: Path
) -> None:
    page = visit.open(judged_run(tmp_path))
    assert section_rows(page, "judge")[0] == [
        "base", "Knowledge · seen", "4", "2", "3", "2", "1", "100.0", "0 of 1",
    ]  # fmt: skip
    shown = page.inner_text("section:has(> #judge)")
    assert "judge-1 judges answers of qa-e3, which stand on the same model" in shown
    assert "judge-1 is not calibrated for 2 of these answers" in shown

    page.evaluate("location.hash = '#samples?task=knowledge&human=judge_differs'")
    page.wait_for_selector("#filter-human")
    assert page.locator("#filter-human").input_value() == "judge_differs"
    assert page.locator("main tbody tr").count() == 1

    page.evaluate("location.hash = '#sample/knowledge/uncounted'")
    page.wait_for_selector(".judge")
    assert page.inner_text(".judge") == (
        "the rule is unsure · judge-1: correct (does not count) · 2 × correct, 1 × wrong · "
        "because correct"
    )
    page.evaluate("location.hash = '#sample/knowledge/counted'")
    page.wait_for_selector(".judge:has-text('(counts)')")


@pytest.mark.browser
def test_grading_blind_tells_nothing_of_the_judge(visit: Visit, tmp_path: Path) -> None:
    page = visit.open(judged_run(tmp_path), "#grade?suite=knowledge&a=base&blind=1")
    page.wait_for_selector("main")
    shown = page.inner_text("main")
    assert "because" not in shown
    assert "judge-1" not in shown


@pytest.mark.browser
def test_in_japanese_it_is_said_in_japanese(browser: Browser, tmp_path: Path) -> None:
    japanese = Visit(browser, locale="ja-JP")
    folder = judged_run(tmp_path / "a")
    mute = silenced(judged_run(tmp_path / "c"), 0, 1, 2, 3, cut=1, unanswered=2)
    for place in (folder, judged_run(tmp_path / "b", None), mute):
        for address in ("", "#sample/knowledge/uncounted"):
            shown = _said(japanese, place, address)
            # But for what is written in a matrix.
            shown = shown.replace('omit = ["max_tokens"]', "").replace("extra_body", "")
            assert _ENGLISH.findall(shown) == []
            assert _SPACED.findall(shown) == []
    assert "警告" in _said(japanese, folder)
