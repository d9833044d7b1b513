"""Cloze questions in LatestEval's manner: nothing to copy, one a sentence, ten a document."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from harness.grading.facts import grade_fact
from harness.grading.text import normalise
from tests.openai_server import ScriptedServer, completion
from tests.training.questions.conftest import ROOT, SHIPPED, rows
from tests.training.questions.server import document_of
from training.__main__ import main
from training.questions.cloze import MASK, PER_DOCUMENT, cloze_pairs, keys_by_rule, read_keys
from training.questions.documents import Document, read_documents

SHOE = Document(
    "shoe", datetime.date(2026, 5, 1), "ルミエの新作「フィリカ」",
    "ルミエは「フィリカ」を発表しました。価格は税込19,800円です。１９８００円という価格は昨年と同じです。"
    "発売は2026年6月3日で、電話番号は03-0412-7785です。素材は綿60%、麻40%です。",
    "",
)  # fmt: skip


def by_rule(document: Document):
    return cloze_pairs(document, keys_by_rule(document))


def masked(question: str) -> str:
    return max(question.split("\n\n"), key=len)


def test_a_value_is_asked_of_its_sentence_and_masked_wherever_it_stands() -> None:
    (price,) = [p for p in by_rule(SHOE) if p.fact and p.fact.type == "money"]
    assert price.evidence == "価格は税込19,800円です。"
    assert price.answer == "19,800円(税込)です。"
    assert price.subject == "フィリカ"
    assert "価格は税込［　　］です。［　　］という価格は昨年と同じです。" in price.question
    assert price.question.startswith("『ルミエの新作「フィリカ」』についての次の文章で")


def test_no_sentence_and_no_value_is_asked_twice() -> None:
    pairs = by_rule(SHOE)
    assert [p.fact.type for p in pairs if p.fact] == ["date", "composition", "money"]
    assert len({p.evidence for p in pairs}) == len(pairs)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["documents_new.jsonl", "english_unseen.jsonl"])
def test_of_all_shipped_documents_no_answer_can_be_copied(name: str) -> None:
    counts = []
    for document in read_documents(ROOT / "fixtures/data" / name)[:150]:
        pairs = by_rule(document)
        counts.append(len(pairs))
        assert len(pairs) <= PER_DOCUMENT
        assert len({p.evidence for p in pairs}) == len(pairs)
        for pair in pairs:
            assert pair.fact is not None
            assert normalise(pair.evidence) in normalise(document.text)
            assert grade_fact(pair.evidence, pair.fact).scores["recall"] == 1
            for question in (pair.question, *pair.paraphrases):
                assert MASK in question
                assert grade_fact(question, pair.fact).scores["recall"] == 0
            assert grade_fact(pair.answer, pair.fact, pair.question).correct
    assert sum(counts) / len(counts) > 4


def test_real_articles_give_questions_that_can_t_be_copied_either() -> None:
    path = Path(ROOT).parent / "shared/data/jaquad/jaquad_dev.json"
    if not path.exists():
        pytest.skip("JaQuAD is not on this machine")
    import json

    articles = json.loads(path.read_text("utf-8"))["data"][:60]
    asked = 0
    for number, article in enumerate(articles):
        text = "\n".join(p["context"] for p in article["paragraphs"])
        for pair in by_rule(Document(str(number), None, article["title"], text, "")):
            asked += 1
            assert pair.fact is not None
            assert grade_fact(masked(pair.question), pair.fact).scores["recall"] == 0
    assert asked > 200


def test_what_stands_in_the_title_is_not_asked() -> None:
    document = Document("d", None, "19,800円の靴", "価格は19,800円です。", "")
    assert by_rule(document) == []


def test_the_tail_of_a_telephone_number_or_a_bare_number_is_no_count() -> None:
    text = "電話番号は03-0412-7785です。大きさは124.3×61.2×9.2mmです。"
    keys = keys_by_rule(Document("d", None, "題", text, ""))
    assert [k.value.text for k in keys] == ["03-0412-7785", "9.2mm"]


def test_a_chat_model_may_choose_the_sentences_and_the_rules_still_hold() -> None:
    keys, problems = read_keys(SHOE, [
        {"sentence": "価格は税込19,800円です。", "answer": "19,800円", "type": "money"},
        {"sentence": "ルミエは「フィリカ」を発表しました。", "answer": "フィリカ", "type": "name"},
        {"sentence": "素材は絹100%です。", "answer": "絹100%", "type": "composition"},
        {"sentence": "素材は綿60%、麻40%です。", "answer": "ウール30%", "type": "composition"},
        {"sentence": "価格は"},
    ])  # fmt: skip
    assert problems == [
        "the sentence is none of the document",
        "the answer is not in the sentence",
        "no sentence, answer and type",
    ]
    assert [p.evidence for p in cloze_pairs(SHOE, keys)] == ["価格は税込19,800円です。"]


def test_the_command_asks_a_chat_model_for_key_sentences(
    server: ScriptedServer, documents: Path, tmp_path: Path
) -> None:
    def choose(asked):
        keys = keys_by_rule(document_of(asked))[:3]
        chosen = [
            {"sentence": k.sentence, "answer": k.value.text, "type": k.value.type} for k in keys
        ]
        return completion({"keys": chosen})

    server.behaviour = choose
    out = tmp_path / "set"
    arguments = ["--latest-eval", "--model", "m", "--base-url", server.url]
    assert main(["questions", str(documents), "--out", str(out), *arguments, "--allow-old"]) == 0
    assert len(server.requests) == 10
    assert rows(out / "train.jsonl")
    assert all(MASK in row["question"] for row in rows(out / "knowledge.jsonl"))


def test_the_rules_take_the_newest_documents_and_ask_nobody(tmp_path: Path) -> None:
    out = tmp_path / "set"
    arguments = ["--latest-eval", "--newest", "20", "--released", "2025-04-01", "--seed", "1"]
    assert main(["questions", str(SHIPPED), "--out", str(out), *arguments]) == 0
    dates = sorted((row["published"] for row in rows(SHIPPED)), reverse=True)
    asked = rows(out / "knowledge.jsonl")
    assert min(row["published"] for row in asked) >= dates[19]
    assert len(rows(out / "control_documents.jsonl")) == 4
    assert not (out / "replies.jsonl").exists()
