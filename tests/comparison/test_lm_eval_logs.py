from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.comparison.lm_eval_logs import read_lm_eval
from harness.comparison.sources import read_source
from harness.errors import ConfigError, DataError
from tests.comparison import writers as write


def test_a_sample_log_is_read_by_task_and_model(tmp_path: Path) -> None:
    rows = [write.lm_eval_row(0, exact_match=1.0, f1=1.0), write.lm_eval_row(1, f1=0.5)]

    (scores,) = read_lm_eval(write.write_lm_eval(tmp_path / "org__model", rows, "my_quiz_v2"))

    assert (scores.checkpoint, scores.task) == ("org__model", "my_quiz_v2")
    assert [s.scores for s in scores.samples] == [{"exact_match": 1.0, "f1": 1.0}, {"f1": 0.5}]
    assert [s.cluster for s in scores.samples] == ["0", "1"]
    assert scores.identity["generation"]["max_gen_toks"] == 24


def test_each_filter_is_a_task_of_its_own(tmp_path: Path) -> None:
    rows = [
        write.lm_eval_row(0, exact_match=0.0),
        write.lm_eval_row(0, exact_match=1.0, filter="strict"),
    ]

    sets = read_lm_eval(write.write_lm_eval(tmp_path, rows))

    assert [(s.task, s.samples[0].scores) for s in sets] == [
        ("quiz", {"exact_match": 0.0}),
        ("quiz (strict)", {"exact_match": 1.0}),
    ]


def test_of_scored_choices_the_likeliest_is_the_answer(tmp_path: Path) -> None:
    rows = [write.lm_eval_choice(0, (-14.5, -3.25), 0.0), write.lm_eval_choice(1, (-9.0, -10), 1.0)]

    (scores,) = read_lm_eval(write.write_lm_eval(tmp_path, rows))

    assert [s.response for s in scores.samples] == ["no", "yes"]
    assert scores.identity == {}


@pytest.mark.parametrize("field", ["document_id", "document", "title"])
def test_a_document_named_in_the_data_is_the_cluster(tmp_path: Path, field: str) -> None:
    rows = [write.lm_eval_row(n, f1=1.0, doc={field: "梅雨", "n": n}) for n in range(3)]

    (scores,) = read_lm_eval(write.write_lm_eval(tmp_path, rows))

    assert {s.cluster for s in scores.samples} == {"梅雨"}


def test_of_one_task_the_log_written_last_counts(tmp_path: Path) -> None:
    for date, value in (("2026-11-25T03-04-26.223561", 1.0), ("2026-11-24T23-59-59.000001", 0.0)):
        rows = [write.lm_eval_row(0, f1=value)]
        write.write_lm_eval(tmp_path / "out" / "model", rows, date=date)

    (scores,) = read_source(tmp_path / "out")

    assert scores.samples[0].scores == {"f1": 1.0}


def test_metrics_that_the_results_call_better_the_lower_are_known(tmp_path: Path) -> None:
    path = write.write_lm_eval(tmp_path, [write.lm_eval_row(0, f1=1.0, perplexity=3.5)])
    results = {"higher_is_better": {"quiz": {"f1": True, "perplexity": False}}}
    (tmp_path / f"results_{write.DATE}.json").write_text(json.dumps(results), "utf-8")

    assert read_lm_eval(path)[0].lower_is_better == {"perplexity"}


def test_a_line_cut_short_is_named(tmp_path: Path) -> None:
    path = write.write_lm_eval(tmp_path, [write.lm_eval_row(n, f1=1.0) for n in range(2)])
    path.write_text(path.read_text("utf-8")[:-40], "utf-8")

    with pytest.raises(DataError, match=rf"{path.name}:2: not valid JSON"):
        read_source(path)


def test_an_empty_log_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no samples in it"):
        read_source(write.write_lm_eval(tmp_path, []))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"doc_hash": None}, "doc_hash missing"),
        ({"filter": None, "metrics": None}, "filter, metrics missing"),
        ({"metrics": "f1"}, "metrics is no list"),
    ],
)
def test_lines_of_another_kind_are_refused_by_line_and_field(
    tmp_path: Path, changes: dict[str, str | None], said: str
) -> None:
    other = {k: v for k, v in {**write.lm_eval_row(1), **changes}.items() if v is not None}
    path = write.write_lm_eval(tmp_path, [write.lm_eval_row(0), other])

    with pytest.raises(DataError, match=rf"{path.name}:2: no line of lm-eval.*{said}"):
        read_source(path)


def test_a_folder_that_holds_no_measurement_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--log_samples"):
        read_source(tmp_path)


def test_two_models_of_one_name_in_a_folder_are_refused(tmp_path: Path) -> None:
    for part in ("first", "second"):
        write.write_lm_eval(tmp_path / part / "model", [write.lm_eval_row(0, f1=1.0)])

    with pytest.raises(ConfigError, match="quiz of model more than once"):
        read_source(tmp_path)


@pytest.mark.parametrize("told", [True, False], ids=["with results", "alone"])
def test_a_perplexity_whose_samples_are_likelihoods_is_left_out(tmp_path: Path, told: bool) -> None:
    path = write.write_lm_eval(tmp_path, [write.lm_eval_row(0, acc=1.0, perplexity=-46.2)])
    if told:
        metrics = [{"metric": "perplexity", "aggregation": "perplexity"}, {"metric": "acc"}]
        results = {"configs": {"quiz": {"metric_list": metrics}}}
        (tmp_path / f"results_{write.DATE}.json").write_text(json.dumps(results), "utf-8")

    assert read_lm_eval(path)[0].samples[0].scores == {"acc": 1.0}
