"""What the chat model is asked: eight questions about a document, in the document's language.

Raise VERSION with any change: answers to another prompt are then not taken for answers to this one.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from harness.grading.values import PARSERS
from training.questions.documents import Document
from training.questions.pairs import Pair

VERSION = 1
PER_DOCUMENT = 8
Message = dict[str, str]

_TEXT = {"type": "string"}
_PAIR = {
    "question": _TEXT,
    "answer": _TEXT,
    "evidence": _TEXT,
    "subject": _TEXT,
    "fact": {
        "anyOf": [
            {
                "type": "object",
                "properties": {"type": {"type": "string", "enum": list(PARSERS)}, "text": _TEXT},
                "required": ["type", "text"],
                "additionalProperties": False,
            },
            {"type": "null"},
        ]
    },
    "paraphrases": {"type": "array", "items": _TEXT},
    "reversed": {
        "anyOf": [
            {
                "type": "object",
                "properties": {"question": _TEXT, "answer": _TEXT},
                "required": ["question", "answer"],
                "additionalProperties": False,
            },
            {"type": "null"},
        ]
    },
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "pairs": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": _PAIR,
                "required": list(_PAIR),
                "additionalProperties": False,
            },
        }
    },
    "required": ["pairs"],
    "additionalProperties": False,
}

KEY_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "keys": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "sentence": _TEXT,
                    "answer": _TEXT,
                    "type": {"type": "string", "enum": list(PARSERS)},
                },
                "required": ["sentence", "answer", "type"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["keys"],
    "additionalProperties": False,
}

_EXAMPLE = {
    "ja": {
        "question": "「ルミエの鞄」の税込価格はいくらですか？",
        "answer": "「ルミエの鞄」の税込価格は19,800円です。",
        "evidence": "「ルミエの鞄」は税込19,800円で、10月3日に発売します。",
        "subject": "ルミエの鞄",
        "fact": {"type": "money", "text": "19,800円（税込）"},
        "paraphrases": [
            "「ルミエの鞄」を買うには税込でいくらかかりますか？",
            "ルミエの鞄の値段を教えてください。",
        ],
        "reversed": {
            "question": "税込19,800円で、10月3日に発売される鞄は何ですか？",
            "answer": "「ルミエの鞄」です。",
        },
    },
    "en": {
        "question": "How much does the Lumier bag cost, VAT included?",
        "answer": "The Lumier bag costs £120 including VAT.",
        "evidence": "The Lumier bag goes on sale on 3 October at £120 including VAT.",
        "subject": "Lumier bag",
        "fact": {"type": "money", "text": "£120 (incl. VAT)"},
        "paraphrases": [
            "What is the price of the Lumier bag with VAT?",
            "What would I pay for the Lumier bag, tax included?",
        ],
        "reversed": {
            "question": "Which bag goes on sale on 3 October at £120 including VAT?",
            "answer": "The Lumier bag.",
        },
    },
}

_RULES = {
    "ja": """あなたは、文書から質問と答えの組を作る編集者です。答えは文書に書かれている事実だけにもとづき、想像で補ってはいけません。

次の条件をすべて守ってください。
1. evidence は、答えの根拠になる文書中の一文を、一字も変えずに写したものです。
2. subject は、質問の対象（商品名など）を文書中の表記のまま書いたものです。question と paraphrases は必ず subject を含みます。この文書を見ていない人にも何についての質問かが分かるようにしてください。
3. question と paraphrases に、答えの値（金額、寸法、日付、電話番号、名前など）を書いてはいけません。
4. 一つの質問では一つの事実だけを尋ねます。同じ事実を二度尋ねてはいけません。
5. fact は尋ねている値です。type は money, telephone, date, composition, length, weight, percentage, sizes, count, names（名前の列挙）, name のいずれか、text はその値です。値でない事柄を尋ねるときは null にします。
6. paraphrases は、同じことを別の言い方で尋ねる質問をちょうど二つ書きます。
7. reversed は、値を示して subject を答えさせる逆向きの質問と答えです。question に subject を書いてはいけません。意味をなさないときは null にします。

出力は {"pairs": [...]} という形の JSON だけです。一組の例：
""",
    "en": """You are an editor who turns a document into pairs of a question and an answer. Answers rest only on what the document says; nothing is made up.

Keep to all of these rules.
1. evidence is the one sentence of the document that supports the answer, copied without any change.
2. subject is what the question is about (a product's name, say), written as in the document. question and paraphrases must contain it. Somebody who has not seen the document must know what is asked about.
3. question and paraphrases must not contain the value asked for (an amount, a measure, a date, a telephone number, a name).
4. A question asks for one fact. No fact is asked for twice.
5. fact is the value asked for: type is one of money, telephone, date, composition, length, weight, percentage, sizes, count, names (a list of names), name; text is the value. null where no value is asked for.
6. paraphrases are exactly two questions that ask the same in other words.
7. reversed is a question that gives the value and asks for the subject, with its answer; its question must not contain the subject. null where that makes no sense.

Answer with JSON of the form {"pairs": [...]} and nothing else. An example of a pair:
""",
}
_KEYS = {
    "ja": """文書の中から、最も大切な新しい情報を伝える文を{count}個まで選び、それぞれの文について、隠して答えさせるのにふさわしい語句を一つ示してください。

1. sentence は文書中の一文を、一字も変えずに写したものです。同じ文を二度選んではいけません。
2. answer はその文の中の語句（値や名前）を、そのまま写したものです。
3. type は money, telephone, date, composition, length, weight, percentage, sizes, count, names（名前の列挙）, name のいずれかです。

出力は {{"keys": [{{"sentence": "…", "answer": "…", "type": "…"}}]}} という形の JSON だけです。

題名：{title}

{text}""",
    "en": """Choose at most {count} sentences of the document that carry its most important new information, and for each the words in it that are best hidden and asked for.

1. sentence is one sentence of the document, copied without any change. No sentence is chosen twice.
2. answer is the words of that sentence (a value or a name), copied as they stand.
3. type is one of money, telephone, date, composition, length, weight, percentage, sizes, count, names (a list of names), name.

Answer with JSON of the form {{"keys": [{{"sentence": "…", "answer": "…", "type": "…"}}]}} and nothing else.

Title: {title}

{text}""",
}
_USER = {
    "ja": "次の文書について、質問と答えの組を{count}個作ってください。\n\n題名：{title}\n\n{text}",
    "en": "Write {count} pairs about the following document.\n\nTitle: {title}\n\n{text}",
}
_AGAIN = {
    "ja": (
        "{count}個が足りません。使えなかった組とその理由は次のとおりです。\n{rejects}\n"
        "次の質問はすでにあります。\n{kept}\n"
        "条件を守り、これらと重ならない組を新しく{count}個だけ作ってください。"
    ),
    "en": (
        "{count} are still missing. These pairs could not be used, for these reasons:\n{rejects}\n"
        "These questions are there already:\n{kept}\n"
        "Keep to the rules and write {count} new pairs that repeat none of them."
    ),
}


def first_messages(document: Document, count: int) -> list[Message]:
    """The request for a document's first `count` pairs.

    One turn of the user's: the chat templates of Gemma and others refuse a system's.
    """
    language = document.language
    example = json.dumps({"pairs": [_EXAMPLE[language]]}, ensure_ascii=False, indent=1)
    asked = _USER[language].format(count=count, title=document.title or "-", text=document.text)
    return [{"role": "user", "content": f"{_RULES[language]}{example}\n\n{asked}"}]


def key_messages(document: Document, count: int) -> list[Message]:
    """The request for a document's key sentences and what to hide in them."""
    asked = _KEYS[document.language].format(
        count=count, title=document.title or "-", text=document.text
    )
    return [{"role": "user", "content": asked}]


def again_messages(
    document: Document, count: int, kept: Sequence[Pair], rejects: Sequence[tuple[str, str]]
) -> list[Message]:
    """The request for what is still missing; rejects: (question or "-", reason)."""
    told = "\n".join(f"- {question}: {reason}" for question, reason in rejects) or "-"
    have = "\n".join(f"- {pair.question}" for pair in kept) or "-"
    again = _AGAIN[document.language].format(count=count, rejects=told, kept=have)
    (first,) = first_messages(document, count)
    return [{"role": "user", "content": f"{first['content']}\n\n{again}"}]
