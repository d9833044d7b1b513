from __future__ import annotations

import dataclasses
import hashlib
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from harness.config import load_matrix
from harness.errors import ConfigError, WeightsError
from harness.fingerprint import FileHashes, check_safetensors, checkpoint_fingerprint
from harness.read_ahead import ReadAhead
from harness.records import Api
from tests.conftest import write_safetensors


def fingerprints(matrix: Path) -> dict[str, str]:
    checkpoints = load_matrix(matrix).checkpoints
    return {c.id: checkpoint_fingerprint(c, FileHashes()) for c in checkpoints}


def test_same_bytes_have_the_same_fingerprint_wherever_they_lie(world: Path) -> None:
    before = fingerprints(world)
    shutil.copytree(world.parent, world.parent.parent / "moved")
    assert fingerprints(world.parent.parent / "moved" / world.name) == before
    assert before["tuned"] == before["tuned-long"]  # the same adapter under two names
    assert len(set(before.values())) == 3


def test_changed_weights_at_the_same_place_change_the_fingerprint(world: Path) -> None:
    before = fingerprints(world)
    write_safetensors(world.parent / "tuned/adapter_model.safetensors", {"a": [2]}, b"\4")
    after = fingerprints(world)
    assert after["tuned"] != before["tuned"]
    assert after["base"] == before["base"]


def test_dtype_and_quantization_belong_to_the_fingerprint(world: Path) -> None:
    base = load_matrix(world).checkpoints[0]
    prints = {
        checkpoint_fingerprint(
            dataclasses.replace(base, model=dataclasses.replace(base.model, **change)), FileHashes()
        )
        for change in ({}, {"dtype": "bfloat16"}, {"quantization": "nf4"})
    }
    assert len(prints) == 3


def test_a_hash_is_remembered_until_the_file_changes(tmp_path: Path) -> None:
    file, memory = tmp_path / "file", tmp_path / "store/hashes.json"
    file.write_bytes(b"one")
    assert FileHashes(memory).of(file) == hashlib.sha256(b"one").hexdigest()
    assert memory.exists()
    file.write_bytes(b"three")
    assert FileHashes(memory).of(file) == hashlib.sha256(b"three").hexdigest()


def test_a_file_that_two_ask_for_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "weights"
    file.write_bytes(b"one")
    read = []

    def slowly(*_: Any) -> Any:
        time.sleep(0.2)
        read.append(1)
        return hashlib.sha256(b"one")

    monkeypatch.setattr(hashlib, "file_digest", slowly)
    hashes = FileHashes(tmp_path / "hashes.json")
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(hashes.of, [file] * 4))
    assert set(found) == {hashlib.sha256(b"one").hexdigest()}
    assert read == [1]


def test_what_is_read_ahead_is_not_read_again(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint = load_matrix(world).checkpoints[1]
    hashes = FileHashes()
    before = threading.active_count()
    ReadAhead(hashes).expect(checkpoint)
    while threading.active_count() > before:
        time.sleep(0.01)
    monkeypatch.delattr(hashlib, "file_digest")
    assert checkpoint_fingerprint(checkpoint, hashes)


def test_what_is_missing_is_not_told_ahead(world: Path) -> None:
    checkpoint = load_matrix(world).checkpoints[1]
    absent = dataclasses.replace(checkpoint, adapter=world.parent / "absent")
    before = threading.active_count()
    ReadAhead(FileHashes()).expect(absent)
    while threading.active_count() > before:  # pytest would warn of an exception in a thread
        time.sleep(0.01)
    with pytest.raises(ConfigError, match="no adapter at"):
        checkpoint_fingerprint(absent, FileHashes())


def test_shapes_are_read_from_a_whole_file(tmp_path: Path) -> None:
    write_safetensors(tmp_path / "w.safetensors", {"a": [2, 3], "b": [4]})
    assert check_safetensors(tmp_path / "w.safetensors") == {"a": [2, 3], "b": [4]}


@pytest.mark.parametrize("keep", [4, 20, -1])
def test_a_cut_off_file_is_named(tmp_path: Path, keep: int) -> None:
    file = tmp_path / "w.safetensors"
    write_safetensors(file, {"a": [2, 3]})
    file.write_bytes(file.read_bytes()[:keep])
    with pytest.raises(WeightsError, match=r"w\.safetensors: damaged"):
        check_safetensors(file)


def test_a_folder_without_safetensors_is_refused(world: Path) -> None:
    (world.parent / "one/model.safetensors").rename(world.parent / "one/pytorch_model.bin")
    with pytest.raises(ConfigError, match="Only safetensors"):
        fingerprints(world)


def test_an_api_goes_by_server_name_and_what_is_always_sent(world: Path) -> None:
    base = load_matrix(world).checkpoints[0]

    def of(served_as: str = "", weights: str = "gpt-4o", **api: Any) -> str:
        model = dataclasses.replace(base.model, engine="api", weights=weights, api=Api(**api))
        checkpoint = dataclasses.replace(base, model=model, served_as=served_as)
        return checkpoint_fingerprint(checkpoint, FileHashes())

    told = [
        of(),
        of(weights="gpt-4-turbo"),
        of(served_as="qa-e3"),
        of(base_url="http://127.0.0.1:8000/v1"),
        of(extra_body='{"top_k": 1}'),
        of(omit=("temperature",)),
    ]
    assert len(set(told)) == len(told)
    # How fast it is asked, what it may cost, and what it tells besides change no answer.
    assert of(concurrency=1, max_cost=2.0, price=(1.0, 1.0), retries=0, logprobs=True) == of()
    assert of(served_as="gpt-4o") == of()


def test_a_hub_id_that_is_not_in_the_cache_says_how_to_get_it(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    base = load_matrix(world).checkpoints[0]
    model = dataclasses.replace(base.model, weights="google/gemma-7b")
    with pytest.raises(ConfigError, match="hf download google/gemma-7b"):
        checkpoint_fingerprint(dataclasses.replace(base, model=model), FileHashes())
