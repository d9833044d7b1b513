"""Which answers mean the same, as a reader would sort them, and what the rule can't see."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from itertools import combinations

import pytest

from harness.grading.facts import Fact
from harness.grading.meanings import (
    Comparer,
    Sorting,
    Told,
    Wordings,
    by_meaning,
    read_answers,
    verdicts_on,
)

PRICE = Fact("money", "7,700円（税込）")


def meanings(texts: Sequence[str], fact: Fact, question: str = "") -> list[int]:
    return list(by_meaning(read_answers(texts, fact, question)).labels)


@pytest.mark.parametrize(
    ("type_", "texts", "expected"),
    [
        ("money", ["7,700円です。", "７７００円", "七千七百円です", "7,900円です。"], [0, 0, 0, 1]),
        ("money", ["7,700円（税込）", "7,700円（税抜）", "7,700円"], [0, 1, 0]),
        ("date", ["2026年3月1日", "令和8年3月1日", "3月1日です", "2026年3月"], [0, 0, 0, 1]),
        ("length", ["着丈59センチ", "590ミリです", "身幅59センチ", "59ミリ"], [0, 0, 1, 2]),
        ("weight", ["0.5キロです。", "500グラムです。", "5キロです。"], [0, 0, 1]),
        ("composition", ["綿60%、麻40%", "麻40%とコットン60%", "綿40%、麻60%"], [0, 0, 1]),
        ("composition", ["綿60%、麻40%", "綿60%"], [0, 1]),
        ("sizes", ["S〜Lです", "L、M、S", "S、L"], [0, 0, 1]),
        ("telephone", ["03-0412-7785", "0304127785です。", "+81 3 0412 7785", "03-0412-7786"],
         [0, 0, 0, 1]),
        ("count", ["500点です。", "500個", "50点"], [0, 0, 1]),
    ],
)  # fmt: skip
def test_equal_values_are_one_meaning(type_: str, texts: list[str], expected: list[int]) -> None:
    assert meanings(texts, Fact(type_, "7,700円")) == expected


def test_labels_come_in_the_order_in_which_meanings_appear() -> None:
    texts = ["9,900円です。", "分かりません。", "9,900円", "7,700円です。", "不明です。", "9900円"]
    assert meanings(texts, PRICE) == [0, 1, 0, 2, 1, 0]
    assert meanings([], PRICE) == []


def test_the_reference_value_changes_nothing() -> None:
    texts = ["7,700円です。", "7,900円です。", "七千九百円", "高いです。", "野窓工房です。"]
    found = [meanings(texts, Fact("money", gold)) for gold in ("7,700円", "7,900円", "未定")]
    assert found == [[0, 1, 1, 2, 3]] * 3


def test_all_that_admit_not_to_know_mean_the_same() -> None:
    texts = [
        "分かりません。",
        "",
        "I don't know.",
        "情報がありません。",
        "不明ですが、7,700円です。",
    ]
    assert meanings(texts, PRICE) == [0, 0, 0, 0, 1]
    assert meanings(texts[:4], Fact("name", "野窓工房")) == [0, 0, 0, 0]


def test_what_is_denied_or_asked_is_not_what_is_said() -> None:
    question = "2026年2月に発表された時計の発売日は？"
    texts = ["2026年2月発表の時計は3月1日発売です。", "3月1日です。", "4月1日ではなく3月1日です。"]
    assert meanings(texts, Fact("date", "2026年3月1日"), question) == [0, 0, 0]


def test_all_types_that_a_fact_has_must_agree() -> None:
    fact = Fact("money", "7,700円", also=(Fact("date", "2026年3月1日"),))
    texts = ["2026年3月1日に7,700円", "7,700円、発売は2026年3月1日", "7,700円、4月1日", "7,700円"]
    assert meanings(texts, fact) == [0, 0, 1, 2]


def test_names_are_compared_without_what_carries_them() -> None:
    question = "デザイナーは誰ですか？"
    texts = [
        "佐藤花子です。",
        "デザイナーは「佐藤 花子」です。",
        "この鞄のデザイナーは、佐藤花子でした",
        "佐藤花です。",
        "鈴木一郎です。",
    ]
    assert meanings(texts, Fact("name", "佐藤花子"), question) == [0, 0, 0, 1, 2]


def test_lists_of_names_are_equal_in_any_order() -> None:
    texts = [
        "黒、白、コーラルです。",
        "色は白、コーラル、黒です。",
        "黒と白とコーラル",
        "黒、白です。",
    ]
    found = meanings(texts, Fact("names", "黒、白"), "何色がありますか？")
    assert found == [0, 0, 0, 1]


def test_a_value_that_was_not_asked_for_does_not_make_two_names_one() -> None:
    texts = ["佐藤花子です。7,700円です。", "鈴木一郎です。7,700円です。"]
    assert meanings(texts, Fact("name", "佐藤花子")) == [0, 1]


def test_damaged_answers_without_a_value_stand_alone() -> None:
    texts = ["ははははははは", "値段は値段は値段は", "The the the", "ははははははは。"]
    assert meanings(texts, PRICE) == [0, 1, 2, 0]


def test_two_wordings_of_one_reason_are_not_seen_to_be_one() -> None:
    texts = ["軽くて水に強いからです。", "ナイロンは軽く、水をはじくためです。"]
    assert meanings(texts, Fact("text", "軽くて水に強いから")) == [0, 1]


REASON = Fact("text", "軽くて水に強いから")
WHY = "なぜナイロン製なのですか。"
# What a reader would say: 水 is about water, 安 about the price, 革 about leather.
ABOUT = ("水", "安", "革")


class Reader:
    """Reads two answers by a rule, and keeps what it was asked, round by round."""

    def __init__(self, same: Callable[[str, str], bool | None]) -> None:
        self.same = same
        self.rounds: list[list[Wordings]] = []

    @property
    def asked(self) -> list[Wordings]:
        return [pair for pairs in self.rounds for pair in pairs]

    def __call__(self, pairs: Sequence[Wordings]) -> Told:
        self.rounds.append(list(pairs))
        return {pair: self.same(pair.one, pair.other) for pair in pairs}


def about_one_thing(one: str, other: str) -> bool:
    return [sign in one for sign in ABOUT] == [sign in other for sign in ABOUT]


def judged(texts: Sequence[str], reader: Reader, fact: Fact = REASON) -> Sorting:
    answers = read_answers(texts, fact, WHY)
    return by_meaning(answers, verdicts_on([answers], Comparer("judge", "1", reader)).told)


def test_a_reader_sees_that_two_wordings_mean_the_same() -> None:
    texts = [
        "水に強いからです。",
        "雨の水をはじくため。",
        "安いから。",
        "水を通さないので。",
        "革が高いから。",
    ]
    found = judged(texts, Reader(about_one_thing))
    assert found.labels == (0, 0, 1, 0, 2)
    assert set(found.ways) == {"judge"}
    # 2nd, 3rd and 4th against the 1st, the 5th against the 1st and the 3rd.
    assert (found.compared, found.unread, found.open) == (5, 0, ())


def test_values_and_not_knowing_are_told_by_rule_and_nobody_is_asked_of_them() -> None:
    reader = Reader(lambda one, other: True)
    texts = ["7,700円です。", "7700円", "8,800円", "分かりません。", "", "高いです。", "高いです"]
    found = judged(texts, reader, PRICE)
    assert found.labels == (0, 0, 1, 2, 2, 3, 3)
    assert found.ways == ("values",) * 3 + ("abstained",) * 2 + ("words",) * 2
    assert reader.asked == []


def test_equal_words_are_shown_once_and_a_pair_is_one_pair_in_either_order() -> None:
    reader = Reader(lambda one, other: False)
    texts = ["安いから。", "水に強いから。", "安いからです。"]
    assert judged(texts, reader).labels == (0, 1, 0)
    assert judged(texts[::-1], reader).labels == (0, 1, 0)
    assert [(p.question, {p.one, p.other}) for p in reader.asked] == [
        (WHY, {"安いから。", "水に強いから。"}),
        (WHY, {"安いからです。", "水に強いから。"}),
    ]
    assert reader.asked[0].one < reader.asked[0].other


def test_without_a_verdict_two_answers_stay_apart_and_are_counted() -> None:
    found = judged(
        ["水に強いから。", "水を通さないから。", "安いから。"], Reader(lambda a, b: None)
    )
    assert found.labels == (0, 1, 2)
    assert (found.compared, found.unread) == (3, 3)


def one_after_another(
    texts: Sequence[str], same: Callable[[str, str], bool | None]
) -> tuple[list[int], list[frozenset[str]]]:
    """Each text against the first of each meaning, as the paper has it, and what that asks."""
    first: list[str] = []
    labels, asked = [], []
    for text in texts:
        for label, other in enumerate(first):
            asked.append(frozenset((text, other)))
            if same(text, other):
                labels.append(label)
                break
        else:
            labels.append(len(first))
            first.append(text)
    return labels, asked


@pytest.mark.parametrize("seed", range(30))
def test_rounds_of_all_questions_ask_and_find_what_one_after_another_would(seed: int) -> None:
    """Whatever a reader says, and though its word need not be transitive."""
    draw = random.Random(seed)
    words = [f"理由{n}の話だから" for n in "一二三四五六七八"]
    word = {
        frozenset(pair): draw.random() < draw.choice((0.1, 0.5, 0.9))
        for pair in combinations(words, 2)
    }
    groups = [draw.sample(words, 6) for _ in range(4)]
    reader = Reader(lambda one, other: word[frozenset((one, other))])
    read = [read_answers(texts, REASON, f"{n}はなぜですか。") for n, texts in enumerate(groups)]

    told = verdicts_on(read, Comparer("judge", "1", reader)).told

    alone = [one_after_another(texts, lambda a, b: word[frozenset((a, b))]) for texts in groups]
    assert [list(by_meaning(answers, told).labels) for answers in read] == [
        labels for labels, _ in alone
    ]
    shown = [(pair.question[0], frozenset((pair.one, pair.other))) for pair in reader.asked]
    assert len(shown) == len(set(shown))
    assert set(shown) == {(str(n), pair) for n, (_, pairs) in enumerate(alone) for pair in pairs}


@pytest.mark.parametrize(("same", "asked", "rounds"), [(True, 10, 1), (False, 55, 10)])
def test_ten_draws_and_the_answer_cost_at_most_55_comparisons(
    same: bool, asked: int, rounds: int
) -> None:
    reader = Reader(lambda one, other: same)
    judged([f"{letter}の話だから" for letter in "あいうえおかきくけこさ"], reader)
    assert (len(reader.asked), len(reader.rounds)) == (asked, rounds)
