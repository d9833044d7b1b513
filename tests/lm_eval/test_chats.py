"""Prompts by the model's chat template, beside HFLM with --apply_chat_template on equal weights."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.config import DataSource, load_matrix
from harness.engines.conversations import chat_template
from harness.engines.local import LocalEngine
from harness.errors import ConfigError, UnavailableError, WeightsError
from harness.evaluate import Evaluation, Workbench, evaluate
from harness.records import Checkpoint, Model
from harness.store import Store
from tests.engines.conftest import as_model, make_base
from tests.lm_eval.world import make_tasks

huggingface = pytest.importorskip("lm_eval.models.huggingface", reason="lm-eval is not here")

from harness.lm_eval.library import FEWSHOT_SEED, load_task, quiet  # noqa: E402
from harness.lm_eval.task import LmEval  # noqa: E402

# One knows a system's turn, the other refuses it, as Gemma's does.
TEMPLATES = {
    "system": "{{ bos_token }}{% for m in messages %}<{{ m.role }}>{{ m.content | trim }}</s>\n"
    "{% endfor %}{% if add_generation_prompt %}<assistant>\n{% endif %}",
    "no system": "{{ bos_token }}{% if messages[0].role == 'system' %}"
    "{{ raise_exception('System role not supported') }}{% endif %}{% for m in messages %}"
    "<start_of_turn>{{ m.role }}\n{{ m.content | trim }}<end_of_turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}",
}
NAMES = ("quiz_write", "quiz_choose", "quiz_contexts", "quiz_likely", "quiz_begun", "quiz_picked")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small world's tasks, and two whose answers are begun for the model."""
    found = make_tasks(tmp_path_factory.mktemp("tasks"))
    for name, source in (("quiz_begun", "quiz_write"), ("quiz_picked", "quiz_choose")):
        yaml = (found / f"{source}.yaml").read_text("utf-8").replace(source, name)
        (found / f"{name}.yaml").write_text(yaml + 'gen_prefix: "答え："\n', "utf-8")
    return found


@pytest.fixture(params=TEMPLATES, scope="module")
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Model:
    place = tmp_path_factory.mktemp("model")
    template = place / "chat.jinja"
    template.write_text(TEMPLATES[request.param], "utf-8")
    return as_model(make_base(place / "base"), chat_template=template)


@pytest.fixture(scope="module")
def engine(model: Model) -> Iterator[LocalEngine]:
    found = LocalEngine(model, Path(model.weights))
    found.network.generation_config.repetition_penalty = 1.0
    yield found
    found.close()


def measured(name: str, folder: Path, model: Model, engine: Any, place: Path) -> Evaluation:
    bench = Workbench("print", lambda: engine, Store(place / "store"), place / "run")
    task = LmEval(name, folder, chats=True)
    return evaluate(task, Checkpoint("base", model), DataSource(Path(name), limit=4), bench)


@pytest.mark.parametrize("name", NAMES)
def test_prompts_and_answers_are_those_of_hflm(
    name: str, folder: Path, model: Model, engine: LocalEngine, tmp_path: Path
) -> None:
    from lm_eval.evaluator import evaluate as lm_eval_evaluate

    theirs = huggingface.HFLM(pretrained=engine.network, tokenizer=engine.tokenizer, batch_size=1)
    task = load_task(name, folder)
    task.set_fewshot_seed(FEWSHOT_SEED)
    with quiet():
        expected = lm_eval_evaluate(
            theirs, {"tasks": {name: task}}, limit=4, bootstrap_iters=0,
            apply_chat_template=True, fewshot_as_multiturn=True,
        )  # fmt: skip

    ours = measured(name, folder, model, engine, tmp_path)

    logged = {s["doc_id"]: s for s in expected["samples"][name]}
    assert len(ours.rows) == len(logged) == 4
    for row, sample in zip(ours.rows, logged.values(), strict=True):
        given = sample["arguments"][0][0]
        assert row["prompt"] == given
        assert given.startswith("<bos><")
        assert row["detail"]["prompt_hash"] == hashlib.sha256(given.encode()).hexdigest()
        if isinstance(first := sample["resps"][0][0], str):
            assert row["response"] == first
        else:
            values = [answer[0][0] for answer in sample["resps"]]
            assert row["logprobs"] == pytest.approx(values, abs=1e-3)
    for result in ours.results:
        metric = result.metric if "," in result.metric else f"{result.metric},none"
        assert result.value == pytest.approx(expected["results"][name][metric], rel=1e-4)


def test_examples_are_turns_of_their_own(
    folder: Path, model: Model, engine: LocalEngine, tmp_path: Path
) -> None:
    found = measured("quiz_write", folder, model, engine, tmp_path)

    assert all(row["prompt"].count("assistant") in (2, 3) for row in found.rows)
    assert found.identity["chat_template"] is found.identity["fewshot_as_multiturn"] is True
    assert "chat_template" not in LmEval("quiz_write", folder).identity


def test_a_model_behind_an_api_and_one_without_a_template_can_not_be_asked_so(
    model: Model, tmp_path: Path
) -> None:
    with pytest.raises(UnavailableError, match="is behind an API, which writes chats"):
        chat_template(dataclasses.replace(model, engine="api"))
    bare = make_base(tmp_path / "bare")
    (bare / "chat_template.jinja").unlink()
    with pytest.raises(WeightsError, match="the tokenizer has no chat template"):
        chat_template(as_model(bare))


def test_the_matrix_says_it_with_true(tmp_path: Path) -> None:
    matrix = tmp_path / "matrix.toml"
    text = (
        '[models.m]\nweights = "./w"\nreleased = 2025-01-01\n[checkpoints.base]\nmodel = "m"\n'
        '[suites.lm_eval]\ntasks = ["quiz"]\nchat_template = {}\n'
    )
    matrix.write_text(text.format("true"), "utf-8")
    suite = load_matrix(matrix).suites.lm_eval
    assert suite is not None
    assert suite.chat_template
    matrix.write_text(text.format('"gemma"'), "utf-8")
    with pytest.raises(ConfigError, match="chat_template"):
        load_matrix(matrix)
