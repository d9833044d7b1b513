"""Where a judge is trusted: figures against scikit-learn and by hand, files of other judges."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from harness.errors import ConfigError, DataError
from harness.judging.calibration import (
    Judged,
    Pair,
    Stratum,
    Trust,
    calibrate,
    calibration_row,
    read_calibration,
    stratum_of,
)

JUDGED = Judged("f" * 32, 1, "built-in/1", 3, 0.7)
REASON = stratum_of("knowledge", "seen", "reason", unsure=True)


def pairs(stratum: Stratum, table: dict[tuple[str, str], int], by_hand: bool = False) -> list[Pair]:
    """table: answers by (people's verdict, judge's verdict)."""
    return [
        Pair(stratum, people, judge, by_hand)
        for (people, judge), count in table.items()
        for _ in range(count)
    ]


def trust(table: dict[tuple[str, str], int]) -> Trust:
    found, *_ = calibrate(JUDGED, pairs(REASON, table)).strata
    return found


def table(cc: int, cw: int, wc: int, ww: int, cu: int = 0) -> dict[tuple[str, str], int]:
    """Answers right by people that the judge calls correct, wrong; the same of wrong ones; right
    ones that it leaves undecided."""
    return {
        ("correct", "correct"): cc,
        ("correct", "wrong"): cw,
        ("wrong", "correct"): wc,
        ("wrong", "wrong"): ww,
        ("correct", "unsure"): cu,
    }


def test_figures_are_those_of_the_table() -> None:
    from sklearn.metrics import cohen_kappa_score

    found = trust(table(40, 10, 4, 46, cu=7))
    people = ["c"] * 50 + ["w"] * 50
    judge = ["c"] * 40 + ["w"] * 10 + ["c"] * 4 + ["w"] * 46
    assert (found.n, found.undecided, found.right) == (100, 7, 50)
    assert found.kappa is not None
    assert found.agreement is not None
    assert found.kappa.value == pytest.approx(cohen_kappa_score(people, judge))
    assert found.agreement.value == pytest.approx(0.86)
    assert found.sensitivity is not None
    assert found.sensitivity.value == pytest.approx(0.80)
    assert found.specificity is not None
    assert found.specificity.value == pytest.approx(0.92)
    # Wilson's interval of 40 of 50, as its formula gives it.
    assert found.sensitivity.low == pytest.approx(0.6696, abs=1e-4)
    assert found.sensitivity.high == pytest.approx(0.8876, abs=1e-4)


def test_a_judge_that_calls_everything_right_agrees_often_and_is_not_trusted() -> None:
    found = trust(table(95, 0, 5, 0))
    assert found.agreement is not None
    assert found.agreement.value == pytest.approx(0.95)
    assert found.kappa is not None
    assert found.kappa.value == pytest.approx(0.0)
    assert not found.trusted
    assert "kappa's lower end" in found.why


def test_perfect_agreement_on_few_answers_is_not_enough() -> None:
    assert not trust(table(24, 0, 0, 25)).trusted
    assert "49 answers, 50 are needed" in trust(table(24, 0, 0, 25)).why
    assert trust(table(25, 0, 0, 25)).trusted


def test_the_lower_end_of_the_interval_decides_and_not_kappa() -> None:
    four, six = trust(table(23, 2, 2, 23)), trust(table(22, 3, 3, 22))
    assert four.trusted
    assert not six.trusted
    assert six.kappa is not None
    assert six.kappa.value > 0.6 > six.kappa.low


def test_one_verdict_for_all_leaves_kappa_undefined_and_no_trust() -> None:
    found = trust(table(60, 0, 0, 0))
    assert found.kappa is None
    assert not found.trusted
    assert "kappa is undefined" in found.why
    assert found.specificity is None


def test_a_judge_that_decides_nothing_is_not_trusted() -> None:
    found = trust({("correct", "unsure"): 60, ("wrong", "none"): 3})
    assert (found.n, found.undecided, found.trusted) == (0, 63, False)


def test_trust_goes_by_the_narrowest_stratum_with_enough_answers() -> None:
    colour, size = (stratum_of("knowledge", "seen", k, unsure=True) for k in ("colour", "size"))
    other_form = stratum_of("knowledge", "control", "colour", unsure=True)
    unknown = stratum_of("knowledge", "seen", "shop", unsure=True)
    found = calibrate(
        JUDGED,
        [
            *pairs(colour, table(20, 0, 0, 20)),
            *pairs(other_form, table(10, 0, 0, 10)),
            *pairs(size, table(30, 28, 28, 30)),
        ],
    )
    assert found.trusts(colour)  # 40 of its own, 60 of its kind
    assert not found.trusts(size)  # 116 of its own
    assert not found.trusts(unknown)  # all of the suite: kappa .36
    better = calibrate(
        JUDGED, [*pairs(colour, table(90, 0, 0, 90)), *pairs(size, table(4, 6, 6, 4))]
    )
    assert better.trusts(unknown)
    assert not better.trusts(size)  # 20 of its own speak against it
    assert not better.trusts(dataclasses.replace(unknown, suite="jsquad"))
    assert not better.trusts(dataclasses.replace(unknown, rule="sure"))


def test_of_the_rule_s_two_kinds_of_answers_one_says_nothing_of_the_other() -> None:
    price = stratum_of("knowledge", "seen", "price", unsure=False)
    found = calibrate(
        JUDGED, pairs(REASON, table(40, 30, 30, 40)) + pairs(price, table(99, 0, 0, 99))
    )
    assert not found.trusts(REASON)
    assert found.trusts(price)
    assert not found.trusts(stratum_of("knowledge", "seen", "price", unsure=True))
    assert found.trusts(stratum_of("knowledge", "control", "price", unsure=False))
    assert [t.stratum.name for t in found.totals] == ["all", "rule sure", "rule unsure"]
    assert found.totals[0].n == 338


def test_answers_that_people_chose_are_counted_apart() -> None:
    found = calibrate(
        JUDGED,
        pairs(REASON, table(30, 0, 0, 20)) + pairs(REASON, table(5, 0, 0, 5), by_hand=True),
    )
    assert (found.strata[0].n, found.strata[0].by_hand) == (60, 10)


def written(tmp_path: Path) -> Path:
    path = tmp_path / "judge.json"
    whole = calibrate(JUDGED, pairs(REASON, table(40, 1, 1, 40)))
    path.write_text(
        json.dumps(calibration_row(whole, model="m", made="2026-11-26"), ensure_ascii=False)
    )
    return path


def test_a_calibration_comes_back_from_its_file(tmp_path: Path) -> None:
    found = read_calibration(written(tmp_path), JUDGED)
    assert found.strata == calibrate(JUDGED, pairs(REASON, table(40, 1, 1, 40))).strata
    assert found.trusts(REASON)


def test_trust_is_made_of_the_figures_and_not_read(tmp_path: Path) -> None:
    path = written(tmp_path)
    content = json.loads(path.read_text())
    for row in content["strata"]:
        assert row["trusted"]
        row["n"] = 10
    path.write_text(json.dumps(content))
    assert not read_calibration(path, JUDGED).trusts(REASON)


@pytest.mark.parametrize(
    ("field", "other"),
    [
        ("fingerprint", "0" * 32),
        ("prompt", 0),
        ("rubric", "judge.md/12345678"),
        ("repeats", 1),
        ("temperature", 0.0),
    ],
)
def test_the_calibration_of_another_judge_is_refused(
    tmp_path: Path, field: str, other: object
) -> None:
    now = dataclasses.replace(JUDGED, **{field: other})
    with pytest.raises(ConfigError, match=f"of another judge .*{field} ") as raised:
        read_calibration(written(tmp_path), now)
    assert "python -m harness calibrate RUN" in str(raised.value)


@pytest.mark.parametrize("content", ["{}", "[]", '{"schema": 1, "judge": {}, "strata": []}'])
def test_a_file_that_is_no_calibration_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "judge.json"
    path.write_text(content)
    with pytest.raises(ConfigError, match=r"judge\.json: no calibration of a judge"):
        read_calibration(path, JUDGED)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere\.json: can't be read"):
        read_calibration(tmp_path / "nowhere.json", JUDGED)
