"""Scores of a JSQuAD answer. Three definitions are in use under the same two names; all are kept.

1. JGLUE (the patch of its fine-tuning scripts, v1.3): lower case, then strip "。" on the right,
   then collapse white space. No punctuation is removed and nothing is NFKC-folded. Exact match on
   that; F1 over the multiset of characters, blind to their order. The best reference counts.
2. lm-evaluation-harness, `ja_leaderboard_jsquad`: equality with the *first* reference, outer white
   space stripped, nothing else.
3. llm-jp-eval `char_f1`: `token_sort_ratio / 100` against the first reference after NFKC. Upstream
   this is fuzzywuzzy's, which lower-cases, turns every non-word character into a space and sorts
   the pieces; rapidfuzz >= 3 does that only with its `default_process`. It is an edit ratio, not
   an F1. Left aside: fuzzywuzzy rounds to whole per cents, drops U+0080..U+00FF, and without
   python-Levenshtein uses difflib's ratio, so single answers can differ from it slightly.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence

from harness.records import Grade, Outcome

AUTHOR = "rule:jglue-1.3"


def normalise_jglue(text: str) -> str:
    """Return `text` as JGLUE compares it."""
    return " ".join(text.lower().rstrip("。").split())


def exact_match_jglue(prediction: str, references: Sequence[str]) -> float:
    """1.0 if the prediction equals any reference under JGLUE's normalisation."""
    return float(normalise_jglue(prediction) in map(normalise_jglue, _usable(references)))


def f1_jglue(prediction: str, references: Sequence[str]) -> float:
    """Best character-multiset F1 over the references under JGLUE's normalisation."""
    return max(_character_f1(prediction, reference) for reference in _usable(references))


def exact_match_lm_eval(prediction: str, references: Sequence[str]) -> float:
    """1.0 if the prediction equals the first reference, outer white space stripped."""
    return float(prediction.strip() == references[0].strip())


def char_f1_llm_jp_eval(prediction: str, references: Sequence[str]) -> float:
    """Token-sort ratio in [0, 1] against the first reference, as llm-jp-eval's `char_f1`."""
    from rapidfuzz import fuzz, utils

    left, right = (unicodedata.normalize("NFKC", text) for text in (prediction, references[0]))
    return fuzz.token_sort_ratio(left, right, processor=utils.default_process) / 100


def grade(prediction: str, references: Sequence[str]) -> Grade:
    """Grade one extractive answer; correct is JGLUE's exact match.

    Raises ValueError without references.
    """
    if not references:
        raise ValueError("an extractive question needs at least one reference answer")
    exact = exact_match_jglue(prediction, references)
    scores = {
        "exact_match": exact,
        "f1": f1_jglue(prediction, references),
        "exact_match_lm_eval": exact_match_lm_eval(prediction, references),
        "char_f1_llm_jp_eval": char_f1_llm_jp_eval(prediction, references),
    }
    return Grade(Outcome.CORRECT if exact else Outcome.WRONG, scores, AUTHOR)


def _usable(references: Sequence[str]) -> Sequence[str]:
    """References that normalise to something; SQuAD's scripts fall back on the empty answer."""
    return [reference for reference in references if normalise_jglue(reference)] or [""]


def _character_f1(prediction: str, reference: str) -> float:
    predicted, expected = normalise_jglue(prediction), normalise_jglue(reference)
    if not predicted or not expected:
        return float(predicted == expected)
    shared = sum((Counter(predicted) & Counter(expected)).values())
    return 2 * shared / (len(predicted) + len(expected))
