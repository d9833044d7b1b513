"""The plugin's options: command line and ini values, put together into `Settings`."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from harness import manifest
from harness.comparison.baseline import Baseline, read_baseline
from harness.config import answered_by, load_matrix, override_data
from harness.config.gates import refuse_unasked
from harness.errors import ConfigError
from harness.report.cells import tasks_on
from harness.review.files import grade_sizes
from harness.settings import OnCluster, Settings

_OF_XDIST = ("numprocesses", "tx")
NO_MATRIX = (
    "no matrix: name the models and checkpoints with --eval-matrix FILE, or with eval_matrix in "
    "[tool.pytest]."
)


def add_options(parser: pytest.Parser) -> None:
    """Each option has an ini value of the same name, in snake case; the command line wins."""
    group = parser.getgroup("michi", "evaluation of language models")
    group.addoption("--eval-matrix", metavar="FILE", help="models and checkpoints, a TOML file")
    group.addoption(
        "--eval-data", metavar="TASK=PATH", action="append", default=[],
        help="other data for a task, in the same format; may be given several times",
    )  # fmt: skip
    group.addoption("--eval-limit", metavar="N", type=int, help="ask at most N samples an item")
    group.addoption(
        "--eval-run-dir", metavar="DIR", help="folder of this run (default: REPORTS/runs/ID)"
    )
    group.addoption(
        "--eval-resume", dest="eval_fresh", action="store_false", default=False,
        help="take from the store what was answered before (the default)",
    )  # fmt: skip
    group.addoption(
        "--eval-fresh", dest="eval_fresh", action="store_true", help="ask everything again"
    )
    group.addoption(
        "--eval-baseline", metavar="FILE",
        help="fail what fell behind this baseline file (python -m harness bless makes one)",
    )  # fmt: skip
    group.addoption(
        "--eval-inconclusive", choices=("fail", "warn"), default=None,
        help="what a gate does that can't tell (default: fail in CI, warn elsewhere)",
    )  # fmt: skip
    group.addoption(
        "--eval-grades", metavar="DIR",
        help="people's verdicts on answers, which count over the rules' (default: REPORTS/grades)",
    )  # fmt: skip
    group.addoption(
        "--eval-redact", action="store_true", default=None,
        help="leave out of the reports what was asked and answered, and documents",
    )  # fmt: skip
    group.addoption(
        "--eval-likelihoods", action="store_true", default=None,
        help="read each written answer again, so that the report shows how likely its tokens were",
    )  # fmt: skip
    group.addoption(
        "--eval-engine", metavar="local|vllm|ray[://ADDRESS]",
        help="who answers for weights: transformers in this process, a vLLM server that is started "
        "for it, or a Ray cluster's workers, each as the matrix says (default: as the matrix says, "
        "usually local)",
    )  # fmt: skip
    group.addoption(
        "--eval-ray-cores", metavar="N", type=int,
        help="with --eval-engine ray: cores of a worker where the cluster has no GPUs (default: "
        "all of a node's)",
    )  # fmt: skip
    group.addoption(
        "--eval-plan", action="store_true", default=False,
        help="say what would be asked, in what time and for how much, and ask nothing; with "
        "--eval-shard also how N shards would share it",
    )  # fmt: skip
    group.addoption(
        "--eval-shard", metavar="I/N",
        help="only answer the I-th of N parts of the requests, to be merged (python -m harness "
        "merge)",
    )  # fmt: skip
    group.addoption(
        "--eval-annotations", choices=("github",), default=None,
        help="mark failed gates for the pages of a CI (default: for none)",
    )  # fmt: skip
    parser.addini("eval_matrix", "default of --eval-matrix, relative to the root folder")
    parser.addini("eval_data", "default of --eval-data", type="linelist", default=[])
    parser.addini("eval_limit", "default of --eval-limit", type="int", default=None)
    parser.addini("eval_baseline", "default of --eval-baseline, relative to the root folder")
    parser.addini("eval_inconclusive", "default of --eval-inconclusive")
    parser.addini("eval_ray_cores", "default of --eval-ray-cores", type="int", default=None)
    parser.addini("eval_redact", "default of --eval-redact", type="bool", default=False)
    parser.addini("eval_annotations", "default of --eval-annotations")
    parser.addini("eval_reports", "folder of runs and store", default="reports")


def asked_for(config: pytest.Config) -> bool:
    """Whether the command line names anything to evaluate, so that mistakes can be told at once."""
    names = (
        "eval_matrix", "eval_data", "eval_limit", "eval_run_dir", "eval_baseline", "eval_shard",
        "eval_engine",
    )  # fmt: skip
    return any(config.getoption(name) not in (None, []) for name in names)


def read_settings(config: pytest.Config) -> Settings:
    """Settings of this session; relative paths start where they were written.

    Raises ConfigError.
    """
    given = config.getoption("eval_matrix")
    base = config.invocation_params.dir if given else config.rootpath
    path = given or config.getini("eval_matrix")
    if not path:
        raise ConfigError(NO_MATRIX)
    limit = config.getoption("eval_limit")
    if limit is None:
        limit = config.getini("eval_limit")
    matrix = load_matrix((base / path).resolve())
    matrix = override_data(matrix, config.getini("eval_data"), limit, config.rootpath)
    matrix = override_data(
        matrix, config.getoption("eval_data"), limit, config.invocation_params.dir
    )
    engine, cluster = _engine(config)
    if engine:
        matrix = answered_by(matrix, engine)
    refuse_unasked(matrix.path, matrix.gates, tasks_on(matrix.data))
    reports = config.rootpath / config.getini("eval_reports")
    shard = _shard(config.getoption("eval_shard"))
    grades = _grades(config, reports)
    return Settings(
        matrix=matrix,
        run_folder=_run_folder(config, reports, shard),
        reports=reports,
        root=config.rootpath,
        fresh=config.getoption("eval_fresh"),
        arguments=config.invocation_params.args,
        grades=grades,
        grade_sizes=_sizes(config, grades),
        baseline=_baseline(config),
        strict=_strict(config),
        redact=bool(config.getoption("eval_redact") or config.getini("eval_redact")),
        annotations=_annotations(config),
        likelihoods=bool(config.getoption("eval_likelihoods")),
        shard=shard,
        cluster=cluster,
    )


def _engine(config: pytest.Config) -> tuple[str, OnCluster | None]:
    """Who answers for weights, "" for whom the matrix names, and where."""
    given = config.getoption("eval_engine")
    if given in (None, "local", "vllm"):
        return given or "", None
    match = re.fullmatch(r"ray(?:://(\S+))?", given)
    if match is None:
        raise ConfigError(f"--eval-engine {given}: expected local, vllm, ray or ray://ADDRESS.")
    cores = config.getoption("eval_ray_cores") or config.getini("eval_ray_cores") or 0
    if cores < 0:
        raise ConfigError(f"--eval-ray-cores {cores}: expected 1 or more.")
    if is_worker(config) or any(getattr(config.option, name, None) for name in _OF_XDIST):
        raise ConfigError("--eval-engine ray: its workers do what -n's would: leave -n out.")
    if config.getoption("eval_shard"):
        raise ConfigError("--eval-engine ray: it shares the work out itself: no --eval-shard.")
    cluster = OnCluster(match[1] or "", cores)
    from harness.cluster.connect import refuse_unready

    refuse_unready(cluster.address)
    return "", cluster


def _shard(given: str | None) -> tuple[int, int] | None:
    if given is None:
        return None
    match = re.fullmatch(r"(\d+)/(\d+)", given)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise ConfigError(f"--eval-shard {given}: expected I/N with 1 <= I <= N, such as 3/16.")
    return int(match[1]), int(match[2])


def _baseline(config: pytest.Config) -> Baseline | None:
    given = config.getoption("eval_baseline")
    base = config.invocation_params.dir if given else config.rootpath
    path = given or config.getini("eval_baseline")
    return read_baseline((base / Path(path).expanduser()).resolve()) if path else None


def _grades(config: pytest.Config, reports: Path) -> Path:
    given = config.getoption("eval_grades")
    if not given:
        return reports / "grades"
    folder: Path = (config.invocation_params.dir / Path(given).expanduser()).resolve()
    if not folder.is_dir():
        raise ConfigError(f"--eval-grades {given}: there is no such folder.")
    return folder


def _sizes(config: pytest.Config, grades: Path) -> dict[str, int]:
    """Of grade files as the controlling process found them."""
    if is_worker(config):
        return dict(config.workerinput["michi_grades"])  # type: ignore[attr-defined]
    return grade_sizes(grades)


def _strict(config: pytest.Config) -> bool:
    chosen = config.getoption("eval_inconclusive") or config.getini("eval_inconclusive")
    if chosen not in ("", None, "fail", "warn"):
        raise ConfigError(f"eval_inconclusive = {chosen!r}: expected fail or warn.")
    # As pytest itself tells a CI.
    in_ci = bool(os.environ.get("CI") or os.environ.get("BUILD_NUMBER"))
    return chosen == "fail" if chosen else in_ci


def _annotations(config: pytest.Config) -> str:
    chosen = config.getoption("eval_annotations") or config.getini("eval_annotations") or ""
    if chosen not in ("", "github"):
        raise ConfigError(f"eval_annotations = {chosen!r}: expected github.")
    return str(chosen)


def _run_folder(config: pytest.Config, reports: Path, shard: tuple[int, int] | None) -> Path:
    if is_worker(config):
        return Path(config.workerinput["michi_run"])  # type: ignore[attr-defined]
    given = config.getoption("eval_run_dir")
    if given:
        return (config.invocation_params.dir / Path(given).expanduser()).resolve()
    if shard:  # the same again goes on there, as a job that was put back into its queue does
        return reports / "shards" / f"{shard[0]}-of-{shard[1]}"
    return reports / "runs" / manifest.new_run_id()


def is_worker(config: pytest.Config) -> bool:
    """Whether this process is one of xdist's workers."""
    return hasattr(config, "workerinput")
