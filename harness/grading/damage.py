"""A damaged voice: signs in a written answer that its model no longer speaks as it should.

Whether an answer is right is another matter. Each sign is seen in the text alone, or in how the
generation ended, so it costs nothing and every suite that writes answers has it:

    unfinished  the limit of tokens came before the model ended its turn
    empty       nothing was written
    looping     a piece of text stands there again and again
    foreign     not in the language of the question, names and what stands in the prompt aside
    leaked      marks of a chat template, or the next speaker's turn
    refused     it says that it can't or must not answer; no damage by itself

Rules for Japanese and English: a foreign answer is told by its letters, so that French under an
English question is not seen. The loops are those that greedy decoding falls into (Holtzman et al.
2020, arXiv 1904.09751), not the repetition of single n-grams, which short answers have by nature.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from harness.grading.text import normalise
from harness.records import Response

SIGNS = ("unfinished", "empty", "looping", "foreign", "leaked")
REFUSED = "refused"
DAMAGED = "damaged"  # any of the signs
VOICE = (DAMAGED, *SIGNS, REFUSED)

_FEWEST_LOOPED = 16  # characters that the repeats fill: ドキドキドキ is no loop
_LOOP = re.compile(r"(?P<unit>.{6,200}?)(?P=unit){2,}|(?P<short>.{1,5}?)(?P=short){3,}", re.DOTALL)
_KANA = re.compile(r"[ぁ-ゖァ-ヺ]")
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff々〆]")
_LATIN_WORD = re.compile(r"[A-Za-zÀ-ɏ]{2,}")
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]")
_ADDRESS = re.compile(r"https?://\S+|[\w.+-]+@[\w.-]+|\b(?:[a-z0-9-]+\.)+[a-z]{2,}\b\S*", re.ASCII)
_NEW_WORDS = 3  # Latin words that are in neither question nor reference: less may be a name
_ONLY_HAN = 12  # Chinese characters without any kana: less may be a name
_OTHER = 2  # letters of other scripts
_MARKS = re.compile(
    r"<\|[A-Za-z_]+\|>|</?s>|<(?:bos|eos|pad|unk)>|<(?:start|end)_of_turn>|\[/?INST\]|<</?SYS>>"
    r"|^#{2,3} ?(?:指示|入力|応答|Instruction|Input|Response)\b"
    r"|^(?:user|model|assistant|system|human|ユーザー|アシスタント) ?[:：]?(?=\n|\Z)"
    r"|^(?:user|assistant|human|ユーザー|アシスタント) ?[:：]",
    re.MULTILINE | re.IGNORECASE,
)
_REFUSAL = re.compile(
    r"(?:お?答え|回答|お?返事|お手伝い|対応|提供)(?:することは?|は)?(?:でき(?:ません|かねます|ない)|いたしかねます)"
    r"|(?:お?答え|回答|対応)(?:を差し)?(?:控え|いたしかね)"
    r"|(?:AI|人工知能)(?:言語)?(?:モデル|アシスタント)?(?:として|なので|ですので)"
    r"|\bI(?:'m| am) (?:sorry|unable)\b|\bI can(?:no|')t (?:help|assist|answer|provide)\b"
    r"|\bas an AI\b",
    re.IGNORECASE,
)


def signs(prompt: str, references: Sequence[str], response: Response) -> Mapping[str, float]:
    """Each sign as 0 or 1, with `refused` and `damaged`; nothing of an answer nobody wrote.

    references: what counts as right, whose words are no foreign ones.
    """
    if response.finish == "scored" or response.unanswered:
        return {}
    text = response.text
    seen = {
        "unfinished": response.finish == "length",
        "empty": not text.strip(),
        "looping": bool(loop(text)),
        "foreign": is_foreign(text, prompt, references),
        "leaked": bool(leaked(text, prompt)),
    }
    seen[DAMAGED] = any(seen.values())
    seen[REFUSED] = bool(_REFUSAL.search(normalise(text)))
    return {sign: float(found) for sign, found in seen.items()}


def loop(text: str) -> str:
    """The piece that is repeated at once: three times, one of up to five characters four times.

    "" where there is none, where all repeats are short, or where they are only punctuation.
    """
    for match in _LOOP.finditer(text):
        unit = match["unit"] or match["short"]
        if len(match[0]) >= _FEWEST_LOOPED and any(map(str.isalnum, unit)):
            return str(unit)
    return ""


def leaked(text: str, prompt: str) -> str:
    """The first mark of a chat template that is not the prompt's own, or ""."""
    found = (match[0] for match in _MARKS.finditer(text))
    return next((mark for mark in found if mark not in prompt), "")


def is_foreign(text: str, prompt: str, references: Sequence[str]) -> bool:
    """Whether an answer is in another language than its question."""
    known = normalise("\n".join([prompt, *references])).casefold()
    # Marks of a template are leaked, and no English for it.
    said = _ADDRESS.sub("", _MARKS.sub("", normalise(text)).casefold())
    if not said.strip() or said.strip() in known:
        return False
    others = [c for c in said if c.isalpha() and not _common(c) and c not in known]
    if len(others) >= _OTHER:
        return True
    japanese = len(_KANA.findall(said)) + len(_HAN.findall(said))
    if _KANA.search(known):
        new = {word for word in _LATIN_WORD.findall(said) if word not in known}
        latin = len(new) >= _NEW_WORDS and len(_LATIN.findall(said)) > 2 * japanese
        chinese = not _KANA.search(said) and len(_HAN.findall(said)) >= _ONLY_HAN
        return latin or chinese
    if _HAN.search(known):  # Chinese, whose answers no rule here can tell
        return False
    return japanese > len(_LATIN.findall(said))


def _common(letter: str) -> bool:
    """Whether a letter is of a script that Japanese and English answers may have.

    Greek letters stand for units and names of products, ª and ー for nothing else.
    """
    return bool(
        _KANA.match(letter)
        or _HAN.match(letter)
        or _LATIN.match(letter)
        or "Ͱ" <= letter <= "Ͽ"
        or letter in "ーヽヾゝゞªº"
    )
