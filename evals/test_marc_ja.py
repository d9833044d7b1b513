"""Can it still judge? MARC-ja: is a review positive or negative?

The likelier of the two answers counts. Reviews are mostly positive, so accuracy stands beside
balanced accuracy and macro-F1, which a model that always says "positive" does not pass.

Your own reviews: pytest evals -k marc_ja --eval-data marc_ja=reviews.jsonl
"""

from __future__ import annotations

from harness import Evaluate
from harness.tasks.marc_ja import MarcJa


def test_marc_ja(evaluate: Evaluate) -> None:
    evaluate(MarcJa())
