"""Put the gate to the proof (`make gate-trial`): does it flake, and does it miss?

Takes the answers of the latest run of the embedded matrix. First the same checkpoints are asked
again in other batches and another order (A/A). Then outcomes are resampled by whole documents to
the planned n, and held against a second measurement that differs from the first by noise alone, or
by noise and a known loss. Every pair goes through the gate's own functions. Writes the tables
between the two markers in docs/gates.md.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from page import write_between

from harness.comparison.gate import POWER, judge
from harness.comparison.scores import ScoreSet, from_rows, metric_samples, paired, score_set
from harness.config import Matrix, load_matrix
from harness.config.gates import DEFAULT_MARGIN as MARGIN
from harness.engines.local import LocalEngine
from harness.errors import MichiError
from harness.evaluate import Workbench, evaluate
from harness.fingerprint import weights_folder
from harness.plugin.weak_gates import CORRELATION, DISCORDANCE, assumed_effect
from harness.records import Checkpoint, Request, Verdict
from harness.runs import Run, read_run
from harness.statistics.paired import paired_difference
from harness.statistics.power import sample_size
from harness.store import Store
from harness.tasks import Task
from harness.tasks.jsquad import JSQuAD
from harness.tasks.knowledge import Knowledge
from harness.tasks.marc_ja import MarcJa

PAGE = Path(__file__).with_name("gates.md")
ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- gate trial: written by `make gate-trial` -->", "<!-- end of gate trial -->"
TRIALS, SEED = 1000, 20240521
VERDICTS = (Verdict.PASSED, Verdict.INCONCLUSIVE, Verdict.REGRESSED)
# Figures that are neither at their floor nor at their ceiling, so that they can fall and rise.
FIGURES: dict[str, tuple[Task, str, str]] = {
    "knowledge accuracy_seen": (Knowledge(), "accuracy_seen", "qa-short"),
    "jsquad f1": (JSQuAD(), "f1", "base"),
    "marc_ja accuracy": (MarcJa(), "accuracy", "base"),
}
LOSSES = {"nothing": 0.0, "one margin": MARGIN, "two margins": 2 * MARGIN}

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pool:
    """The scores that were measured behind one figure, document by document."""

    documents: tuple[tuple[float, ...], ...]

    @property
    def mean(self) -> float:
        return float(np.mean([score for scores in self.documents for score in scores]))

    @property
    def planned(self) -> int:
        """The n that `harness.plugin.weak_gates` would ask for."""
        clusters = [str(c) for c, scores in enumerate(self.documents) for _ in scores]
        effect = assumed_effect(clusters)
        return sample_size(MARGIN, DISCORDANCE, power=POWER, design_effect=effect)


def pool(scores: ScoreSet, metric: str) -> Pool:
    score, stratum = metric_samples(metric)
    documents: dict[str, list[float]] = {}
    for sample in scores.samples:
        if stratum in (None, sample.stratum):
            documents.setdefault(sample.cluster, []).append(sample.scores[score])
    return Pool(tuple(map(tuple, documents.values())))


def resampled(chosen: Pool, generator: np.random.Generator) -> tuple[Array, list[str]]:
    """Whole documents, drawn with replacement up to the planned n, and their clusters."""
    scores: list[float] = []
    clusters: list[str] = []
    for number in range(chosen.planned):
        document = chosen.documents[generator.integers(len(chosen.documents))]
        scores += document
        clusters += [str(number)] * len(document)
        if len(scores) >= chosen.planned:
            break
    return np.array(scores), clusters


def second_measurement(
    first: Array, clusters: Sequence[str], loss: float, generator: np.random.Generator
) -> Array:
    """Scores that fall to 0 here and rise to 1 there, by `loss` more down than up on average.

    Ups and downs together are DISCORDANCE, changes within a document are correlated by
    CORRELATION: the plan's own assumptions.
    """
    mean = first.mean()
    # What can rise bounds the noise near the ceiling.
    noise = min(DISCORDANCE, 2 * (1 - mean), 2 * mean)
    down, up = max(noise / 2 + loss / 2, loss), max(noise / 2 - loss / 2, 0.0)
    shared = {cluster: generator.random() for cluster in dict.fromkeys(clusters)}
    together = generator.random(len(first)) < np.sqrt(CORRELATION)
    draws = np.where(
        together, [shared[cluster] for cluster in clusters], generator.random(len(first))
    )
    # A score s can lose s and gain 1 - s.
    falls, rises = draws < down / mean, draws > 1 - up / (1 - mean)
    wins = rises & ~falls
    return np.where(falls, 0.0, np.where(wins, 1.0, first))


def trial(name: str, chosen: Pool, loss: str) -> Counter[Verdict]:
    """Verdicts of TRIALS gates."""
    generator = np.random.default_rng([SEED, [*FIGURES].index(name), [*LOSSES].index(loss)])
    verdicts: Counter[Verdict] = Counter()
    for _ in range(TRIALS):
        first, clusters = resampled(chosen, generator)
        second = second_measurement(first, clusters, LOSSES[loss], generator)
        difference, interval = paired_difference(second.tolist(), first.tolist(), clusters)
        verdicts[judge(difference, interval, MARGIN)] += 1
    return verdicts


class OtherBatches:
    """An engine that is asked backwards, in batches of an eighth of the usual size."""

    def __init__(self, engine: LocalEngine) -> None:
        self.engine = engine
        engine.batch_tokens //= 8
        engine.written_tokens //= 8

    def answer(self, checkpoint: Checkpoint, requests: Sequence[Request], skip: Any = ()) -> Any:
        return self.engine.answer(checkpoint, list(reversed(requests)), skip)

    def close(self) -> None:
        self.engine.close()


def asked_again(run: Run, matrix: Matrix) -> Iterator[str]:
    """A row for each figure: the same checkpoint in other batches, resampled, through the gate."""
    generator = np.random.default_rng(SEED)
    for name, (task, metric, checkpoint_id) in FIGURES.items():
        checkpoint = next(c for c in matrix.checkpoints if c.id == checkpoint_id)
        engine = OtherBatches(LocalEngine(checkpoint.model, weights_folder(checkpoint.model)))
        with tempfile.TemporaryDirectory() as folder:
            bench = Workbench("again", lambda e=engine: e, Store(Path(folder)), None)
            again = evaluate(task, checkpoint, matrix.source(task.name), bench)
        engine.close()
        second = from_rows(checkpoint_id, task.name, again.identity, again.rows)
        first = score_set(run, checkpoint_id, task.name)
        assert first is not None
        pairs = paired(second, first, *metric_samples(metric))
        changed = sum(a.response != b.response for a, b in pairs.samples)
        documents: dict[str, list[int]] = {}
        for place, cluster in enumerate(pairs.clusters):
            documents.setdefault(cluster, []).append(place)
        groups = list(documents.values())
        verdicts: Counter[Verdict] = Counter()
        for _ in range(TRIALS):
            drawn = generator.integers(len(groups), size=len(groups))
            places = [(place, str(n)) for n, g in enumerate(drawn) for place in groups[g]]
            ours = [pairs.ours[place] for place, _ in places]
            theirs = [pairs.theirs[place] for place, _ in places]
            difference, interval = paired_difference(ours, theirs, [c for _, c in places])
            verdicts[judge(difference, interval, MARGIN)] += 1
        yield _row(f"{name}, {checkpoint_id}", [f"{changed} of {len(pairs.ids)}"], verdicts)


def simulated(run: Run) -> Iterator[str]:
    """A row for each figure and loss."""
    pools = {}
    for name, (task, metric, checkpoint) in FIGURES.items():
        scores = score_set(run, checkpoint, task.name)
        assert scores is not None
        pools[name] = pool(scores, metric)
    jobs = list(product(FIGURES, LOSSES))
    with ProcessPoolExecutor() as workers:
        done = workers.map(trial, *zip(*[(n, pools[n], loss) for n, loss in jobs], strict=True))
        for (name, loss), verdicts in zip(jobs, done, strict=True):
            told = [f"{100 * pools[name].mean:.1f}", f"{pools[name].planned:,}", loss]
            yield _row(name, told, verdicts)


def _row(name: str, cells: Sequence[str], verdicts: Counter[Verdict]) -> str:
    shares = [f"{100 * verdicts[verdict] / TRIALS:.1f}" for verdict in VERDICTS]
    return f"| {' | '.join([name, *cells, *shares])} |"


def main() -> None:
    matrix = load_matrix(ROOT / "fixtures" / "embedded.toml")
    try:
        run = read_run(ROOT / "reports" / "latest")
        missing = [n for n, (t, _, c) in FIGURES.items() if score_set(run, c, t.name) is None]
    except MichiError as error:
        sys.exit(f"a run of the embedded matrix is needed first, `make evals`: {error}")
    if missing:
        sys.exit(f"reports/latest lacks {', '.join(missing)}: run `make evals`, then this again")
    verdicts = " | ".join(f"{verdict} (%)" for verdict in VERDICTS)
    lines = [
        f"The same checkpoint asked again: backwards, in batches of an eighth of the size. "
        f"{TRIALS:,} resamples of its documents, margin {100 * MARGIN:g} points.",
        "",
        f"| figure | other answers | {verdicts} |",
        "|---|---:|---:|---:|---:|",
        *asked_again(run, matrix),
        "",
        f"Simulated at the planned n: {DISCORDANCE:.0%} of the figure moves up and down by noise, "
        f"correlated by {CORRELATION:g} within documents; {TRIALS:,} trials a row, standard error "
        "at 5 % 0.7, at 80 % 1.3.",
        "",
        f"| figure | from (%) | n | lost | {verdicts} |",
        "|---|---:|---:|---|---:|---:|---:|",
        *simulated(run),
    ]
    write_between(PAGE, BEGIN, END, lines)


if __name__ == "__main__":
    main()
