"""A report folder that can't be written: told as such, and what was measured stays."""

from __future__ import annotations

import json

import pytest

from tests.conftest import SCRIPTED
from tests.plugin.helpers import (
    add_to_conftest,
    asked,
    forget_asked,
    output,
    rows,
    told_cleanly,
)

MISUSED = pytest.ExitCode.USAGE_ERROR

EVERYWHERE = "harness.store, harness.evaluate, harness.runs"
# A disk that is full after so many appends; from then on no file of the project can be written.
FULL_DISK = """
import errno
import harness.evaluate, harness.jsonl, harness.runs, harness.store

class Disk:
    left = {left}

def append_rows(path, rows, write=harness.jsonl.append_rows):
    if Disk.left <= 0:
        raise harness.jsonl.storage_error(path, OSError(errno.ENOSPC, "No space left on device"))
    Disk.left -= 1
    write(path, rows)

def write_text(self, *args, write=Path.write_text, **kwargs):
    if Disk.left <= 0:
        raise OSError(errno.ENOSPC, "No space left on device")
    return write(self, *args, **kwargs)

Path.write_text = write_text
for module in ({modules}):
    module.append_rows = append_rows
"""


def test_a_folder_that_cannot_be_made_is_told(project: pytest.Pytester) -> None:
    (project.path / "file").write_text("")
    result = project.runpytest_subprocess("evals", "-k", "base", "--eval-run-dir", "file/run")
    assert result.ret == MISUSED
    assert "file/run" in output(result)
    assert "can't be written" in output(result)
    assert told_cleanly(result)


def test_a_sample_folder_that_cannot_be_made_is_told(project: pytest.Pytester) -> None:
    (project.path / "mine").mkdir()
    (project.path / "mine" / "samples").write_text("")
    result = project.runpytest_subprocess("evals", "-k", "base and jsquad", "--eval-run-dir=mine")
    assert result.ret == MISUSED
    assert "mine/samples/base/jsquad.jsonl: can't be written" in output(result)
    assert told_cleanly(result)
    assert asked(project) == []


def test_answers_and_samples_are_kept_when_results_cannot_be_written(
    project: pytest.Pytester,
) -> None:
    add_to_conftest(project, FULL_DISK.format(left=0, modules="harness.runs,"))
    add_to_conftest(project, "Path.write_text = write_text.__kwdefaults__['write']")
    result = project.runpytest_subprocess("evals", "-k", "base and jsquad", "--eval-run-dir=mine")
    assert result.ret == MISUSED
    assert "mine/results.jsonl: can't be written: No space left on device" in output(result)
    assert told_cleanly(result)
    assert len(rows(project.path / "mine" / "samples" / "base" / "jsquad.jsonl")) == 10
    (project.path / "conftest.py").write_text(SCRIPTED.read_text("utf-8"), "utf-8")
    forget_asked(project)
    project.runpytest("evals", "-k", "base and jsquad")
    assert asked(project) == []


def test_a_store_that_cannot_be_written_is_told(project: pytest.Pytester) -> None:
    (project.path / "reports").mkdir()
    (project.path / "reports" / "store").write_text("")
    result = project.runpytest_subprocess("evals", "-k", "base and jsquad")
    assert result.ret == MISUSED
    assert "can't be written" in output(result)
    assert told_cleanly(result)


@pytest.mark.parametrize("workers", ["0", pytest.param("2", marks=pytest.mark.slow)])
def test_a_full_disk_is_told_and_what_was_measured_is_kept(
    project: pytest.Pytester, workers: str
) -> None:
    # An item takes three batches, each a row in the store and one in the samples, and twice more.
    add_to_conftest(project, FULL_DISK.format(left=12, modules=EVERYWHERE))
    result = project.runpytest_subprocess("evals", "-n", workers, "--eval-run-dir", "mine")
    assert result.ret == MISUSED
    assert "No space left on device" in output(result)
    assert "free space or choose another folder" in output(result)
    assert told_cleanly(result)
    if workers == "0":
        kept = [json.loads(line) for line in (project.path / "mine" / "results.jsonl").open()]
        assert [(r["checkpoint"], r["task"], r["status"]) for r in kept] == [
            ("base", "jsquad", "measured")
        ]


def test_after_a_full_disk_the_same_command_goes_on(project: pytest.Pytester) -> None:
    conftest = (project.path / "conftest.py").read_text("utf-8")
    add_to_conftest(project, FULL_DISK.format(left=12, modules=EVERYWHERE))
    project.runpytest_subprocess("evals", "-k", "base")
    (project.path / "conftest.py").write_text(conftest, "utf-8")
    store = project.path / "reports" / "store"
    kept = sum(len(rows(file)) for file in store.glob("*.jsonl"))
    assert 10 <= kept < 30
    forget_asked(project)
    assert project.runpytest("evals", "-k", "base").ret == 0
    assert len(asked(project)) == 30 - kept


def test_a_full_disk_ends_the_tests_with_one_message_for_each_file(
    project: pytest.Pytester,
) -> None:
    add_to_conftest(project, FULL_DISK.format(left=12, modules=EVERYWHERE))
    result = project.runpytest_subprocess("evals", "-k", "base", "--eval-run-dir", "mine")
    told = [line for line in result.outlines if "can't be written" in line and "mine/" in line]
    assert len(told) == len(set(told))
