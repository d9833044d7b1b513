"""Passages and a question in one prompt."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from harness.retrieval.passages import Passage

JAPANESE = (
    "次の文書だけにもとづいて、質問に答えてください。答えのあとに、根拠にした文書の番号を[1]のように付けて"
    "ください。文書に答えがなければ「分かりません」とだけ答えてください。\n\n{passages}\n\n質問：{question}"
)
ENGLISH = (
    "Answer the question from the documents below and from nothing else. After the answer, cite "
    "the number of the document that it is from, as in [1]. If they do not hold the answer, say "
    'only "I don\'t know."\n\n{passages}\n\nQuestion: {question}'
)
PASSAGE = "[{number}] {title}\n{text}"
_JAPANESE = re.compile(r"[\u3041-\u30ff\u3400-\u9fff]")


def prompt_of(
    question: str, passages: Sequence[Passage], template: str = "", passage: str = ""
) -> str:
    """What a model is asked. Passages are numbered from 1 and stand in the order given.

    template: with {passages} and {question}; "" for JAPANESE or ENGLISH, as the question is.
    passage: how each of them stands there, with {text} and, where wanted, {number} and {title}; ""
    for PASSAGE.
    """
    shown = (
        _filled(
            passage or PASSAGE, {"number": str(number), "title": found.title, "text": found.text}
        )
        for number, found in enumerate(passages, 1)
    )
    # A passage without a title leaves no blank behind.
    joined = "\n\n".join(re.sub(r" +(?=\n)", "", text) for text in shown)
    usual = JAPANESE if _JAPANESE.search(question) else ENGLISH
    return _filled(template or usual, {"passages": joined, "question": question})


def templates(template: str, passage: str) -> Mapping[str, str]:
    """What of a prompt does not depend on the question, for a result's identity."""
    usual = {"prompt_ja": JAPANESE, "prompt_en": ENGLISH}
    return {**({"prompt": template} if template else usual), "passage": passage or PASSAGE}


def _filled(template: str, values: Mapping[str, str]) -> str:
    """The template with its fields in place, all at once: a text may itself hold a field's name."""
    fields = re.compile("|".join(rf"\{{{name}\}}" for name in values))
    return fields.sub(lambda match: values[match[0][1:-1]], template)
