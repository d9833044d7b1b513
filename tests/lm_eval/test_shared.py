"""Our leaderboard prompts on published data, against lm-eval's HFLM on a model that learnt Japanese.

docs/lm_eval_parity.py does the same on hundreds of documents.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.engines.local import LocalEngine
from harness.records import Checkpoint, Request, Response
from harness.tasks.jsquad import JSQuAD
from harness.tasks.marc_ja import MarcJa
from tests.engines.conftest import as_model

huggingface = pytest.importorskip("lm_eval.models.huggingface", reason="lm-eval is not here")

from harness.lm_eval.leaderboard import Leaderboard  # noqa: E402

SHARED = Path(__file__).parents[3] / "shared"
MODEL = SHARED / "models/ja-mini"
SQUAD = SHARED / "data/jglue/jsquad-valid-v1.3.json"
REVIEWS = SHARED / "data/jrte_pn"

pytestmark = pytest.mark.skipif(
    not all(path.exists() for path in (MODEL, SQUAD, REVIEWS)), reason="published data are not here"
)


@pytest.fixture(scope="module")
def engine() -> Iterator[LocalEngine]:
    found = LocalEngine(as_model(MODEL), MODEL)
    yield found
    found.close()


@pytest.fixture(scope="module")
def theirs(engine: LocalEngine) -> Any:
    return huggingface.HFLM(pretrained=engine.network, tokenizer=engine.tokenizer, batch_size=1)


def answered(engine: LocalEngine, requests: list[Request]) -> list[Response]:
    checkpoint = Checkpoint("base", as_model(MODEL))
    found = {q: a for batch in engine.answer(checkpoint, requests) for q, a in batch}
    return [found[request] for request in requests]


def instances(kind: str, arguments: list[tuple[Any, ...]]) -> list[Any]:
    from lm_eval.api.instance import Instance

    return [Instance(kind, {}, given, i) for i, given in enumerate(arguments)]


def test_reviews_have_hflms_likelihoods(engine: LocalEngine, theirs: Any) -> None:
    task = Leaderboard(MarcJa(), REVIEWS / "marc_ja_schema-train.jsonl")
    requests = [s.request for s in task.load(REVIEWS / "marc_ja_schema-test.jsonl")[:8]]
    pairs = [(r.prompt.rstrip(), f"\n{text}") for r in requests for text in r.continuations]

    expected = theirs.loglikelihood(instances("loglikelihood", pairs), disable_tqdm=True)

    found = [value for response in answered(engine, requests) for value in response.logprobs]
    assert found == pytest.approx([value for value, _ in expected], abs=1e-3)


def test_questions_have_hflms_answers(engine: LocalEngine, theirs: Any) -> None:
    import dataclasses

    task = Leaderboard(JSQuAD(), SQUAD)
    asked = sorted((s.request for s in task.load(SQUAD)), key=lambda request: len(request.prompt))
    requests = [dataclasses.replace(request, max_new_tokens=16) for request in asked[:4]]
    settings = {"until": ["\n\n"], "max_gen_toks": 16, "do_sample": False}

    expected = theirs.generate_until(
        instances("generate_until", [(r.prompt, settings) for r in requests]), disable_tqdm=True
    )

    assert [response.text for response in answered(engine, requests)] == expected
    assert any(expected)
