"""Simulate how often the intervals of `harness.statistics.roc` hold the truth (`make coverage`).

Normal scores with equal spreads on both sides, so that the true AUROC and the true TPR at any FPR
are known. Clustered scores share a part by document.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from page import write_between
from scipy import stats

from harness.records import Interval
from harness.statistics.roc import auroc_interval, tpr_at_fpr

Array = NDArray[np.float64]
PAGE = Path(__file__).with_name("statistics.md")
BEGIN, END = "<!-- coverage of AUROCs: written by `make coverage` -->", "<!-- end of AUROCs -->"
SEED, LEVEL, ICC = 20240521, 0.95, 0.3
TRIALS, RATE_TRIALS = 1000, 400  # a rate has a bootstrap of its own
AUROCS = (0.5, 0.7, 0.9, 0.99)


@dataclass(frozen=True, slots=True)
class Design:
    """n texts on a side, `size` of a document."""

    n: int
    size: int

    def clusters(self, prefix: str) -> list[str]:
        return [f"{prefix}{index // self.size}" for index in range(self.n)]

    def scores(self, generator: np.random.Generator, shift: float) -> list[float]:
        """Normal scores of variance 1 with mean `shift`, correlated by ICC within documents."""
        alone: Array = generator.normal(size=self.n)
        if self.size > 1:
            shared = generator.normal(size=math.ceil(self.n / self.size))
            both = math.sqrt(ICC) * np.repeat(shared, self.size)[: self.n]
            alone = both + math.sqrt(1 - ICC) * alone
        return (alone + shift).tolist()


DESIGNS = [Design(n, size) for size, n in product([1, 5], [30, 100, 180])]
Case = Callable[[Design, np.random.Generator], tuple[float, Interval]]


def area(truth: float, design: Design, generator: np.random.Generator) -> tuple[float, Interval]:
    """The true AUROC and a trial's interval of it."""
    sides = design.scores(generator, _shift(truth)), design.scores(generator, 0.0)
    return truth, auroc_interval(*sides, design.clusters("m"), design.clusters("o"))[1]


def rate(
    auroc: float, fpr: float, design: Design, generator: np.random.Generator
) -> tuple[float, Interval]:
    """The true TPR at an FPR and a trial's interval of it."""
    sides = design.scores(generator, _shift(auroc)), design.scores(generator, 0.0)
    found = tpr_at_fpr(*sides, fpr, design.clusters("m"), design.clusters("o"))
    return float(stats.norm.sf(stats.norm.isf(fpr) - _shift(auroc))), found.interval


def _shift(auroc: float) -> float:
    return float(stats.norm.ppf(auroc)) * math.sqrt(2)


CASES: dict[str, Case] = {f"AUROC {a:.2f}": partial(area, a) for a in AUROCS} | {
    f"TPR at 5 % FPR, AUROC {a:.2f}": partial(rate, a, 0.05) for a in AUROCS
}


def simulate(name: str, position: int) -> float:
    """Return the share of trials whose interval holds the truth."""
    generator = np.random.default_rng([SEED, list(CASES).index(name), position])
    trials = TRIALS if name.startswith("AUROC") else RATE_TRIALS
    held = 0
    for _ in range(trials):
        truth, interval = CASES[name](DESIGNS[position], generator)
        held += interval.low - 1e-12 <= truth <= interval.high + 1e-12
    return held / trials


def main() -> None:
    tasks = list(product(CASES, range(len(DESIGNS))))
    with ProcessPoolExecutor() as pool:
        cells = dict(zip(tasks, pool.map(simulate, *zip(*tasks, strict=True)), strict=True))
    errors = [f"{100 * math.sqrt(LEVEL * (1 - LEVEL) / n):.1f}" for n in (TRIALS, RATE_TRIALS)]
    lines = [
        f"Share of trials, in percent, in which the interval holds the truth. Nominal {LEVEL:.0%}, "
        f"{TRIALS:,} trials a cell of an AUROC and {RATE_TRIALS:,} of a rate, standard errors "
        f"{' and '.join(errors)}. Bold: below 93.",
        "",
        "| texts on a side / of a document | "
        + " | ".join(f"{design.n} / {design.size}" for design in DESIGNS)
        + " |",
        "|---|" + "--:|" * len(DESIGNS),
    ]
    for name in CASES:
        shares = [cells[name, position] for position in range(len(DESIGNS))]
        shown = [f"**{100 * s:.1f}**" if s < 0.93 else f"{100 * s:.1f}" for s in shares]
        lines.append(f"| {name} | " + " | ".join(shown) + " |")
    write_between(PAGE, BEGIN, END, lines)


if __name__ == "__main__":
    main()
