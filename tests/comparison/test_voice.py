"""Does a checkpoint still speak as its base does? Paired, by interval and margin, suite by suite."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from harness.comparison.gate import decide
from harness.comparison.scores import score_set
from harness.comparison.voice import Spoken, broken, voices
from harness.config.gates import Gate
from harness.records import Verdict
from harness.runs import read_run
from tests.report import builder as build
from tests.report.speaking import SOUND, answers, measure_spoken, spoken_run


def beside(folder: Path, ours: list, theirs: list) -> Spoken:
    """The one comparison of a run of one suite."""
    run = spoken_run(folder / "run", {"knowledge": {"base": theirs, "qa-e3": ours}})
    (spoken,) = voices(read_run(run))
    return spoken


def rises(spoken: Spoken) -> dict[str, tuple[float, float, float]]:
    return {r.sign: (r.before, r.now, r.difference) for r in spoken.rises}


def test_each_sign_is_counted_question_by_question(tmp_path: Path) -> None:
    ours = [("unfinished", "looping"), ("unfinished",), ("refused",), SOUND, SOUND]
    theirs = [SOUND, ("unfinished",), SOUND, ("foreign",), SOUND]
    spoken = beside(tmp_path, ours, theirs)
    assert (spoken.checkpoint, spoken.task, spoken.n) == ("qa-e3", "knowledge", 5)
    none = (0.0, 0.0, 0.0)
    assert rises(spoken) == {
        "damaged": (0.4, 0.4, 0.0),  # one more, one less
        "unfinished": (0.2, 0.4, pytest.approx(0.2)),
        "empty": none,
        "looping": (0.0, 0.2, 0.2),
        "foreign": (0.2, 0.0, -0.2),
        "leaked": none,
        "refused": (0.0, 0.2, 0.2),
    }


def test_the_interval_is_bonett_and_prices(tmp_path: Path) -> None:
    spoken = beside(tmp_path, answers(12, 200, "empty"), answers(0, 200))
    damaged = spoken.rises[0]
    # Adjusted Wald (2012, doi 10.3102/1076998611411915): one pair more each way, so that 13 and 1
    # of 202 differ. Ours has Student's t of 199 degrees of freedom (1.97196) and G/(G-1) besides.
    more, less, n = 13 / 202, 1 / 202, 202
    error = math.sqrt((more + less - (more - less) ** 2) / n * 200 / 199)
    assert damaged.low == pytest.approx(more - less - 1.97196 * error, abs=1e-5)
    assert damaged.high == pytest.approx(more - less + 1.97196 * error, abs=1e-5)


@pytest.mark.parametrize(
    ("n", "before", "now", "is_broken"),
    [
        (100, 0, 0, False),
        (100, 0, 3, False),  # 3 points, which may be chance
        (100, 0, 10, True),
        (2000, 0, 30, False),  # 1.5 points for certain: less than half a margin
        (2000, 0, 60, False),  # 3 points for certain, and as certainly less than a margin
        (2000, 0, 90, True),  # 4.5 points, which may be 5
        (100, 90, 20, False),  # what speaks better than its base is not broken
        (100, 90, 90, False),  # nor what is as damaged as its base
        (3, 0, 3, False),  # three answers tell nothing
    ],
)
def test_broken_is_what_a_gate_of_the_usual_margin_calls_regressed(
    tmp_path: Path, n: int, before: int, now: int, is_broken: bool
) -> None:
    signs = ("unfinished",)
    run = read_run(spoken_run(tmp_path / "run", {"knowledge": {
        "base": answers(before, n, *signs), "qa-e3": answers(now, n, *signs),
    }}))  # fmt: skip
    (spoken,) = voices(run)
    assert spoken.broken is is_broken
    # A gate with the usual margin says the same.
    ours, theirs = (score_set(run, name, "knowledge") for name in ("qa-e3", "base"))
    assert ours
    gated = decide(Gate("knowledge", "damaged"), ours, theirs, "base")
    assert (gated.verdict is Verdict.REGRESSED) is is_broken


def test_questions_of_one_document_count_as_one(tmp_path: Path) -> None:
    """Ten damaged answers of 100 are certain, but not where they are all on one document."""
    for name, size in (("spread", 1), ("together", 10)):
        build.start(tmp_path / name, [build.BASE, build.QA])
        for checkpoint, damaged in (("base", 0), ("qa-e3", 10)):
            rows = answers(damaged, 100, "empty")
            measure_spoken(tmp_path / name, checkpoint, "jsquad", rows)
            path = tmp_path / name / f"samples/{checkpoint}/jsquad.jsonl"
            text = path.read_text("utf-8")
            for place in range(100):
                text = text.replace(f'"cluster": "q{place}"', f'"cluster": "d{place // size}"')
            path.write_text(text, "utf-8")
    spread, together = (voices(read_run(tmp_path / name))[0] for name in ("spread", "together"))
    assert spread.rises[0].difference == together.rises[0].difference == 0.1
    assert (spread.broken, together.broken) == (True, False)


def test_the_worst_signs_are_those_that_rose_for_certain(tmp_path: Path) -> None:
    ours = [*answers(30, 60, "looping"), *answers(40, 40, "unfinished", "refused")]
    ours[0] = ("looping", "leaked")
    spoken = beside(tmp_path, ours, answers(0, 100))
    # Neither the one leak, which may be chance, nor refusals, which are no damage.
    assert [r.sign for r in spoken.worst] == ["unfinished", "looping"]


def test_suites_in_which_a_voice_is_broken_come_worst_first(tmp_path: Path) -> None:
    sound = answers(0, 100)
    run = spoken_run(tmp_path / "run", {
        "jsquad": {"base": sound, "qa-e3": answers(20, 100, "empty")},
        "knowledge": {"base": sound, "qa-e3": answers(70, 100, "empty")},
        "qualitative": {"base": sound, "qa-e3": sound},
    })  # fmt: skip
    spoken = voices(read_run(run))
    assert [(s.task, s.broken) for s in spoken] == [
        ("jsquad", True), ("knowledge", True), ("qualitative", False),
    ]  # fmt: skip
    assert [s.task for s in broken(spoken, "qa-e3")] == ["knowledge", "jsquad"]
    assert broken(spoken, "base") == []


def test_what_was_asked_otherwise_is_not_compared_silently(tmp_path: Path) -> None:
    folder = build.start(tmp_path / "run", [build.BASE, build.QA])
    measure_spoken(folder, "base", "jsquad", answers(0, 50), identity={"max_new_tokens": 48})
    worse = answers(50, 50, "unfinished")
    measure_spoken(folder, "qa-e3", "jsquad", worse, identity={"max_new_tokens": 8})
    (spoken,) = voices(read_run(folder))
    assert spoken.problem == "max_new_tokens not as in base"
    assert (spoken.rises, spoken.broken, spoken.worst) == ((), False, [])


def test_without_a_common_question_nothing_is_compared(tmp_path: Path) -> None:
    folder = build.start(tmp_path / "run", [build.BASE, build.QA])
    measure_spoken(folder, "base", "jsquad", answers(0, 5))
    measure_spoken(folder, "qa-e3", "jsquad", answers(5, 5, "empty"), prompt="何ですか？")
    (spoken,) = voices(read_run(folder))
    assert spoken.problem == "no question in common with base"
    assert not spoken.broken


def test_without_a_baseline_or_an_answer_of_its_own_there_is_nothing(tmp_path: Path) -> None:
    alone = build.start(tmp_path / "alone", [build.QA, build.API])
    measure_spoken(alone, "qa-e3", "jsquad", answers(5, 5, "empty"))
    assert voices(read_run(alone)) == ()
    unasked = build.start(tmp_path / "unasked", [build.BASE, build.QA])
    measure_spoken(unasked, "qa-e3", "jsquad", answers(5, 5, "empty"))
    assert voices(read_run(unasked)) == ()
    # whole_run's answers were scored, or measured before signs were looked for.
    assert voices(read_run(build.whole_run(tmp_path / "silent"))) == ()


def test_an_item_that_broke_off_is_not_compared(tmp_path: Path) -> None:
    folder = build.start(tmp_path / "run", [build.BASE, build.QA])
    measure_spoken(folder, "base", "jsquad", answers(0, 50))
    rows = [build.row(f"q{place}", scores={"damaged": 1.0}) for place in range(9)]
    build.measure(folder, "qa-e3", "jsquad", [], rows, status="error")
    assert voices(read_run(folder)) == ()
