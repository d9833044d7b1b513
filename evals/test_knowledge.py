"""Did it learn the facts of the documents?

Closed-book questions, answered in the model's own words and graded by what they state: a price, a
telephone number, a date, a name. "seen" questions stand word for word in the training set,
"paraphrase" ask the same otherwise, "reversed" go from value to product, and "control" ask about
documents that no training text holds: what rises there is not knowledge of them.

To ask about your own documents: pytest evals -k knowledge --eval-data knowledge=questions.jsonl
"""

from __future__ import annotations

from harness import Evaluate
from harness.tasks.knowledge import Knowledge


def test_knowledge(evaluate: Evaluate) -> None:
    evaluate(Knowledge())
