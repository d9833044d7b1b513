"""Words that are searched by: Japanese and Latin ones, figures, telephone numbers."""

from __future__ import annotations

import pytest

pytest.importorskip("sudachipy", reason="the extra [retrieval] is not installed")

from harness.retrieval.tokens import described, words


def test_japanese_is_cut_into_words_without_particles_and_endings() -> None:
    assert words("東京都の価格を教えてください。") == ["東京", "都", "価格", "教える"]


def test_names_that_are_letters_are_words() -> None:
    assert words("新作「アルファ」のΩ") == ["新作", "アルファ", "ω"]


def test_spellings_of_one_word_are_one() -> None:
    assert words("問い合わせ") == words("問合せ") == words("問い合せ")
    assert words("ｻﾝｸﾞﾗｽ") == words("サングラス")
    assert words("Ｗｅｎｉｃｋ") == words("WENICK") == ["wenick"]


def test_figures_are_whole_and_without_separators() -> None:
    assert words("18,700円") == words("18700円") == ["18700", "円"]
    assert "34.8" in words("レンズの高さは34.8ミリです。")
    assert words("1,2") == ["1,2"]  # no thousands


def test_a_telephone_number_is_found_whole_and_by_its_parts() -> None:
    assert words("電話092-055-3321へ")[1:] == ["092-055-3321", "092", "055", "3321"]
    assert {"092", "055", "3321"} <= {*words("092（055）3321")}


def test_english_is_found_by_its_words() -> None:
    assert words("Don't buy the X-100!") == ["don't", "buy", "the", "x-100", "x", "100"]


def test_signs_alone_and_broken_characters_are_no_words() -> None:
    assert words("。、！？ 　\ud800") == []
    assert words("価格\ud800") == ["価格"]


def test_a_text_longer_than_the_tokenizer_takes_is_read_to_its_end() -> None:
    found = words("価格、" * 20_000 + "発売")
    assert found[-1] == "発売"
    assert found.count("価格") == 20_000


def test_tokenizer_and_dictionary_are_named_with_versions() -> None:
    assert "sudachipy " in described()
    assert "sudachidict_core " in described()
