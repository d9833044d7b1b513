"""Retrievers as a matrix file names them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.config import load_matrix, reference_of
from harness.errors import ConfigError
from harness.records import Api, Embedding, Retrieval

MATRIX = """
[models.m]
weights = "org/m"
released = 2025-04-01
[retrievers.catalogue]
documents = "./documents.jsonl"
{retriever}
[retrievers.gold]
kind = "gold"
documents = "./documents.jsonl"
[checkpoints.plain]
model = "m"
[checkpoints.looking]
model = "m"
{checkpoint}
"""


def read(folder: Path, retriever: str = "", checkpoint: str = "") -> dict[str, Retrieval | None]:
    path = folder / "matrix.toml"
    path.write_text(MATRIX.format(retriever=retriever, checkpoint=checkpoint), "utf-8")
    return {c.id: c.retrieval for c in load_matrix(path).checkpoints}


def test_a_checkpoint_names_its_retriever_and_how_much_it_is_shown(tmp_path: Path) -> None:
    found = read(tmp_path, "top_k = 3\nb = 0.6", 'retriever = "catalogue"')
    assert found["plain"] is None
    usual = Retrieval("catalogue", "bm25", tmp_path / "documents.jsonl", top_k=3, b=0.6)
    assert found["looking"] == usual
    found = read(tmp_path, "top_k = 3", 'retriever = "catalogue"\ntop_k = 7')
    assert found["looking"]
    assert found["looking"].top_k == 7
    gold = read(tmp_path, "", 'retriever = "gold"')["looking"]
    assert gold
    assert gold.kind == "gold"


def test_a_retriever_names_what_embeds(tmp_path: Path) -> None:
    local = 'kind = "embeddings"\nmodel = "./e5"\nquery_prefix = "query: "\ndimensions = 64'
    found = read(tmp_path, local, 'retriever = "catalogue"')["looking"]
    assert found
    assert found.embedding == Embedding(str(tmp_path / "e5"), query_prefix="query: ", dimensions=64)
    served = 'kind = "hybrid"\nb = 0.5\nmodel = "m"\nengine = "api"\nbatch = 8\n'
    served += "[retrievers.catalogue.api]\nbase_url = 'http://h/v1'\nprice = { prompt = 0.02 }\n"
    served += 'max_cost = 1\nquery_body = { input_type = "query" }'
    found = read(tmp_path, served, 'retriever = "catalogue"')["looking"]
    assert found
    assert (found.kind, found.b) == ("hybrid", 0.5)
    api = Api(base_url="http://h/v1", price=(0.02, 0.0), max_cost=1.0)
    body = '{"input_type": "query"}'
    assert found.embedding == Embedding("m", api, query_body=body, batch=8)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("", "'model' is missing"),
        ('model = "m"\nengine = "vllm"', "engine = 'vllm': expected one of local, api"),
        ('model = "m"\nk1 = 2', "unknown key 'k1'"),
        ('model = "m"\nbatch = 0', "batch = 0: must be at least 1"),
        ('model = "m"\ndimensions = 0', "dimensions = 0: must be at least 1"),
        ('model = "m"\n[retrievers.catalogue.api]\nquery_body = { a = 1 }',
         'api] belongs to a retriever with engine = "api"'),
        ('model = "m"\nengine = "api"\n[retrievers.catalogue.api]\nprompt_logprobs = true',
         "prompt_logprobs belongs to a model that answers"),
        ('model = "m"\nengine = "api"\n[retrievers.catalogue.api]\nlogprobs = true',
         ": logprobs belongs to a model that answers"),
        ('model = "m"\nengine = "api"\n[retrievers.catalogue.api]\nmax_cost = 1',
         "max_cost needs a price: price = { prompt = ... }"),
        ('model = "m"\nengine = "api"\n[retrievers.catalogue.api]\nprice = { answer = 1 }',
         "unknown key 'answer'"),
        ('model = "m"\nengine = "api"\n[retrievers.catalogue.api]\npassage_body = { a = 2026-01-01 }',
         "passage_body: Object of type date"),
    ],
)  # fmt: skip
def test_an_embedding_that_makes_no_sense_is_refused(tmp_path: Path, table: str, said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)):
        read(tmp_path, f'kind = "embeddings"\n{table}')


@pytest.mark.parametrize(
    ("retriever", "checkpoint", "said"),
    [
        ('kind = "dense"', "", "expected one of bm25, embeddings, hybrid, gold"),
        ("top_k = 0", "", "top_k = 0: must be at least 1"),
        ("passage_size = 0", "", "passage_size = 0: must be at least 1"),
        ("b = 1.5", "", "b from 0 to 1"),
        ("k1 = -1", "", "k1 of at least 0"),
        ('prompt = "{passages}"', "", "prompt: must hold {question}"),
        ('prompt = "{question}"', "", "prompt: must hold {passages}"),
        ('passage = "{title}"', "", "passage: must hold {text}"),
        ('passage = "{番号} {text}"', "", "passage: {番号} stands for nothing. Known: {number}"),
        ('prompt = "{passages}{question}{title}"', "", "prompt: {title} stands for nothing"),
        ("k2 = 1", "", "unknown key 'k2'"),
        ("", 'retriever = "catalog"', "Did you mean 'catalogue'"),
        ("", "top_k = 3", "top_k belongs to a checkpoint with a retriever"),
        ("", 'retriever = "catalogue"\ntop_k = 0', "top_k = 0: must be at least 1"),
        ("", 'retriever = "gold"\ntop_k = 3', "shows the one passage that holds the answer"),
    ],
)
def test_what_makes_no_sense_is_refused(
    tmp_path: Path, retriever: str, checkpoint: str, said: str
) -> None:
    with pytest.raises(ConfigError, match=said.replace("{", r"\{").replace("}", r"\}")):
        read(tmp_path, retriever, checkpoint)


def test_a_retriever_without_documents_and_gold_with_settings_of_a_search_are_refused(
    tmp_path: Path,
) -> None:
    path = tmp_path / "matrix.toml"
    for table, said in (
        ('kind = "bm25"', "'documents' is missing"),
        ('kind = "gold"\ndocuments = "d"\nk1 = 2', "unknown key 'k1'"),
    ):
        text = MATRIX.format(retriever="", checkpoint="")
        path.write_text(f"{text}[retrievers.other]\n{table}\n", "utf-8")
        with pytest.raises(ConfigError, match=said):
            load_matrix(path)


def test_likelihoods_are_held_against_the_plain_base_where_there_is_one(tmp_path: Path) -> None:
    head, _ = MATRIX.format(retriever="", checkpoint="").split("[checkpoints.plain]")
    looking = '[checkpoints.looking]\nmodel = "m"\nretriever = "gold"\n'
    plain = '[checkpoints.plain]\nmodel = "m"\n'
    tuned = '[checkpoints.tuned]\nmodel = "m"\nadapter = "./tuned"\n'
    for tables, named in ((looking + plain + tuned, "plain"), (looking + tuned, "looking")):
        (tmp_path / "matrix.toml").write_text(head + tables, "utf-8")
        matrix = load_matrix(tmp_path / "matrix.toml")
        found = reference_of(matrix.checkpoints[-1], matrix)
        assert found
        assert found.id == named
