"""Simulate how often the intervals of grading by eye hold the truth (`make coverage`).

Accuracies corrected for a rule's errors: answers in random order, graded as the queue offers them
(`next_stratum`). Cohen's kappa: two people of equal shares of verdicts.
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

from harness.statistics.agreement import cohens_kappa
from harness.statistics.double_sampling import Stratum, corrected_accuracy, next_stratum

PAGE = Path(__file__).with_name("statistics.md")
BEGIN, END = "<!-- coverage of grading: written by `make coverage` -->", "<!-- end of grading -->"
SEED, LEVEL, TRIALS, ANSWERS = 20240521, 0.95, 500, 500
ACCURACIES, ERRORS, GRADED = (0.5, 0.9, 0.98), (0.02, 0.05, 0.1), (20, 50, 100)
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
    with ProcessPoolExecutor() as pool:
        first = pool.map(corrected, *zip(*corrections, strict=True))
        second = pool.map(agreement, *zip(*kappas, strict=True))
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
    write_between(PAGE, BEGIN, END, lines)


if __name__ == "__main__":
    main()
