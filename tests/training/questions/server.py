"""What the scripted server answers a writer of questions."""

from __future__ import annotations

from typing import Any

from tests.openai_server import Asked
from training.questions.cloze import keys_by_rule, subject_of
from training.questions.documents import Document


def document_of(asked: Asked) -> Document:
    title = asked.text.split("題名：")[1].split("\n")[0]
    text = asked.text.split(f"題名：{title}\n\n")[1].split("\n\n")[0]
    return Document("", None, title, text, "")


def good_pairs(document: Document, start: int = 0, count: int = 8) -> dict[str, Any]:
    """Pairs that pass every check: values in their sentences, as the cloze rules find them."""
    subject = subject_of(document)
    facts: dict[tuple[str, str], dict[str, Any]] = {}
    for key in keys_by_rule(document):
        kind, text = key.value.type, key.value.text
        if text == subject or text in document.title:
            continue
        n = len(facts)
        facts.setdefault((kind, text), {
            "question": f"「{subject}」について尋ねます。問{n}の{kind}は何ですか？",
            "answer": f"{text}です。",
            "evidence": key.sentence,
            "subject": subject,
            "fact": {"type": kind, "text": text},
            "paraphrases": [f"「{subject}」の問{n}の{kind}を教えてください。",
                            f"問{n}：「{subject}」の{kind}をご存じですか？"],
            "reversed": {"question": f"問{n}の{kind}が{text}であるものは何ですか？",
                         "answer": f"「{subject}」です。"},
        })  # fmt: skip
    return {"pairs": list(facts.values())[start : start + count]}
