"""Readings against lm-eval's rolling log-likelihood; lm-eval is no dependency of the project's."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from harness.engines.local import LocalEngine
from harness.records import Checkpoint, Request
from tests.engines.conftest import as_model

TEXTS = [
    "短い文。",
    "税込7,700円の木製トレイを、4月1日から全国の店で売り出します。" * 4,
    "長い文章は、いくつかの窓に分けて読みます。 Long texts are read in windows. " * 20,
]


@pytest.mark.parametrize("limit", [512, 100])
def test_sums_equal_the_rolling_log_likelihood(
    tiny: Path, checkpoints: dict[str, Checkpoint], limit: int
) -> None:
    huggingface = pytest.importorskip("lm_eval.models.huggingface", reason="lm-eval is not here")
    from lm_eval.api.instance import Instance

    engine = LocalEngine(as_model(tiny / "base"), tiny / "base")
    engine.network.config.max_position_embeddings = limit
    theirs = huggingface.HFLM(
        pretrained=engine.network, tokenizer=engine.tokenizer, batch_size=1, add_bos_token=False
    )
    instances = [Instance("loglikelihood_rolling", {}, (text,), i) for i, text in enumerate(TEXTS)]
    expected = theirs.loglikelihood_rolling(instances, disable_tqdm=True)
    base = Request("", chat=False, per_token="likelihoods")
    requests = [dataclasses.replace(base, continuations=(text,)) for text in TEXTS]
    answers = {q: a for batch in engine.answer(checkpoints["base"], requests) for q, a in batch}
    assert answers[requests[-1]].tokens > 2 * limit
    for request, value in zip(requests, expected, strict=True):
        tokens = answers[request].tokens
        assert answers[request].logprobs[0] == pytest.approx(value, abs=1e-5 * tokens)
