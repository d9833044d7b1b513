"""Membership scores by hand, and against the formulas written out once more in plain Python."""

from __future__ import annotations

import math
import random
import zlib

import pytest

from harness.membership.attacks import (
    LEAST_DEVIATION,
    PANEL,
    PERCENTS,
    Frequencies,
    attack_scores,
    count_tokens,
    dc_pdd,
    mean_logprob,
    reference_difference,
    standardised,
    window,
    zlib_ratio,
)
from harness.records import Reading

TEXT = "猫が庭で眠る。"
READING = Reading(
    ids=(5, 7, 5, 9, 2),
    ends=(1, 2, 4, 6, 7),
    logprobs=(-1.0, -4.0, -2.0, -3.0, -0.5),
    means=(-2.0, -2.0, -1.0, -3.0, -1.5),
    deviations=(1.0, 0.5, 2.0, 1.0, 4.0),
)


def _random_reading(seed: int, tokens: int) -> Reading:
    draw = random.Random(seed)
    return Reading(
        ids=tuple(draw.randrange(40) for _ in range(tokens)),
        ends=tuple(range(1, tokens + 1)),
        logprobs=tuple(-draw.expovariate(0.4) for _ in range(tokens)),
        means=tuple(-draw.uniform(0.5, 5) for _ in range(tokens)),
        deviations=tuple(draw.uniform(0.2, 3) for _ in range(tokens)),
    )


def test_five_tokens_by_hand() -> None:
    assert mean_logprob(READING) == pytest.approx(-2.1)
    packed = len(zlib.compress(TEXT.encode()))
    assert zlib_ratio(READING, TEXT) == pytest.approx(-2.1 / packed)
    # Lowest first: -4, -3, -2, -1, -.5
    scores = attack_scores(READING, TEXT)
    assert scores["min_k_40"] == pytest.approx(-3.5)
    assert scores["min_k_60"] == pytest.approx(-3.0)
    # z = 1, -4, -.5, 0, .25
    assert standardised(READING).tolist() == pytest.approx([1, -4, -0.5, 0, 0.25])
    assert scores["min_k_plus_plus_60"] == pytest.approx(-1.5)


def test_dc_pdd_by_hand() -> None:
    # 10 tokens counted and 10 ids: f = (count + 1) / 20 = .2, .15, .05, .3 of 5, 7, 9, 2
    frequencies = Frequencies({5: 3, 7: 2, 2: 5}, total=10, vocabulary=10)
    products = [
        math.exp(-1) * math.log(1 / 0.2),  # the second 5 does not count
        math.exp(-4) * math.log(1 / 0.15),
        math.exp(-3) * math.log(1 / 0.05),
        math.exp(-0.5) * math.log(1 / 0.3),
    ]
    assert dc_pdd(READING, frequencies, a=9) == pytest.approx(sum(products) / 4)
    assert dc_pdd(READING, frequencies, a=0.1) == pytest.approx((0.3 + products[1]) / 4)


def test_a_likelier_text_scores_higher_by_every_attack() -> None:
    likelier = Reading(
        READING.ids,
        READING.ends,
        tuple(logprob + 0.4 for logprob in READING.logprobs),
        READING.means,
        READING.deviations,
    )
    rare = Frequencies({}, total=10**6, vocabulary=10)
    low = attack_scores(READING, TEXT, reference=READING, frequencies=rare)
    high = attack_scores(likelier, TEXT, reference=READING, frequencies=rare)
    low["dc_pdd"] = dc_pdd(READING, rare, a=99)
    high["dc_pdd"] = dc_pdd(likelier, rare, a=99)
    assert list(high) == list(low)
    assert all(high[name] > low[name] for name in low)


@pytest.mark.parametrize("tokens", [1, 4, 9, 33, 256])
def test_all_scores_agree_with_the_formulas_written_out(tokens: int) -> None:
    ours, other = _random_reading(tokens, tokens), _random_reading(tokens + 1, tokens)
    text = "".join(chr(0x3042 + index % 60) for index in range(tokens + 5))
    frequencies = count_tokens([other], vocabulary=64)
    scores = attack_scores(ours, text, reference=other, frequencies=frequencies)

    mean = sum(ours.logprobs) / tokens
    assert scores["loss"] == pytest.approx(mean)
    assert scores["zlib"] == pytest.approx(mean / len(zlib.compress(text[:tokens].encode())))
    assert scores["reference"] == pytest.approx(mean - sum(other.logprobs) / tokens)
    z = [
        (logprob - mu) / sigma
        for logprob, mu, sigma in zip(ours.logprobs, ours.means, ours.deviations, strict=True)
    ]
    for percent in PERCENTS:
        size = max(1, tokens * percent // 100)
        lowest = sorted(ours.logprobs)[:size]
        assert scores[f"min_k_{percent}"] == pytest.approx(sum(lowest) / size)
        lowest = sorted(z)[:size]
        assert scores[f"min_k_plus_plus_{percent}"] == pytest.approx(sum(lowest) / size)
    seen, products = set(), []
    for token, logprob in zip(ours.ids, ours.logprobs, strict=True):
        if token not in seen:
            seen.add(token)
            f = (other.ids.count(token) + 1) / (tokens + 64)
            products.append(min(0.01, math.exp(logprob) * math.log(1 / f)))
    assert scores["dc_pdd"] == pytest.approx(sum(products) / len(products))


def test_the_panel_is_among_the_scores_and_needs_what_it_needs() -> None:
    frequencies = count_tokens([READING])
    assert set(PANEL) <= set(attack_scores(READING, TEXT, READING, frequencies))
    alone = attack_scores(READING, TEXT)
    assert set(PANEL) - set(alone) == {"reference", "dc_pdd"}


def test_the_share_of_a_short_text_is_at_least_one_token() -> None:
    # ⌊.05 · 5⌋ = 0: the papers' code takes the mean of nothing
    scores = attack_scores(READING, TEXT)
    assert scores["min_k_5"] == scores["min_k_plus_plus_5"] == -4.0


def test_a_share_that_is_no_whole_number_of_tokens_is_rounded_down() -> None:
    # ⌊.3 · 33⌋ = 9 of the tokens at 0, -1 ... -32: the mean of -24 to -32
    tokens = tuple(range(33))
    reading = Reading(tokens, tokens, tuple(-float(i) for i in tokens), (0.0,) * 33, (1.0,) * 33)
    scores = attack_scores(reading, "x" * 33)
    assert scores["min_k_30"] == scores["min_k_plus_plus_30"] == -28.0


def test_certain_tokens_score_nothing_and_what_comes_in_their_place_scores_low() -> None:
    certain = Reading((1, 2, 3), (1, 2, 3), (0.0, -18.0, -2.0), (0.0, 0.0, -2.5), (0.0, 0.0, 0.5))
    z = standardised(certain).tolist()
    assert z == pytest.approx([0.0, -18.0 / LEAST_DEVIATION, 1.0])
    assert all(math.isfinite(score) for score in attack_scores(certain, "abc").values())


def test_a_window_is_the_first_tokens_of_a_text() -> None:
    assert window(READING, 2) == Reading((5, 7), (1, 2), (-1.0, -4.0), (-2.0, -2.0), (1.0, 0.5))
    assert window(READING, 5) == READING
    assert window(READING, 6) is None


def test_a_window_is_packed_up_to_where_it_was_read() -> None:
    first = window(READING, 2)
    assert first is not None
    assert zlib_ratio(first, TEXT) == pytest.approx(-2.5 / len(zlib.compress("猫が".encode())))


def test_tokens_of_another_tokenizer_are_compared_between_shared_ends() -> None:
    # Characters 0-8. Ours ends tokens at 2 4 5 8, theirs at 2 5 7: shared 2 and 5.
    ours = Reading((1, 2, 3, 4), (2, 4, 5, 8), (-9.0, -1.0, -2.0, -9.0))
    theirs = Reading((8, 9, 6), (2, 5, 7), (-7.0, -5.0, -7.0))
    assert reference_difference(ours, theirs) == pytest.approx((-3.0 + 5.0) / 2)


def test_bytes_of_one_character_stay_together() -> None:
    # The second character is two byte tokens of ours, one token of theirs.
    ours = Reading((1, 2, 3, 4), (1, 2, 2, 3), (-9.0, -1.0, -2.0, -4.0))
    theirs = Reading((8, 9, 6), (1, 2, 3), (-7.0, -5.0, -1.0))
    assert reference_difference(ours, theirs) == pytest.approx((-7.0 + 6.0) / 3)


def test_a_longer_reading_of_the_reference_is_cut_to_what_both_read() -> None:
    first = window(READING, 3)
    assert first is not None
    assert reference_difference(first, READING) == 0.0
    assert reference_difference(READING, first) == 0.0


def test_texts_that_share_no_stretch_are_refused() -> None:
    ours, theirs = Reading((1,), (2,), (-1.0,)), Reading((1,), (3,), (-1.0,))
    with pytest.raises(ValueError, match="no two tokens"):
        reference_difference(ours, theirs)


def test_frequencies_are_smoothed_over_the_vocabulary() -> None:
    frequencies = count_tokens([Reading((0, 3, 3), (1, 2, 3)), Reading((3,), (1,))])
    assert (frequencies.total, frequencies.vocabulary) == (4, 4)  # ids 0 to 3
    assert frequencies.of([0, 1, 2, 3]).tolist() == [2 / 8, 1 / 8, 1 / 8, 4 / 8]
    assert count_tokens([READING], vocabulary=500).vocabulary == 500


def test_readings_without_likelihoods_are_refused() -> None:
    only_ids = Reading((1, 2), (1, 2))
    with pytest.raises(ValueError, match="no likelihoods"):
        attack_scores(only_ids, "ab")
    with pytest.raises(ValueError, match="no tokens"):
        count_tokens([])
