"""Joint requests against lm-eval's own HFLM on the same weights."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.engines.encoding import encode
from harness.engines.local import LocalEngine
from harness.errors import WeightsError
from harness.records import Checkpoint, Model, Request, Response
from tests.engines.conftest import as_model, make_base

huggingface = pytest.importorskip("lm_eval.models.huggingface", reason="lm-eval is not here")

LIMIT = 64
WORDS = "価格は7,700円です。 The price is 7,700 yen."


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_base(tmp_path_factory.mktemp("joint") / "base")


@pytest.fixture(params=["bos", "no bos"], scope="module")
def engine(request: pytest.FixtureRequest, base: Path) -> Iterator[LocalEngine]:
    found = LocalEngine(as_model(base), base)
    found.network.config.max_position_embeddings = LIMIT
    found.network.generation_config.repetition_penalty = 1.0
    if request.param == "no bos":
        from tokenizers import processors

        found.tokenizer.bos_token = None
        found.tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
            single="$A", special_tokens=[]
        )
    yield found
    found.close()


@pytest.fixture
def theirs(engine: LocalEngine) -> Any:
    return huggingface.HFLM(
        pretrained=engine.network, tokenizer=engine.tokenizer, batch_size=1, max_length=LIMIT
    )


def answers(engine: LocalEngine, requests: list[Request]) -> list[Response]:
    checkpoint = Checkpoint("base", Model("tiny", "", datetime.date(2025, 1, 1)))
    found = {q: a for batch in engine.answer(checkpoint, requests) for q, a in batch}
    return [found[request] for request in requests]


def instances(kind: str, arguments: list[tuple[Any, ...]]) -> list[Any]:
    from lm_eval.api.instance import Instance

    return [Instance(kind, {}, given, i) for i, given in enumerate(arguments)]


CONTEXTS = {
    "a context": "質問：いくらですか。\n応答：",
    "nothing": "",
    "ends with white space": "The answer is  ",
    "begins with its own BOS": "<bos>Question",
    "too long": WORDS * 3,
    "too long for the longer only": "a" * (LIMIT - 4),
}


@pytest.mark.parametrize("context", CONTEXTS.values(), ids=CONTEXTS)
def test_likelihoods_and_greediness_are_those_of_hflm(
    engine: LocalEngine, theirs: Any, context: str
) -> None:
    # What the model itself would write, so that one of the continuations is the greedy one.
    (own,) = answers(engine, [Request(context, chat=False, joint=True, max_new_tokens=2)])
    offered = tuple(dict.fromkeys([" yes", "いいえ、違います", "<bos>x", own.text or "!"]))
    expected = theirs.loglikelihood(
        instances("loglikelihood", [(context, text) for text in offered]), disable_tqdm=True
    )
    request = Request(context, chat=False, continuations=offered, joint=True)

    (found,) = answers(engine, [request])

    assert found.logprobs == pytest.approx([value for value, _ in expected], abs=1e-4)
    assert found.greedy == tuple(greedy for _, greedy in expected)
    assert (found.cut > 0) == context.startswith(("価格", "aaaa"))


def test_some_continuation_is_greedy_and_some_is_not(engine: LocalEngine) -> None:
    import torch

    prompt = "質問："
    joint = Request(prompt, chat=False, joint=True)
    rows = encode(engine.tokenizer, engine.network.config, "tiny", [joint])
    ids = torch.tensor([rows[0].prompt])
    with torch.no_grad():
        likeliest = engine.network(ids).logits[0, -1].argsort(descending=True).tolist()
    texts = (engine.tokenizer.decode(i) for i in likeliest)
    printable = [text for text in texts if text.isascii() and text.isalnum()][:2]
    request = Request(prompt, chat=False, continuations=tuple(printable), joint=True)
    expected = [
        engine.tokenizer(text, add_special_tokens=False).input_ids == likeliest[:1]
        for text in printable
    ]

    (found,) = answers(engine, [request])

    assert list(found.greedy) == expected


@pytest.mark.parametrize("text", ["短い文。", WORDS * 4], ids=["one window", "several windows"])
def test_rolling_likelihoods_are_those_of_hflm(engine: LocalEngine, theirs: Any, text: str) -> None:
    (expected,) = theirs.loglikelihood_rolling(
        instances("loglikelihood_rolling", [(text,)]), disable_tqdm=True
    )
    request = Request("", chat=False, continuations=(text,), per_token="likelihoods", joint=True)

    (found,) = answers(engine, [request])

    assert found.logprobs[0] == pytest.approx(expected, abs=1e-5 * found.tokens)
    assert found.reading is not None
    assert len(found.reading.ends) == len(found.reading.ids) == found.tokens
    assert found.text == text


@pytest.mark.parametrize("stop", [(), ("\n\n",), ("e", "の"), ("<end_of_turn>",)])
@pytest.mark.parametrize("context", [WORDS, WORDS * 3], ids=["short", "too long"])
def test_texts_are_those_of_hflm(
    engine: LocalEngine, theirs: Any, context: str, stop: tuple[str, ...]
) -> None:
    settings = {"until": [*stop], "max_gen_toks": 12, "do_sample": False}
    (expected,) = theirs.generate_until(
        instances("generate_until", [(context, settings)]), disable_tqdm=True
    )
    request = Request(context, chat=False, max_new_tokens=12, stop=stop, joint=True)

    (found,) = answers(engine, [request])

    assert found.text == expected
    assert (found.cut > 0) == (len(context) > len(WORDS))


def test_an_answer_longer_than_the_model_is_refused(engine: LocalEngine) -> None:
    with pytest.raises(WeightsError, match="max_gen_toks"):
        answers(engine, [Request("質問", chat=False, max_new_tokens=LIMIT, joint=True)])


def test_a_continuation_longer_than_the_model_is_refused(engine: LocalEngine) -> None:
    with pytest.raises(WeightsError, match="alone needs"):
        answers(engine, [Request("質問", chat=False, continuations=("a" * 99,), joint=True)])
