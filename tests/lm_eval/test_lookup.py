"""Tasks are found by name, yours first; groups are told by their tasks; identity is of all code."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import ConfigError
from tests.lm_eval.both_ways import EXACT, WRITE, task_of

pytest.importorskip("lm_eval.evaluator", reason="lm-eval is not here")

from harness.lm_eval.library import load_task
from harness.lm_eval.lookup import find
from harness.lm_eval.task import LmEval


@pytest.mark.parametrize("name", ["sst2", "cola"])
def test_lm_evals_own_task_is_found_beside_ones_own_whatever_its_file_is_called(
    tmp_path: Path, name: str
) -> None:
    _, entry = find(name, task_of(tmp_path, "mine", WRITE + EXACT))

    assert entry.name == name
    assert Path(entry.yaml_path).stem != name


def test_a_name_in_no_file_is_refused_with_one_of_lm_evals_that_is_like_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no task 'jsquadd_none' .*lm-eval's own or in"):
        find("jsquadd_none", task_of(tmp_path, "mine", WRITE + EXACT))
    with pytest.raises(ConfigError, match="Did you mean 'ja_leaderboard_marc_ja'"):
        find("ja_leaderboard_marcja", None)


def test_a_group_written_out_inside_a_group_is_told_by_its_tasks(tmp_path: Path) -> None:
    folder = task_of(tmp_path, "mine", WRITE + EXACT)
    (folder / "all.yaml").write_text(
        "group: all\ntask:\n  - mine\n  - group: inner\n    task: [one, {task: two}]\n", "utf-8"
    )
    with pytest.raises(ConfigError, match=r'group of 3 tasks.*\s+tasks = \["mine", "one", "two"\]'):
        load_task("all", folder)


def test_a_helper_that_a_function_calls_is_of_the_tasks_identity(tmp_path: Path) -> None:
    body = WRITE + "process_results: !function functions.results\n" + EXACT
    source = (
        'def clean(text):\n    return text.strip("{chars}")\n\n\n'
        'def results(doc, answers):\n    return {{"exact_match": float(clean(answers[0]) == "x")}}\n'
    )
    same, moved, other = (
        task_of(tmp_path / place, "mine", body, source.format(chars=chars))
        for place, chars in (("same", "。"), ("moved", "。"), ("other", "円"))
    )

    identities = [LmEval("mine", folder).identity["config"] for folder in (same, moved, other)]

    assert identities[0] == identities[1] != identities[2]
