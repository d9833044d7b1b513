from __future__ import annotations

import dataclasses
import gc
import json
import math
import shutil
import types
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.engines.batching import Row
from harness.engines.local import LocalEngine, _halving
from harness.errors import WeightsError
from harness.records import Checkpoint, Request, Response
from tests.engines.conftest import as_model

PROMPTS = [Request(f"質問{'あ' * (i % 7)}{i}", max_new_tokens=6) for i in range(9)]
CHOICES = [Request(r.prompt, continuations=("ポジティブ", "ネガ")) for r in PROMPTS]


@pytest.fixture(scope="module")
def engine(tiny: Path) -> Iterator[LocalEngine]:
    opened = LocalEngine(as_model(tiny / "base"), tiny / "base", batch_tokens=200)
    yield opened
    opened.close()


def answers(
    engine: LocalEngine, checkpoint: Checkpoint, requests: list[Request]
) -> dict[Request, Response]:
    return {q: a for batch in engine.answer(checkpoint, requests) for q, a in batch}


def plain(tiny: Path, adapter: str | None = None):
    """transformers and peft as anyone would call them, one prompt at a time."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    network = AutoModelForCausalLM.from_pretrained(tiny / "base")
    if adapter:
        network = PeftModel.from_pretrained(network, tiny / adapter)
    return network.eval(), AutoTokenizer.from_pretrained(tiny / "base")


def plain_ids(tokenizer, prompt: str) -> list[int]:
    chat = f"<bos><start_of_turn>user\n{prompt}<end_of_turn>\n<start_of_turn>model\n"
    return tokenizer(chat, add_special_tokens=False).input_ids


@pytest.mark.parametrize("adapter", [None, "adapter-a"])
def test_generation_equals_transformers_one_by_one(
    tiny: Path, engine: LocalEngine, checkpoints: dict[str, Checkpoint], adapter: str | None
) -> None:
    import torch

    network, tokenizer = plain(tiny, adapter)
    ours = answers(engine, checkpoints[adapter or "base"], PROMPTS)
    for request in PROMPTS:
        ids = torch.tensor([plain_ids(tokenizer, request.prompt)])
        output = network.generate(
            input_ids=ids, max_new_tokens=6, do_sample=False, repetition_penalty=1.0
        )
        expected = tokenizer.decode(output[0, ids.shape[1] :], skip_special_tokens=True)
        assert ours[request].text == expected


@pytest.mark.parametrize("adapter", [None, "adapter-b"])
def test_log_likelihoods_equal_a_plain_forward_pass(
    tiny: Path, engine: LocalEngine, checkpoints: dict[str, Checkpoint], adapter: str | None
) -> None:
    import torch

    network, tokenizer = plain(tiny, adapter)
    ours = answers(engine, checkpoints[adapter or "base"], CHOICES)
    for request in CHOICES:
        for text, logprob in zip(request.continuations, ours[request].logprobs, strict=True):
            prompt = plain_ids(tokenizer, request.prompt)
            tail = tokenizer(text, add_special_tokens=False).input_ids
            with torch.no_grad():
                logits = network(torch.tensor([prompt + tail])).logits[0].double()
            table = logits.log_softmax(-1)
            expected = sum(table[len(prompt) + i - 1, t].item() for i, t in enumerate(tail))
            assert math.isclose(logprob, expected, abs_tol=1e-3)


def test_swapping_adapters_does_not_leak_from_one_to_the_next(
    engine: LocalEngine, checkpoints: dict[str, Checkpoint]
) -> None:
    order = ["base", "adapter-a", "adapter-b", "base", "adapter-a"]
    texts = [answers(engine, checkpoints[name], PROMPTS) for name in order]
    assert texts[0] == texts[3]
    assert texts[1] == texts[4]
    assert texts[0] != texts[1] != texts[2]


def altered(folder: Path, to: Path, **settings: object) -> Path:
    """A copy of an adapter with other settings."""
    shutil.copytree(folder, to)
    file = to / "adapter_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | settings))
    return to


def test_an_adapter_of_the_same_shape_and_another_scale_keeps_its_own(
    tiny: Path, tmp_path: Path, engine: LocalEngine, checkpoints: dict[str, Checkpoint]
) -> None:
    a = checkpoints["adapter-a"]
    settings = json.loads((tiny / "adapter-a/adapter_config.json").read_text())
    louder = altered(tiny / "adapter-a", tmp_path / "louder", lora_alpha=3 * settings["lora_alpha"])
    asked = [dataclasses.replace(a, id="louder", adapter=louder), a]
    found = [answers(engine, checkpoint, CHOICES) for checkpoint in (a, *asked)]
    assert found[0] == found[2]
    fresh = LocalEngine(as_model(tiny / "base"), tiny / "base", batch_tokens=200)
    assert found[1] == answers(fresh, asked[0], CHOICES)
    assert found[1] != found[0]


@pytest.mark.parametrize("first", [None, "adapter-a"])
def test_an_adapter_whose_files_lack_a_factor_is_refused(
    tiny: Path,
    tmp_path: Path,
    checkpoints: dict[str, Checkpoint],
    first: str | None,
) -> None:
    from safetensors.torch import load_file, save_file

    torn = altered(tiny / "adapter-a", tmp_path / "torn")
    factors = load_file(torn / "adapter_model.safetensors")
    del factors[sorted(factors)[-1]]
    save_file(factors, torn / "adapter_model.safetensors")
    engine = LocalEngine(as_model(tiny / "base"), tiny / "base")
    if first:
        answers(engine, checkpoints[first], CHOICES)
    before = answers(engine, checkpoints["base"], CHOICES)
    with pytest.raises(
        WeightsError, match=r"torn is not whole: of its factors 1 are in no file, .*lora_B"
    ):
        answers(engine, dataclasses.replace(checkpoints["adapter-a"], adapter=torn), CHOICES)
    assert answers(engine, checkpoints["base"], CHOICES) == before


def test_a_closed_engine_gives_its_weights_back(
    tiny: Path, checkpoints: dict[str, Checkpoint]
) -> None:
    engine = LocalEngine(as_model(tiny / "base"), tiny / "base")
    mlp = engine.network.model.layers[0].mlp
    mlp.forward = types.MethodType(type(mlp).forward, mlp)  # as fused kernels are put in: a cycle
    for name in ("base", "adapter-a", "adapter-b"):
        answers(engine, checkpoints[name], PROMPTS + CHOICES)
    weights = weakref.ref(mlp.down_proj.weight)
    del mlp
    engine.close()
    del engine
    gc.collect()
    assert weights() is None


def test_an_adapter_that_changes_nothing_fails_loudly(
    engine: LocalEngine, checkpoints: dict[str, Checkpoint]
) -> None:
    with pytest.raises(WeightsError, match="changes nothing"):
        answers(engine, checkpoints["dead"], PROMPTS)


def test_an_adapter_for_another_base_is_refused_with_both_widths(
    engine: LocalEngine, checkpoints: dict[str, Checkpoint]
) -> None:
    with pytest.raises(WeightsError, match=r"for another base.*has 32 features.*the adapter 48"):
        answers(engine, checkpoints["foreign"], PROMPTS)


def test_after_a_refused_adapter_the_base_still_answers(
    engine: LocalEngine, checkpoints: dict[str, Checkpoint]
) -> None:
    before = answers(engine, checkpoints["base"], PROMPTS)
    for name in ("dead", "foreign"):
        with pytest.raises(WeightsError):
            answers(engine, checkpoints[name], PROMPTS)
    assert answers(engine, checkpoints["base"], PROMPTS) == before


@pytest.mark.parametrize("chat", [True, False])
def test_a_prompt_has_exactly_one_bos(engine: LocalEngine, chat: bool) -> None:
    ids = engine.render(Request("こんにちは", chat=chat))
    assert ids[0] == 2
    assert ids.count(2) == 1


def test_what_is_skipped_is_not_asked(
    engine: LocalEngine, checkpoints: dict[str, Checkpoint]
) -> None:
    batches = engine.answer(checkpoints["base"], PROMPTS, skip=set(PROMPTS[2:]))
    assert {q for batch in batches for q, _ in batch} == set(PROMPTS[:2])


def test_a_stop_string_ends_the_text_before_it(
    engine: LocalEngine, checkpoints: dict[str, Checkpoint]
) -> None:
    base = checkpoints["base"]
    whole = answers(engine, base, [Request("質問", max_new_tokens=12)])
    text = next(iter(whole.values())).text
    stop = text[3:5]
    cut = answers(engine, base, [Request("質問", max_new_tokens=12, stop=(stop,))])
    response = next(iter(cut.values()))
    assert response.text == text[: text.find(stop)]
    assert response.finish == "stop"


@pytest.mark.slow
def test_out_of_memory_halves_the_batch_down_to_one_request(tiny: Path) -> None:
    def ask(rows):
        if len(rows) > 2:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return [(r.request, Response("", "stop", 0)) for r in rows]

    rows = [Row(request, [1], []) for request in PROMPTS]
    done = [q for batch in _halving(ask, rows) for q, _ in batch]
    assert done == PROMPTS

    def never(rows):
        raise MemoryError

    with pytest.raises(WeightsError, match="single request"):
        list(_halving(never, rows))


def test_other_errors_are_not_taken_for_lack_of_memory() -> None:
    def ask(rows):
        raise RuntimeError("shape mismatch")

    with pytest.raises(RuntimeError, match="shape mismatch"):
        list(_halving(ask, [Row(PROMPTS[0], [1], [])]))


def test_a_prompt_longer_than_the_model_takes_is_named(
    engine: LocalEngine, checkpoints: dict[str, Checkpoint]
) -> None:
    with pytest.raises(WeightsError, match="takes 512 tokens"):
        answers(engine, checkpoints["base"], [Request("長" * 600)])


def test_a_tokenizer_without_chat_template_says_how_to_name_one(tiny: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(tiny / "base", tmp_path / "bare")
    (tmp_path / "bare/chat_template.jinja").unlink()
    engine = LocalEngine(as_model(tmp_path / "bare"), tmp_path / "bare")
    with pytest.raises(WeightsError, match="chat_template ="):
        engine.render(Request("?"))
    named = as_model(
        tmp_path / "bare",
        chat_template=Path(__file__).parents[2] / "fixtures/gemma_chat.jinja",
    )
    assert LocalEngine(named, tmp_path / "bare").render(Request("?")).count(2) == 1


def test_nf4_loads_answers_and_takes_an_adapter(
    tiny: Path, checkpoints: dict[str, Checkpoint]
) -> None:
    pytest.importorskip("bitsandbytes")
    import dataclasses

    import torch

    model = as_model(tiny / "base", quantization="nf4")
    engine = LocalEngine(model, tiny / "base")
    for name in ("base", "adapter-a"):
        checkpoint = dataclasses.replace(checkpoints[name], model=model)
        scores = answers(engine, checkpoint, CHOICES)
        assert all(math.isfinite(v) for r in scores.values() for v in r.logprobs)
        text = Request("", chat=False, continuations=("木製トレイ",), per_token="likelihoods")
        (reading,) = [r.reading for r in answers(engine, checkpoint, [text]).values()]
        assert reading is not None
        with engine.switch.wearing(checkpoint) as worn:
            ids = torch.tensor([[2, *reading.ids]])
            table = worn(ids).logits[0, :-1].double().log_softmax(-1)
        expected = table.gather(1, ids[0, 1:, None])[:, 0].tolist()
        assert list(reading.logprobs) == pytest.approx(expected, abs=1e-3)
