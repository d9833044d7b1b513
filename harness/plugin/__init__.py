"""The pytest plugin: options, fixtures and hooks. Wiring only; it does nothing without evals.

A suite is a test that asks for `checkpoint` and `evaluate`:

    def test_jsquad(checkpoint, evaluate):
        evaluate(JSQuAD())

It becomes one item for each checkpoint of the matrix. Under xdist the workers evaluate, and the
controlling process alone writes results and reports.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from harness.errors import InconclusiveWarning, MichiError, UnavailableError
from harness.evaluate import Evaluation
from harness.plugin.cluster import progress_of
from harness.plugin.gpus import VISIBLE, gpu_of, gpus, holds_suites
from harness.plugin.nomatrix import NoMatrix
from harness.plugin.options import add_options, asked_for, is_worker, read_settings
from harness.plugin.outcome import Ended, failures, line, note
from harness.plugin.recorder import Recorder
from harness.plugin.screen import watched_columns
from harness.plugin.selected import tasks_of
from harness.records import Checkpoint, Verdict
from harness.session import EvalSession
from harness.settings import Settings
from harness.tasks import Task

if TYPE_CHECKING:
    from harness.plugin.sharding import Sharding

SETTINGS = pytest.StashKey[Settings]()
SESSION = pytest.StashKey[EvalSession]()
ABSENT = pytest.StashKey[NoMatrix]()
ENDED = pytest.StashKey[Ended]()
COMING = pytest.StashKey[object]()
SHARDING: pytest.StashKey[Sharding] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """See `harness.plugin.options`."""
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Read the matrix; a broken one that nobody asks for disturbs nobody."""
    config.addinivalue_line(
        "markers", "base_only: asks checkpoints without an adapter or a retriever only"
    )
    try:
        settings = config.stash[SETTINGS] = read_settings(config)
    except MichiError as error:
        if asked_for(config):
            raise pytest.UsageError(str(error)) from error
        config.stash[ABSENT] = NoMatrix(str(error))
        config.pluginmanager.register(config.stash[ABSENT], "michi-no-matrix")
        return
    if not is_worker(config):
        config.pluginmanager.register(Recorder(settings, config), "michi-recorder")
    opened, named = partial(_session_of, config), partial(_lm_eval_task, config)
    if config.getoption("eval_plan"):
        from harness.plugin.plan import PlanOnly

        config.pluginmanager.register(PlanOnly(config, opened, named), "michi-plan")
    elif settings.shard is not None:
        from harness.plugin.sharding import Sharding

        config.stash[SHARDING] = Sharding(opened, named)
        config.pluginmanager.register(config.stash[SHARDING], "michi-sharding")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker which run it works for, and how much of a watched terminal there is."""
    if SETTINGS in node.config.stash:
        settings = node.config.stash[SETTINGS]
        node.workerinput["michi_run"] = str(settings.run_folder)
        node.workerinput["michi_grades"] = settings.grade_sizes
    node.workerinput["michi_columns"] = watched_columns(node.config)
    if SETTINGS in node.config.stash and _holds_suites(node.config):
        node.workerinput["michi_gpu"] = gpu_of(node.gateway.id)


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """`-n auto` is a worker for each GPU where suites are evaluated and there are GPUs."""
    return len(gpus()) or None if _holds_suites(config) else None


def _holds_suites(config: pytest.Config) -> bool:
    return holds_suites(tuple(config.args), config.invocation_params.dir)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Our order of handing out, unless another --dist was chosen."""
    if SETTINGS not in config.stash or config.getoption("dist") != "load":
        return None
    from harness.plugin.spread import CheckpointScheduling

    return CheckpointScheduling(config, log, config.stash[SETTINGS].matrix.checkpoints)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One item for each checkpoint of the matrix; for `base_only` those of bare weights.

    A suite that asks for `lm_eval_task` has one for each of the matrix's tasks of lm-eval, too.
    """
    if not {"checkpoint", "evaluate"} <= set(metafunc.fixturenames):
        return
    config = metafunc.config
    checkpoints: list[Checkpoint] = []
    if SETTINGS in config.stash:
        checkpoints = list(config.stash[SETTINGS].matrix.checkpoints)
    else:
        config.stash[ABSENT].need(config)
    if metafunc.definition.get_closest_marker("base_only"):
        checkpoints = [c for c in checkpoints if c.bare]
    metafunc.parametrize(
        "checkpoint", checkpoints, ids=[c.id for c in checkpoints], indirect=True, scope="session"
    )
    if "lm_eval_task" in metafunc.fixturenames and (tasks := _lm_eval_tasks(config)):
        metafunc.parametrize("lm_eval_task", tasks, ids=tasks, indirect=True)


@pytest.hookimpl(wrapper=True)
def pytest_pycollect_makeitem(collector: pytest.Collector) -> Generator[None, Any, Any]:
    """A suite of lm-eval's tasks has no items where the matrix names none."""
    made = yield
    if not isinstance(made, list) or _lm_eval_tasks(collector.config):
        return made
    return [item for item in made if "lm_eval_task" not in getattr(item, "fixturenames", ())]


def _lm_eval_tasks(config: pytest.Config) -> tuple[str, ...]:
    if SETTINGS not in config.stash:
        return ()
    suite = config.stash[SETTINGS].matrix.suites.lm_eval
    return suite.tasks if suite else ()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A worker tells the controller, which collects nothing, how many eval items there are."""
    if is_worker(config):
        count = sum("evaluate" in getattr(item, "fixturenames", ()) for item in items)
        config.workeroutput["michi_evals"] = count  # type: ignore[attr-defined]
        gpu = config.workerinput.get("michi_gpu")  # type: ignore[attr-defined]
        if count and gpu:
            os.environ[VISIBLE] = gpu


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Take down which checkpoint comes next, so that its files are read meanwhile."""
    coming = getattr(nextitem, "callspec", None)
    item.config.stash[COMING] = coming.params.get("checkpoint") if coming else None


@pytest.fixture(scope="session")
def checkpoint(request: pytest.FixtureRequest) -> Checkpoint:
    """The checkpoint of this item."""
    found: Checkpoint = request.param
    return found


@pytest.fixture
def lm_eval_task(request: pytest.FixtureRequest) -> Task:
    """The task of lm-eval's that this item asks: `evaluate(lm_eval_task)`."""
    return _lm_eval_task(request.config, request.param)


def _lm_eval_task(config: pytest.Config, name: str) -> Task:
    from harness.lm_eval.task import LmEval

    suite = config.stash[SETTINGS].matrix.suites.lm_eval
    assert suite is not None, "a suite of lm-eval's tasks has no items without [suites.lm_eval]"
    return LmEval(name, suite.include_path, suite.num_fewshot, suite.chat_template)


@pytest.fixture
def evaluate(
    request: pytest.FixtureRequest, checkpoint: Checkpoint
) -> Iterator[Callable[[Task], Evaluation]]:
    """Call it with a task: `evaluate(JSQuAD())`. The figures are recorded before it returns."""
    config = request.config
    session = _session_of(config, request.session.items)
    sharding = config.stash.get(SHARDING, None)
    strict = session.settings.strict
    ended = request.node.stash[ENDED] = Ended(checkpoint.id, request.node.nodeid, strict)
    progress = progress_of(config, session, f"[{checkpoint.id}]")

    def run(task: Task) -> Evaluation:
        ended.begin(task.name)
        if isinstance(coming := config.stash.get(COMING, None), Checkpoint):
            session.ahead.expect(coming)
        try:
            if sharding is not None:
                answered = sharding.answer(request.node.nodeid, task, checkpoint, progress)
                ended.take_answered(answered)
                sharding.end()
            evaluation = session.evaluate(task, checkpoint, progress)
            ended.take(evaluation)
            decisions = session.decide(task, checkpoint, evaluation, progress)
        except UnavailableError as error:
            pytest.skip(str(error))
        except Exception as error:
            ended.broke = not isinstance(error, MichiError)
            raise
        finally:
            progress.clear()
        ended.judge(decisions)
        request.node.user_properties.extend(ended.properties())
        return evaluation

    yield run
    progress.clear()


def _session_of(config: pytest.Config, items: Sequence[pytest.Item]) -> EvalSession:
    """This process's session, opened once."""
    if SESSION not in config.stash:
        named = partial(_lm_eval_task, config)
        config.stash[SESSION] = EvalSession(
            config.stash[SETTINGS], lambda model: tasks_of(items, named, model)
        )
    return config.stash[SESSION]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put what was measured on the report, and the user's errors without a traceback."""
    report = yield
    ended = item.stash.get(ENDED, None)
    if ended is not None and (call.when == "call" or report.failed):
        note(report, call, ended)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """The gates' say, once all tasks of the item are measured and out of a suite's own `except`."""
    try:
        result = yield
    except pytest.skip.Exception:
        _enforce(pyfuncitem)
        raise
    _enforce(pyfuncitem)
    return result


def _enforce(item: pytest.Function) -> None:
    """Fail the item whose gate failed, with the gate's reason and no traceback."""
    ended = item.stash.get(ENDED, None)
    if ended is None:
        return
    decisions = [decision for said in ended.decisions.values() for decision in said]
    ended.enforced = True
    lines = failures(decisions, ended.strict)
    for decision in decisions:
        if not lines and decision.verdict is Verdict.INCONCLUSIVE:
            try:
                item.warn(InconclusiveWarning(line(decision)))
            except InconclusiveWarning:  # -W error
                ended.strict = True
                lines = failures(decisions, strict=True)
    if lines:
        pytest.fail("\n".join(lines), pytrace=False)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Have the cluster's part told among the notes at the end."""
    stash = session.config.stash
    if SESSION in stash and (cluster := stash[SESSION].cluster) is not None:
        recorder: Recorder = session.config.pluginmanager.get_plugin("michi-recorder")  # type: ignore[assignment]
        for line in cluster.summary():
            recorder.note(line)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Give the model's memory back."""
    if SESSION in config.stash:
        config.stash[SESSION].close()
