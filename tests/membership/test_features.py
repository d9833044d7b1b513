"""Years that texts name, n-grams against sklearn's own, lengths by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from harness.membership.features import (
    date_figures,
    length_figures,
    ngram_weights,
    years_named,
)


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("2023年5月28日に発売", [2023 + 4 / 12]),
        ("２０２３年の春、2019年夏", [2023, 2019]),
        ("令和元年と令和5年3月、平成31年", [2019, 2023 + 2 / 12, 2019]),
        ("昭和64年1月、明治 5年", [1989, 1872]),
        ("794年の遷都", [794]),
        ("2023-05-28、2022/1/3、2021.12.31", [2023 + 4 / 12, 2022, 2021 + 11 / 12]),
        ("価格は2019円、幅は1950mm", []),
        ("電話 06-2019-2020", []),
    ],
)
def test_years_in_japanese(text: str, years: list[float]) -> None:
    assert years_named(text, "ja") == pytest.approx(years)


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("On 23 June 2021 it was", [2021 + 5 / 12]),
        ("from June 23rd, 2021 to may 2022", [2021 + 5 / 12, 2022 + 4 / 12]),
        ("in 1998, and in 2004.", [1998, 2004]),
        ("£2019, 2,015 pieces, 1999.5 g, 20205", []),
        ("between 1603-04 and (1868)", [1603, 1868]),
    ],
)
def test_years_in_english(text: str, years: list[float]) -> None:
    assert years_named(text, "en") == pytest.approx(years)


def test_figures_of_dates() -> None:
    texts = ["2019年4月から2023年、また2021年", "いつか"]
    named, none = date_figures(texts, ["2024-01-01", ""], "ja").tolist()
    mean = (2019.25 + 2023 + 2021) / 3
    assert named == pytest.approx([2023, 2019.25, mean, 2021, 3, 2024])
    assert none[4] == 0
    assert all(math.isnan(figure) for figure in [*none[:4], none[5]])
    published = date_figures(["", "", ""], ["2020-07-01", "2020", "None"])[:, 5]
    assert published[0] == pytest.approx(2020.5, abs=0.01)
    assert published[1] == 2020
    assert np.isnan(published[2])


def test_figures_of_length_by_hand() -> None:
    figures = length_figures(["猫が2匹。\n犬も。", ""]).tolist()
    assert figures[0] == pytest.approx([9, 23 / 9, 1 / 9, 1 / 9, 2, 4.5, 2])
    assert figures[1] == [0, 0, 0, 0, 1, 0, 1]


def test_ngrams_weigh_as_in_sklearns_vectorizer() -> None:
    draw = np.random.default_rng(1)
    texts = ["".join(draw.choice(list("あいaB。"), 30)) for _ in range(40)]
    expected = TfidfVectorizer(
        analyzer="char", ngram_range=(1, 4), lowercase=False, min_df=3, sublinear_tf=True
    ).fit_transform(texts)
    got = ngram_weights(texts)
    # Columns are hashed, so their order differs: compare the texts' likenesses.
    likeness, wanted = (got @ got.T).toarray(), (expected @ expected.T).toarray()
    assert likeness == pytest.approx(wanted)
    assert likeness.min() < 0.7
    assert np.diag(likeness) == pytest.approx(np.ones(40))


def test_texts_without_a_common_ngram_have_no_column() -> None:
    assert ngram_weights(["ab", "cd", ""]).shape == (3, 0)
