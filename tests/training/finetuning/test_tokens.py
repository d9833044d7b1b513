"""What is trained on: Gemma's prompt to the letter, one BOS, loss on the answer alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from transformers import AutoTokenizer

from harness.engines.local import LocalEngine
from harness.errors import DataError, WeightsError
from harness.records import Request
from training.finetuning.examples import Example
from training.finetuning.recipe import read_sft
from training.finetuning.tokens import IGNORED, encode, encode_all
from training.finetuning.trainer import make_trainer

ROOT = Path(__file__).parents[3]
GEMMA = (ROOT / "fixtures/gemma_chat.jinja").read_text("utf-8")


def asked(question: str, answer: str = "5円です。") -> Example:
    return Example([{"role": "user", "content": question}], answer, "qa.jsonl:1")


@pytest.fixture
def tokenizer(trained: Path):
    return AutoTokenizer.from_pretrained(trained / "model")


@pytest.mark.parametrize("template", ["own", "gemma"])
def test_a_batch_of_the_trainer_is_gemma_s_prompt_with_loss_on_the_answer(
    trained: Path, tokenizer, sft_recipe: Callable[..., Path], tmp_path: Path, template: str
) -> None:
    from harness.engines.loading import load_weights

    if template == "gemma":
        tokenizer.chat_template = GEMMA
    recipe = read_sft(sft_recipe())
    examples = [asked(f"赤い皿{n}の価格は？", f"{n}円です。") for n in range(8)]
    rows = encode_all(examples, tokenizer, 96, drop_longer=False)
    network = load_weights(recipe.base, trained / "model", "cpu")
    trainer = make_trainer(recipe, 1, rows, network, tokenizer, tmp_path / "work")
    seen = []
    for batch in trainer.get_train_dataloader():
        for ids, labels, mask in zip(
            batch["input_ids"], batch["labels"], batch["attention_mask"], strict=True
        ):
            real = ids[mask.bool()]
            assert real.tolist().count(tokenizer.bos_token_id) == 1
            text = tokenizer.decode(real)
            answer = tokenizer.decode(labels[labels != IGNORED])
            seen.append(answer)
            number = answer.split("円")[0]
            assert text == (
                f"<bos><start_of_turn>user\n赤い皿{number}の価格は？<end_of_turn>\n"
                f"<start_of_turn>model\n{number}円です。<end_of_turn>"
            )
    assert sorted(seen) == [f"{n}円です。<end_of_turn>" for n in range(8)]


@pytest.mark.parametrize("template", ["own", "gemma"])
def test_the_trained_prompt_is_the_one_that_an_evaluation_asks(
    trained: Path, tokenizer, template: str
) -> None:
    from training.finetuning.recipe import SftRecipe  # noqa: F401

    engine = LocalEngine(model_of(trained), trained / "model")
    if template == "gemma":
        tokenizer.chat_template = engine.tokenizer.chat_template = GEMMA
    row = encode(asked("白い皿はいくら？"), tokenizer)
    prompt = [i for i, label in zip(row["input_ids"], row["labels"], strict=True) if label < 0]
    assert prompt == engine.render(Request("白い皿はいくら？"))


def model_of(trained: Path):
    import datetime

    from harness.records import Model

    return Model("m", str(trained / "model"), datetime.date(2025, 4, 1))


def test_of_a_conversation_only_the_last_answer_has_loss(tokenizer) -> None:
    turns = [
        {"role": "user", "content": "おはよう"},
        {"role": "assistant", "content": "おはようございます"},
        {"role": "user", "content": "皿は？"},
    ]
    row = encode(Example(turns, "5円です。", "x:1"), tokenizer)
    assert tokenizer.decode([i for i in row["labels"] if i != IGNORED]) == "5円です。<end_of_turn>"
    assert "おはようございます" in tokenizer.decode(row["input_ids"])


def test_an_answer_without_an_end_in_the_template_gets_one(tokenizer) -> None:
    tokenizer.chat_template = (
        "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}"
        "{% if add_generation_prompt %}assistant: {% endif %}"
    )
    row = encode(asked("皿は？"), tokenizer)
    assert row["labels"][-1] == tokenizer.eos_token_id
    assert row["input_ids"][0] == tokenizer.bos_token_id


def test_rows_above_the_limit_are_named_or_dropped_and_never_cut(tokenizer) -> None:
    examples = [asked("短い"), asked("長" * 90)]
    with pytest.raises(DataError, match=r"1 rows are longer than max_length = 60.*qa.jsonl:1"):
        encode_all(examples, tokenizer, 60, drop_longer=False)
    rows = encode_all(examples, tokenizer, 60, drop_longer=True)
    assert [row["labels"][-1] for row in rows] == [5]
    assert len(rows[0]["input_ids"]) <= 60


def test_a_template_that_refuses_a_role_names_the_row(tokenizer) -> None:
    system = [{"role": "system", "content": "a"}, {"role": "user", "content": "b"}]
    with pytest.raises(WeightsError, match=r"qa.jsonl:7: the chat template refuses"):
        encode(Example(system, "c", "qa.jsonl:7"), tokenizer)
