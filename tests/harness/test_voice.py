"""Signs of a damaged voice in the grade of whatever was written, and what they come to."""

from __future__ import annotations

import pytest

from harness.evaluate.voice import voice_measures, voiced
from harness.records import Grade, Outcome, Reading, Request, Response, Sample
from harness.statistics.intervals import wilson

QUESTION = "値段はいくらですか？"
PRICE = Grade(Outcome.CORRECT, {"correct": 1.0}, "rule/1", figures={"rank": 3.0})
SIGNS = ("unfinished", "empty", "looping", "foreign", "leaked")


def sample(gold: tuple[str, ...] = ("7,700円",), cluster: str = "d", **request: object) -> Sample:
    return Sample("q", Request(QUESTION, **request), gold, cluster)  # type: ignore[arg-type]


def said(text: str, finish: str = "stop") -> Response:
    return Response(text, finish, 5)


def test_a_written_answer_gets_each_sign_beside_what_it_was_graded() -> None:
    grade = voiced(sample(), said("7,700円です。", "length"), PRICE)
    assert grade.scores == {
        "correct": 1.0, "damaged": 1.0, "refused": 0.0,
        **dict.fromkeys(SIGNS, 0.0), "unfinished": 1.0,
    }  # fmt: skip
    assert (grade.outcome, grade.author, grade.figures["rank"]) == (Outcome.CORRECT, "rule/1", 3.0)


def test_what_nobody_wrote_has_no_voice() -> None:
    scored = sample(continuations=("ポジティブ", "ネガティブ"))
    assert voiced(scored, Response("ポジティブ", "scored", 3, (-1.0, -2.0)), PRICE) is PRICE
    read = sample(chat=False, continuations=("7,700円",), per_token="ids")
    assert voiced(read, Response("7", "scored", 1, (), Reading((1,), (1,))), PRICE) is PRICE
    for finish in ("refused", "untaken"):  # what stands there is the server's
        assert voiced(sample(), said("I'm sorry, filtered", finish), PRICE) is PRICE


def test_a_text_to_be_gone_on_with_has_no_end_but_one_with_a_stop_has() -> None:
    endless = said("そして、", "length")
    assert voiced(sample(chat=False), endless, PRICE) is PRICE
    assert voiced(sample(chat=False, stop=("\n",)), endless, PRICE).scores["unfinished"] == 1.0


@pytest.mark.parametrize(
    ("text", "gold", "ratio"),
    [
        ("7,700円です。", ("7,700円",), 1.5),  # 9 characters of 6
        ("7,700円です。", ("七千円", "7,700円です。"), 1.0),  # the longest accepted one counts
        (" 7円\n", ("7,700円",), 0.333),
        ("", ("7,700円",), 0.0),
    ],
)
def test_length_is_that_of_the_longest_reference(
    text: str, gold: tuple[str, ...], ratio: float
) -> None:
    assert voiced(sample(gold), said(text), PRICE).figures["length_ratio"] == ratio


def test_without_a_reference_there_is_no_length() -> None:
    for gold in ((), ("",)):
        assert "length_ratio" not in voiced(sample(gold), said("はい"), PRICE).figures


def test_words_of_the_reference_are_not_foreign() -> None:
    title = "Love Me Tender Forever"
    assert voiced(sample(), said(title), PRICE).scores["foreign"] == 1.0
    assert voiced(sample((title,)), said(title), PRICE).scores["foreign"] == 0.0


def graded(*answers: tuple[str, str], gold: tuple[str, ...] = ("7,700円",)) -> list:
    """(sample, response, grade) of (text, finish), each in a cluster of its own."""
    samples = [sample(gold, f"d{place}") for place in range(len(answers))]
    responses = [said(*answer) for answer in answers]
    return [(s, r, voiced(s, r, PRICE)) for s, r in zip(samples, responses, strict=True)]


def measured(rows: list) -> dict:
    return {measure.metric: measure for measure in voice_measures(rows)}


def test_the_share_of_each_sign_is_a_result_that_is_no_headline() -> None:
    found = measured(
        graded(
            ("7,700円です。", "stop"),
            ("7,700円です。また", "length"),
            ("", "stop"),
            ("申し訳ありませんが、お答えできません。", "stop"),
        )
    )
    assert {name: found[name].value for name in ("damaged", *SIGNS, "refused")} == {
        "damaged": 0.5, "unfinished": 0.25, "empty": 0.25, "looping": 0.0, "foreign": 0.0,
        "leaked": 0.0, "refused": 0.25,
    }  # fmt: skip
    quarter = found["refused"]
    # Wilson 1927 with z = 1.95996, by hand: (.3725 ± .3269) from 1 of 4
    assert quarter.interval.low == pytest.approx(0.0456, abs=1e-4)
    assert quarter.interval.high == pytest.approx(0.6994, abs=1e-4)
    assert quarter.interval == wilson(1, 4)
    assert (quarter.n, quarter.clusters) == (4, 4)
    assert not any(measure.headline for measure in found.values())


def test_answers_that_were_scored_do_not_thin_the_shares() -> None:
    rows = [*graded(("", "stop")), (sample(), Response("良い", "scored", 1), PRICE)]
    assert (measured(rows)["damaged"].value, measured(rows)["damaged"].n) == (1.0, 1)
    assert voice_measures(rows[1:]) == []


def test_length_ratio_is_a_geometric_mean_with_its_interval() -> None:
    # Ratios 1, 1 and 8: logarithms 0, 0, 3 ln 2; mean ln 2, CR1 standard error ln 2, and Student's
    # t of 2 degrees of freedom is 4.30265 (any table).
    found = measured(graded(("円", "stop"), ("円", "stop"), ("円" * 8, "stop"), gold=("円",)))
    length = found["length_ratio"]
    assert length.value == pytest.approx(2)
    assert length.interval.low == pytest.approx(2 ** (1 - 4.30265), rel=1e-4)
    assert length.interval.high == pytest.approx(2 ** (1 + 4.30265), rel=1e-4)
    assert length.interval.method == "clustered t, of logarithms"


def test_twice_and_half_as_long_are_as_long_together() -> None:
    found = measured(graded(("円円", "stop"), ("円円円円", "stop"), gold=("円円",)))
    assert found["length_ratio"].value == pytest.approx(2**0.5)
    level = [*graded(("円円円円", "stop"), gold=("円円",)), *graded(("円", "stop"), gold=("円円",))]
    assert measured(level)["length_ratio"].value == pytest.approx(1)


def test_what_has_no_reference_has_shares_and_no_length() -> None:
    found = measured(graded(("はい", "stop"), ("", "stop"), gold=()))
    assert found["damaged"].value == 0.5
    assert "length_ratio" not in found
