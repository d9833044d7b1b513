"""A session's settings: what command line and configuration files come to together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.comparison.baseline import Baseline
from harness.config import Matrix
from harness.config.gates import DEFAULT_GATES, Gate


@dataclass(frozen=True, slots=True)
class OnCluster:
    """Where requests are answered by a Ray cluster.

    address: of its GCS, or "auto"; "" for one that is started here. cores: of a worker, where there
    are no GPUs; 0 for all of a node's.
    """

    address: str = ""
    cores: int = 0


@dataclass(frozen=True, slots=True)
class Settings:
    """A session's settings after command line and configuration files were put together.

    reports: the folder of runs, store and the link to the latest run. arguments: pytest's own.
    grades: the folder of people's verdicts. baseline: what checkpoints are gated against; without
    one it is the matrix's baseline checkpoint of this run. strict: whether an inconclusive gate
    fails. redact: whether reports leave out what was asked and answered. annotations: for whom
    gates that failed are marked on the terminal, "github" or "" for nobody. likelihoods: whether
    written answers are read again token by token. grade_sizes: of grade files when the session
    began: what is graded during a run counts for no worker of it. shard: (which, of how many),
    where only a part of the requests is answered, and nothing judged. cluster: who answers for
    weights instead of this process.
    """

    matrix: Matrix
    run_folder: Path
    reports: Path
    root: Path
    fresh: bool
    arguments: Sequence[str]
    grades: Path
    baseline: Baseline | None = None
    strict: bool = False
    likelihoods: bool = False
    grade_sizes: Mapping[str, int] | None = None
    redact: bool = False
    annotations: str = ""
    shard: tuple[int, int] | None = None
    cluster: OnCluster | None = None

    @property
    def gates(self) -> tuple[Gate, ...]:
        """The matrix's gates, or with a baseline file the usual ones."""
        if self.baseline is not None and not self.matrix.gates:
            return DEFAULT_GATES
        return self.matrix.gates
