"""engine = "vllm", against a stand-in that speaks vLLM's routes and answers with transformers."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from harness.comparison.scores import ScoreSet, unlike
from harness.config import DataSource, answered_by, load_matrix
from harness.engines import Engine, open_engine
from harness.engines.local import LocalEngine
from harness.engines.vllm import VllmEngine, rank_of
from harness.errors import ServiceError, UnavailableError, WeightsError
from harness.evaluate import Workbench
from harness.evaluate.identity import identity_of
from harness.fingerprint import FileHashes, checkpoint_fingerprint
from harness.records import Checkpoint, Request, Response
from harness.store import Store
from harness.tasks.jsquad import JSQuAD
from harness.tasks.knowledge import Knowledge
from harness.tasks.marc_ja import MarcJa
from tests.engines.conftest import as_model

FIXTURES = Path(__file__).parents[2] / "fixtures"
STAND_IN = Path(__file__).parent / "vllm_stand_in"
WRITTEN = [Request(f"質問{'あ' * (i % 5)}{i}", max_new_tokens=6) for i in range(5)]
SCORED = [Request(r.prompt, continuations=("ポジティブ", "ネガ")) for r in WRITTEN[:3]]


@pytest.fixture(autouse=True, scope="module")
def _stand_in() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(STAND_IN))
        patch.setenv("PYTHONPATH", f"{STAND_IN}:{os.environ.get('PYTHONPATH', '')}")
        patch.setenv("MICHI_VLLM_KEY", "")  # put back to what it was before an engine set it
        yield


def opened(tiny: Path) -> VllmEngine:
    found = open_engine(as_model(tiny / "base", engine="vllm"), [tiny / "adapter-a", tiny / "dead"])
    assert isinstance(found, VllmEngine)
    return found


@pytest.fixture
def engine(tiny: Path) -> Iterator[VllmEngine]:
    running = opened(tiny)
    yield running
    running.close()


def at(tiny: Path, adapter: str | None = None) -> Checkpoint:
    model = as_model(tiny / "base", engine="vllm")
    return Checkpoint(adapter or "base", model, adapter=tiny / adapter if adapter else None)


def asked(
    engine: Engine, checkpoint: Checkpoint, requests: list[Request]
) -> dict[Request, Response]:
    return {q: a for batch in engine.answer(checkpoint, requests) for q, a in batch}


@pytest.mark.slow
@pytest.mark.model
def test_it_answers_as_the_local_engine_does_base_and_adapters() -> None:
    matrix = answered_by(load_matrix(FIXTURES / "embedded.toml"), "vllm")
    served = {c.id: c for c in matrix.checkpoints if c.id in ("base", "qa-short", "qa-long")}
    samples = [
        *Knowledge().load(FIXTURES / "data/knowledge.jsonl")[:24:8],
        *MarcJa().load(FIXTURES / "data/reviews.jsonl")[:2],
    ]
    requests = [sample.request for sample in samples]
    model = served["base"].model
    local = LocalEngine(replace(model, engine="local"), Path(model.weights))
    adapters = [c.adapter for c in served.values() if c.adapter]
    engine = open_engine(model, adapters)
    texts = set()
    try:
        for name in ("base", "qa-long", "qa-short", "qa-long", "base"):
            here = replace(served[name], model=local.model)
            ours, theirs = asked(engine, served[name], requests), asked(local, here, requests)
            for request, answer in ours.items():
                same = theirs[request]
                assert (answer.text, answer.finish) == (same.text, same.finish)
                assert answer.logprobs == pytest.approx(same.logprobs, abs=1e-3)
                if not request.continuations:
                    assert answer.certainty is not None
                    assert same.certainty is not None
                    assert answer.certainty.ends == same.certainty.ends
                    assert answer.certainty.logprobs == pytest.approx(
                        same.certainty.logprobs, abs=2e-3
                    )
                    assert answer.certainty.margins == pytest.approx(
                        same.certainty.margins, abs=2e-3
                    )
            texts.add(tuple(ours[request].text for request in requests))
    finally:
        engine.close()
    assert len(texts) == 3


@pytest.mark.slow
def test_an_adapter_that_changes_nothing_is_refused(tiny: Path, engine: VllmEngine) -> None:
    with pytest.raises(WeightsError, match="dead changes nothing in vLLM"):
        asked(engine, at(tiny, "dead"), WRITTEN)


@pytest.mark.slow
def test_an_adapter_that_is_loaded_and_not_used_is_refused(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAND_IN", "dead-adapters")
    running = opened(tiny)
    try:
        with pytest.raises(WeightsError, match="adapter-a changes nothing in vLLM"):
            asked(running, at(tiny, "adapter-a"), WRITTEN)
    finally:
        running.close()


@pytest.mark.slow
def test_likelihoods_that_are_not_the_local_engines_are_not_used(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAND_IN", "shifted")
    running = opened(tiny)
    try:
        with pytest.raises(UnavailableError, match="away from the local engine's on a probe"):
            asked(running, at(tiny), SCORED)
        assert len(asked(running, at(tiny), WRITTEN)) == len(WRITTEN)
    finally:
        running.close()


def test_a_server_that_does_not_start_is_told_with_its_last_words(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAND_IN", "no-start")
    with pytest.raises(WeightsError, match=r"did not start for tiny:\n.*No available memory"):
        opened(tiny)


@pytest.mark.slow
def test_a_server_that_dies_is_an_infrastructure_error(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAND_IN", "dies")
    running = opened(tiny)
    try:
        with pytest.raises(ServiceError, match="server of tiny ended"):
            asked(running, at(tiny), WRITTEN)
    finally:
        running.close()


@pytest.mark.slow
def test_nothing_of_it_is_left_running(tiny: Path) -> None:
    running = opened(tiny)
    process = running._server._process
    assert process.poll() is None
    running.close()
    assert process.poll() is not None


def test_without_vllm_it_says_so(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [place for place in sys.path if place != str(STAND_IN)])
    with pytest.raises(UnavailableError, match="vLLM is not installed here"):
        checkpoint_fingerprint(at(tiny), FileHashes())


def test_its_answers_are_not_the_local_engines_in_the_store(tiny: Path) -> None:
    served = at(tiny)
    here = replace(served, model=replace(served.model, engine="local"))
    more = replace(served, model=replace(served.model, vllm=("--max-model-len", "256")))
    prints = {checkpoint_fingerprint(one, FileHashes()) for one in (served, here, more)}
    assert len(prints) == 3


def test_figures_of_two_engines_are_not_compared(tiny: Path, tmp_path: Path) -> None:
    served = at(tiny)
    here = replace(served, model=replace(served.model, engine="local"))
    bench = Workbench("", lambda: pytest.fail("nobody is asked"), Store(tmp_path), None)
    data = DataSource(tmp_path / "reading.json")
    ours, theirs = (
        ScoreSet("base", "jsquad", identity_of(JSQuAD(), one, data, [], bench), ())
        for one in (served, here)
    )
    assert ours.identity["engine"] == "vllm 0.25.0"
    assert unlike(ours, theirs) == ["engine"]


def test_a_rank_is_the_largest_of_any_layer(tiny: Path, tmp_path: Path) -> None:
    assert rank_of(tiny / "adapter-a") == 4
    (tmp_path / "adapter_config.json").write_text('{"r": 8, "rank_pattern": {"q_proj": 24}}')
    assert rank_of(tmp_path) == 24
    with pytest.raises(WeightsError, match=r"adapter_config\.json: no rank"):
        rank_of(tmp_path / "absent")
