"""Readings against a plain softmax over all logits in double precision, one text at a time."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.engines.batching import Row
from harness.engines.local import LocalEngine
from harness.engines.output import output_layer
from harness.engines.reading import read, split
from harness.errors import WeightsError
from harness.records import Checkpoint, Reading, Request, Response
from tests.engines.conftest import as_model
from tests.engines.networks import network

BOS, PAD = 2, 0
PROBE = list(range(20, 50))
TEXTS = [
    "新作の木製トレイは7,700円です。",
    "A 😀 costs ¥7,700, 税込。",
    "直径は24cm。",
    "ok",
    "𠮷野家🍣",
]


def plain(model: Any, ids: list[int], begin: int = 1) -> list[list[float]]:
    """Log-probabilities of ids[begin:], with mean and deviation over the vocabulary."""
    import torch

    with torch.no_grad():
        logits = model(torch.tensor([ids])).logits[0, begin - 1 : -1].double()
    table = logits.log_softmax(-1)
    taken = table.gather(1, torch.tensor(ids[begin:])[:, None])[:, 0]
    mean = (table.exp() * table).sum(-1)
    deviation = (table.exp() * (table - mean[:, None]) ** 2).sum(-1).sqrt()
    return [taken.tolist(), mean.tolist(), deviation.tolist()]


def figures(reading: Reading | None) -> list[tuple[float, ...]]:
    assert reading is not None
    return [reading.logprobs, reading.means, reading.deviations]


def same(reading: Reading | None, expected: Sequence[Sequence[float]], tolerance: float) -> None:
    for ours, theirs in zip(figures(reading), expected, strict=True):
        assert list(ours) == pytest.approx(list(theirs), abs=tolerance)


def rows(sizes: Sequence[int], prompt: Sequence[int] = (BOS,)) -> list[Row]:
    draw = random.Random(3)
    request = Request("", chat=False, continuations=("文" * 99,), per_token="likelihoods")
    return [
        Row(request, list(prompt), [[draw.randint(6, 59) for _ in range(size)]], [*range(1, size + 1)])
        for size in sizes
    ]  # fmt: skip


def readings(model: Any, asked: list[Row]) -> list[Reading | None]:
    return [r.reading for _, r in read(model, asked, output_layer(model, PROBE), PAD)]


@pytest.mark.parametrize(
    ("name", "dtype", "tolerance"),
    [
        *((name, "float32", 3e-5) for name in ("Gemma", "Gemma2", "Gemma3", "Llama", "Mistral")),
        *((name, "float32", 3e-5) for name in ("Granite", "Cohere", "Phi", "GPT2", "Mamba")),
        # The plain logits are rounded to 8 bits of mantissa, ours are not.
        *((name, "bfloat16", 0.15) for name in ("Gemma2", "Gemma3", "Llama", "GPT2")),
    ],
)
def test_figures_equal_a_full_softmax(name: str, dtype: str, tolerance: float) -> None:
    model = network(name, dtype)
    assert output_layer(model, PROBE) is not None
    asked = rows([1, 5, 23, 40, 7])
    for row, reading in zip(asked, readings(model, asked), strict=True):
        same(reading, plain(model, row.prompt + row.tails[0]), tolerance)


def test_a_vocabulary_of_many_blocks_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    from harness.engines import moments

    model = network("Gemma2")
    asked = rows([30, 12])
    whole = readings(model, asked)
    monkeypatch.setitem(moments.BLOCK, "cpu", (7, 11))
    for one, other in zip(readings(model, asked), whole, strict=True):
        same(one, figures(other), 2e-5)


def test_what_a_network_does_to_its_logits_unknown_to_us_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import torch

    from harness.engines import output

    model = network("Llama")
    original = model.forward

    def masking(*args: Any, logits_to_keep: Any = 0, **more: Any) -> Any:
        made = original(*args, logits_to_keep=logits_to_keep, **more)
        made.logits = made.logits * 0.5
        made.logits[..., 3] = float("-inf")  # a word that may not be said
        return made

    monkeypatch.setattr(model, "forward", masking)
    monkeypatch.setitem(output.WHOLE, "cpu", 5 * 60)  # five tokens at a time
    assert output_layer(model, PROBE) is None
    asked = rows([13, 4])
    for row, reading in zip(asked, readings(model, asked), strict=True):
        ids = row.prompt + row.tails[0]
        with torch.no_grad():
            table = model(torch.tensor([ids])).logits[0, :-1].double().log_softmax(-1)
        finite = table.exp() * table.clamp(min=-1e9)
        mean = finite.sum(-1)
        assert list(reading.means) == pytest.approx(mean.tolist(), abs=3e-5)
        taken = table.gather(1, torch.tensor(ids[1:])[:, None])[:, 0]
        assert list(reading.logprobs) == pytest.approx(taken.tolist(), abs=3e-5)


def test_a_token_that_is_certain_stays_finite_and_precise() -> None:
    import torch

    model = network("Llama", tie_word_embeddings=False)
    model.lm_head.weight.data *= 30
    asked = rows([40])
    (reading,) = readings(model, asked)
    expected = plain(model, asked[0].prompt + asked[0].tails[0])
    same(reading, expected, 2e-3)
    ours = torch.tensor(figures(reading))
    assert torch.isfinite(ours).all()
    certain = torch.tensor(expected[2]) < 1e-3
    assert certain.any(), "the network should be certain somewhere"
    assert ours[2][certain] == pytest.approx(torch.tensor(expected[2])[certain], abs=1e-4)


@pytest.mark.parametrize("trained", [False, True])
def test_adapters_on_the_output_layer_are_read_through(trained: bool) -> None:
    import torch
    from peft import LoraConfig, get_peft_model

    targets = ["q_proj"] if trained else ["q_proj", "lm_head"]
    config = LoraConfig(
        r=4, target_modules=targets, modules_to_save=["lm_head"] if trained else None,
        init_lora_weights=False,
    )  # fmt: skip
    tuned = get_peft_model(network("Gemma2"), config).eval()
    if trained:
        tuned.get_base_model().lm_head.modules_to_save["default"].weight.data *= 1.5
    assert output_layer(tuned, PROBE) is not None
    asked = rows([9, 17])
    worn = readings(tuned, asked)
    for row, reading in zip(asked, worn, strict=True):
        same(reading, plain(tuned, row.prompt + row.tails[0]), 3e-5)
    with tuned.disable_adapter():
        bare = readings(tuned, asked)
        same(bare[0], plain(tuned, asked[0].prompt + asked[0].tails[0]), 3e-5)
    assert not torch.allclose(torch.tensor(figures(worn[0])), torch.tensor(figures(bare[0])))


def test_long_texts_are_read_in_windows_that_reach_back_one_token() -> None:
    model = network("Llama", max_position_embeddings=16)
    (row,) = rows([40])
    text = row.tails[0]
    # What lm-eval's rolling windows are: 16 tokens after BOS, 16 after the token before them, and
    # the last 8 after as many as the model takes.
    first = plain(model, [BOS, *text[:16]])
    second = plain(model, text[15:32])
    third = plain(model, text[23:40], begin=9)
    expected = [a + b + c for a, b, c in zip(first, second, third, strict=True)]
    same(readings(model, [row])[0], expected, 3e-5)


def test_a_long_text_after_a_prompt_begins_with_it() -> None:
    model = network("Llama", max_position_embeddings=16)
    prompt = [BOS, 7, 8, 9]
    (row,) = rows([20], prompt)
    first = plain(model, [*prompt, *row.tails[0][:13]], begin=4)
    rest = plain(model, [*prompt, *row.tails[0]][-17:], begin=10)
    same(readings(model, [row])[0], [a + b for a, b in zip(first, rest, strict=True)], 3e-5)
    with pytest.raises(WeightsError, match="takes 16 tokens"):
        readings(model, rows([3], [BOS] * 17))


def test_without_anything_before_it_the_first_token_is_left_out() -> None:
    model = network("Llama")
    (row,) = rows([12], prompt=())
    (answer,) = read(model, [row], output_layer(model, PROBE), PAD)
    reading = answer[1].reading
    same(reading, plain(model, row.tails[0]), 3e-5)
    assert reading is not None
    assert list(reading.ids) == row.tails[0][1:]
    assert reading.ends == tuple(range(2, 13))
    assert answer[1].tokens == 11


def test_a_text_of_no_tokens_has_an_empty_reading() -> None:
    model = network("Llama")
    for asked in (rows([0]), rows([1], prompt=())):
        (answer,) = read(model, asked, output_layer(model, PROBE), PAD)
        assert answer[1] == Response("", "scored", 0, (0.0,), Reading((), (), (), (), ()))


@pytest.fixture(scope="module")
def engine(tiny: Path) -> Iterator[LocalEngine]:
    opened = LocalEngine(as_model(tiny / "base"), tiny / "base", batch_tokens=100)
    yield opened
    opened.close()


def asked(per_token: str = "likelihoods", **more: Any) -> list[Request]:
    more = {"prompt": "", "chat": False, **more}
    return [Request(continuations=(text,), per_token=per_token, **more) for text in TEXTS]


def answers(
    engine: LocalEngine, checkpoint: Checkpoint, requests: Sequence[Request], **more: set[Request]
) -> dict[Request, Response]:
    return {q: a for batch in engine.answer(checkpoint, requests, **more) for q, a in batch}


@pytest.mark.parametrize(("prompt", "chat"), [("", False), ("続き：", False), ("質問", True)])
@pytest.mark.parametrize("name", ["base", "adapter-a"])
def test_prompt_bos_and_template_are_conditioned_on_and_not_read(
    engine: LocalEngine, checkpoints: dict[str, Checkpoint], name: str, prompt: str, chat: bool
) -> None:
    told = answers(engine, checkpoints[name], asked(prompt=prompt, chat=chat))
    encode = engine.tokenizer
    written = (
        f"<start_of_turn>user\n{prompt}<end_of_turn>\n<start_of_turn>model\n" if chat else prompt
    )
    before = [BOS, *encode(written, add_special_tokens=False).input_ids]
    with engine.switch.wearing(checkpoints[name]) as worn:
        for request, response in told.items():
            ids = encode(request.continuations[0], add_special_tokens=False).input_ids
            assert response.reading is not None
            assert list(response.reading.ids) == ids
            assert (response.tokens, response.finish) == (len(ids), "scored")
            assert response.text == request.continuations[0]
            expected = plain(worn, before + ids, begin=len(before))
            same(response.reading, expected, 1e-4)
            assert response.logprobs[0] == pytest.approx(sum(expected[0]), abs=1e-3)


def test_a_window_is_the_beginning_of_the_whole_text(
    engine: LocalEngine, checkpoints: dict[str, Checkpoint]
) -> None:
    whole = answers(engine, checkpoints["base"], asked())
    for request, response in answers(engine, checkpoints["base"], asked(window=5)).items():
        text = request.continuations[0]
        full = next(a.reading for q, a in whole.items() if q.continuations == (text,))
        assert full is not None
        assert response.reading is not None
        assert response.reading.ids == full.ids[:5]
        assert response.reading.ends == full.ends[:5]
        same(response.reading, [line[:5] for line in figures(full)], 2e-5)
        assert response.text == text[: full.ends[:5][-1]]
        assert response.tokens == len(response.reading.ids) == min(5, len(full.ids))


def test_a_window_is_whole_where_the_first_token_is_left_out(
    engine: LocalEngine, checkpoints: dict[str, Checkpoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tokenizer without BOS: a band as long as the window must still be reached."""
    monkeypatch.setattr("harness.engines.encoding.prompts", lambda *_: [[]])
    monkeypatch.setattr(engine, "_last", ([], []))
    for request, response in answers(engine, checkpoints["base"], asked(window=5)).items():
        ids = engine.tokenizer(request.continuations[0], add_special_tokens=False).input_ids
        assert response.reading is not None
        assert list(response.reading.ids) == ids[1:6]
        assert len(response.reading.ends) == len(response.reading.logprobs) == len(ids[1:6])


@pytest.mark.parametrize("per_token", ["likelihoods", ""])
def test_a_likelihood_that_is_not_a_number_is_refused(
    engine: LocalEngine,
    checkpoints: dict[str, Checkpoint],
    monkeypatch: pytest.MonkeyPatch,
    per_token: str,
) -> None:
    def broken(rows: Sequence[Row]) -> list[tuple[Request, Response]]:
        return [(row.request, Response("", "scored", 1, (float("nan"),))) for row in rows]

    monkeypatch.setattr(engine, "_planned", lambda *_: (broken, [[0]]))
    with pytest.raises(WeightsError, match="not a number: its activations overflow in float32"):
        answers(engine, checkpoints["base"], asked(per_token))


def test_ids_are_split_without_asking_the_network(
    engine: LocalEngine, checkpoints: dict[str, Checkpoint]
) -> None:
    read_before = answers(engine, checkpoints["base"], asked(window=9))
    calls: list[int] = []
    hook = engine.network.register_forward_pre_hook(lambda *_: calls.append(1))
    told = answers(engine, checkpoints["base"], asked("ids", window=9))
    hook.remove()
    assert calls == []
    for request, response in told.items():
        likelihoods = next(
            a for q, a in read_before.items() if q.continuations == request.continuations
        )
        assert likelihoods.reading is not None
        expected = Reading(likelihoods.reading.ids, likelihoods.reading.ends)
        assert response == Response(likelihoods.text, "scored", likelihoods.tokens, (), expected)


def test_a_resumed_run_reads_the_same_figures(
    engine: LocalEngine, checkpoints: dict[str, Checkpoint]
) -> None:
    requests = [*asked(), *asked(window=7), *asked(prompt="続き：")]
    batches = list(engine.answer(checkpoints["base"], requests))
    assert len(batches) > 3
    whole = {q: a for batch in batches for q, a in batch}
    assert set(whole) == set(requests)
    done = {q for batch in batches[:2] for q, _ in batch}
    rest = answers(engine, checkpoints["base"], requests, skip=done)
    assert rest == {q: a for q, a in whole.items() if q not in done}


def test_ends_are_the_characters_that_the_tokens_so_far_stand_for(engine: LocalEngine) -> None:
    """The tokenizer has a token for each byte: an emoji is four, and ends with the last."""
    for text in [*TEXTS, "", "  a  b ", "é\n\n𠮷"]:
        ids, ends = split(engine.tokenizer, text)
        for i, end in enumerate(ends):
            decoded = engine.tokenizer.decode(ids[: i + 1], clean_up_tokenization_spaces=False)
            assert text[:end] == decoded.rstrip("\ufffd")
        assert ends == sorted(ends)
        assert ends[-1:] == ([len(text)] if text else [])


def test_bytes_that_a_vocabulary_falls_back_to_end_with_their_character() -> None:
    from tokenizers import Tokenizer, decoders, models, normalizers
    from transformers import PreTrainedTokenizerFast

    words = ["<unk>", "▁", "a", "東", "京", "東京", *(f"<0x{i:02X}>" for i in range(256))]
    bpe = models.BPE(
        vocab={word: i for i, word in enumerate(words)}, merges=[("東", "京")],
        unk_token="<unk>", byte_fallback=True,
    )  # fmt: skip
    backend = Tokenizer(bpe)
    backend.normalizer = normalizers.Replace(" ", "▁")
    backend.decoder = decoders.ByteFallback()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="<unk>")
    ids, ends = split(tokenizer, "東京 😀a")
    assert [words[i] for i in ids] == ["東京", "▁", "<0xF0>", "<0x9F>", "<0x98>", "<0x80>", "a"]
    assert ends == [2, 3, 3, 3, 3, 4, 5]
    assert split(tokenizer, "東京 😀a", window=4) == (ids[:4], [2, 3, 3, 3])


def test_a_tokenizer_without_offsets_finds_the_same_ends(engine: LocalEngine) -> None:
    class Slow:
        is_fast = False

        def __call__(self, text: str, add_special_tokens: bool) -> Any:
            return engine.tokenizer(text, add_special_tokens=add_special_tokens)

        def decode(self, ids: list[int], **more: Any) -> str:
            return engine.tokenizer.decode(ids, **more)

    for text in TEXTS:
        for window in (0, 3):
            assert split(Slow(), text, window) == split(engine.tokenizer, text, window)
