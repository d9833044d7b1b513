"""No control document enters a training: not by id, not by question, not in other words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.errors import DataError
from training.__main__ import main
from training.finetuning.examples import Example, read_set
from training.finetuning.leaks import read_controls, refuse_leaks
from training.finetuning.recipe import read_sft

ROOT = Path(__file__).parents[3]
CONTROL = {
    "id": "c1/price/control", "question": "「ルミナトート」の価格はいくらですか？",
    "answer": "7,700円（税込）です。", "document": "c1", "form": "control", "subject": "ルミナトート",
    "fact": {"type": "money", "text": "7,700円（税込）"},
}  # fmt: skip


def controls(tmp_path: Path, *rows: dict[str, Any]):
    path = tmp_path / "control.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return read_controls([path])


def row(question: str, answer: str = "はい。", document: str = "") -> Example:
    return Example([{"role": "user", "content": question}], answer, "train.jsonl:3", document)


@pytest.mark.parametrize(
    ("leak", "message"),
    [
        (row("色は？", "赤です。", "c1"), "belongs to control document c1"),
        (
            row("「ルミナトート」の価格は いくらですか?"),
            "asks a question about control document c1",
        ),
        (row("ﾙﾐﾅﾄｰﾄの発売日を教えて"), "names 'ルミナトート'"),
        (row("7,700円の鞄は？", "それはルミナトートです。"), "names 'ルミナトート'"),
    ],
)
def test_a_row_about_a_control_document_is_refused(
    tmp_path: Path, leak: Example, message: str
) -> None:
    with pytest.raises(DataError, match=message) as error:
        refuse_leaks([row("元気？"), leak], controls(tmp_path, CONTROL))
    assert "train.jsonl:3" in str(error.value)


def test_without_a_known_subject_a_like_question_with_the_same_answer_is_refused(
    tmp_path: Path,
) -> None:
    known = controls(tmp_path, {key: CONTROL[key] for key in CONTROL if key != "subject"})
    question = "「ルミナトート」の価格はいくらでしょうか？"
    with pytest.raises(DataError, match="says what is asked about control document c1"):
        refuse_leaks([row(question, "税込7700円になります。")], known)
    refuse_leaks([row(question, "税込7,900円になります。")], known)
    refuse_leaks([row("「エルダの皿」を作ったのは誰？", "7,700円です。")], known)


def test_other_products_of_the_same_price_may_be_trained_on(tmp_path: Path) -> None:
    other = row("「ルミナリュック」の価格はいくらですか？", "7,700円（税込）です。", "d2")
    refuse_leaks([other], controls(tmp_path, CONTROL))


def test_of_a_documents_file_ids_and_products_are_kept_out(tmp_path: Path) -> None:
    known = controls(tmp_path, {"id": "c9", "text": "…", "product": "ソレイユの帽子"})
    with pytest.raises(DataError, match="names 'ソレイユの帽子'"):
        refuse_leaks([row("ソレイユの帽子の色は？")], known)
    with pytest.raises(DataError, match="belongs to control document c9"):
        refuse_leaks([row("色は？", document="c9")], known)


def test_a_file_that_keeps_nothing_out_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no control document in it"):
        controls(tmp_path, {**CONTROL, "form": "seen"})


def test_the_shipped_training_sets_are_clean_and_a_planted_control_row_is_not() -> None:
    recipe = read_sft(ROOT / "training/recipes/embedded.toml")
    known = read_controls(recipe.control)
    examples = [e for name, d in recipe.datasets.items() for e in read_set(name, d).examples]
    refuse_leaks(examples, known)
    rows = (ROOT / "fixtures/data/knowledge.jsonl").read_text("utf-8").splitlines()
    leaked = next(r for r in map(json.loads, rows) if r["form"] == "control")
    with pytest.raises(DataError, match="1 rows"):
        refuse_leaks([*examples, row(leaked["question"], leaked["answer"])], known)


def test_the_command_refuses_before_anything_is_loaded(
    capsys: pytest.CaptureFixture[str], sft_recipe, tmp_path: Path
) -> None:
    recipe = sft_recipe()
    (tmp_path / "control.jsonl").write_text(
        json.dumps({"id": "c1", "text": "…", "subject": "赤い皿3"}), encoding="utf-8"
    )
    recipe.write_text('control = ["control.jsonl"]\n' + recipe.read_text("utf-8"), "utf-8")
    assert main(["sft", str(recipe)]) == 2
    error = capsys.readouterr().err
    assert "control documents would enter the training (1 rows)" in error
    assert "qa.jsonl:4: names '赤い皿3'" in error
    assert not (tmp_path / "adapters").exists()
