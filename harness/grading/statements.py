"""What surrounds a value: is it denied, does the answer abstain."""

from __future__ import annotations

import re

from harness.grading.text import normalise

_DENIED_AFTER = re.compile(
    r"[」』\")\s]*(?:\(?税[込抜][みき]?\)?)?"
    r"(?:では(?:な[くい]|ありません|ございません)|じゃ(?:な[くい]|ありません)|でな[くい]"
    r"|と(?:は)?(?:違|異な)|以外|は(?:誤り|間違い)|かどうか|台|未満"
    r"|\s+(?:is|was)\s+(?:wrong|incorrect|not\b))"
)
_DENIED_BEFORE = re.compile(
    r"(?:\bnot|n't|\brather\s+than|\binstead\s+of)\s+"
    r"(?:(?:at|for|on|in|the|be|by)\s+)*[「『\"¥$]*$",
    re.IGNORECASE,
)
_ABSTAINED = re.compile(
    r"[分わ判]か(?:りません|りかね|らない|らず|っていません|っておりません)|判りません"
    r"|知りません|知らない|存じません|存じ上げ|不明(?!瞭)|未定|未発表|非公開"
    r"|(?:公開|発表|公表|記載|開示|掲載|言及|明記)(?:は|が)?(?:されて|して)?(?:い|おり)(?:ません|ない)"
    r"|情報(?:は|が|を)?(?:ありません|ない|ございません|持って|見つか)|持ち合わせて"
    r"|(?:お答え|回答|確認|特定|お伝え)(?:は|が)?(?:でき|出来)(?:ません|ない|かね)"
    r"|(?:記載|回答|データ|答え)(?:は|が)(?:ありません|ございません|ない)"
    r"|\b(?:do\s*n['o]?t|do not|did not|didn't|does not|doesn't)\s+(?:know|have)"
    r"|\bnot\s+(?:sure|known|available|disclosed|publicly|been\s+(?:announced|disclosed|released))"
    r"|\bunknown\b|\bno\s+(?:information|idea)\b|\b(?:can\s*not|can't|unable\s+to)\s+"
    r"(?:answer|say|determine|confirm|provide|find)",
    re.IGNORECASE,
)


def is_denied(text: str, span: tuple[int, int]) -> bool:
    """Whether normalised `text` denies what stands at `span`: Xではなく Y, not X but Y."""
    return bool(_DENIED_AFTER.match(text, span[1]) or _DENIED_BEFORE.search(text[: span[0]]))


def abstains(text: str) -> bool:
    """Whether an answer says that it doesn't know, or says nothing at all."""
    plain = normalise(text).strip()
    return not plain or bool(_ABSTAINED.search(plain))
