"""Does it still answer ordinary questions well?

A fine-tune that knows the price and can no longer make small talk is not shipped. Everyday
questions are asked, and the answers of all checkpoints stand side by side in the report
(report.html, Samples). A rule sees only what is broken: an answer that never ends, loops, is in
another language, or refuses. Whether the others are any good you say, with `python -m harness
review reports/latest`, or a judge that agrees with you ([judge] in the matrix). Then there is an
accuracy, and wins, ties and losses against the baseline.

To ask your own questions: pytest evals -k qualitative --eval-data qualitative=everyday.jsonl, a
line {"id": ..., "question": ...} each, with "topic" and "reference" where there is one.
"""

from __future__ import annotations

from harness import Evaluate
from harness.tasks.qualitative import Qualitative


def test_qualitative(evaluate: Evaluate) -> None:
    evaluate(Qualitative())
