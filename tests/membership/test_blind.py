"""Blind baselines on synthetic pairs: those with a confound are told apart, others are not."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from harness.membership.blind import blind_scores
from harness.records import Interval
from harness.statistics.roc import auroc_interval

N = 120  # documents on a side
NAMES = ("ルミカ", "フェニバ", "オコンヌ", "タレン", "ベリント", "ペロサ", "ドロラ", "クルセ")
THINGS = ("靴", "鞄", "帽子", "外套", "指輪", "時計", "椅子", "茶碗")
COLOURS = ("紺", "白", "藍", "茶", "緑", "灰", "桃", "黒")


def _announcement(draw: random.Random, year: int, things: Sequence[str], sentences: int) -> str:
    said = [
        f"{draw.choice(NAMES)}は{year}年{draw.randint(1, 12)}月に{draw.choice(things)}を発売する。",
        *(
            f"{draw.choice(COLOURS)}の{draw.choice(things)}は{draw.randint(1, 90) * 110}円で、"
            f"幅は{draw.randint(5, 60)}センチ。"
            for _ in range(sentences)
        ),
    ]
    return "".join(said)


def _pair(
    seed: int, years: int = 0, things: Sequence[str] = THINGS, sentences: int = 0
) -> tuple[list[str], list[int], list[str], list[str]]:
    """Members, then others that differ in what is given: years later, things, more sentences."""
    draw = random.Random(seed)
    texts, dates = [], []
    for member in (1, 0):
        for _ in range(N):
            year = draw.randint(2016, 2021) + (0 if member else years)
            size = draw.randint(3, 8) + (0 if member else sentences)
            texts.append(_announcement(draw, year, THINGS if member else things, size))
            dates.append(f"{year}-04-01")
    labels = [1] * N + [0] * N
    return texts, labels, [f"document {index}" for index in range(2 * N)], dates


def _intervals(
    texts: list[str], labels: list[int], clusters: list[str], dates: Sequence[str | None]
) -> dict[str, Interval]:
    scores = blind_scores(texts, labels, clusters, dates, "ja")
    return {
        name: auroc_interval(found[:N], found[N:], clusters[:N], clusters[N:])[1]
        for name, found in scores.items()
    }


def test_texts_of_one_generator_are_not_told_apart() -> None:
    found = _intervals(*_pair(1))
    assert list(found) == ["ngrams", "dates", "length"]
    for interval in found.values():
        assert interval.low <= 0.5 <= interval.high


@pytest.mark.parametrize("years", [3, -3])
def test_shifted_dates_are_found_in_either_direction(years: int) -> None:
    texts, labels, clusters, dates = _pair(2, years=years)
    assert _intervals(texts, labels, clusters, dates)["dates"].low > 0.55
    # Also where only the text tells them, or only the publication does.
    assert _intervals(texts, labels, clusters, [None] * 2 * N)["dates"].low > 0.55
    plain = _pair(2)[0]
    assert _intervals(plain, labels, clusters, dates)["dates"].low > 0.55


def test_dates_that_are_told_for_one_side_only_are_found() -> None:
    texts, labels, clusters, dates = _pair(3)
    some: list[str | None] = [*dates[:N], *([None] * N)]
    assert _intervals(texts, labels, clusters, some)["dates"].low > 0.55


def test_dates_on_both_sides_of_the_members_are_found() -> None:
    texts, labels, clusters, dates = _pair(4, years=7)
    earlier = _pair(4, years=-7)
    both = [
        late if i % 2 else early
        for i, (late, early) in enumerate(zip(texts, earlier[0], strict=True))
    ]
    told = [
        late if i % 2 else early
        for i, (late, early) in enumerate(zip(dates, earlier[3], strict=True))
    ]
    assert _intervals(both, labels, clusters, told)["dates"].low > 0.55


def test_shifted_topics_are_found() -> None:
    shifted = [*THINGS[:6], "机", "皿"]
    found = _intervals(*_pair(5, things=shifted))
    assert found["ngrams"].low > 0.55
    assert found["dates"].low <= 0.5


@pytest.mark.parametrize("sentences", [3, -2])
def test_shifted_lengths_are_found_in_either_direction(sentences: int) -> None:
    assert _intervals(*_pair(6, sentences=sentences))["length"].low > 0.55


def test_scores_come_from_other_documents() -> None:
    # Each document has one wording of its own, in three texts whose labels are drawn at random per
    # document: fitted on a document's own texts, a regression would know them all.
    draw = random.Random(7)
    texts, labels, clusters = [], [], []
    for number in range(80):
        word = "".join(draw.choice("アイウエオカキクケコサシスセソ") for _ in range(12))
        for _ in range(3):
            texts.append(word * 3)
            labels.append(number % 2)
            clusters.append(str(number))
    found = blind_scores(texts, labels, clusters, [None] * 240, "ja")["ngrams"]
    sides = [
        ([s for s, k in zip(found, labels, strict=True) if k == label],
         [c for c, k in zip(clusters, labels, strict=True) if k == label])
        for label in (1, 0)
    ]  # fmt: skip
    interval = auroc_interval(sides[0][0], sides[1][0], sides[0][1], sides[1][1])[1]
    assert interval.low < 0.55


def test_the_order_of_the_texts_does_not_matter() -> None:
    texts, labels, clusters, dates = _pair(8)
    order = random.Random(8).sample(range(2 * N), 2 * N)
    found = blind_scores(texts, labels, clusters, dates, "ja")
    other = blind_scores(
        *([part[i] for i in order] for part in (texts, labels, clusters, dates)), "ja"
    )
    for name, scores in found.items():
        assert [scores[i] for i in order] == pytest.approx(other[name], abs=1e-3)
    assert found == blind_scores(texts, labels, clusters, dates, "ja")


def test_few_documents_have_fewer_folds_and_one_has_none() -> None:
    texts = ["赤い靴", "青い靴", "赤い帽子", "青い帽子", "白い靴"]
    labels, dates = [1, 1, 0, 0, 0], [None] * 5
    found = blind_scores(texts, labels, list("abcde"), dates, "ja")
    assert {name: len(scores) for name, scores in found.items()} == dict.fromkeys(found, 5)
    assert found
    assert blind_scores(texts, labels, list("aabcd"), dates, "ja") == {}
    assert blind_scores(texts, [1] * 5, list("abcde"), dates, "ja") == {}
    assert blind_scores([], [], [], [], "ja") == {}


def test_documents_with_texts_on_both_sides_keep_both_labels_in_every_fit() -> None:
    # Members are in documents a and b only, b holds both labels.
    texts = ["赤い靴", "青い靴", "赤い帽子", "青い帽子", "白い靴"]
    found = blind_scores(texts, [1, 1, 0, 0, 0], list("abbcd"), [None] * 5, "ja")
    assert all(len(scores) == 5 for scores in found.values())


def test_texts_without_a_letter_in_common_score_alike() -> None:
    found = blind_scores(["ab", "cd", "ef", "gh"], [1, 1, 0, 0], list("abcd"), [None] * 4, "en")
    assert found["ngrams"] == [0.0] * 4


def test_what_is_not_labelled_is_refused() -> None:
    with pytest.raises(ValueError, match="aligned"):
        blind_scores(["a"], [1, 0], ["a"], [None], "ja")
    with pytest.raises(ValueError, match="no label"):
        blind_scores(["a"], [2], ["a"], [None], "ja")
