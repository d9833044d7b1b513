"""Did it learn the facts of the documents?

Closed-book questions, answered in the model's own words and graded by what they state: a price, a
telephone number, a date, a name. The article's accuracy is that on "seen" questions, which stand
word for word in the training set. "paraphrase" ask the same in other words, "held_out" in another
shape, "reversed" from value to product; "untrained" facts stand in the documents but in no training
text, "control" documents in none at all: what rises there is not knowledge. "near_miss" ask about
what is nearly a trained product. The acquisition is what rose on new questions about trained
documents, less what rose on control documents.

To ask about your own documents: pytest evals -k knowledge --eval-data knowledge=questions.jsonl
"""

from __future__ import annotations

from harness import Evaluate
from harness.tasks.knowledge import Knowledge


def test_knowledge(evaluate: Evaluate) -> None:
    evaluate(Knowledge())
