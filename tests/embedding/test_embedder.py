"""Vectors of a folder on this machine: what they are, what is kept, and what is told."""

from __future__ import annotations

import shutil
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sentence_transformers", reason="the extra [embeddings] is not installed")

import numpy as np

import harness.embedding.embedder
from harness.embedding import Batch, Text, Vector
from harness.embedding.embedder import Embedder
from harness.embedding.identity import embedding_fingerprint, with_prefixes
from harness.embedding.kept import KeptVectors
from harness.embedding.local import LocalEncoder
from harness.errors import ConfigError, RetrievalWarning, UnavailableError, WeightsError
from harness.fingerprint import FileHashes
from harness.records import Embedding
from tests.embedding.models import WIDTH, bert_model, by_hand, static_model

PASSAGES = ["red apple", "blue sky", "green tree"]
QUESTIONS = ["apple", "tree"]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models that no test changes."""
    folder = tmp_path_factory.mktemp("models")
    static_model(folder / "static")
    static_model(folder / "prompted", prompts={"query": "q: ", "document": "d: "})
    bert_model(folder / "bert", most=8)
    return folder


def embedder(folder: Path, fresh: bool = False, **how: Any) -> Embedder:
    embedding = Embedding(str(folder), **how)
    fingerprint = embedding_fingerprint(embedding, FileHashes())
    kept = KeptVectors(folder.parent / "vectors", fingerprint, fresh)
    return Embedder(with_prefixes(embedding), fingerprint, kept, None)


def vectors(
    of: Embedder, passages: Sequence[str] = PASSAGES, questions: Sequence[str] = QUESTIONS
) -> tuple[Any, Any]:
    return of.vectors(passages, questions, lambda done, total: None)


@pytest.fixture
def own(shared: Path, tmp_path: Path) -> Path:
    """A model that a test may change."""
    return Path(shutil.copytree(shared / "static", tmp_path / "static"))


class Counting(LocalEncoder):
    texts: list[Text]

    def encode(self, texts: Sequence[Text]) -> Iterator[list[Batch]]:
        self.texts += texts
        yield from super().encode(texts)


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[Text]:
    """The texts that a model was given."""
    Counting.texts = []
    monkeypatch.setattr(harness.embedding.embedder, "LocalEncoder", Counting)
    return Counting.texts


def test_vectors_are_those_of_the_model_in_the_texts_order(own: Path) -> None:
    passages, questions = vectors(embedder(own, batch=2))
    for found, texts in ((passages, PASSAGES), (questions, QUESTIONS)):
        assert found.dtype == np.float32
        assert found == pytest.approx(np.stack([by_hand(text) for text in texts]), abs=1e-6)


def test_prefixes_stand_before_questions_and_passages(own: Path) -> None:
    passages, questions = vectors(embedder(own, query_prefix="query: ", passage_prefix="pass: "))
    assert questions[0] == pytest.approx(by_hand("query: apple"), abs=1e-6)
    assert passages[0] == pytest.approx(by_hand("pass: red apple"), abs=1e-6)


def test_a_folders_own_prompts_are_taken_unless_the_matrix_says_others(shared: Path) -> None:
    own = embedder(shared / "prompted")
    assert (own.identity["query_prefix"], own.identity["passage_prefix"]) == ("q: ", "d: ")
    passages, questions = vectors(own)
    assert questions[0] == pytest.approx(by_hand("q: apple"), abs=1e-6)
    assert passages[0] == pytest.approx(by_hand("d: red apple"), abs=1e-6)
    said = embedder(shared / "prompted", query_prefix="", passage_prefix="z")
    passages, questions = vectors(said)
    assert questions[0] == pytest.approx(by_hand("apple"), abs=1e-6)
    assert passages[0] == pytest.approx(by_hand("zred apple"), abs=1e-6)


def test_what_was_computed_is_not_computed_again(own: Path, encoded: list[Text]) -> None:
    before = vectors(embedder(own))
    assert len(encoded) == 5
    del encoded[:]
    again = vectors(embedder(own))
    assert encoded == []
    for one, other in zip(before, again, strict=True):
        assert (one == other).all()
    vectors(embedder(own), [*PASSAGES, "new"], ["apple"])
    assert encoded == [Text("passage", "new")]
    # The same text in the other role, or behind another prefix, is another one.
    del encoded[:]
    vectors(embedder(own), ["apple"], [])
    vectors(embedder(own, passage_prefix="p: "), ["apple"], ["tree"])
    assert encoded == [Text("passage", "apple"), Text("passage", "apple")]


def test_within_a_session_a_model_is_not_loaded_for_what_it_has_read(
    own: Path, encoded: list[Text]
) -> None:
    one = embedder(own)
    vectors(one)
    shutil.rmtree(own.parent / "vectors")
    vectors(one, PASSAGES[:1], QUESTIONS)
    assert len(encoded) == 5


def test_fresh_computes_again_and_the_last_counts(own: Path, encoded: list[Text]) -> None:
    vectors(embedder(own))
    vectors(embedder(own, fresh=True))
    assert len(encoded) == 10
    found, _ = vectors(embedder(own))
    assert len(encoded) == 10
    assert found == pytest.approx(np.stack([by_hand(t) for t in PASSAGES]), abs=1e-6)


def test_another_models_vectors_are_others(own: Path, encoded: list[Text], tmp_path: Path) -> None:
    before = embedder(own).identity["model"]
    vectors(embedder(own))
    (own / "README.md").write_text("words", "utf-8")  # no part of it
    vectors(embedder(own))
    assert len(encoded) == 5
    shutil.rmtree(own)
    static_model(own, seed=2)
    second, _ = vectors(embedder(own))
    assert len(encoded) == 10
    assert second[0] == pytest.approx(by_hand("red apple", seed=2), abs=1e-6)
    assert embedder(own).identity["model"] != before


def test_a_half_line_of_a_killed_process_is_no_vector(own: Path, encoded: list[Text]) -> None:
    vectors(embedder(own))
    (file,) = (own.parent / "vectors").glob("*.jsonl")
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:-1]) + lines[-1][:40])
    found, _ = vectors(embedder(own))
    assert len(encoded) == 6
    assert found[0] == pytest.approx(by_hand("red apple"), abs=1e-6)


def test_of_two_at_a_time_one_computes(own: Path, encoded: list[Text]) -> None:
    both = [embedder(own), embedder(own)]
    begin = threading.Barrier(2)

    def work(one: Embedder) -> None:
        begin.wait()
        vectors(one)

    threads = [threading.Thread(target=work, args=(one,)) for one in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(encoded) == 5


def test_fewer_numbers_can_be_taken(own: Path) -> None:
    found, _ = vectors(embedder(own, dimensions=3))
    assert found.shape == (3, 3)
    assert found[0] == pytest.approx(by_hand("red apple")[:3], abs=1e-6)
    with pytest.raises(WeightsError, match=f"of {WIDTH} numbers where 64 are expected"):
        vectors(embedder(own, dimensions=64))


def test_what_a_model_can_not_take_whole_is_told_each_run(shared: Path) -> None:
    # CLS, SEP and six letters.
    passages, questions = ["abcdef", "abcdefg", "abcdefghijk"], ["abcdef"]
    for _ in range(2):
        with pytest.warns(RetrievalWarning, match="2 of 3 passages are longer than") as told:
            found, _ = vectors(embedder(shared / "bert"), passages, questions)
        assert len(told) == 1
        assert "Lower passage_size" in str(told[0].message)
    assert (found[1] == found[2]).all()
    with pytest.warns(RetrievalWarning, match="1 of 1 questions are longer"):
        vectors(embedder(shared / "bert"), ["a"], ["abcdefghi"])


def test_a_prefix_counts_among_the_tokens(shared: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        vectors(embedder(shared / "bert"), ["abc"], [])
    with pytest.warns(RetrievalWarning, match="1 of 1 passages"):
        vectors(embedder(shared / "bert", passage_prefix="pass: "), ["abc"], [])


def test_batches_change_no_vector(shared: Path, tmp_path: Path) -> None:
    texts = ["a", "abcdef", "abc", "bcd", "ab"]
    found = []
    for batch in (1, 5):
        model = Path(shutil.copytree(shared / "bert", tmp_path / f"{batch}" / "bert"))
        found.append(vectors(embedder(model, batch=batch), texts, [])[0])
    assert found[0] == pytest.approx(found[1], abs=1e-6)


def test_half_a_character_is_passed_over(own: Path) -> None:
    found, _ = vectors(embedder(own), ["red\ud800 apple"], [])
    assert found[0] == pytest.approx(by_hand("red apple"), abs=1e-6)


def test_weights_that_are_no_numbers_are_told_and_not_kept(own: Path) -> None:
    from safetensors.numpy import load_file, save_file

    weights = load_file(own / "model.safetensors")
    weights["embedding.weight"][4] = np.nan  # a
    save_file(weights, own / "model.safetensors")
    with pytest.raises(WeightsError, match="a vector holds what is no number"):
        vectors(embedder(own))
    assert not [*(own.parent / "vectors").glob("*.jsonl")]


def test_what_is_no_sentence_transformers_folder_is_refused(own: Path) -> None:
    (own / "modules.json").unlink()
    with pytest.raises(ConfigError, match=r"modules\.json, which says how its tokens"):
        embedder(own)


def test_pickled_weights_are_refused(own: Path) -> None:
    (own / "model.safetensors").rename(own / "pytorch_model.bin")
    with pytest.raises(ConfigError, match="only safetensors weights are read"):
        embedder(own)


def test_weights_that_are_cut_off_are_told(own: Path) -> None:
    whole = (own / "model.safetensors").read_bytes()
    (own / "model.safetensors").write_bytes(whole[:-4])
    with pytest.raises(WeightsError, match="damaged"):
        embedder(own)


def test_what_can_not_be_loaded_is_told_in_a_line(own: Path) -> None:
    (own / "modules.json").write_text('[{"idx": 0, "name": "0", "path": "", "type": "a.B"}]')
    with pytest.raises(WeightsError, match="sentence-transformers can't load it"):
        vectors(embedder(own))
    (own / "config_sentence_transformers.json").write_text("{")
    with pytest.raises(ConfigError, match=r"_transformers\.json: can't be read"):
        embedder(own)


def test_without_the_library_the_way_out_is_told(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(UnavailableError, match=r"pip install 'pytest-michi\[embeddings\]'"):
        vectors(embedder(own))


def test_kept_vectors_are_the_same_to_the_last_bit(tmp_path: Path) -> None:
    kept = KeptVectors(tmp_path, "print")
    drawn = np.random.default_rng(1).normal(size=(2, 5)).astype(np.float32)
    texts = [Text("query", "a"), Text("passage", "b")]
    kept.add({"k1": Vector(drawn[0], cut=True), "k2": Vector(drawn[1], model="m-1")})
    found = kept.load({"k1": texts[0], "k2": texts[1], "k3": Text("query", "c")})
    assert [*found] == texts
    assert (found[texts[0]].values == drawn[0]).all()
    assert (found[texts[0]].cut, found[texts[1]].model) == (True, "m-1")
