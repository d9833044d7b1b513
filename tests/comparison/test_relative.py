from __future__ import annotations

from pathlib import Path

import pytest

from harness.comparison.relative import relative_results
from harness.records import Verdict
from harness.runs import read_run
from tests.report import builder as build


def test_a_part_is_a_ratio_of_means_and_the_score_the_ratio_of_their_sums(
    run_folder: Path,
) -> None:
    relative = relative_results(read_run(run_folder))

    squad = relative.result("qa-e3", "relative_jsquad_f1")
    marc = relative.result("qa-e3", "relative_marc_ja_accuracy")
    score = relative.result("qa-e3")

    assert squad is not None
    assert marc is not None
    assert score is not None
    assert squad.value == pytest.approx(0.675 / 0.75)  # (.6+.9+.6+.6)/4 to (.5+1+.5+1)/4
    assert marc.value == pytest.approx(1.0 / 0.5)  # 4 of 4 right to 2 of 4
    assert score.value == pytest.approx((0.675 + 1.0) / (0.75 + 0.5))
    assert (squad.n, squad.clusters) == (4, 2)
    assert (score.n, score.headline, score.task) == (8, True, "relative")
    assert score.verdict is Verdict.MEASURED
    assert score.low <= score.value <= score.high


def test_the_baseline_is_exactly_one_to_itself(run_folder: Path) -> None:
    score = relative_results(read_run(run_folder)).result("base")

    assert score is not None
    assert (score.value, score.low, score.high) == (1.0, 1.0, 1.0)


def test_samples_are_paired_by_id_whatever_their_order(tmp_path: Path) -> None:
    folder = build.start(tmp_path, [build.BASE, build.QA])
    build.measure_jsquad(folder, "base", {"a": 0.5, "b": 1.0})
    build.measure_jsquad(folder, "qa-e3", {"b": 1.0, "a": 0.5})

    squad = relative_results(read_run(folder)).result("qa-e3", "relative_jsquad_f1")

    assert squad is not None
    assert (squad.value, squad.low, squad.high) == pytest.approx((1.0, 1.0, 1.0))
    assert squad.verdict is Verdict.MEASURED


def test_other_samples_make_a_ratio_incomparable(tmp_path: Path) -> None:
    folder = build.start(tmp_path, [build.BASE, build.QA])
    build.measure_jsquad(folder, "base", {"a": 0.5, "b": 1.0, "c": 1.0})
    build.measure_jsquad(folder, "qa-e3", {"a": 1.0, "b": 0.5})

    squad = relative_results(read_run(folder)).result("qa-e3", "relative_jsquad_f1")

    assert squad is not None
    assert squad.value == pytest.approx(1.0)  # over a and b alone
    assert squad.verdict is Verdict.INCOMPARABLE
    assert squad.reason == "jsquad: only 2 samples are shared, of 2 here and 3 of the baseline"


def test_another_identity_makes_a_ratio_incomparable(tmp_path: Path) -> None:
    folder = build.start(tmp_path, [build.BASE, build.QA])
    build.measure_jsquad(folder, "base", {"a": 0.5}, {"prompt": "v1", "data": "x"})
    build.measure_jsquad(folder, "qa-e3", {"a": 0.5}, {"prompt": "v2", "data": "x"})

    squad = relative_results(read_run(folder)).result("qa-e3", "relative_jsquad_f1")

    assert squad is not None
    assert squad.verdict is Verdict.INCOMPARABLE
    assert squad.reason == "jsquad: prompt not as in the baseline"


def test_one_part_alone_gives_no_relative_score_but_a_note(tmp_path: Path) -> None:
    folder = build.start(tmp_path, [build.BASE, build.QA])
    build.measure_marc(folder, "base", {"a": True, "b": True})
    build.measure_marc(folder, "qa-e3", {"a": True, "b": False})

    relative = relative_results(read_run(folder))

    part = relative.result("qa-e3", "relative_marc_ja_accuracy")
    assert part is not None
    assert part.value == pytest.approx(0.5)
    assert relative.result("qa-e3") is None
    assert "qa-e3: no relative score, only marc_ja could be paired." in relative.notes


def test_why_the_only_part_is_incomparable_is_a_note_too(tmp_path: Path) -> None:
    folder = build.start(tmp_path, [build.BASE, build.QA])
    build.measure_jsquad(folder, "base", {"a": 0.5}, {"prompt": "v1", "data": "x"})
    build.measure_jsquad(folder, "qa-e3", {"a": 0.5}, {"prompt": "v2", "data": "x"})

    notes = relative_results(read_run(folder)).notes

    assert notes == (
        "base: no relative score, only jsquad could be paired.",
        "qa-e3: no relative score, only jsquad could be paired.",
        "qa-e3, jsquad: prompt not as in the baseline.",
    )


def test_a_baseline_of_zero_is_said_rather_than_divided_by(tmp_path: Path) -> None:
    folder = build.start(tmp_path, [build.BASE, build.QA])
    build.measure_jsquad(folder, "base", {"a": 0.0, "b": 0.0})
    build.measure_jsquad(folder, "qa-e3", {"a": 1.0, "b": 0.0})

    relative = relative_results(read_run(folder))

    assert relative.results == ()
    assert any("base scored 0" in note for note in relative.notes)


def test_no_common_sample_is_said(tmp_path: Path) -> None:
    folder = build.start(tmp_path, [build.BASE, build.QA])
    build.measure_jsquad(folder, "base", {"a": 1.0})
    build.measure_jsquad(folder, "qa-e3", {"b": 1.0})

    relative = relative_results(read_run(folder))

    assert relative.result("qa-e3", "relative_jsquad_f1") is None
    assert "qa-e3, jsquad: not comparable, no sample in common with base." in relative.notes


def test_a_matrix_without_baseline_has_no_relative_results(tmp_path: Path) -> None:
    folder = build.start(tmp_path, [build.QA])
    build.measure_jsquad(folder, "qa-e3", {"a": 1.0})

    relative = relative_results(read_run(folder))

    assert relative.results == ()
    assert "need a baseline" in relative.notes[0]


def test_of_a_sample_stored_twice_the_last_row_counts(tmp_path: Path) -> None:
    folder = build.start(tmp_path, [build.BASE, build.QA])
    build.measure_jsquad(folder, "base", {"a": 1.0})
    build.measure_jsquad(folder, "qa-e3", {"a": 1.0})
    build.measure_jsquad(folder, "qa-e3", {"a": 0.5})

    squad = relative_results(read_run(folder)).result("qa-e3", "relative_jsquad_f1")

    assert squad is not None
    assert squad.value == pytest.approx(0.5)
    assert squad.n == 1
