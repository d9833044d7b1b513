"""Was it unknown before? Evidence that states its own limits.

test_dates: every document is younger than the model; one that is not, or has no date, fails by
name. test_membership: do Min-K% Prob and its kin tell this model's training text from other text,
in this language, better than baselines that never see the model? Only then do they say anything of
your documents. test_ranks: is each fact's true value likelier to the model than values that could
as well have been true? test_verbatim: can it go on with the texts as they stand? These four ask
checkpoints without an adapter only.

test_trained: does a fine-tuned checkpoint show which questions it was trained on? The one
experiment on membership whose answer is known for certain.

Your own: [data.dates], [data.membership], [data.ranks] and [data.trained] in the matrix, or
--eval-data TASK=PATH; docs/unknown.md says what stands in these files.
"""

from __future__ import annotations

import pytest

from harness import Checkpoint, Evaluate
from harness.tasks.dates import Dates
from harness.tasks.membership import Membership
from harness.tasks.ranks import Ranks
from harness.tasks.trained import Trained
from harness.tasks.verbatim import Verbatim


@pytest.mark.base_only
def test_dates(checkpoint: Checkpoint, evaluate: Evaluate) -> None:
    released = checkpoint.model.released
    too_old = evaluate(Dates(released)).wrong()
    if too_old:
        shown = "\n".join(too_old[:20])
        more = f"\n… and {len(too_old) - 20} more" if len(too_old) > 20 else ""
        pytest.fail(
            f"{len(too_old)} documents are not known to be younger than {checkpoint.model.id}, "
            f"released {released}:\n{shown}{more}",
            pytrace=False,
        )


@pytest.mark.base_only
def test_membership(evaluate: Evaluate) -> None:
    evaluate(Membership())


@pytest.mark.base_only
def test_ranks(evaluate: Evaluate) -> None:
    evaluate(Ranks())


@pytest.mark.base_only
def test_verbatim(evaluate: Evaluate) -> None:
    evaluate(Verbatim())


def test_trained(evaluate: Evaluate) -> None:
    evaluate(Trained())
