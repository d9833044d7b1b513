"""When an attack's figures are evidence: more than any blind baseline finds, for all attacks at once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from harness.membership.attacks import PANEL
from harness.membership.enough import at_chance
from harness.membership.panel import FEWEST, USEFUL, Scored, Verdict, curves, judge, named
from harness.statistics.roc import auroc, auroc_difference, auroc_interval

BLIND = ("ngrams", "dates", "length")
WORDS = {
    Verdict.WORKS: "yes",
    Verdict.NO_POWER: "no",
    Verdict.TOO_FEW: "few",
    Verdict.INVALID: "refused",
}


def pair(
    n: int,
    seed: int = 0,
    attacks: Mapping[str, float] = {"loss": 0.0},
    blind: Mapping[str, float] = {"ngrams": 0.0},
    texts_each: int = 1,
) -> list[Scored]:
    """n texts on each side with normal scores; each name's members are shifted by its figure."""
    draw = np.random.default_rng(seed)
    scores = draw.normal(size=(2 * n, len(attacks) + len(blind)))
    scores[:n] += [*attacks.values(), *blind.values()]
    return [
        Scored(
            id=str(i),
            document=f"{i < n}-{i // texts_each}",
            member=i < n,
            attacks=dict(zip(attacks, row[: len(attacks)].tolist(), strict=True)),
            blind=dict(zip(blind, row[len(attacks) :].tolist(), strict=True)),
        )
        for i, row in enumerate(scores)
    ]


def sides(texts: Sequence[Scored], name: str, kind: str = "attacks") -> tuple[list[float], ...]:
    return tuple(
        [getattr(t, kind)[name] for t in texts if t.member is side] for side in (True, False)
    )


def documents(texts: Sequence[Scored]) -> tuple[list[str], ...]:
    return tuple([t.document for t in texts if t.member is side] for side in (True, False))


def test_an_attack_that_finds_what_no_baseline_does_works() -> None:
    texts = pair(100, attacks={"loss": 0.4, "min_k_20": 2.0}, blind={"ngrams": 0.0, "length": 0.1})
    found = judge(texts)
    assert (found.verdict, found.attack) == (Verdict.WORKS, "min_k_20")
    assert (found.members, found.others, found.documents) == (100, 100, 200)
    assert found.attacks["loss"].value == auroc(*sides(texts, "loss"))
    best = auroc(*sides(texts, found.best_blind, "blind"))
    assert best == max(auroc(*sides(texts, name, "blind")) for name in ("ngrams", "length"))
    assert found.evidence["min_k_20"].value == pytest.approx(found.attacks["min_k_20"].value - best)


def test_evidence_has_the_level_of_all_attacks_at_once() -> None:
    texts = pair(80, attacks={"loss": 0.5, "zlib": 0.5, "min_k_20": 0.5}, blind={"length": 0.0})
    found = judge(texts)
    ours, theirs = sides(texts, "zlib"), sides(texts, "length", "blind")
    _, expected = auroc_difference(ours, theirs, *documents(texts), level=1 - 0.05 / 3, times=2.0)  # type: ignore[arg-type]
    told = found.evidence["zlib"].interval
    assert (told.low, told.high, told.level) == (expected.low, expected.high, expected.level)
    assert told.method.endswith(", 98.3 %")
    assert found.attacks["zlib"].interval.level == 0.95


def test_texts_of_a_document_count_as_one() -> None:
    texts = pair(120, attacks={"loss": 1.0}, texts_each=4)
    found = judge(texts)
    assert (found.members, found.documents) == (120, 60)
    expected = auroc_interval(*sides(texts, "loss"), *documents(texts))  # type: ignore[arg-type]
    assert found.attacks["loss"].interval == expected[1]


@pytest.mark.parametrize("baseline", BLIND)
@pytest.mark.parametrize("shift", [0.0, 0.5, 8.0])
def test_a_pair_that_a_baseline_separates_is_refused_however_good_the_attack(
    baseline: str, shift: float
) -> None:
    blind = {name: float(name == baseline) for name in BLIND}
    found = judge(pair(100, attacks={"loss": shift}, blind=blind))
    assert found.verdict is Verdict.INVALID
    sentence = found.sentence(WORDS)
    assert sentence.startswith("refused: told apart without the model (AUROC: " + baseline)
    assert not any(other in sentence for other in set(BLIND) - {baseline})


def test_an_attack_that_finds_only_what_a_baseline_finds_is_no_evidence() -> None:
    """Blind .53 or so is not refused; an attack just above it is not above it for certain."""
    found = judge(pair(150, attacks={"loss": 0.2}, blind={"length": 0.1}))
    assert found.verdict is Verdict.NO_POWER
    assert found.reason.startswith("difference ")
    assert "loss AUROC 0." in found.sentence(WORDS)


def test_an_attack_that_ranks_members_lower_does_not_work() -> None:
    assert judge(pair(100, attacks={"loss": -2.0})).verdict is Verdict.NO_POWER


def verdicts(
    blind: Mapping[str, float], n: int, pairs: int, names: Sequence[str] = PANEL
) -> Counter[str]:
    attacks = dict.fromkeys(names, 0.0)
    return Counter(str(judge(pair(n, seed, attacks, blind)).verdict) for seed in range(pairs))


@pytest.mark.parametrize(
    "blind",
    [dict.fromkeys(BLIND, 0.0), {}, dict.fromkeys(BLIND, -1.0)],
    ids=["at chance", "none", "below chance"],
)
def test_six_attacks_without_power_seldom_seem_to_work(blind: dict[str, float]) -> None:
    """At most 5 % of pairs, whatever the baselines do; 12 of 120 has p = .02 if it is so."""
    assert verdicts(blind, n=40, pairs=120)["works"] < 12


def test_a_perfect_attack_on_few_documents_says_nothing() -> None:
    texts = pair(FEWEST - 1, attacks={"loss": 50.0})
    found = judge(texts)
    assert found.verdict is Verdict.TOO_FEW
    assert found.sentence(WORDS) == (
        "few: 19 documents on a side; 20 are needed to show that an attack works, 132 that none "
        "reaches an AUROC of 0.60"
    )
    assert not found.attacks
    assert judge(pair(FEWEST, attacks={"loss": 50.0})).verdict is Verdict.WORKS
    # Many texts of few documents are no more.
    assert judge(pair(80, attacks={"loss": 50.0}, texts_each=8)).verdict is Verdict.TOO_FEW


def test_no_power_is_claimed_only_where_a_useful_attack_is_ruled_out() -> None:
    small, large = judge(pair(40, seed=5)), judge(pair(400, seed=5))
    assert (small.verdict, large.verdict) == (Verdict.TOO_FEW, Verdict.NO_POWER)
    assert large.attacks["loss"].interval.high < USEFUL < small.attacks["loss"].interval.high
    highest = small.attacks["loss"].interval.high
    assert small.sentence(WORDS).endswith(
        f"; with 40 documents on a side an AUROC of {highest:.3f} is not ruled out, about "
        f"{small.needed} would tell"
    )
    assert large.needed == 0


def test_all_attacks_must_be_ruled_out() -> None:
    texts = pair(150, seed=2, attacks={"loss": 0.0, "zlib": 0.25}, blind={"ngrams": 0.12})
    found = judge(texts)
    assert found.attacks["loss"].interval.high < USEFUL < found.attacks["zlib"].interval.high
    assert found.verdict is Verdict.TOO_FEW


def test_as_many_documents_as_are_said_to_be_needed_mostly_tell() -> None:
    """Planned for 80 %: of 60 pairs 39 or fewer have p = .003 if it is so."""
    needed = at_chance(USEFUL - 0.5)
    told = verdicts({}, needed, 60, ("loss",))
    assert told["no power"] + told["works"] > 39


def test_attacks_that_were_not_run_are_named() -> None:
    found = judge(pair(40, attacks={"loss": 2.0}), ("loss", "reference"))
    assert (list(found.attacks), list(found.not_run)) == (["loss"], ["reference"])
    assert judge(pair(5, attacks={"loss": 2.0}), ("loss", "zlib")).not_run == ["zlib"]


def test_one_side_alone_is_no_pair() -> None:
    found = judge([t for t in pair(40) if t.member])
    assert (found.verdict, found.members, found.others) == (Verdict.TOO_FEW, 40, 0)


def test_without_a_baseline_one_half_is_to_be_beaten() -> None:
    texts = pair(100, attacks={"loss": 1.5}, blind={})
    found = judge(texts)
    assert (found.verdict, found.best_blind) == (Verdict.WORKS, "")
    value = auroc(*sides(texts, "loss"))
    assert found.evidence["loss"].value == pytest.approx(value - 0.5)
    assert found.sentence(WORDS).endswith("> 0.500")


def test_an_attack_that_some_texts_lack_is_left_out() -> None:
    texts = pair(40, attacks={"loss": 2.0, "dc_pdd": 9.0})
    first = texts[0]
    texts[0] = Scored(first.id, first.document, True, {"loss": 9.0}, first.blind)
    assert set(judge(texts).attacks) == {"loss"}


def test_the_sentence_has_the_figures_that_the_verdict_rests_on() -> None:
    found = judge(pair(200, attacks={"min_k_plus_plus_20": 2.0}, blind={"ngrams": 0.0}))
    attack, blind = found.attacks["min_k_plus_plus_20"], found.blind["ngrams"]
    told = (f"{e.value:.3f} [{e.interval.low:.3f}, {e.interval.high:.3f}]" for e in (attack, blind))
    assert found.sentence(WORDS) == "yes: Min-K%++ 20 AUROC {} > blind {}".format(*told)


@pytest.mark.parametrize(
    ("attack", "name"),
    [
        ("min_k_20", "Min-K% 20"),
        ("min_k_plus_plus_5", "Min-K%++ 5"),
        ("dc_pdd", "DC-PDD"),
        ("loss", "loss"),
        ("somebody's own", "somebody's own"),
    ],
)
def test_attacks_are_named_as_papers_name_them(attack: str, name: str) -> None:
    assert named(attack) == name


def test_curves_are_plain_json_and_only_the_panels_have_operating_points() -> None:
    texts = pair(60, attacks={"loss": 1.0, "min_k_5": 1.0})
    found = curves(texts, judge(texts))
    json.dumps(found, allow_nan=False)
    assert set(found["min_k_5"]) == {"auroc", "low", "high", "level"}
    loss = found["loss"]
    assert loss["auroc"] == pytest.approx(auroc(*sides(texts, "loss")))
    assert loss["roc"][0] == [0.0, 0.0]
    assert loss["roc"][-1] == [1.0, 1.0]
    assert loss["tpr_5"]["fpr"] <= 0.05
    assert (loss["tpr_1"]["few"], loss["tpr_1"]["too_few"]) == (True, True)
    members, others = loss["histogram"]["members"], loss["histogram"]["others"]
    assert sum(members) == pytest.approx(1, abs=0.01)
    assert len(loss["histogram"]["edges"]) == len(others) + 1
