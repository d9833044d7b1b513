"""What we export of one of lm-eval's tasks, beside what lm-eval writes of the same answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.lm_eval.both_ways import ACC, CHOOSE, EXACT, WRITE, measured, ours, task_of, theirs

pytest.importorskip("lm_eval.evaluator", reason="lm-eval is not here")

FILTERS = """filter_list:
  - {name: strict, filter: [{function: take_first}]}
  - name: digits
    filter: [{function: regex, regex_pattern: "(\\\\d+)"}, {function: take_first}]
"""
LENGTH = """
def results(doc, answers):
    return {"length": len(answers[0]), "right": float("1002" in answers[0])}
"""
MUTUAL = """metric_list:
  - {metric: acc, aggregation: mean, higher_is_better: true}
  - {metric: acc_mutual_info, aggregation: mean, higher_is_better: true}
"""
TASKS = {
    "chosen": CHOOSE + ACC,
    "filtered": WRITE + EXACT + FILTERS,
    "repeated": WRITE + EXACT + FILTERS + "repeats: 3\n",
    "aliased": CHOOSE + ACC + "task_alias: 別名\ndescription: 'x '\n",
    "counted": WRITE
    + "process_results: !function functions.results\nmetric_list:\n"
    + "  - {metric: length, aggregation: mean, higher_is_better: false}\n"
    + "  - {metric: right, aggregation: mean, higher_is_better: true}\n",
    "mutual": CHOOSE + MUTUAL,
    "likely": "output_type: loglikelihood\ndoc_to_target: '{{answers[0]}}'\nmetric_list:\n"
    + "  - {metric: perplexity, aggregation: perplexity, higher_is_better: false}\n"
    + "  - {metric: acc, aggregation: mean, higher_is_better: true}\n",
    "rolled": "output_type: loglikelihood_rolling\ndoc_to_target: text\nmetric_list:\n"
    + "  - {metric: bits_per_byte, aggregation: bits_per_byte, higher_is_better: false}\n",
}
# Of a configuration: where things lie on this machine is not exported.
PLACES = {"dataset_path", "dataset_kwargs", "metadata"}


@pytest.mark.parametrize("name", TASKS)
def test_results_and_samples_are_those_that_lm_eval_writes(name: str, tmp_path: Path) -> None:
    folder = task_of(tmp_path / "tasks", name, TASKS[name], LENGTH)

    expected, lines = theirs(name, folder, tmp_path / "theirs", limit=4)
    found, own = ours(name, folder, tmp_path / "ours", limit=4)

    for table in ("versions", "n-shot", "higher_is_better", "n-samples", "task_hashes"):
        assert found[table] == expected[table], table
    assert found["group_subtasks"] == expected["group_subtasks"] == {}
    assert flat(found["results"][name]) == pytest.approx(flat(expected["results"][name]))
    told = expected["configs"][name]
    assert {k: v for k, v in found["configs"][name].items() if k != "metadata"} == {
        key: value for key, value in told.items() if key not in PLACES
    }
    for key in ("limit", "bootstrap_iters", "random_seed", "numpy_seed", "fewshot_seed"):
        assert found["config"][key] == expected["config"][key]
    assert own == lines


def flat(results: dict[str, Any]) -> dict[str, Any]:
    """Results whose numbers may be compared; texts ("N/A", the alias) as they are."""
    assert {k: v for k, v in results.items() if isinstance(v, str)}
    return {k: v if isinstance(v, (int, float)) else float(hash(v)) for k, v in results.items()}


def test_the_answer_to_a_question_of_mutual_information_is_a_likely_one_after_it(
    tmp_path: Path,
) -> None:
    folder = task_of(tmp_path / "tasks", "mutual", TASKS["mutual"])

    rows, _, _ = measured("mutual", folder, tmp_path)

    apart = 0
    for row in rows:
        choices, values = row["detail"]["doc"]["choices"], row["logprobs"]
        assert len(values) == 2 * len(choices)
        after = values[: len(choices)]
        assert row["response"] == choices[after.index(max(after))]
        apart += values.index(max(values)) >= len(choices)
    assert apart  # for some question a choice is likelier without it


def test_every_repeat_of_an_answer_is_kept(tmp_path: Path) -> None:
    folder = task_of(tmp_path / "tasks", "repeated", TASKS["repeated"])

    rows, _, _ = measured("repeated", folder, tmp_path)

    assert all(row["detail"]["resps"] == [[row["response"]] * 3] for row in rows)
