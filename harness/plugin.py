"""The pytest plugin: options, fixtures and hooks. Wiring only; it does nothing without evals.

A suite is a test that asks for `checkpoint` and `evaluate`:

    def test_jsquad(checkpoint, evaluate):
        evaluate(JSQuAD())

It becomes one item for each checkpoint of the matrix. Under xdist the workers evaluate, and the
controlling process alone writes results and reports.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness import manifest
from harness.config import Matrix, load_matrix, override_data
from harness.errors import ConfigError, MichiError, UnavailableError
from harness.evaluate import Evaluation
from harness.outcome import Ended, Outcomes
from harness.progress import ProgressLine
from harness.recorder import Recorder
from harness.records import Checkpoint
from harness.session import EvalSession, Settings
from harness.tasks import Task

SETTINGS = pytest.StashKey[Settings]()
SESSION = pytest.StashKey[EvalSession]()
OUTCOMES = pytest.StashKey[Outcomes]()
ENDED = pytest.StashKey[Ended]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Each option has an ini value of the same name, in snake case; the command line wins."""
    group = parser.getgroup("michi", "evaluation of language models")
    group.addoption(
        "--eval-matrix", metavar="FILE", help="models and checkpoints to evaluate (TOML)"
    )
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
    parser.addini("eval_matrix", "default of --eval-matrix, relative to the root folder")
    parser.addini("eval_reports", "folder of runs and store", default="reports")
    parser.addini("eval_data", "default of --eval-data", type="linelist", default=[])
    parser.addini("eval_limit", "default of --eval-limit", default="")


def pytest_configure(config: pytest.Config) -> None:
    """Read the matrix where it is asked for; a broken one that nobody asks for disturbs nobody."""
    config.stash[OUTCOMES] = Outcomes()
    asked = any(
        config.getoption(name)
        for name in ("eval_matrix", "eval_data", "eval_limit", "eval_run_dir")
    )
    if not asked and not config.getini("eval_matrix"):
        return
    try:
        config.stash[SETTINGS] = _settings(config)
    except MichiError as error:
        if asked or _distributes(config):
            raise pytest.UsageError(str(error)) from error
        return
    if not _is_worker(config):
        recorder = Recorder(config.stash[SETTINGS], config)
        config.pluginmanager.register(recorder, "michi-recorder")


def _settings(config: pytest.Config) -> Settings:
    path = config.getoption("eval_matrix")
    base = config.invocation_params.dir if path else config.rootpath
    path = path or config.getini("eval_matrix")
    if not path:
        raise ConfigError(
            "no matrix: name the models and checkpoints with --eval-matrix FILE, or with "
            "eval_matrix in [tool.pytest]."
        )
    limit = config.getoption("eval_limit")
    if limit is None and config.getini("eval_limit"):
        limit = int(config.getini("eval_limit"))
    matrix = override_data(
        load_matrix((base / path).resolve()), config.getini("eval_data"), limit, config.rootpath
    )
    given = config.getoption("eval_data")
    matrix = override_data(matrix, given, limit, config.invocation_params.dir)
    reports = config.rootpath / config.getini("eval_reports")
    return Settings(
        matrix=matrix,
        run_folder=_run_folder(config, reports),
        reports=reports,
        root=config.rootpath,
        fresh=config.getoption("eval_fresh"),
        arguments=config.invocation_params.args,
    )


def _run_folder(config: pytest.Config, reports: Path) -> Path:
    if _is_worker(config):
        return Path(config.workerinput["michi_run"])  # type: ignore[attr-defined]
    given = config.getoption("eval_run_dir")
    if given:
        return (config.invocation_params.dir / Path(given).expanduser()).resolve()
    return reports / "runs" / manifest.new_run_id()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker which run it works for."""
    if SETTINGS in node.config.stash:
        node.workerinput["michi_run"] = str(node.config.stash[SETTINGS].run_folder)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Our order of handing out, unless another --dist was chosen."""
    if SETTINGS not in config.stash or config.getoption("dist") != "load":
        return None
    from harness.spread import CheckpointScheduling

    return CheckpointScheduling(config, log, config.stash[SETTINGS].matrix.checkpoints)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One item for each checkpoint of the matrix."""
    if not {"checkpoint", "evaluate"} <= set(metafunc.fixturenames):
        return
    checkpoints = list(_matrix(metafunc.config).checkpoints)
    metafunc.parametrize(
        "checkpoint", checkpoints, ids=[c.id for c in checkpoints], indirect=True, scope="session"
    )


def _matrix(config: pytest.Config) -> Matrix:
    if SETTINGS not in config.stash:
        try:
            _settings(config)
        except MichiError as error:
            pytest.exit(str(error), returncode=pytest.ExitCode.USAGE_ERROR)
    return config.stash[SETTINGS].matrix


@pytest.fixture(scope="session")
def checkpoint(request: pytest.FixtureRequest) -> Checkpoint:
    """The checkpoint of this item."""
    found: Checkpoint = request.param
    return found


@pytest.fixture
def evaluate(
    request: pytest.FixtureRequest, checkpoint: Checkpoint
) -> Iterator[Callable[[Task], Evaluation]]:
    """Call it with a task: `evaluate(JSQuAD())`. The figures are recorded before it returns."""
    config = request.config
    if SESSION not in config.stash:
        config.stash[SESSION] = EvalSession(config.stash[SETTINGS])
    session = config.stash[SESSION]
    ended = request.node.stash[ENDED] = Ended(checkpoint.id, request.node.nodeid)
    line = ProgressLine(f"{request.node.name}", _terminal_writer(config))

    def run(task: Task) -> Evaluation:
        ended.begin(task.name)
        try:
            evaluation = session.evaluate(task, checkpoint, line)
        except UnavailableError as error:
            pytest.skip(str(error))
        finally:
            line.clear()
        ended.take(evaluation, session.fingerprint(checkpoint))
        request.node.user_properties.extend(ended.properties())
        return evaluation

    yield run
    line.clear()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put what was measured on the report, and the user's errors without a traceback."""
    report = yield
    ended = item.stash.get(ENDED, None)
    if ended is not None and (call.when == "call" or report.failed):
        item.config.stash[OUTCOMES].note(report, call, ended)
    return report


def pytest_unconfigure(config: pytest.Config) -> None:
    """Give the model's memory back."""
    if SESSION in config.stash:
        config.stash[SESSION].close()


def _terminal_writer(config: pytest.Config) -> Callable[[str], None]:
    """Writes to the terminal past pytest's capture; nowhere in -q, CI, workers and pipes."""
    reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
    capture: Any = config.pluginmanager.get_plugin("capturemanager")
    unseen = reporter is None or not reporter.isatty or config.get_verbosity() < 0
    if unseen or _is_worker(config) or _in_ci():
        return lambda text: None

    def write(text: str) -> None:
        if capture is None:
            reporter.write(text, flush=True)
        else:
            with capture.global_and_fixture_disabled():
                reporter.write(text, flush=True)

    return write


def _in_ci() -> bool:
    return bool(os.environ.get("CI") or os.environ.get("BUILD_NUMBER"))


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def _distributes(config: pytest.Config) -> bool:
    return config.getoption("dist", "no") != "no" or _is_worker(config)
