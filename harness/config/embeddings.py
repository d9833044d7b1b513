"""What a retriever turns texts into vectors with, as a matrix file names it.

[retrievers.meaning]
kind = "embeddings"
documents = "./data/documents_new.jsonl"
model = "./models/ruri-v3-30m"     # a sentence-transformers folder
query_prefix = "検索クエリ: "      # where they are not said, the folder's own prompts
passage_prefix = "検索文書: "

[retrievers.served]
kind = "embeddings"
documents = "./data/documents_new.jsonl"
engine = "api"                     # the model is behind an OpenAI-compatible server
model = "text-embedding-3-small"   # the name that the server knows
dimensions = 512                   # numbers of a vector, for models trained to be cut
batch = 64                         # texts a request

[retrievers.served.api]            # as of a model, but for log-probabilities
price = { prompt = 0.02 }          # US dollars a million tokens
query_body = { input_type = "query" }      # sent with questions and with passages, for servers
passage_body = { input_type = "passage" }  # that add prefixes themselves
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.config.models import json_body, read_api
from harness.errors import ConfigError
from harness.records import Embedding
from harness.toml import one_of, place, value

ENGINES = ("local", "api")
KEYS = ("model", "engine", "api", "query_prefix", "passage_prefix", "dimensions", "batch")
_BODIES = ("query_body", "passage_body")


def read_embedding(path: Path, where: str, table: Mapping[str, Any]) -> Embedding:
    """The embedding of a retriever's table. Raises ConfigError."""
    model = value(path, where, table, "model", str, ...)
    engine = one_of(
        path, where, "engine", value(path, where, table, "engine", str, "local"), ENGINES
    )
    of_api, given = f"{where[:-1]}.api]", value(path, where, table, "api", dict, {})
    if given and engine != "api":
        raise ConfigError(f'{path}: {of_api} belongs to a retriever with engine = "api".')
    own = {key: given[key] for key in given if key not in _BODIES}
    for key in ("prompt_logprobs", "logprobs"):
        if key in own:
            raise ConfigError(f"{path}: {of_api}: {key} belongs to a model that answers.")
    api = read_api(path, of_api, own, ("prompt",)) if engine == "api" else None
    found = Embedding(
        model=model if api else str(place(path, model)),
        api=api,
        query_prefix=value(path, where, table, "query_prefix", str, None),
        passage_prefix=value(path, where, table, "passage_prefix", str, None),
        query_body=json_body(path, of_api, given, "query_body"),
        passage_body=json_body(path, of_api, given, "passage_body"),
        dimensions=value(path, where, table, "dimensions", int, None),
        batch=value(path, where, table, "batch", int, Embedding("").batch),
    )
    for key in ("dimensions", "batch"):
        number = getattr(found, key)
        if number is not None and number < 1:
            raise ConfigError(f"{path}: {where}: {key} = {number}: must be at least 1.")
    return found
