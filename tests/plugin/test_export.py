"""A run written in lm-eval's form is read back to the same figures, by us and by lm-eval's tools."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.comparison.scores import metric_samples
from harness.comparison.sources import read_source
from harness.jsonl import read_whole_rows
from harness.report.exporting import export_lm_eval
from harness.runs import read_run
from tests.lm_eval.world import make_tasks
from tests.plugin import helpers
from tests.plugin.test_lm_eval import SUITE, TABLE

pytest.importorskip("lm_eval.evaluator", reason="lm-eval is not here")


@pytest.fixture
def exported(project: pytest.Pytester) -> Path:
    """Every suite of the small world and two of lm-eval's tasks on two checkpoints."""
    make_tasks(project.path / "tasks")
    (project.path / "evals" / "test_lm_eval.py").write_text(SUITE, "utf-8")
    helpers.add_to_matrix(project, TABLE)
    project.runpytest("evals", "-k", "base or other")
    done = project.run(
        sys.executable, "-m", "harness", "export", "reports/latest", "--lm-eval", "out"
    )
    assert done.ret == 0
    assert len([line for line in done.outlines if "out/" in line]) == 12
    return project.path / "out"


def results_of(exported: Path, checkpoint: str) -> dict[str, Any]:
    (path,) = (exported / checkpoint).glob("results_*.json")
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def test_compare_reads_the_same_figures(exported: Path) -> None:
    run = read_run(exported.parent / "reports" / "latest")
    read = {(s.checkpoint, s.task): s for s in read_source(exported)}

    checked = 0
    for item in run.items:
        for result in item.results:
            metric, _, filtered = result.metric.partition(",")
            score, stratum = metric_samples(metric)
            name = f"{item.task} ({filtered})" if filtered else item.task
            samples = read[item.checkpoint, name].samples
            called = "accuracy" if score == "correct" else score
            values = [s.scores[called] for s in samples if called in s.scores]
            if values and stratum is None:
                assert math.fsum(values) / len(values) == pytest.approx(result.value)
                assert len(values) == result.n
                checked += 1
    assert checked >= 2 * 9


def test_two_exports_pair_sample_by_sample(exported: Path, project: pytest.Pytester) -> None:
    done = project.run(
        sys.executable, "-m", "harness", "compare", "out/base", "out/base", "--format", "json"
    )

    assert done.ret == 0
    rows = json.loads("\n".join(done.outlines))
    assert "quiz_choose" in json.dumps(rows)


def test_lm_evals_table_tells_every_figure(exported: Path) -> None:
    from lm_eval.utils import get_latest_filename, get_results_filenames, make_table

    names = [str(path) for path in exported.rglob("*.json*")]
    assert len(get_results_filenames(names)) == 2
    assert get_latest_filename(names)

    content = results_of(exported, "base")
    table = make_table(content)

    figures = helpers.figures(exported.parent / "reports" / "latest")
    assert f"|{figures['base', 'quiz_choose', 'acc']:.4f}|" in table.replace(" ", "")
    assert f"|{figures['base', 'jsquad', 'f1']:.4f}|" in table.replace(" ", "")
    assert "strict" in table
    assert "digits" in table


def test_standard_errors_are_lm_evals(exported: Path) -> None:
    from lm_eval.api.metrics import mean_stderr

    run = read_run(exported.parent / "reports" / "latest")
    f1 = [row["scores"]["f1"] for row in run.samples("base", "jsquad")]
    told = results_of(exported, "base")["results"]["jsquad"]

    assert told["f1_stderr,none"] == pytest.approx(mean_stderr(f1))
    assert results_of(exported, "base")["results"]["marc_ja"]["macro_f1_stderr,none"] == "N/A"


@pytest.mark.parametrize("task", ["jsquad", "marc_ja", "knowledge", "quiz_choose", "quiz_write"])
def test_lm_evals_logger_reads_the_samples(exported: Path, task: str) -> None:
    from lm_eval.loggers.wandb_logger import WandbLogger

    content = results_of(exported, "base")
    (path,) = (exported / "base").glob(f"samples_{task}_*.jsonl")
    rows = read_whole_rows(path)
    # The logger is given samples before they are written: arguments are lists there.
    for row in rows:
        row["arguments"] = [list(a.values()) for a in row["arguments"].values()]

    table = WandbLogger._generate_dataset(
        WandbLogger.__new__(WandbLogger), rows, content["configs"][task]
    )

    assert len(table) == len(rows)
    assert len(table.columns) > 7


def test_documents_are_hashed_as_lm_eval_hashes(exported: Path) -> None:
    from lm_eval.utils import hash_string

    (path,) = (exported / "base").glob("samples_knowledge_*.jsonl")
    for row in read_whole_rows(path):
        assert row["doc_hash"] == hash_string(json.dumps(row["doc"], indent=2, ensure_ascii=False))
        assert row["prompt_hash"] == hash_string(row["arguments"]["gen_args_0"]["arg_0"])
        assert row["target_hash"] == hash_string(row["target"])


def test_a_second_export_writes_the_same_files(exported: Path) -> None:
    before = {path: path.read_bytes() for path in exported.rglob("*.json*")}

    export_lm_eval(read_run(exported.parent / "reports" / "latest"), exported)

    assert {path: path.read_bytes() for path in exported.rglob("*.json*")} == before


def test_a_redacted_run_is_not_exported(project: pytest.Pytester) -> None:
    project.runpytest("evals", "-k", "base and marc_ja", "--eval-redact")

    done = project.run(
        sys.executable, "-m", "harness", "export", "reports/latest", "--lm-eval", "out"
    )

    assert done.ret == 2
    assert "redacted" in "\n".join(done.errlines)
    assert not (project.path / "out").exists()
