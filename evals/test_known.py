"""Were the facts really new? How well the base knew each of them before any fine-tuning.

Each fact is asked in several wordings and behind several sets of examples, greedily and by
sampling, and falls into one of four categories: highly known, maybe known, weakly known, unknown
(SliCK, Gekhman et al. 2024). Only checkpoints without an adapter are asked. The questions are those
of the knowledge suite, unless the matrix names [data.known].

As in the paper, with ten prompts of four examples: evaluate(Known(prompts=10, samples=16)). That is
for models that can follow examples; the embedded one can't, and is asked in plain wordings alone. A
limit counts prompts and keeps facts whole.
"""

from __future__ import annotations

import pytest

from harness import Evaluate
from harness.tasks.known import Known


@pytest.mark.base_only
def test_known(evaluate: Evaluate) -> None:
    evaluate(Known(prompts=0))
