"""What does it make up, and do its own doubts tell?

The knowledge suite's questions and answers, looked at again: wrong values of trained documents; any
value at all where the document was never seen, or the product does not exist. For each signal of
doubt how well it tells these from right answers, beside two blind controls, the answer's length and
the question alone; how far a stated confidence can be believed; and how many questions may be
answered at a risk of 5 %. Nothing is asked again but the questions' own likelihood.

On request, at one more request a question, and at `draws` more answers a question:

    evaluate(Hallucination(p_true=True, draws=10))

Which of the answers drawn anew mean the same, values tell, or words, or the judge of the matrix.
"""

from __future__ import annotations

from harness import Evaluate
from harness.tasks.hallucination import Hallucination


def test_hallucination(evaluate: Evaluate) -> None:
    evaluate(Hallucination())
