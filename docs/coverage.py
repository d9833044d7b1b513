"""Simulate how often the intervals of `harness.statistics` hold the truth (`make coverage`).

Writes the tables between the two markers in docs/statistics.md. Every trial draws answers with a
known mean, difference or ratio, and asks the function that the project itself reports with.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
from coverage_doubts import main as simulate_doubts
from coverage_grades import main as simulate_grades
from coverage_roc import main as simulate_roc
from numpy.typing import NDArray
from page import write_between

from harness.records import Interval
from harness.statistics.bootstrap import paired_bootstrap
from harness.statistics.intervals import clustered_mean, mean_interval
from harness.statistics.paired import difference_in_differences, paired_difference
from harness.statistics.relative import Part, relative_score, relative_score_bootstrap

Array = NDArray[np.float64]
PAGE = Path(__file__).with_name("statistics.md")
BEGIN, END = "<!-- coverage: written by `make coverage` -->", "<!-- end of coverage -->"
TRIALS, SEED, LEVEL = 2000, 20240521, 0.95
F1_VALUES = np.array([0.0, 0.4, 0.5, 2 / 3, 0.8, 0.857, 1.0])


@dataclass(frozen=True, slots=True)
class Design:
    """n questions, `size` on a document (the last may have fewer), correlated by `icc` there."""

    n: int
    size: int
    icc: float

    @property
    def codes(self) -> NDArray[np.int64]:
        return np.arange(self.n) // self.size

    def clusters(self, prefix: str = "") -> list[str]:
        return [f"{prefix}{code}" for code in self.codes]


Trials = tuple[float, Iterator[Interval]]  # the truth, and an interval a trial
DESIGNS = [
    Design(n, size, icc) for (size, icc), n in product([(1, 0), (8, 0), (8, 0.3)], [50, 200, 1200])
]


def events(generator: np.random.Generator, p: float, design: Design) -> Array:
    """Return (trials, n) of 0 and 1 with mean p: beta-binomial by document."""
    if design.icc == 0 or p in (0, 1):
        return (generator.random((TRIALS, design.n)) < p).astype(float)
    spread = (1 - design.icc) / design.icc
    documents = int(design.codes[-1]) + 1
    rates = generator.beta(p * spread, (1 - p) * spread, (TRIALS, documents))[:, design.codes]
    return (generator.random((TRIALS, design.n)) < rates).astype(float)


def f1_scores(generator: np.random.Generator, right: float, design: Design) -> Array:
    """Return (trials, n): 1 with probability `right`, otherwise one of the few values of an F1."""
    partly = generator.choice(F1_VALUES, (TRIALS, design.n))
    return np.where(events(generator, right, design) == 1, 1.0, partly)


def f1_mean(right: float) -> float:
    return right + (1 - right) * float(F1_VALUES.mean())


def flipped(
    generator: np.random.Generator, right: float, lost: float, won: float, design: Design,
    independent: bool = False,
) -> tuple[Array, Array]:  # fmt: skip
    """Return ours and theirs: theirs right by `right`, `lost` and `won` as shares of all pairs.

    independent: theirs are right without regard to documents, only the flips come by document.
    """
    theirs = events(generator, right, Design(design.n, 1, 0) if independent else design)
    loses = events(generator, lost / right, design)
    wins = events(generator, won / (1 - right), design)
    return np.where(theirs == 1, 1 - loses, wins), theirs


def share(p: float, design: Design, generator: np.random.Generator) -> Trials:
    clusters = design.clusters()
    rows = events(generator, p, design).tolist()
    return p, (mean_interval(row, clusters)[1] for row in rows)


def mean_f1(
    right: float, design: Design, generator: np.random.Generator, symmetric: bool = False
) -> Trials:
    clusters = design.clusters()
    rows = f1_scores(generator, right, design).tolist()
    function = clustered_mean if symmetric else mean_interval
    return f1_mean(right), (function(row, clusters)[1] for row in rows)


def difference(
    lost: float, won: float, design: Design, generator: np.random.Generator,
    independent: bool = False, bootstrap: bool = False,
) -> Trials:  # fmt: skip
    clusters = design.clusters()
    ours, theirs = flipped(generator, 0.7, lost, won, design, independent)
    pairs = zip(ours.tolist(), theirs.tolist(), strict=True)
    if bootstrap:
        return won - lost, (paired_bootstrap(one, other, clusters) for one, other in pairs)
    return won - lost, (paired_difference(one, other, clusters)[1] for one, other in pairs)


def redrawn_f1(
    generator: np.random.Generator, share: float, design: Design
) -> tuple[float, Array, Array]:
    """Return the true mean of ours, ours and theirs: of theirs, `share` are drawn again, lower."""
    theirs = f1_scores(generator, 0.6, design)
    again = generator.choice(F1_VALUES, theirs.shape)
    ours = np.where(events(generator, share, design) == 1, again, theirs)
    return (1 - share) * f1_mean(0.6) + share * f1_mean(0.0), ours, theirs


def difference_f1(changed: float, design: Design, generator: np.random.Generator) -> Trials:
    clusters = design.clusters()
    mean, ours, theirs = redrawn_f1(generator, changed, design)
    pairs = zip(ours.tolist(), theirs.tolist(), strict=True)
    return mean - f1_mean(0.6), (paired_difference(a, b, clusters)[1] for a, b in pairs)


def acquired(
    won: float, control_won: float, design: Design, generator: np.random.Generator
) -> Trials:
    """A difference in differences; a quarter as many control questions as trained ones."""
    aside = Design(design.n // 4, design.size, design.icc)
    names = design.clusters("trained"), aside.clusters("control")
    sides = (*flipped(generator, 0.15, 0.02, won, design),
             *flipped(generator, 0.15, 0.02, control_won, aside))  # fmt: skip
    rows = zip(*(side.tolist() for side in sides), strict=True)
    return won - control_won, (
        difference_in_differences((a, b, names[0]), (c, d, names[1]))[1] for a, b, c, d in rows
    )


def relative(
    changed: float, design: Design, generator: np.random.Generator, bootstrap: bool = False
) -> Trials:
    """F1 by document beside accuracy of single reviews, as many of either."""
    alone = Design(design.n, 1, 0)
    names = design.clusters(), alone.clusters()
    mean, ours, theirs = redrawn_f1(generator, changed, design)
    right, reference = flipped(generator, 0.9, 0.03, 0.01, alone)
    rows = zip(*(side.tolist() for side in (ours, theirs, right, reference)), strict=True)
    parts = ([Part(a, b, names[0]), Part(c, d, names[1])] for a, b, c, d in rows)
    truth = (mean + 0.88) / (f1_mean(0.6) + 0.9)
    if bootstrap:
        # Half of the usual resamples: the slowest row by far.
        return truth, (relative_score_bootstrap(each, resamples=1000) for each in parts)
    return truth, (relative_score(each)[1] for each in parts)


Case = Callable[[Design, np.random.Generator], Trials]
SINGLE: dict[str, Case] = {
    "share right, .50": partial(share, 0.5),
    "share right, .90": partial(share, 0.9),
    "share right, .98": partial(share, 0.98),
    "mean F1, .85": partial(mean_f1, 0.6),
    "mean F1, .96": partial(mean_f1, 0.9),
    "mean F1, .96, by the symmetric t interval": partial(mean_f1, 0.9, symmetric=True),
}
COMPARED: dict[str, Case] = {
    "paired: 1 % won, 1 % lost": partial(difference, 0.01, 0.01),
    "paired: 4 % lost": partial(difference, 0.04, 0.0),
    "paired: 10 % won, 10 % lost": partial(difference, 0.1, 0.1),
    "paired: 4 % lost, by document though the reference is not": partial(
        difference, 0.04, 0.0, independent=True
    ),
    "paired: F1, 10 % of answers worse": partial(difference_f1, 0.1),
    "paired bootstrap: 4 % lost": partial(difference, 0.04, 0.0, bootstrap=True),
    "paired bootstrap: 10 % won, 10 % lost": partial(difference, 0.1, 0.1, bootstrap=True),
    "difference in differences: +30 points, control +4": partial(acquired, 0.32, 0.06),
    "difference in differences: nothing learned, both +4": partial(acquired, 0.06, 0.06),
    "relative score, delta: 10 % of F1 worse": partial(relative, 0.1),
    "relative score, bootstrap: 10 % of F1 worse": partial(relative, 0.1, bootstrap=True),
}
CASES = SINGLE | COMPARED


def simulate(name: str, position: int) -> tuple[float, float]:
    """Return the shares of trials whose interval holds the truth, and lies all above it."""
    generator = np.random.default_rng([SEED, list(CASES).index(name), position])
    truth, intervals = CASES[name](DESIGNS[position], generator)
    held, above = 0, 0
    for interval in intervals:
        # A bound that is the truth itself may miss it by rounding.
        held += interval.low - 1e-12 <= truth <= interval.high + 1e-12
        above += interval.low - 1e-12 > truth
    return held / TRIALS, above / TRIALS


def table(
    names: Sequence[str],
    cells: dict[tuple[str, int], tuple[float, float]],
    part: int,
    odd: Callable[[float], bool],
) -> list[str]:
    """Return a Markdown table, percentages, in bold where `odd`."""
    heads = [f"{d.n} / {d.size} / {d.icc:g}" for d in DESIGNS]
    lines = ["| n / on a document / ICC | " + " | ".join(heads) + " |"]
    lines.append("|---|" + "--:|" * len(DESIGNS))
    for name in names:
        shares = [cells[name, position][part] for position in range(len(DESIGNS))]
        shown = [f"**{100 * s:.1f}**" if odd(s) else f"{100 * s:.1f}" for s in shares]
        lines.append(f"| {name} | " + " | ".join(shown) + " |")
    return lines


def main() -> None:
    tasks = list(product(CASES, range(len(DESIGNS))))
    with ProcessPoolExecutor() as pool:
        done = pool.map(simulate, *zip(*tasks, strict=True))
        cells = dict(zip(tasks, done, strict=True))
    error, above = (100 * math.sqrt(p * (1 - p) / TRIALS) for p in (LEVEL, (1 - LEVEL) / 2))
    lines = [
        f"Share of trials, in percent, in which the interval holds the truth. Nominal {LEVEL:.0%}, "
        f"{TRIALS:,} trials a cell, standard error {error:.1f}. Bold: below 93.",
        "",
        *table(list(CASES), cells, 0, lambda share: share < 0.93),
        "",
        "Share of trials, in percent, in which the whole interval lies above the truth: how often "
        "a gate passes a checkpoint that lies exactly at its margin. Nominal 2.5, standard error "
        f"{above:.1f}. Bold: above 4.",
        "",
        *table(list(COMPARED), cells, 1, lambda share: share > 0.04),
    ]
    write_between(PAGE, BEGIN, END, lines)
    simulate_roc()
    simulate_doubts()
    simulate_grades()


if __name__ == "__main__":
    main()
