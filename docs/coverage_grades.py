"""Simulate how often the intervals of grading by eye hold the truth (`make coverage`).

Accuracies corrected for a rule's errors: answers in random order, graded as the queue offers them
(`next_stratum`). How far the figure is off where a person also looked up all wrong answers. Cohen's
kappa: two people of equal shares of verdicts.
"""

from __future__ import annotations

import math
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from page import write_between

from harness.comparison.drawn import answer_strata
from harness.comparison.rated import Rated
from harness.statistics.agreement import cohens_kappa
from harness.statistics.double_sampling import Stratum, corrected_accuracy, next_stratum

PAGE = Path(__file__).with_name("statistics.md")
BEGIN, END = "<!-- coverage of grading: written by `make coverage` -->", "<!-- end of grading -->"
SEED, LEVEL, TRIALS, ANSWERS = 20240521, 0.95, 500, 500
ACCURACIES, ERRORS, GRADED = (0.5, 0.9, 0.98), (0.02, 0.05, 0.1), (20, 50, 100)
# Grades by the queue before all wrong answers were looked up, and after.
LOOKED_UP = ((0, 5), (0, 20), (1, 5), (5, 1), (5, 5), (10, 10), (20, 20), (20, 0))
WRONG, DRAWS, STRATUM = (0.05, 0.1, 0.5), 2000, 200
KAPPAS, SHARES = (0.3, 0.7, 0.9), (0.5, 0.8, 0.95)

Part = NDArray[np.bool_]


def corrected(accuracy: float, error: float, graded: int) -> float:
    """The share of trials in which the corrected accuracy's interval holds the truth."""
    generator = np.random.default_rng([SEED, round(100 * accuracy), round(100 * error), graded])
    held = 0
    for _ in range(TRIALS):
        truth = generator.random(ANSWERS) < accuracy
        said = truth ^ (generator.random(ANSWERS) < error)
        interval = corrected_accuracy(_graded({"yes": truth[said], "no": truth[~said]}, graded))
        assert interval.interval is not None
        held += interval.interval.low <= accuracy <= interval.interval.high
    return held / TRIALS


def _graded(truth: dict[str, Part], most: int) -> list[Stratum]:
    strata = {name: Stratum(name, len(part)) for name, part in truth.items() if len(part)}
    for _ in range(most):
        name = next_stratum(list(strata.values()))
        if name is None:
            break
        stratum = strata[name]
        right = stratum.right + int(truth[name][stratum.graded])
        strata[name] = replace(stratum, graded=stratum.graded + 1, right=right)
    return list(strata.values())


def off(wrong: float, before: int, after: int) -> float:
    """By how many points the share right of one stratum is off in the mean."""
    generator = np.random.default_rng([SEED, round(100 * wrong), before, after])
    total = 0.0
    for _ in range(DRAWS):
        truth = generator.random(STRATUM) >= wrong
        said = dict.fromkeys(range(before), "queue")
        said |= {int(i): "hand" for i in np.flatnonzero(~truth) if i not in said}
        said |= dict.fromkeys([i for i in range(STRATUM) if i not in said][:after], "queue")
        answers = [
            _answer(i, bool(truth[i]), said.get(i), int(before <= i and said.get(i) == "queue"))
            for i in range(STRATUM)
        ]
        value = corrected_accuracy(answer_strata(answers)).value
        assert value is not None
        total += value - truth.mean()
    return 100 * total / DRAWS


def _answer(place: int, right: bool, picked: str | None, after: int) -> Rated:
    """An answer that the rule calls right; the looking up is at 01:00."""
    verdict = "right" if right else "wrong"
    hour = 1 if picked == "hand" else 2 * after
    opinion = {"verdict": verdict, "picked": str(picked), "time": f"2026-01-01T0{hour}:00:00Z"}
    return Rated(
        "checkpoint", "suite", str(place), "", "", "", f"{place:016x}", "correct", True, True,
        verdict if picked else "", {"expert": opinion} if picked else {},
    )  # fmt: skip


def agreement(kappa: float, share: float, graded: int) -> float:
    """The share of trials in which kappa's interval holds the truth, of those that have a kappa."""
    generator = np.random.default_rng([SEED, round(100 * kappa), round(100 * share), graded])
    both = share * share + kappa * share * (1 - share)
    cells = [both, share - both, share - both, 1 - 2 * share + both]
    verdicts = [("right", "right"), ("right", "wrong"), ("wrong", "right"), ("wrong", "wrong")]
    held, told = 0, 0
    for _ in range(TRIALS):
        counts = generator.multinomial(graded, cells)
        pairs = [pair for pair, count in zip(verdicts, counts, strict=True) for _ in range(count)]
        interval = cohens_kappa(pairs).kappa_interval
        if interval is not None:
            told += 1
            held += interval.low <= kappa <= interval.high
    return held / told


def main() -> None:
    corrections = list(product(ACCURACIES, ERRORS, GRADED))
    kappas = list(product(KAPPAS, SHARES, GRADED))
    histories = [(wrong, *history) for history, wrong in product(LOOKED_UP, WRONG)]
    with ProcessPoolExecutor() as pool:
        first = pool.map(corrected, *zip(*corrections, strict=True))
        second = pool.map(agreement, *zip(*kappas, strict=True))
        biases = dict(zip(histories, pool.map(off, *zip(*histories, strict=True)), strict=True))
        held = dict(zip([("c", *c) for c in corrections] + [("k", *k) for k in kappas],
                        [*first, *second], strict=True))  # fmt: skip
    error = 100 * math.sqrt(LEVEL * (1 - LEVEL) / TRIALS)
    lines = [
        f"Share of trials, in percent, in which the interval holds the truth. Nominal {LEVEL:.0%}, "
        f"{TRIALS} trials a cell, standard error {error:.1f}. Bold: below 93. "
        f"Corrected: of {ANSWERS} answers; kappa: where both gave all answers one verdict there is "
        "none.",
        "",
        "| | " + " | ".join(f"{graded} graded" for graded in GRADED) + " |",
        "|---|" + "--:|" * len(GRADED),
    ]
    for kind, first_, second_ in [("c", a, e) for a, e in product(ACCURACIES, ERRORS)] + [
        ("k", k, s) for k, s in product(KAPPAS, SHARES)
    ]:
        name = (
            f"corrected, accuracy {first_:.2f}, rule errs in {second_:.0%}"
            if kind == "c"
            else f"kappa {first_:.1f}, share right {second_:.2f}"
        )
        shares = [held[kind, first_, second_, graded] for graded in GRADED]
        shown = [f"**{100 * s:.1f}**" if s < 0.93 else f"{100 * s:.1f}" for s in shares]
        lines.append(f"| {name} | " + " | ".join(shown) + " |")
    lines += [
        "",
        "By how many points the share right of one outcome of the rule is off in the mean, where a "
        f"person looked up all its wrong answers ({STRATUM} answers, {DRAWS:,} trials a cell, "
        f"standard error {100 * 0.16 / math.sqrt(DRAWS):.1f} at most).",
        "",
        "| by the queue before / after | " + " | ".join(f"{w:.0%} wrong" for w in WRONG) + " |",
        "|---|" + "--:|" * len(WRONG),
    ]
    for history in LOOKED_UP:
        points = [round(biases[wrong, *history], 1) for wrong in WRONG]
        shown = [f"{p:+.1f}" if p else "0.0" for p in points]
        lines.append(f"| {history[0]} / {history[1]} | " + " | ".join(shown) + " |")
    write_between(PAGE, BEGIN, END, lines)


if __name__ == "__main__":
    main()
