"""Can it still read? JSQuAD: the answer to a question stands in the given text.

Exact match and F1 as JGLUE defines them, beside two other definitions that leaderboards use under
the same names. Asked without examples, so figures compare between checkpoints of one matrix, not
with leaderboards that show examples first.

The published file: pytest evals -k jsquad --eval-data jsquad=jsquad-valid-v1.3.json
"""

from __future__ import annotations

from harness import Evaluate
from harness.tasks.jsquad import JSQuAD


def test_jsquad(evaluate: Evaluate) -> None:
    evaluate(JSQuAD())
