from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from training.__main__ import main

Write = Callable[..., Path]


def failure(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> str:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("training: ")
    assert "Traceback" not in captured.err
    return captured.err


def test_a_missing_recipe_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "none.toml: no such file" in failure(capsys, ["sft", str(tmp_path / "none.toml")])


def test_a_recipe_that_is_not_toml_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "r.toml").write_text("model = ", encoding="utf-8")
    assert "r.toml: not TOML" in failure(capsys, ["sft", str(tmp_path / "r.toml")])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rank": '"big"'}, "lora.rank: expected int, found 'big'"),
        ({"seed": "1.5"}, "seed: expected int, found 1.5"),
        ({"precision": '"fp64"'}, "precision: must be one of fp32, bf16, found 'fp64'"),
        ({"quantization": '"int3"'}, "quantization: must be one of none, nf4"),
        ({"datasets": '["qb"]'}, "runs.qa.datasets: unknown ['qb']"),
        ({"alpha": "4\nrang = 2"}, "[lora]: unknown field 'rang'. Did you mean 'rank'?"),
        ({"schedule": '"sideways"'}, "schedule: must be one of constant"),
        ({"schedule": '"linear"'}, "say which is meant: trainings ="),
    ],
)
def test_a_wrong_field_is_named(
    capsys: pytest.CaptureFixture[str], sft_recipe: Write, change: dict[str, str], message: str
) -> None:
    assert message in failure(capsys, ["sft", str(sft_recipe(**change))])


def test_an_unknown_run_lists_the_known_ones(
    capsys: pytest.CaptureFixture[str], sft_recipe: Write
) -> None:
    message = failure(capsys, ["sft", str(sft_recipe()), "--only", "qa-medium"])
    assert "unknown run 'qa-medium'" in message
    assert "qa, both, qa-short, qa-long, both-short" in message


def test_a_broken_row_is_named_by_file_and_line(
    capsys: pytest.CaptureFixture[str], sft_recipe: Write
) -> None:
    recipe = sft_recipe()
    rows = recipe.parent / "qa.jsonl"
    rows.write_text('{"question": "a", "answer": "b"}\n{"question": \n', encoding="utf-8")
    assert "qa.jsonl:2: not valid JSON" in failure(capsys, ["sft", str(recipe)])
    rows.write_text('{"question": "a", "answer": ""}\n', encoding="utf-8")
    assert "qa.jsonl:1: field 'answer'" in failure(capsys, ["sft", str(recipe)])


def test_a_missing_base_model_is_named(
    capsys: pytest.CaptureFixture[str], sft_recipe: Write, tmp_path: Path
) -> None:
    recipe = sft_recipe(model=f'"{tmp_path}/no-model"')
    assert "no-model" in failure(capsys, ["sft", str(recipe)])


def test_a_corpus_that_is_missing_or_has_an_unknown_task_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    command = ["tokenizer", "--corpus", str(tmp_path), "--out", str(tmp_path / "out")]
    assert "raw.jsonl: can't be read: No such file" in failure(capsys, command)
    raw = '{"id": "old-1", "language": "ja", "text": "皿"}\n'
    chat = '{"task": "poetry", "id": "1", "prompt": "a", "answer": "b"}\n'
    (tmp_path / "raw.jsonl").write_text(raw, encoding="utf-8")
    (tmp_path / "chat.jsonl").write_text(chat, encoding="utf-8")
    assert "unknown task 'poetry'" in failure(capsys, command)


def test_pretraining_without_a_tokenizer_says_how_to_make_one(
    capsys: pytest.CaptureFixture[str], trained: Path, tmp_path: Path
) -> None:
    message = failure(
        capsys,
        [
            "pretrain",
            "--recipe",
            str(trained / "base.toml"),
            "--out",
            str(tmp_path),
            "--steps",
            "1",
        ],
    )
    assert "python -m training tokenizer" in message


@pytest.mark.parametrize("arguments", [[], ["pretrain", "--steps", "0"], ["bake"]])
def test_wrong_arguments_end_with_code_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
