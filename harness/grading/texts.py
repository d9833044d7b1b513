"""References in words: a reason, a description. Which answers are told by their wording alone?"""

from __future__ import annotations

import re

from harness.grading.text import loose, normalise

# Questions that no name answers, whatever the answer's length. どんな色 asks for a name.
_ASKS_FOR_WORDS = re.compile(
    r"なぜ|何故|どうして|どのように|どうやって|どういう|理由|特徴|経緯|背景|目的|方法|仕組み|違い"
    r"|説明して|\bwhy\b|\bhow\s+(?:do|does|did|can|could|should|is|are|was|were)\b|\breasons?\b"
    r"|\bexplain\b|\bdescribe\b",
    re.IGNORECASE,
)
_BECAUSE = re.compile(
    r"(?:から|ため|ので|こと)$|^(?:because|since|in order|so that|to )\b", re.IGNORECASE
)
_LONGEST_NAME = 24  # characters: 「クラティナ製作所とスタジオ…」 with its partner has 20
_LONGEST_IN_WORDS = 6
_KANA_OR_KANJI = re.compile(r"[ぁ-んァ-ヺ一-龠]")
_ENDING_OF_REFERENCE = re.compile(r"(?:です|でした|である|だ)?[。.]*$")
# What may stand after the reference without saying anything: 〇〇からです。
_ENDING = re.compile(
    r"(?:もの|の|こと|ため|から|ので)?(?:です|でした|である|だ)?(?:から|ので)?[、。,.!]*"
)
_TOPIC_END = re.compile(r"(?:のは|は)?[、,]?$")


def in_words(text: str, question: str = "") -> bool:
    """Whether a reference without typed values is a description rather than a name."""
    if _ASKS_FOR_WORDS.search(normalise(question)) or _BECAUSE.search(text.strip()):
        return True
    if _KANA_OR_KANJI.search(text):
        return len(loose(text)) > _LONGEST_NAME
    return len(text.split()) > _LONGEST_IN_WORDS


def core(reference: str) -> str:
    """A reference without the words that end a sentence: …から of …からです。"""
    text = normalise(reference).strip()
    return _ENDING_OF_REFERENCE.sub("", text) or text


def says_no_more(answer: str, reference: str, question: str = "") -> bool:
    """Whether an answer is the reference in its words, at most behind a topic that was asked for.

    What says more may as well deny it, or say something else besides: that is for a reader.
    """
    before, found, after = loose(answer).partition(loose(core(reference)))
    topic = _TOPIC_END.sub("", before)
    return bool(found and _ENDING.fullmatch(after) and topic in loose(question))
