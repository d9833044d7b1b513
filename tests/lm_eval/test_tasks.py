"""Tasks of lm-eval that nobody adapted, asked by us and by lm-eval's own HFLM on the same weights."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.config import DataSource
from harness.engines.local import LocalEngine
from harness.errors import ConfigError, DataError
from harness.evaluate import Evaluation, Workbench, evaluate
from harness.jsonl import read_whole_rows
from harness.records import Checkpoint
from harness.report.lm_eval_samples import samples
from harness.runs import Item
from harness.store import Store
from tests.engines.conftest import as_model, make_base
from tests.lm_eval.world import DOCUMENTS, TASKS, make_tasks

huggingface = pytest.importorskip("lm_eval.models.huggingface", reason="lm-eval is not here")

from harness.lm_eval.library import FEWSHOT_SEED, load_task, quiet  # noqa: E402
from harness.lm_eval.model import generation  # noqa: E402
from harness.lm_eval.task import LmEval  # noqa: E402


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tasks(tmp_path_factory.mktemp("tasks"))


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalEngine]:
    base = make_base(tmp_path_factory.mktemp("model"))
    found = LocalEngine(as_model(base), base)
    found.network.generation_config.repetition_penalty = 1.0
    yield found
    found.close()


@pytest.fixture(scope="module")
def theirs(engine: LocalEngine, folder: Path) -> dict[str, Any]:
    """What lm-eval says of every task with its own model."""
    from lm_eval.evaluator import evaluate as lm_eval_evaluate

    model = huggingface.HFLM(pretrained=engine.network, tokenizer=engine.tokenizer, batch_size=1)
    found = {}
    for name in TASKS:
        task = load_task(name, folder)
        task.set_fewshot_seed(FEWSHOT_SEED)
        with quiet():
            found[name] = lm_eval_evaluate(model, {"tasks": {name: task}}, bootstrap_iters=0)
    return found


def measured(
    name: str, folder: Path, engine: Any, place: Path, limit: int | None = None
) -> Evaluation:
    bench = Workbench("print", lambda: engine, Store(place / "store"), place / "run")
    source = DataSource(Path(name), limit=limit)
    checkpoint = Checkpoint("base", as_model(folder))
    return evaluate(LmEval(name, folder), checkpoint, source, bench)


@pytest.mark.parametrize("name", TASKS)
def test_figures_and_answers_are_those_of_lm_eval(
    name: str, folder: Path, engine: LocalEngine, theirs: dict[str, Any], tmp_path: Path
) -> None:
    ours = measured(name, folder, engine, tmp_path)

    told = theirs[name]["results"][name]
    keys = [key for key in told if "," in key and "_stderr" not in key]
    several = len({key.partition(",")[2] for key in keys}) > 1
    expected = {key if several else key.partition(",")[0]: told[key] for key in keys}
    assert {r.metric for r in ours.results} == set(expected)
    for result in ours.results:
        assert result.value == pytest.approx(expected[result.metric], rel=1e-4)
        assert result.low <= result.value <= result.high
    logged = {s["doc_id"]: s for s in theirs[name]["samples"][name]}
    assert [row["id"] for row in ours.rows] == [str(place) for place in logged]
    for row, sample in zip(ours.rows, logged.values(), strict=True):
        assert row["detail"]["doc_hash"] == sample["doc_hash"]
        assert row["detail"]["prompt_hash"] == sample["prompt_hash"]
        first = sample["resps"][0][0]
        if isinstance(first, str):
            assert row["response"] == first
        else:
            answers = [answer[0] for answer in sample["resps"]]
            values = [a[0] if isinstance(a, tuple) else a for a in answers]
            assert row["logprobs"] == pytest.approx(values, abs=1e-3)


def test_what_a_document_accepts_is_told_in_words(
    folder: Path, engine: LocalEngine, tmp_path: Path
) -> None:
    chosen = measured("quiz_choose", folder, engine, tmp_path)
    written = measured("quiz_write", folder, engine, tmp_path)

    asked = DOCUMENTS[2:]
    right = [str(d["choices"][d["label"]]) for d in asked]  # type: ignore[index]
    assert [row["gold"] for row in chosen.rows] == [[text] for text in right]
    assert [row["correct"] for row in chosen.rows] == [
        row["response"] == gold for row, gold in zip(chosen.rows, right, strict=True)
    ]
    assert [row["gold"] for row in written.rows] == [[d["answers"][0]] for d in asked]  # type: ignore[index]
    assert [row["cluster"] for row in written.rows] == [d["title"] for d in asked]


def test_figures_that_are_no_shares_stand_apart(
    folder: Path, engine: LocalEngine, tmp_path: Path
) -> None:
    found = measured("quiz_choose", folder, engine, tmp_path)

    assert found.identity["no_shares"] == found.identity["lower_is_better"] == ["brier_score"]
    assert set(found.rows[0]["scores"]) == {"acc", "acc_norm"}
    methods = {r.metric: r.interval for r in found.results}
    assert methods["acc"] == "clustered Wilson"
    assert methods["brier_score"] == "cluster bootstrap, 1000 resamples"


class Stops(LocalEngine):
    """Breaks after its first batch."""

    def __init__(self, inner: LocalEngine) -> None:
        self.inner, self.answered = inner, 0

    def answer(self, checkpoint: Any, requests: Any, skip: Any = ()) -> Any:
        for request in requests:
            if request not in skip:
                if self.answered == 2:
                    raise RuntimeError("killed")
                self.answered += 1
                yield from self.inner.answer(checkpoint, [request])


def test_what_was_answered_is_not_asked_again(
    folder: Path, engine: LocalEngine, tmp_path: Path
) -> None:
    with pytest.raises(RuntimeError, match="killed"):
        measured("quiz_choose", folder, Stops(engine), tmp_path)

    resumed = measured("quiz_choose", folder, engine, tmp_path)
    again = measured("quiz_choose", folder, None, tmp_path)

    assert (resumed.asked, resumed.stored) == (4, 2)
    assert (again.asked, again.stored, again.rows) == (0, 6, resumed.rows)


def test_a_limit_takes_the_first_documents_with_their_own_examples(
    folder: Path, engine: LocalEngine, tmp_path: Path
) -> None:
    whole = measured("quiz_write", folder, engine, tmp_path / "whole")
    some = measured("quiz_write", folder, engine, tmp_path / "some", limit=2)

    assert [row["prompt"] for row in some.rows] == [row["prompt"] for row in whole.rows[:2]]
    assert whole.rows[0]["prompt"].count("質問：") == 3


def test_another_yaml_is_another_identity(
    folder: Path, engine: LocalEngine, tmp_path: Path
) -> None:
    moved = shutil.copytree(folder, tmp_path / "moved")
    other = shutil.copytree(folder, tmp_path / "other")
    yaml = other / "quiz_write.yaml"
    yaml.write_text(yaml.read_text("utf-8").replace("を書きなさい", "だけを書け"), "utf-8")

    identities = [LmEval("quiz_write", place).identity for place in (folder, moved, other)]

    assert identities[0] == identities[1] != identities[2]
    assert LmEval("quiz_write", folder, num_fewshot=1).identity["num_fewshot"] == 1
    assert LmEval("quiz_choose", folder, num_fewshot=1).identity["num_fewshot"] == 0


def test_data_may_be_named_from_beside_the_yaml(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside = shutil.copytree(folder, tmp_path / "beside")
    yaml = beside / "quiz_write.yaml"
    yaml.write_text(yaml.read_text("utf-8").replace(f"{folder}/", "./"), "utf-8")
    monkeypatch.chdir(tmp_path)

    assert len(load_task("quiz_write", beside).eval_docs) == len(DOCUMENTS) - 2
    assert Path.cwd() == tmp_path


def test_names_that_are_none_are_refused(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"quiz_wirte.*Did you mean 'quiz_write'"):
        load_task("quiz_wirte", folder)


def test_a_group_is_told_by_its_tasks(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r'group of 2 tasks.*\s+tasks = \["quiz_write", "quiz_'):
        load_task("quiz", folder)


def test_a_yaml_file_that_is_none_is_named_by_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("task: broken\nmetric_list:\n  - [oops\n")
    with pytest.raises(ConfigError, match=r"broken\.yaml:4: .*no task 'broken'"):
        load_task("broken", tmp_path)


def test_a_broken_line_of_a_tasks_data_is_named(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"text": "a"}\n{"text": "b\n')
    (tmp_path / "torn.yaml").write_text(
        "task: torn\ndataset_path: json\ndataset_kwargs: {data_files: {test: ./rows.jsonl}}\n"
        "test_split: test\noutput_type: loglikelihood_rolling\n"
        "doc_to_text: ''\ndoc_to_target: text\n"
    )
    with pytest.raises(DataError, match=r"torn\.yaml\): .*rows\.jsonl:2: not valid JSON"):
        load_task("torn", tmp_path)


def test_a_metric_that_lm_eval_would_leave_out_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"text": "a"}\n')
    (tmp_path / "unmeasured.yaml").write_text(
        "task: unmeasured\ndataset_path: json\n"
        "dataset_kwargs: {data_files: {test: ./rows.jsonl}}\ntest_split: test\n"
        "output_type: multiple_choice\ndoc_to_text: text\ndoc_to_target: 0\n"
        "doc_to_choice: [a, b]\nmetric_list:\n"
        "  - {metric: acc, aggregation: mean, higher_is_better: true}\n"
        "  - {metric: accuracies, aggregation: mean, higher_is_better: true}\n"
    )
    with pytest.raises(ConfigError, match=r"unmeasured\.yaml\): metric accuracies: neither"):
        load_task("unmeasured", tmp_path)


def test_a_data_set_that_is_not_here_is_named_with_a_way_out(folder: Path) -> None:
    with pytest.raises(DataError, match=r"nobody/lost \(here\) is not on this machine") as told:
        load_task("quiz_lost", folder)

    assert "load_dataset('nobody/lost', 'here')" in str(told.value)
    assert "include_path" in str(told.value)


def test_lm_evals_own_task_is_found_by_its_file() -> None:
    with pytest.raises(DataError, match=r"Rakuten/JGLUE \(JSQuAD\) is not on this machine"):
        load_task("ja_leaderboard_jsquad")


def test_settings_of_a_generation() -> None:
    sampled = generation(
        "x", {"until": "。", "do_sample": True, "temperature": 0.7, "max_tokens": 9}, draw=2
    )
    greedy = generation("x", {"until": ["", "\n"], "do_sample": False, "temperature": 0.7}, draw=2)

    assert (sampled.stop, sampled.temperature, sampled.draw) == (("。",), 0.7, 2)
    assert (greedy.stop, greedy.temperature, greedy.draw) == (("\n",), 0.0, 0)
    assert (sampled.max_new_tokens, greedy.max_new_tokens) == (9, 256)
    with pytest.raises(ConfigError, match="set top_p, which"):
        generation("x", {"do_sample": True, "temperature": 0.7, "top_p": 0.9})
    assert generation("x", {"do_sample": False, "top_p": 0.9}).temperature == 0


def test_a_perplexity_beyond_all_numbers_is_told_with_a_way_out(
    folder: Path, engine: LocalEngine, tmp_path: Path
) -> None:
    own = shutil.copytree(folder, tmp_path / "own")
    rows = [{**row, "text": "価格。" * 400} for row in DOCUMENTS]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (own / "test.jsonl").write_text(text, "utf-8")
    yaml = own / "quiz_rolling.yaml"
    yaml.write_text(yaml.read_text("utf-8").replace(str(folder), str(own)), "utf-8")

    with pytest.raises(DataError, match="of which Japanese has none: set metric_list to bits_"):
        measured("quiz_rolling", own, engine, tmp_path)


def test_random_numbers_go_on_as_if_lm_eval_had_drawn_none() -> None:
    import random

    import numpy as np

    random.seed(5)
    np.random.seed(5)
    expected = random.Random(5).random(), np.random.RandomState(5).random()
    with quiet():
        inside = random.random(), np.random.random()
    assert (random.random(), np.random.random()) == expected
    assert inside == (random.Random(0).random(), np.random.RandomState(1234).random())


@pytest.mark.parametrize("name", TASKS)
def test_exported_samples_are_lines_of_lm_evals_own_log(
    name: str, folder: Path, engine: LocalEngine, theirs: dict[str, Any], tmp_path: Path
) -> None:
    from lm_eval.loggers import EvaluationTracker

    tracker = EvaluationTracker(output_path=str(tmp_path / "theirs"))
    tracker.general_config_tracker.model_name_sanitized = "base"
    tracker.date_id = "2026-11-26T00-00-00.000000"
    tracker.save_results_samples(name, copy.deepcopy(theirs[name]["samples"][name]))
    (path,) = (tmp_path / "theirs").rglob("samples_*.jsonl")
    expected = read_whole_rows(path)

    ours = measured(name, folder, engine, tmp_path)
    item = Item("base", name, "", "measured", results=ours.results)
    # lm-eval writes a document after the other for each filter.
    lines = sorted(samples(item, list(ours.rows)), key=lambda line: str(line["filter"]))

    for line, theirs_ in zip(
        json.loads(json.dumps(lines)),
        sorted(expected, key=lambda row: str(row["filter"])),
        strict=True,
    ):
        assert set(line) == set(theirs_)
        for key in set(line) - {"resps", "filtered_resps", *theirs_["metrics"]}:
            assert line[key] == theirs_[key], key
        for key in ("resps", "filtered_resps", *theirs_["metrics"]):
            assert numbers(line[key]) == pytest.approx(numbers(theirs_[key]), rel=1e-3), key
            assert words(line[key]) == words(theirs_[key]), key


def flat(value: Any) -> list[Any]:
    if isinstance(value, str) and value.startswith("["):  # numpy's arrays are logged as texts
        return value.strip("[]").split()
    return [part for entry in value for part in flat(entry)] if isinstance(value, list) else [value]


def is_number(value: Any) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


def numbers(value: Any) -> list[float]:
    return [float(part) for part in flat(value) if is_number(part)]


def words(value: Any) -> list[str]:
    return [part for part in flat(value) if not is_number(part)]
