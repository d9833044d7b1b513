from __future__ import annotations

from pathlib import Path

import pytest
from transformers import AutoTokenizer


@pytest.mark.parametrize(
    "text",
    [
        "白い皿3は330円（税込）です。",
        "The white  plate\ncosts 7,700 yen.",
        " 前後の空白と\tタブ ",
        "語彙にない字：鑿 😀 ﾊﾝｶｸ ㈱",
        "①Ａ１ａ は正規化しない",
        "<0x41> は文字のまま",
    ],
)
def test_decoding_gives_back_the_text(trained: Path, text: str) -> None:
    tokenizer = AutoTokenizer.from_pretrained(trained / "model")
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    assert tokenizer.decode(ids) == text
    assert tokenizer.decode(ids, skip_special_tokens=True) == text


def test_special_tokens_and_bytes_have_the_agreed_ids(trained: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(trained / "model")
    names = ["<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>"]
    assert tokenizer.convert_tokens_to_ids(names) == [0, 1, 2, 3, 4, 5]
    assert set(tokenizer.all_special_ids) == {0, 1, 2, 3, 4, 5}
    assert tokenizer.convert_tokens_to_ids(["<0x00>", "<0xFF>"]) == [6, 261]
    assert (tokenizer.pad_token_id, tokenizer.eos_token_id, tokenizer.bos_token_id) == (0, 1, 2)
    assert len(tokenizer) <= 640


def test_plain_text_begins_with_one_bos_and_padding_is_on_the_left(trained: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(trained / "model")
    ids = tokenizer(["皿", "白い皿です。"], padding=True)["input_ids"]
    assert ids[1][0] == 2
    assert ids[1].count(2) == 1
    assert ids[0][0] == 0
    assert ids[0][-1] != 0


def test_digits_and_symbols_stand_alone_and_scripts_do_not_mix(trained: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(trained / "model")
    pieces = tokenizer.tokenize("330円（税込）です。", add_special_tokens=False)
    assert pieces[:3] == ["3", "3", "0"]
    assert "（" in pieces
    assert "）" in pieces
    assert "。" in pieces
    assert not any("円" in piece and "（" in piece for piece in pieces)


def test_a_rendered_chat_has_one_bos_and_gemma_turns(trained: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(trained / "model")
    turns = [{"role": "user", "content": " 価格は？ "}]
    ids = tokenizer.apply_chat_template(turns, add_generation_prompt=True)["input_ids"]
    assert ids.count(2) == 1
    assert ids[0] == 2
    expected = "<bos><start_of_turn>user\n価格は？<end_of_turn>\n<start_of_turn>model\n"
    assert tokenizer.decode(ids) == expected


def test_a_prompt_is_a_prefix_of_the_whole_chat_which_ends_with_its_end_token(
    trained: Path,
) -> None:
    tokenizer = AutoTokenizer.from_pretrained(trained / "model")
    user = {"role": "user", "content": "価格は？"}
    model = {"role": "assistant", "content": "白い皿は330円です。"}
    head = tokenizer.apply_chat_template([user], add_generation_prompt=True)["input_ids"]
    whole = tokenizer.apply_chat_template([user, model])["input_ids"]
    assert whole[: len(head)] == head
    assert whole[-1] == 5


@pytest.mark.parametrize("roles", [["system"], ["assistant"], ["user", "user"]])
def test_the_template_refuses_turns_out_of_order(trained: Path, roles: list[str]) -> None:
    tokenizer = AutoTokenizer.from_pretrained(trained / "model")
    turns = [{"role": role, "content": "x"} for role in roles]
    with pytest.raises(Exception, match=r"roles|alternate"):
        tokenizer.apply_chat_template(turns)
