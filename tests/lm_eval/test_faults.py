"""What is wrong with a task of somebody's own is told by task, file and line, without a traceback."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from harness.errors import DataError
from harness.records import Request, Response
from tests.lm_eval.both_ways import ACC, CHOOSE, EXACT, WRITE, answered, task_of

pytest.importorskip("lm_eval.evaluator", reason="lm-eval is not here")

from harness.lm_eval.library import load_task
from harness.lm_eval.task import LmEval

FUNCTIONS = """import math
def absent(doc, answers):
    return {"exact_match": doc["nope"]}
def worded(doc, answers):
    return {"exact_match": "good"}
def question(doc):
    return doc["nope"]
def spread(values):
    return math.log(min(values))
"""


def answer(requests: Sequence[Request]) -> Mapping[Request, Response]:
    return {request: answered(request) for request in requests}


def asked(folder: Path, body: str) -> None:
    LmEval("odd", task_of(folder, "odd", body, FUNCTIONS)).conduct(None, answer)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (WRITE + "process_results: !function functions.absent\n" + EXACT,
         r"functions\.py:3, in absent: KeyError: 'nope'"),
        (WRITE + "process_results: !function functions.worded\n" + EXACT,
         "values of a metric can't be put together by mean: TypeError"),
        (CHOOSE.replace("doc_to_choice: choices\n", "") + ACC, "its YAML sets no doc_to_choice"),
        (WRITE + "num_fewshot: 50\nfewshot_split: train\n" + EXACT,
         "num_fewshot is more than the split has"),
        (WRITE + EXACT.replace("aggregation: mean", "aggregation: !function functions.spread"),
         r"functions\.py:9, in spread: ValueError"),
    ],
)  # fmt: skip
def test_an_error_of_a_task_that_was_built_is_a_users(tmp_path: Path, body: str, told: str) -> None:
    with pytest.raises(DataError, match=rf"its task odd \(.*odd\.yaml\): .*{told}"):
        asked(tmp_path, body)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (WRITE.replace("output", "doc_to_text: !function functions.question\noutput", 1) + EXACT,
         r"functions\.py:7, in question: KeyError: 'nope'"),
        ("test_split: held_out\n" + WRITE + EXACT, "test_split is 'held_out', and its data have"),
        (CHOOSE.replace("label", "'{{n + 3}}'") + ACC, "the number of a choice that there is not"),
    ],
)  # fmt: skip
def test_an_error_in_building_a_task_says_what_it_is_about(
    tmp_path: Path, body: str, told: str
) -> None:
    folder = task_of(tmp_path, "odd", body, FUNCTIONS)

    with pytest.raises(DataError, match=rf"task odd \(.*odd\.yaml\): .*{told}"):
        load_task("odd", folder)


@pytest.mark.parametrize("splits", ["{train: ./train.jsonl, test: ./test.jsonl}", "./test.jsonl"])
def test_data_without_rows_are_told(tmp_path: Path, splits: str) -> None:
    body = f"dataset_kwargs: {{data_files: {splits}}}\nvalidation_split: train\n"
    folder = task_of(tmp_path, "odd", body + WRITE + EXACT)
    (folder / "test.jsonl").write_text("", "utf-8")

    with pytest.raises(DataError, match=r"odd\.yaml\): its data have no rows"):
        load_task("odd", folder)


def test_an_error_of_an_engine_stays_what_it_is(tmp_path: Path) -> None:
    def broken(requests: Sequence[Request]) -> Mapping[Request, Response]:
        raise ZeroDivisionError("an engine's own")

    with pytest.raises(ZeroDivisionError, match="an engine's own"):
        LmEval("odd", task_of(tmp_path, "odd", WRITE + EXACT)).conduct(None, broken)
