"""Simulate how often the intervals of the suite `hallucination` hold the truth (`make coverage`).

Answers with a known share of made-up ones, and normal doubts or confidences of a known
distribution, both correlated within documents. A document has right and made-up answers, as the
suite's have. Every figure comes from the functions that the suite itself reports with.
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
from scipy.special import ndtr, ndtri

from harness.hallucination.selection import selection
from harness.hallucination.study import Answer, confidently_wrong
from harness.records import Interval
from harness.statistics.calibration import brier, expected_calibration_error
from harness.statistics.precision_recall import average_precision_interval
from harness.statistics.roc import auroc_difference, auroc_interval

Array = NDArray[np.float64]
PAGE = Path(__file__).with_name("statistics.md")
BEGIN, END = "<!-- coverage of doubts: written by `make coverage` -->", "<!-- end of doubts -->"
SEED, LEVEL, ICC = 20240521, 0.95, 0.3
TRIALS, RESAMPLED_TRIALS = 1000, 400  # those with a bootstrap take 10 to 80 ms each
MADE_UP = 0.42  # as of qa-long's answers on trained facts
RISK = 0.05


@dataclass(frozen=True, slots=True)
class Design:
    """n answers, `size` on a document (the last may have fewer)."""

    n: int
    size: int

    @property
    def clusters(self) -> list[str]:
        return [f"d{index // self.size}" for index in range(self.n)]

    def normal(self, generator: np.random.Generator) -> Array:
        """Standard normal, correlated by ICC within documents."""
        shared = generator.normal(size=math.ceil(self.n / self.size))
        both = math.sqrt(ICC) * np.repeat(shared, self.size)[: self.n]
        mixed: Array = both + math.sqrt(1 - ICC) * generator.normal(size=self.n)
        return mixed


# Of the embedded run 529 answers are on trained facts, 1 to 7 on each of 148 documents, and 960 in
# all. Thirteen on a document: as many answers on few documents.
DESIGNS = [Design(132, 4), Design(528, 4), Design(528, 13), Design(960, 4)]
Found = tuple[float, Interval] | None  # the truth, and a trial's interval; None where it has none
Case = Callable[[Design, np.random.Generator], Found]


def shift_of(auroc: float) -> float:
    """By how much made-up answers are doubted more, in deviations."""
    return float(ndtri(auroc)) * math.sqrt(2)


def drawn(
    design: Design, generator: np.random.Generator, share: float, *shifts: float
) -> tuple[NDArray[np.bool_], list[Array]]:
    """Which answers are made up, and a signal of doubt for each of the shifts."""
    made_up = ndtr(design.normal(generator)) < share
    return made_up, [design.normal(generator) + shift * made_up for shift in shifts]


def answers(
    design: Design, generator: np.random.Generator, share: float, shift: float
) -> list[Answer]:
    """The suite's answers on trained facts, with one signal."""
    made_up, (doubt,) = drawn(design, generator, share, shift)
    rows = zip(design.clusters, made_up.tolist(), doubt.tolist(), strict=True)
    return [
        Answer("trained", cluster, wrong, False, not wrong, {"slot_nll": told})
        for cluster, wrong, told in rows
    ]


def _sides(made_up: NDArray[np.bool_], row: Array | list[str]) -> tuple[list, list]:
    of = np.asarray(row)
    return of[made_up].tolist(), of[~made_up].tolist()


def area(auroc: float, design: Design, generator: np.random.Generator) -> Found:
    made_up, (doubt,) = drawn(design, generator, MADE_UP, shift_of(auroc))
    sides, clusters = _sides(made_up, doubt), _sides(made_up, design.clusters)
    return auroc, auroc_interval(*sides, *clusters)[1]


def lead(auroc: float, blind: float, design: Design, generator: np.random.Generator) -> Found:
    made_up, doubts = drawn(design, generator, MADE_UP, shift_of(auroc), shift_of(blind))
    ours, theirs = (_sides(made_up, doubt) for doubt in doubts)
    clusters = _sides(made_up, design.clusters)
    return auroc - blind, auroc_difference(ours, theirs, *clusters)[1]


def precision(auroc: float, design: Design, generator: np.random.Generator) -> Found:
    made_up, (doubt,) = drawn(design, generator, MADE_UP, shift_of(auroc))
    sides, clusters = _sides(made_up, doubt), _sides(made_up, design.clusters)
    return _true_precision(auroc), average_precision_interval(*sides, *clusters)[1]


def _true_precision(auroc: float) -> float:
    """The mean precision at the doubts of made-up answers."""
    shift = shift_of(auroc)
    at = shift + ndtri((np.arange(100_000) + 0.5) / 100_000)
    found, alarms = MADE_UP * ndtr(shift - at), (1 - MADE_UP) * ndtr(-at)
    return float((found / (found + alarms)).mean())


def surer(auroc: float, design: Design, generator: np.random.Generator) -> Found:
    found = confidently_wrong(answers(design, generator, MADE_UP, shift_of(auroc)))
    return None if found is None else (float(ndtr(-shift_of(auroc))), found.interval)


def confidence(
    figure: str, a: float, p: float, design: Design, generator: np.random.Generator
) -> Found:
    """Confidences c of distribution c^a, right with probability c^p."""
    sure = ndtr(design.normal(generator)) ** (1 / a)
    right = (ndtr(design.normal(generator)) < sure**p).astype(float)
    rows = sure.tolist(), right.tolist(), design.clusters
    if figure == "Brier":
        truth = a / (a + 2) - 2 * a / (a + p + 1) + a / (a + p)
        return truth, brier(*rows)[1]
    edges = np.linspace(0, 1, 11)
    gaps = np.diff(a * edges ** (a + 1) / (a + 1) - a * edges ** (a + p) / (a + p))
    return float(np.abs(gaps).sum()), expected_calibration_error(*rows)[1]


def chosen(figure: str, auroc: float, design: Design, generator: np.random.Generator) -> Found:
    """A figure of the other half, and what it is of all questions at the threshold chosen."""
    shift = shift_of(auroc)
    found = selection(answers(design, generator, MADE_UP, shift), RISK)
    if not found or found["threshold"] is None or not found["answered"]:
        return None
    wrong = MADE_UP * float(ndtr(found["threshold"] - shift))
    given = wrong + (1 - MADE_UP) * float(ndtr(found["threshold"]))
    if figure == "risk":
        return wrong / given, Interval(**found["risk_interval"])
    if figure == "coverage":
        return given, Interval(**found["coverage_interval"])
    return 1 - (given - wrong) / (1 - MADE_UP), Interval(**found["withheld"]["interval"])


CASES: dict[str, Case] = (
    {f"AUROC {a:.2f}": partial(area, a) for a in (0.7, 0.85, 0.95)}
    | {f"lead of {a:.2f} over {b:.2f}": partial(lead, a, b) for a, b in ((0.6, 0.6), (0.85, 0.6))}
    | {f"average precision, AUROC {a:.2f}": partial(precision, a) for a in (0.7, 0.85, 0.95)}
    | {f"confidently wrong, AUROC {a:.2f}": partial(surer, a) for a in (0.7, 0.85, 0.95)}
    | {
        f"{figure}, {name}": partial(confidence, figure, a, p)
        for figure in ("ECE", "Brier")
        for name, a, p in (
            ("calibrated", 3, 1),
            ("overconfident", 3, 2),
            ("sure of nearly all", 12, 8),  # ECE .32, 40 % wrong: near qa-long's
        )
    }
    | {f"risk at 5 %, AUROC {a:.2f}": partial(chosen, "risk", a) for a in (0.7, 0.85, 0.95)}
    | {f"answered at 5 %, AUROC {a:.2f}": partial(chosen, "coverage", a) for a in (0.85, 0.95)}
    | {f"withheld at 5 %, AUROC {a:.2f}": partial(chosen, "withheld", a) for a in (0.85, 0.95)}
)
_RESAMPLED = ("average precision", "confidently wrong", "ECE")


def simulate(name: str, position: int) -> tuple[float, float]:
    """Return the share of trials with an interval that hold the truth, and of trials with one."""
    generator = np.random.default_rng([SEED, list(CASES).index(name), position])
    trials = _trials(name)
    found = [CASES[name](DESIGNS[position], generator) for _ in range(trials)]
    told = [one for one in found if one is not None]
    held = sum(around.low - 1e-12 <= truth <= around.high + 1e-12 for truth, around in told)
    return held / len(told) if told else math.nan, len(told) / trials


def _trials(name: str) -> int:
    return RESAMPLED_TRIALS if name.startswith(_RESAMPLED) else TRIALS


def _cell(held: float, told: float) -> str:
    if math.isnan(held):
        return "–"
    text = f"**{100 * held:.1f}**" if held < 0.93 else f"{100 * held:.1f}"
    return text if told == 1 else f"{text} (of {min(99, round(100 * told))} %)"


def main() -> None:
    tasks = list(product(CASES, range(len(DESIGNS))))
    with ProcessPoolExecutor() as pool:
        cells = dict(zip(tasks, pool.map(simulate, *zip(*tasks, strict=True)), strict=True))
    errors = [f"{100 * math.sqrt(LEVEL * (1 - LEVEL) / n):.1f}" for n in (TRIALS, RESAMPLED_TRIALS)]
    lines = [
        f"Share of trials, in percent, in which the interval holds the truth; {MADE_UP:.0%} made "
        f"up, correlation within documents {ICC:g}. Nominal {LEVEL:.0%}, {TRIALS:,} trials a cell, "
        f"{RESAMPLED_TRIALS} where the interval resamples (average precision, confidently wrong, "
        f"ECE), standard errors {' and '.join(errors)}. In brackets: the share of trials that had "
        "an interval at all, where not all had (no question of the other half answered; too few "
        "documents). Bold: below 93.",
        "",
        "| answers / on a document | " + " | ".join(f"{d.n} / {d.size}" for d in DESIGNS) + " |",
        "|---|" + "--:|" * len(DESIGNS),
    ]
    for name in CASES:
        shown = [_cell(*cells[name, position]) for position in range(len(DESIGNS))]
        lines.append(f"| {name} | " + " | ".join(shown) + " |")
    write_between(PAGE, BEGIN, END, lines)


if __name__ == "__main__":
    main()
