"""Differences in differences of a run: which questions they are made of, and what they amount to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.comparison.acquisition import acquisition_results
from harness.comparison.derived import Derived
from harness.records import Verdict
from harness.runs import read_run
from tests.report import builder as build

FORMS = ("seen", "paraphrase", "held_out", "untrained", "control")


def measured(
    folder: Path, name: str, right: dict[str, int], n: int = 40, **changes: object
) -> None:
    """A knowledge item: of each form n questions, two a document, the first `right` answered."""
    rows = [
        build.row(
            f"{form}/{number}",
            stratum=form,
            cluster=f"{'control' if form == 'control' else 'new'}-{number // 2}",
            correct=number < count,
            scores={"correct": float(number < count)},
        )
        for form, count in right.items()
        for number in range(n)
    ]
    seen = build.result(name, "knowledge", "accuracy_seen", 0.5, headline=True, **changes)
    build.measure(folder, name, "knowledge", [seen], rows)


def acquired(folder: Path, base: dict[str, int], tuned: dict[str, int]) -> Derived:
    build.start(folder, [build.BASE, build.QA])
    measured(folder, "base", base)
    measured(folder, "qa-e3", tuned)
    return acquisition_results(read_run(folder))


def test_what_rises_on_control_documents_is_taken_off(tmp_path: Path) -> None:
    found = acquired(
        tmp_path,
        base={"seen": 4, "paraphrase": 4, "held_out": 4, "control": 4},
        tuned={"seen": 36, "paraphrase": 28, "held_out": 12, "control": 8},
    )
    new, seen = found.result("qa-e3"), found.result("qa-e3", "acquisition_seen")
    assert new is not None
    assert seen is not None
    # (28 + 12 - 4 - 4)/80 and (36 - 4)/40, less (8 - 4)/40.
    assert new.value == pytest.approx(32 / 80 - 4 / 40)
    assert seen.value == pytest.approx(32 / 40 - 4 / 40)
    assert (new.n, new.clusters) == (120, 40)
    assert new.low < new.value < new.high < 1
    assert seen.low > 0
    assert (new.task, new.metric, new.headline) == ("acquisition", "acquisition", True)


def test_a_checkpoint_that_rose_everywhere_acquired_nothing(tmp_path: Path) -> None:
    base = dict.fromkeys(FORMS, 8)
    found = acquired(tmp_path, base, tuned=dict.fromkeys(FORMS, 16))
    for result in found.results:
        assert result.value == pytest.approx(0)
        assert result.low < 0 < result.high


def test_untrained_facts_are_a_figure_of_their_own(tmp_path: Path) -> None:
    found = acquired(
        tmp_path,
        base={"paraphrase": 4, "untrained": 4, "control": 4},
        tuned={"paraphrase": 40, "untrained": 4, "control": 4},
    )
    untrained = found.result("qa-e3", "acquisition_untrained")
    assert untrained is not None
    assert untrained.value == 0
    assert found.result("qa-e3", "acquisition_seen") is None
    new = found.result("qa-e3")
    assert new is not None
    assert new.value == pytest.approx(36 / 40)


def test_the_base_itself_is_not_compared(tmp_path: Path) -> None:
    found = acquired(tmp_path, dict.fromkeys(FORMS, 8), dict.fromkeys(FORMS, 8))
    assert {r.checkpoint for r in found.results} == {"qa-e3"}


def test_without_control_questions_it_is_said_that_nothing_is_shown(tmp_path: Path) -> None:
    found = acquired(tmp_path, {"seen": 4}, {"seen": 40})
    assert found.results == ()
    assert "No control questions" in found.notes[0]


def test_another_prompt_is_incomparable(tmp_path: Path) -> None:
    build.start(tmp_path, [build.BASE, build.QA])
    measured(tmp_path, "base", dict.fromkeys(FORMS, 8), identity={"prompt": "a"})
    measured(tmp_path, "qa-e3", dict.fromkeys(FORMS, 30), identity={"prompt": "b"})
    new = acquisition_results(read_run(tmp_path)).result("qa-e3")
    assert new is not None
    assert (new.verdict, new.reason) == (Verdict.INCOMPARABLE, "prompt not as in base")


def test_a_run_without_knowledge_says_nothing(run_folder: Path, tmp_path: Path) -> None:
    build.start(tmp_path / "other", [build.BASE, build.QA])
    assert acquisition_results(read_run(tmp_path / "other")) == Derived()


def test_without_new_questions_the_seen_ones_are_the_headline(tmp_path: Path) -> None:
    found = acquired(tmp_path, {"seen": 4, "control": 4}, {"seen": 40, "control": 4})
    headline = found.result("qa-e3")
    assert headline is not None
    assert (headline.metric, headline.value) == ("acquisition_seen", pytest.approx(0.9))


def test_an_analogy_that_a_fine_tuning_brings_is_not_acquired(tmp_path: Path) -> None:
    """Carried-over facts stand among the trained questions and never among the controls."""
    build.start(tmp_path, [build.BASE, build.QA])
    for name, recalls in (("base", False), ("qa-e3", True)):
        rows = [
            _question(f"{form}-{n}", form, f"{form}-doc-{n // 2}", right=recalls and old, old=old)
            for form in ("paraphrase", "control")
            for n in range(80)
            for old in [form == "paraphrase" and n % 4 == 0]
        ]
        _measure(tmp_path, name, rows)
    found = acquisition_results(read_run(tmp_path))
    new = found.result("qa-e3")
    assert new is not None
    assert (new.value, new.n, new.reason) == (0, 60 + 80, "")
    assert new.low < 0 < new.high
    assert "leaves out 20 questions on carried-over facts" in found.notes[0]


def test_controls_on_trained_documents_are_left_out_and_told(tmp_path: Path) -> None:
    build.start(tmp_path, [build.BASE, build.QA])
    for name, right in (("base", False), ("qa-e3", True)):
        _measure(
            tmp_path,
            name,
            [
                *(_question(f"p{n}", "paraphrase", f"d{n}", right) for n in range(20)),
                *(_question(f"c{n}", "control", f"d{n + 15}", right and n < 5) for n in range(20)),
            ],
        )
    found = acquisition_results(read_run(tmp_path))
    new = found.result("qa-e3")
    assert new is not None
    # Of 20 control questions five are on trained documents, and those alone rose.
    assert (new.value, new.n) == (1.0, 35)
    assert found.notes == (
        "5 control questions are about documents that have trained ones, too (such as d15): they "
        "are no controls and are left out.",
    )


def test_a_file_whose_controls_are_all_on_trained_documents_has_none(tmp_path: Path) -> None:
    build.start(tmp_path, [build.BASE, build.QA])
    for name in ("base", "qa-e3"):
        _measure(
            tmp_path,
            name,
            [
                _question(f"{form}{n}", form, f"d{n}")
                for form in ("seen", "control")
                for n in (1, 2)
            ],
        )
    found = acquisition_results(read_run(tmp_path))
    assert found.results == ()
    assert found.notes[0].startswith("2 control questions are about documents")
    assert found.notes[1].startswith("No control questions")


def test_questions_that_name_no_document_are_told_to_be_taken_as_independent(
    tmp_path: Path,
) -> None:
    build.start(tmp_path, [build.BASE, build.QA])
    for name in ("base", "qa-e3"):
        rows = [_question(f"{form}{n}", form, "") for form in ("seen", "control") for n in range(9)]
        _measure(tmp_path, name, rows)
    found = acquisition_results(read_run(tmp_path))
    assert found.notes[0].startswith("18 questions name no document")
    assert {(r.n, r.clusters) for r in found.results} == {(18, 18)}


def test_a_checkpoint_with_a_part_of_the_samples_is_marked(tmp_path: Path) -> None:
    build.start(tmp_path, [build.BASE, build.QA])
    measured(tmp_path, "base", dict.fromkeys(FORMS, 8))
    measured(tmp_path, "qa-e3", dict.fromkeys(FORMS, 8), n=30)
    new = acquisition_results(read_run(tmp_path)).result("qa-e3")
    assert new is not None
    assert (new.n, new.reason) == (90, "only 90 of 120 questions were asked of both")


def test_an_item_that_broke_off_is_not_compared(tmp_path: Path) -> None:
    build.start(tmp_path, [build.BASE, build.QA])
    measured(tmp_path, "base", dict.fromkeys(FORMS, 8), identity={"prompt": "a"})
    rows = [_question(f"{form}/0", form, "d") for form in FORMS]
    build.measure(tmp_path, "qa-e3", "knowledge", [], rows, status="crashed")
    assert acquisition_results(read_run(tmp_path)) == Derived()


def test_a_limit_that_leaves_few_of_one_form_leaves_the_figure_as_it_is(tmp_path: Path) -> None:
    values = []
    for asked in (10, 100):  # paraphrases, all learnt, beside ten held-out ones, none learnt
        folder = build.start(tmp_path / str(asked), [build.BASE, build.QA])
        for name, right in (("base", False), ("qa-e3", True)):
            rows = [_question(f"p{n}", "paraphrase", f"d{n // 2}", right) for n in range(asked)]
            rows += [_question(f"h{n}", "held_out", f"d{n}") for n in range(10)]
            rows += [_question(f"c{n}", "control", f"c{n}") for n in range(10)]
            _measure(folder, name, rows)
        new = acquisition_results(read_run(folder)).result("qa-e3")
        assert new is not None
        values.append(new.value)
    assert values == pytest.approx([0.5, 0.5])


def test_a_form_of_one_question_does_not_decide(tmp_path: Path) -> None:
    build.start(tmp_path, [build.BASE, build.QA])
    for name, right in (("base", False), ("qa-e3", True)):
        rows = [_question(f"p{n}", "paraphrase", f"d{n // 2}", right) for n in range(90)]
        rows += [_question("h", "held_out", "d0")]
        rows += [_question(f"c{n}", "control", f"c{n}") for n in range(10)]
        _measure(tmp_path, name, rows)
    new = acquisition_results(read_run(tmp_path)).result("qa-e3")
    assert new is not None
    assert new.value == pytest.approx(90 / (90 + 10))
    assert new.low > 0.5


def test_questions_that_stand_twice_count_twice(tmp_path: Path) -> None:
    build.start(tmp_path, [build.BASE, build.QA])
    for name, right in (("base", False), ("qa-e3", True)):
        rows = [_question(f"c{n}", "control", f"c{n}") for n in range(4)]
        for n in range(4):
            row = _question(f"p{n}", "paraphrase", f"d{n // 2}", right and n < 3)
            rows += [row, {**row, "id": f"again {n}"}]
        _measure(tmp_path, name, rows)
    new = acquisition_results(read_run(tmp_path)).result("qa-e3")
    assert new is not None
    assert (new.value, new.n, new.clusters) == (0.75, 12, 6)


@pytest.mark.slow
def test_where_nothing_was_learnt_it_rarely_says_so(tmp_path: Path) -> None:
    # Everything rises by 14 points, by document: beta-binomial, correlated by .3 within documents.
    generator = np.random.default_rng(20240521)
    alarms, trials = 0, 60
    for trial in range(trials):
        folder = build.start(tmp_path / str(trial), [build.BASE, build.QA])
        rows: dict[str, list[dict[str, object]]] = {"base": [], "qa-e3": []}
        for place in range(60):
            form = "control" if place < 20 else "paraphrase"
            before, won = generator.beta(0.07 * 7 / 3, 0.93 * 7 / 3), generator.beta(0.35, 1.98)
            for n in range(6):
                knew = bool(generator.random() < before)
                now = knew or bool(generator.random() < won)
                for name, right in (("base", knew), ("qa-e3", now)):
                    rows[name].append(_question(f"{place}/{n}", form, f"d{place}", right))
        for name, answered in rows.items():
            _measure(folder, name, answered)
        new = acquisition_results(read_run(folder)).result("qa-e3")
        assert new is not None
        alarms += not new.low <= 0 <= new.high
    assert alarms / trials <= 0.1


def _question(
    identifier: str, form: str, document: str, right: bool = False, old: bool = False
) -> dict[str, object]:
    return build.row(
        identifier,
        stratum=form,
        cluster=document or identifier,
        correct=right,
        scores={"correct": float(right)},
        detail={"carried_over": True} if old else {},
    )


def _measure(folder: Path, name: str, rows: list[dict[str, object]]) -> None:
    seen = build.result(name, "knowledge", "accuracy_seen", 0.5, headline=True)
    build.measure(folder, name, "knowledge", [seen], rows)
