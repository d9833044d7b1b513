"""Checkpoints that look passages up by meaning, from the matrix to the reports."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

# Imported here: inside a run pytester would forget them again.
pytest.importorskip("sentence_transformers", reason="the extra [embeddings] is not installed")
pytest.importorskip("openai", reason="the extra [api] is not installed")
pytest.importorskip("bm25s", reason="the extra [retrieval] is not installed")
pytest.importorskip("sudachipy", reason="the extra [retrieval] is not installed")

import numpy as np

import harness.embedding.embedder
from tests.conftest import write_rows
from tests.embedding.models import by_hand, cosine, static_model
from tests.openai_server import ScriptedServer, embeddings, error
from tests.plugin.gating import bless
from tests.plugin.helpers import (
    Row,
    add_to_matrix,
    figures,
    items,
    latest,
    outcomes,
    output,
    report,
    rows,
    told_cleanly,
)

KNOWLEDGE = "evals/test_knowledge.py"
MATRIX = """
[retrievers.meaning]
kind = "embeddings"
documents = "./documents.jsonl"
{model}
[checkpoints.base-meaning]
model = "one"
retriever = "meaning"
top_k = 2
"""
LOCAL = 'model = "./embedder"\nquery_prefix = "query: "\npassage_prefix = "passage: "'
HYBRID = """
[retrievers.both]
kind = "hybrid"
documents = "./documents.jsonl"
model = "./embedder"
[checkpoints.base-both]
model = "one"
retriever = "both"
top_k = 2
"""
DOCUMENTS = [
    {"id": f"d{i}", "title": f"発表{i}",
     "text": f"abc{'xyz'[i]} 商品{2 * i}は{1000 + 2 * i}円、商品{2 * i + 1}は{1001 + 2 * i}円です。"}
    for i in range(3)
]  # fmt: skip


@pytest.fixture(scope="module")
def embedder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return static_model(tmp_path_factory.mktemp("model") / "embedder")


@pytest.fixture
def looking(project: pytest.Pytester, embedder: Path) -> pytest.Pytester:
    write_rows(project.path / "world" / "documents.jsonl", DOCUMENTS)
    shutil.copytree(embedder, project.path / "world" / "embedder")
    add_to_matrix(project, MATRIX.format(model=LOCAL))
    return project


def samples(project: pytest.Pytester, checkpoint: str = "base-meaning") -> list[Row]:
    return rows(latest(project) / "samples" / checkpoint / "knowledge.jsonl")


def kept(project: pytest.Pytester) -> bytes:
    (file,) = (project.path / "reports" / "store" / "vectors").glob("*.jsonl")
    return file.read_bytes()


def letters_of(text: str) -> Any:
    """`by_hand` for texts of which the model knows some letters: others have the vector zero."""
    known = [by_hand(letter) for letter in text if letter in "abcdefghijklmnopqrstuvwxyz :"]
    return np.sum(known, axis=0)


def test_closed_book_and_retrieval_stand_in_one_table(looking: pytest.Pytester) -> None:
    add_to_matrix(looking, HYBRID)
    result = looking.runpytest(KNOWLEDGE, "-k", "base")
    assert (result.ret, outcomes(result)) == (0, {"passed": 3})
    result.stdout.fnmatch_lines(
        ["*asked with*found (%)*", "*base *closed-book *6", "*base-meaning *embeddings, top 2 *6",
         "*base-both *hybrid, top 2 *6"],
        consecutive=False,
    )  # fmt: skip
    found = figures(latest(looking))
    assert ("base-meaning", "retrieval", "gained") in found
    # Every product is named by one document alone: BM25 has it first, and meaning can't lose it.
    assert found["base-both", "knowledge", "found"] == 1.0
    described = {c["id"]: c for c in report(latest(looking))["run"]["checkpoints"]}
    assert described["base-meaning"]["retrieval"]["embeddings"] == {
        "model": "world/embedder", "server": None, "query_prefix": "query: ",
        "passage_prefix": "passage: ", "dimensions": None,
    }  # fmt: skip


def test_rows_have_the_passages_nearest_to_the_question(looking: pytest.Pytester) -> None:
    looking.runpytest(KNOWLEDGE, "-k", "base-meaning")
    scores = {
        d["id"]: letters_of(f"passage: {d['title']}\n{d['text']}".replace("\n", ""))
        for d in DOCUMENTS
    }
    for row in samples(looking):
        question = letters_of(f"query: {row['prompt']}")
        nearest = {id: cosine(vector, question) for id, vector in scores.items()}
        shown = row["detail"]["retrieval"]["passages"]
        expected = sorted(nearest, key=lambda id: -nearest[id])[:2]
        assert [p["document"] for p in shown] == expected
        assert [p["score"] for p in shown] == [round(nearest[id], 4) for id in expected]


def test_a_second_run_computes_no_vector(
    looking: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    looking.runpytest(KNOWLEDGE, "-k", "base")
    before, vectors = samples(looking), kept(looking)
    assert len(vectors.splitlines()) == 3 + len({row["prompt"] for row in before})

    def opened(*_: object) -> None:
        raise AssertionError("a model was opened")

    monkeypatch.setattr(harness.embedding.embedder, "open_encoder", opened)
    result = looking.runpytest(KNOWLEDGE, "-k", "base")
    assert outcomes(result) == {"passed": 2}
    assert (samples(looking), kept(looking)) == (before, vectors)
    assert {item["asked"] for item in items(latest(looking)).values()} == {0}


def test_fresh_computes_again(looking: pytest.Pytester) -> None:
    looking.runpytest(KNOWLEDGE, "-k", "base")
    lines = kept(looking).splitlines()
    looking.runpytest(KNOWLEDGE, "-k", "base", "--eval-fresh")
    assert kept(looking).splitlines() == [*lines, *lines]


def test_another_model_under_the_same_name_is_incomparable(looking: pytest.Pytester) -> None:
    looking.runpytest(KNOWLEDGE, "-k", "base")
    assert bless(looking, "--allow-dirty").returncode == 0
    folder = looking.path / "world" / "embedder"
    shutil.rmtree(folder)
    static_model(folder, seed=2)
    add_to_matrix(looking, "[gates.knowledge.accuracy_seen]\nmargin = 0.5")
    result = looking.runpytest(KNOWLEDGE, "-k", "base-meaning", "--eval-baseline", "main.json")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "retrieval not as in main.json" in output(result)


def test_a_model_that_is_not_there_is_told_before_anything_runs(looking: pytest.Pytester) -> None:
    shutil.rmtree(looking.path / "world" / "embedder")
    result = looking.runpytest(KNOWLEDGE, "-k", "base-meaning")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert told_cleanly(result)
    result.stdout.fnmatch_lines(
        ["michi: checkpoint base-meaning: not found: sentence-transformers model *embedder"]
    )


def test_without_the_library_the_items_are_skipped_with_the_way_out(
    looking: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    result = looking.runpytest(KNOWLEDGE, "-k", "base", "-rs")
    assert outcomes(result) == {"passed": 1, "skipped": 1}
    assert "pip install 'pytest-michi[embeddings]'" in output(result)


@pytest.fixture
def served(
    project: pytest.Pytester, openai_server: ScriptedServer
) -> tuple[pytest.Pytester, ScriptedServer]:
    write_rows(project.path / "world" / "documents.jsonl", DOCUMENTS)
    model = 'model = "embed-1"\nengine = "api"\n[retrievers.meaning.api]\n'
    model += f'base_url = "{openai_server.url}"\nretries = 0\nprice = {{ prompt = 2 }}'
    add_to_matrix(project, MATRIX.format(model=model))
    openai_server.behaviour = lambda asked: embeddings(
        [letters_of(f"a{t}").tolist() for t in asked.texts]
    )
    return project, openai_server


def test_a_servers_model_is_asked_once_and_paid_for_once(
    served: tuple[pytest.Pytester, ScriptedServer],
) -> None:
    project, server = served
    result = project.runpytest(KNOWLEDGE, "-k", "base")
    assert outcomes(result) == {"passed": 2}
    result.stdout.fnmatch_lines(["*retriever:meaning*embeddings*scripted-2026-10*"])
    asked = len(server.requests)
    assert asked == 2  # passages, questions
    result = project.runpytest(KNOWLEDGE, "-k", "base")
    assert (len(server.requests), outcomes(result)) == (asked, {"passed": 2})
    assert "retriever:meaning" not in output(result)


def test_workers_ask_for_a_vector_once(served: tuple[pytest.Pytester, ScriptedServer]) -> None:
    project, server = served
    add_to_matrix(project, '[checkpoints.other-meaning]\nmodel = "two"\nretriever = "meaning"')
    result = project.runpytest(KNOWLEDGE, "-k", "meaning", "-n", "2")
    assert outcomes(result) == {"passed": 2}
    texts = [text for asked in server.requests for text in asked.texts]
    assert len(set(texts)) == len(texts)


def test_a_server_that_gives_no_vectors_ends_the_suite_as_an_error_of_infrastructure(
    served: tuple[pytest.Pytester, ScriptedServer],
) -> None:
    project, server = served
    server.behaviour = lambda asked: error(500, "down")
    result = project.runpytest(KNOWLEDGE, "-k", "base-meaning")
    assert result.ret == pytest.ExitCode.INTERNAL_ERROR
    assert told_cleanly(result)
    assert "down" in output(result)
