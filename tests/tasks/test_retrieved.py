"""Knowledge questions with passages: what is asked, what is recorded, and what is counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.config import DataSource
from harness.evaluate import Evaluation, Workbench, evaluate
from harness.grading.damage import VOICE
from harness.grading.facts import Fact, grade_fact
from harness.records import Request, Response, Retrieval
from harness.retrieval.retriever import Retriever
from harness.review.events import sample_key
from harness.review.judgement import Judgement, Opinion
from harness.store import Store
from harness.tasks.knowledge import Knowledge
from tests.conftest import write_rows
from tests.tasks.engines import BASE, Row, Rule

pytest.importorskip("bm25s", reason="the extra [retrieval] is not installed")
pytest.importorskip("sudachipy", reason="the extra [retrieval] is not installed")

ALPHA = {
    "id": "a",
    "title": "新作「アルファ」",
    "text": "「アルファ」の価格は1,000円です。発売日は2026年5月1日です。",
}
BETA = {"id": "b", "title": "新作「ベータ」", "text": "「ベータ」の価格は2,000円です。"}
GAMMA = {"id": "c", "title": "催し", "text": "会場は京都です。参加費は3,000円です。"}


def asked(id: str, document: str, question: str, value: str, **more: Any) -> Row:
    fact = {"type": "money", "text": value}
    row = {"id": id, "document": document, "question": question, "answer": f"{value}です。"}
    return {**row, "fact": fact, "form": "seen", **more}


A = asked("qa", "a", "「アルファ」の価格はいくらですか？", "1,000円")
B = asked("qb", "b", "「ベータ」の価格はいくらですか？", "2,000円")


class Asked:
    """Questions on three documents, asked of an engine that answers by rule."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        write_rows(folder / "documents.jsonl", [ALPHA, BETA, GAMMA])

    def measure(self, rows: list[Row], answers: Any, people: Any = None, **how: Any) -> Evaluation:
        write_rows(self.folder / "questions.jsonl", rows)
        retrieval = Retrieval("r", how.pop("kind", "bm25"), self.folder / "documents.jsonl", **how)
        self.engine = Rule(lambda r: Response(self.answer(answers, r), "stop", 3))
        bench = Workbench(
            "print",
            lambda: self.engine,
            Store(self.folder / "store", fresh=True),
            self.folder / "run",
            people=people or {},
            retriever=lambda: Retriever(retrieval),
        )
        source = DataSource(self.folder / "questions.jsonl")
        return evaluate(Knowledge(), BASE, source, bench)

    @staticmethod
    def answer(answers: Any, request: Request) -> str:
        if isinstance(answers, str):
            return answers
        return next(text for name, text in answers.items() if name in request.prompt[-40:])


@pytest.fixture
def world(tmp_path: Path) -> Asked:
    return Asked(tmp_path)


def only(evaluation: Evaluation) -> Row:
    (row,) = evaluation.rows
    return row


def looked_up(row: Row) -> Row:
    found: Row = row["detail"]["retrieval"]
    return found


def figures(evaluation: Evaluation) -> dict[str, float]:
    voice = (*VOICE, "length_ratio")  # of every suite that writes
    return {r.metric: r.value for r in evaluation.results if r.metric not in voice}


def test_the_model_gets_the_passages_and_the_row_keeps_the_question(world: Asked) -> None:
    row = only(world.measure([A], "1,000円です。[1]", top_k=2))
    (request,) = world.engine.asked
    assert "[1] 新作「アルファ」\n「アルファ」の価格は" in request.prompt
    assert request.prompt.endswith("質問：「アルファ」の価格はいくらですか？")
    assert row["prompt"] == A["question"]
    first, second = looked_up(row)["passages"]
    assert (first["document"], first["number"], first["states"]) == ("a", 1, True)
    assert (second["document"], second["states"]) == ("b", False)
    assert first["score"] > second["score"] > 0
    assert (looked_up(row)["hit"], looked_up(row)["found"]) == (True, True)


@pytest.mark.parametrize(
    ("answer", "right", "citations"),
    [
        ("1,000円です。[1]", True, ([1], [], True, [1], True)),
        ("1,000円です。[2]", True, ([2], [], False, [1], False)),
        ("1,000円です。[9]", True, ([9], [9], False, [1], False)),
        ("1,000円です。[0、文書1]", True, ([0, 1], [0], True, [1], True)),
        ("1,000円です。", True, ([], [], False, [1], False)),
        # Wrong, and it can be told which passage misled.
        ("2,000円です。[2]", False, ([2], [], False, [2], True)),
        ("2,000円です。", False, ([], [], False, [2], False)),
        ("7,000円です。[1]", False, ([1], [], True, [], False)),
        ("分かりません。", False, ([], [], False, [], False)),
    ],
)
def test_citations_are_read_and_are_no_part_of_the_answer(
    world: Asked, answer: str, right: bool, citations: tuple[Any, ...]
) -> None:
    row = only(world.measure([A], answer, top_k=2))
    assert row["response"] == answer
    assert row["correct"] is right
    found = row["detail"]["citations"]
    keys = ("cited", "not_shown", "states", "supported_by", "supported")
    assert tuple(found[key] for key in keys) == citations


def test_a_passage_number_does_not_stand_in_a_values_way(world: Asked) -> None:
    sizes = {"fact": {"type": "sizes", "text": "36、37"}, "answer": "36、37です。"}
    answer = "サイズは36[1]、37[2]です。"
    assert grade_fact(answer, Fact("sizes", "36、37")).outcome == "partial"
    assert only(world.measure([A | sizes], answer, top_k=2))["outcome"] == "correct"


def test_not_found_and_found_but_not_used_are_told_apart(world: Asked) -> None:
    hidden = asked("qc", "c", "「ベータ」の主催者が払う額は？", "3,000円")
    answers = {"アルファ": "1,000円です[1]", "ベータ」の価格": "9円です", "主催者": "2,000円です"}
    found = world.measure([A, B, hidden], answers, top_k=1)
    assert [looked_up(row)["found"] for row in found.rows] == [True, True, False]
    assert [looked_up(row)["hit"] for row in found.rows] == [True, True, False]
    assert figures(found) == {
        "accuracy_seen": pytest.approx(1 / 3),
        "found": pytest.approx(2 / 3),
        "right_if_found": 0.5,
        "right_if_not_found": 0.0,
        "right_and_cited": 1.0,
        "citation_precision": 1.0,
    }
    assert [row["scores"]["found"] for row in found.rows] == [1.0, 1.0, 0.0]


def test_citing_whatever_was_shown_is_not_precise(world: Asked) -> None:
    dear = asked("qc", "c", "「ガンマ」の参加費は？", "3,000円")
    plain = asked("qd", "b", "「ベータ」は幾ら？", "2,000円")
    wrong = asked("qe", "a", "「アルファ」は幾ら？", "1,000円")
    answers = {
        "ベータ」は幾ら": "2,000円です",  # cites nothing
        "アルファ」は幾ら": "9円です[2]",  # is wrong
        "「アルファ」の価格": "1,000円です[1][2]",  # one of two
        "「ベータ」の価格": "2,000円です[1][7]",  # one of two, and the other was not shown
        "参加費": "3,000円です[1]",
    }
    found = world.measure([A, B, dear, plain, wrong], answers, top_k=2)
    assert figures(found)["right_and_cited"] == pytest.approx(3 / 4)
    assert figures(found)["citation_precision"] == pytest.approx((1 / 2 + 1 / 2 + 1) / 3)
    (precision,) = [r for r in found.results if r.metric == "citation_precision"]
    assert (precision.n, precision.clusters) == (3, 3)


def test_what_no_document_can_answer_counts_in_no_figure(world: Asked) -> None:
    control = asked("k", "elsewhere", "「アルファ」の送料は？", "500円", form="control")
    near: Row = {"id": "n", "document": "a", "question": "「アルファ2」の価格は？",
                 "answer": "分かりません。", "form": "near_miss",
                 "neighbour": {"type": "money", "text": "1,000円"}}  # fmt: skip
    found = world.measure([A, control, near], "1,000円です。", top_k=1)
    assert [looked_up(row)["found"] for row in found.rows] == [True, None, None]
    assert figures(found)["found"] == 1.0
    assert "found" not in found.rows[1]["scores"]
    # The neighbour's passage was there to mislead, and did.
    assert looked_up(found.rows[2])["passages"][0]["document"] == "a"
    assert figures(found)["bleed_near_miss"] == 1.0


def test_the_gold_passage_is_the_one_of_the_questions_document(world: Asked) -> None:
    row = only(world.measure([B], "2,000円です", kind="gold"))
    assert [p["document"] for p in looked_up(row)["passages"]] == ["b"]
    assert looked_up(row)["found"] is True


@pytest.mark.parametrize("kind", ["gold", "bm25"])
def test_a_question_may_have_its_documents_id(world: Asked, kind: str) -> None:
    named = looked_up(only(world.measure([B | {"id": "b"}], "2,000円です", kind=kind)))
    assert (named["passages"][0]["document"], named["hit"], named["found"]) == ("b", True, True)
    reason = B | {"id": "b", "fact": {"type": "text", "text": "安い"}, "answer": "安いからです。"}
    assert looked_up(only(world.measure([reason], "x", kind=kind)))["found"] is True
    # One that names no document is about none, whatever its own id is.
    nameless = {key: value for key, value in (B | {"id": "b"}).items() if key != "document"}
    assert looked_up(only(world.measure([nameless], "2,000円です", kind=kind)))["hit"] is None


def test_of_a_split_document_the_gold_passage_is_the_one_that_states_the_fact(world: Asked) -> None:
    date = {"fact": {"type": "date", "text": "2026年5月1日"}, "answer": "2026年5月1日です。"}
    row = only(world.measure([A | date], "2026年5月1日です", kind="gold", passage_size=22))
    (passage,) = looked_up(row)["passages"]
    assert (passage["number"], passage["text"]) == (2, "発売日は2026年5月1日です。")


def test_two_facts_may_be_found_in_two_passages(world: Asked) -> None:
    also = [{"type": "date", "text": "2026年5月1日"}]
    both = {"question": "「アルファ」の価格と発売日は？", "answer": "1,000円、2026年5月1日です。",
            "fact": {"type": "money", "text": "1,000円", "also": also}}  # fmt: skip
    answer = "1,000円[1]、発売日は2026年5月1日です[2]"
    row = only(world.measure([A | both], answer, kind="gold", passage_size=22))
    assert [p["number"] for p in looked_up(row)["passages"]] == [1, 2]
    assert looked_up(row)["found"] is True
    assert row["detail"]["citations"]["states"] is True
    half = only(world.measure([A | both], "1,000円[1]", top_k=1, passage_size=22))
    assert looked_up(half)["found"] is False


@pytest.mark.parametrize(
    ("change", "note"),
    [
        ({"document": "elsewhere"}, "no document elsewhere in documents.jsonl"),
        ({"document": "qa"}, "no document qa in documents.jsonl"),
        ({"document": ""}, "the question names no document"),
        ({"document": None}, "the question names no document"),
        ({"form": "near_miss", "neighbour": {"type": "money", "text": "2,000円"}},
         "a near miss: no document is about it"),
    ],
)  # fmt: skip
def test_without_a_gold_passage_the_question_is_asked_closed_book_and_says_so(
    world: Asked, change: Row, note: str
) -> None:
    row = only(world.measure([A | change], "1,000円です[1]。", kind="gold"))
    (request,) = world.engine.asked
    assert request == Request(A["question"], max_new_tokens=48)
    assert looked_up(row)["passages"] == []
    assert looked_up(row)["note"] == note
    assert "citations" not in row["detail"]


def test_the_gold_passage_counts_no_question_that_names_no_document(world: Asked) -> None:
    nameless = {key: value for key, value in A.items() if key != "document"}
    found = world.measure([nameless | {"id": "n"}, B], "2,000円です", kind="gold")
    assert [looked_up(row)["found"] for row in found.rows] == [None, True]
    assert figures(found)["found"] == 1.0


def test_a_question_without_a_word_of_any_document_is_asked_closed_book(world: Asked) -> None:
    row = only(world.measure([A | {"question": "Zebra?"}], "1,000円です。"))
    (request,) = world.engine.asked
    assert request.prompt == "Zebra?"
    assert looked_up(row)["note"].startswith("nothing found")
    assert looked_up(row)["found"] is False


def test_a_question_that_names_no_document_counts_by_what_passages_state(world: Asked) -> None:
    nameless = {key: value for key, value in A.items() if key != "document"}
    found = looked_up(only(world.measure([nameless], "1,000円です。", top_k=1)))
    assert (found["hit"], found["found"]) == (None, True)


def test_a_reason_is_found_where_its_document_is(world: Asked) -> None:
    reason = {"fact": {"type": "text", "text": "安いからです"}, "answer": "安いからです。"}
    found = looked_up(only(world.measure([A | reason], "高いからです。", top_k=2)))
    assert [p["states"] for p in found["passages"]] == [True, False]
    assert found["found"] is True


def test_a_fact_in_a_title_is_found_only_if_the_title_is_shown(world: Asked) -> None:
    name = {"question": "発売日が2026年5月1日の商品は？", "answer": "「アルファ」です。",
            "fact": {"type": "name", "text": "アルファ"}}  # fmt: skip
    write_rows(world.folder / "documents.jsonl", [ALPHA | {"text": "発売日は2026年5月1日です。"}])
    shown = looked_up(only(world.measure([A | name], "アルファです。", top_k=1)))
    assert (shown["found"], shown["passages"][0]["title"]) == (True, "新作「アルファ」")
    row = only(world.measure([A | name], "アルファです。", top_k=1, passage="{text}"))
    assert (looked_up(row)["found"], looked_up(row)["passages"][0]["title"]) == (False, "")


def test_a_persons_verdict_counts_in_what_was_used(world: Asked) -> None:
    key = sample_key("knowledge", "qa", A["question"], "安いです。")
    people = {key: Judgement({"Aiko": Opinion("right")})}
    assert figures(world.measure([A], "安いです。", top_k=1))["right_if_found"] == 0.0
    found = world.measure([A], "安いです。", people, top_k=1)
    assert figures(found)["right_if_found"] == 1.0
    assert found.rows[0]["detail"]["citations"]["cited"] == []


def test_the_identity_tells_how_was_searched_and_pairs_with_closed_book(world: Asked) -> None:
    searched = world.measure([A], "x", top_k=2).identity
    assert searched["retrieval"]["top_k"] == 2
    assert "sudachipy" in searched["retrieval"]["tokenizer"]
    gold = world.measure([A], "x", kind="gold").identity
    assert "tokenizer" not in gold["retrieval"]
    bench = Workbench("print", lambda: world.engine, Store(world.folder / "store"), None)
    closed = evaluate(Knowledge(), BASE, DataSource(world.folder / "questions.jsonl"), bench)
    assert "retrieval" not in closed.identity
    assert {k: v for k, v in searched.items() if k != "retrieval"} == closed.identity
    assert set(closed.rows[0]["detail"]) == {"question", "kind", "document", "fact"}
    write_rows(world.folder / "documents.jsonl", [ALPHA])
    assert world.measure([A], "x", top_k=2).identity["retrieval"] != searched["retrieval"]
