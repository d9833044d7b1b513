"""How often does the advice's interval of what is confidently wrong hold the truth?

docs/fit.md multiplies two shares, and the ends of their intervals: of all answers those that are
made up, and of these those that the model is sure of. Here both truths are known. Answers go
through the suite's own functions and `harness.comparison.fit`; the table is written between the two
markers in docs/fit.md. Half a minute on two cores.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path

import numpy as np
from coverage_doubts import SEED, Design, answers
from page import write_between
from scipy.special import ndtri

from harness.comparison.fit import Reason, fit_of
from harness.hallucination.study import Answer, confidently_wrong, shares
from harness.records import Result
from harness.runs import Item, Run

PAGE = Path(__file__).with_name("fit.md")
BEGIN, END = "<!-- fit trial: written by docs/fit_trial.py -->", "<!-- end of fit trial -->"
TRIALS = 60
DESIGNS = [Design(132, 4), Design(528, 4)]
MADE_UP, SURE = (0.05, 0.2, 0.35), (0.1, 0.5, 0.9)
FIGURE = "confidently_wrong"


def simulate(design: Design, share: float, sure: float) -> tuple[int, int, int]:
    """Trials that had an interval, those that held the truth, and those that lay above it."""
    # Half of the right answers are doubted by less than 0.
    shift = -float(ndtri(sure))
    generator = np.random.default_rng([SEED, design.n, round(100 * share), round(100 * sure)])
    found = [advised(answers(design, generator, share, shift)) for _ in range(TRIALS)]
    told = [(one.low, one.high) for one in found if one.value is not None]
    held = sum(low <= share * sure <= high for low, high in told)
    return len(told), held, sum(low > share * sure for low, _ in told)


def advised(drawn: list[Answer]) -> Reason:
    """What the advice makes of these answers; its value is None where too few are made up."""
    figures = {**shares(drawn), FIGURE: confidently_wrong(drawn)}
    results = [Result("c", "knowledge", "accuracy_seen", 0.5, 0.4, 0.6, 99, 99, "", headline=True)]
    results += [
        Result("c", "hallucination", name, f.value, f.interval.low, f.interval.high, f.n, f.n, "")
        for name, f in figures.items()
        if f is not None
    ]
    item = Item("c", "hallucination", "", "measured", results=tuple(results))
    quadrants = fit_of(Run(Path(), {"checkpoints": [{"id": "c"}]}, (item,))).checkpoints["c"]
    reasons = (r for q in quadrants if q.user == "layperson" for r in q.reasons)
    return next(reason for reason in reasons if reason.figure == FIGURE)


def main() -> None:
    settings = list(product(DESIGNS, MADE_UP, SURE))
    with ProcessPoolExecutor() as pool:
        counts = dict(zip(settings, pool.map(simulate, *zip(*settings, strict=True)), strict=True))
    told, held, above = (sum(column) for column in zip(*counts.values(), strict=True))
    lines = [
        f"Trials of {TRIALS} in which the product of the ends held the true share, of those that "
        f"had one (at least five documents with made-up answers). Together {held:,} of {told:,}, "
        f"{100 * held / told:.1f} %; in {100 * above / told:.1f} % it lay above.",
        "",
        "| answers / on a document | made up | "
        + " | ".join(f"with certainty {s:.0%}" for s in SURE)
        + " |",
        "|---|--:|" + "--:|" * len(SURE),
    ]
    for design, share in product(DESIGNS, MADE_UP):
        cells = [f"{counts[design, share, s][1]} of {counts[design, share, s][0]}" for s in SURE]
        lines.append(f"| {design.n} / {design.size} | {share:.0%} | " + " | ".join(cells) + " |")
    write_between(PAGE, BEGIN, END, lines)


if __name__ == "__main__":
    main()
