"""Models as a matrix file names them.

[models.michi-mini]
weights = "./models/michi-mini"   # a folder beside this file, or a hub id
released = 2025-04-01

[models.gemma]
engine = "vllm"                   # a vLLM server, started when it is needed
weights = "./gemma-7b"
released = 2024-02-21
vllm = ["--max-model-len", "4096"]

[models.gpt-4o]
engine = "api"
weights = "gpt-4o-2024-05-13"     # the name that the API knows
released = 2024-05-13

[models.gpt-4o.api]               # all of it optional
base_url = "http://127.0.0.1:8000/v1"
price = { prompt = 5.0, answer = 15.0 } # US dollars a million tokens
max_cost = 3.0                    # dollars a run may spend on this model
"""

from __future__ import annotations

import dataclasses
import datetime
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from harness.errors import ConfigError
from harness.records import Api, Model
from harness.toml import one_of, place, refuse_unknown, tables, value

DTYPES = ("float32", "bfloat16", "float16")
QUANTIZATIONS = (None, "nf4")
ENGINES = ("local", "vllm", "api")
OMITTED = ("temperature", "seed", "stop", "max_tokens")


def read_models(path: Path, content: Mapping[str, Any]) -> dict[str, Model]:
    """The models of a matrix file, by id. Raises ConfigError."""
    return {id: _model(path, id, table) for id, table in tables(path, content, "models")}


def _model(path: Path, id: str, table: dict[str, Any]) -> Model:
    where = f"[models.{id}]"
    refuse_unknown(path, where, table, [f.name for f in dataclasses.fields(Model)][1:])
    engine = one_of(
        path, where, "engine", value(path, where, table, "engine", str, "local"), ENGINES
    )
    weights = value(path, where, table, "weights", str, ...)
    template = value(path, where, table, "chat_template", str, None)
    is_path = weights.startswith((".", "/", "~")) or (path.parent / weights).is_dir()
    model = Model(
        id=id,
        weights=str(place(path, weights)) if engine != "api" and is_path else weights,
        released=value(path, where, table, "released", datetime.date, ...),
        engine=engine,
        api=_api(path, id, engine, table),
        dtype=one_of(
            path, where, "dtype", value(path, where, table, "dtype", str, "float32"), DTYPES
        ),
        quantization=one_of(
            path,
            where,
            "quantization",
            value(path, where, table, "quantization", str, None),
            QUANTIZATIONS,
        ),
        revision=value(path, where, table, "revision", str, None),
        chat_template=place(path, template) if template else None,
        trust_remote_code=value(path, where, table, "trust_remote_code", bool, False),
        note=value(path, where, table, "note", str, ""),
        release_evidence=value(path, where, table, "release_evidence", str, ""),
        vllm=tuple(map(str, value(path, where, table, "vllm", list, []))),
    )
    refuse_unserved(path, model)
    return model


def refuse_unserved(path: Path, model: Model) -> None:
    """Raise ConfigError for a model that vLLM is not asked to serve."""
    if model.engine == "vllm" and model.quantization:
        raise ConfigError(
            f"{path}: [models.{model.id}]: vLLM serves whole weights: leave quantization = "
            f'"{model.quantization}" out, or ask with engine = "local".'
        )


def _api(path: Path, id: str, engine: str, table: dict[str, Any]) -> Api | None:
    where = f"[models.{id}.api]"
    given = value(path, f"[models.{id}]", table, "api", dict, {})
    if engine != "api":
        if given:
            raise ConfigError(f'{path}: {where} belongs to a model with engine = "api".')
        return None
    return read_api(path, where, given)


def read_api(
    path: Path, where: str, given: Mapping[str, Any], priced: Sequence[str] = ("prompt", "answer")
) -> Api:
    """How a server is reached. priced: the tokens that have a price there. Raises ConfigError."""
    refuse_unknown(path, where, given, [f.name for f in dataclasses.fields(Api)])
    base_url = value(path, where, given, "base_url", str, "")
    if base_url and urlsplit(base_url).scheme not in ("http", "https"):
        raise ConfigError(
            f"{path}: {where}: base_url = {base_url!r}: expected http(s)://HOST/v1, what the "
            "openai client takes as base_url."
        )
    omit = value(path, where, given, "omit", list, [])
    api = Api(
        base_url=base_url.rstrip("/"),
        key_variable=value(path, where, given, "key_variable", str, Api().key_variable),
        concurrency=value(path, where, given, "concurrency", int, Api().concurrency),
        timeout=value(path, where, given, "timeout", float, Api().timeout),
        retries=value(path, where, given, "retries", int, Api().retries),
        prompt_logprobs=value(path, where, given, "prompt_logprobs", bool, False),
        logprobs=value(path, where, given, "logprobs", bool, False),
        price=_price(path, where, given, priced),
        max_cost=value(path, where, given, "max_cost", float, None),
        extra_body=json_body(path, where, given, "extra_body"),
        omit=tuple(one_of(path, where, "omit", name, OMITTED) for name in omit),
    )
    for name, least in (("concurrency", 1), ("retries", 0), ("timeout", 0.001)):
        if getattr(api, name) < least:
            raise ConfigError(f"{path}: {where}: {name} must be at least {least:g}.")
    if api.max_cost is not None and api.price is None:
        raise ConfigError(
            f"{path}: {where}: max_cost needs a price: price = "
            f"{{ {', '.join(f'{name} = ...' for name in priced)} }}, US dollars a million tokens."
        )
    for name in ("logprobs", "top_logprobs"):
        if api.logprobs and name in json.loads(api.extra_body):
            raise ConfigError(
                f"{path}: {where}: logprobs = true asks for as many as are needed: take {name} "
                "out of extra_body."
            )
    return api


def _price(
    path: Path, where: str, table: Mapping[str, Any], priced: Sequence[str]
) -> tuple[float, float] | None:
    given = value(path, where, table, "price", dict, None)
    if given is None:
        return None
    refuse_unknown(path, f"{where} price", given, priced)
    prompt, answer = (
        value(path, f"{where} price", given, name, float, ... if name in priced else 0.0)
        for name in ("prompt", "answer")
    )
    if prompt < 0 or answer < 0:
        raise ConfigError(f"{path}: {where}: a price can't be negative.")
    return prompt, answer


def json_body(path: Path, where: str, table: Mapping[str, Any], key: str) -> str:
    """A table as canonical JSON: a model must be hashable. Raises ConfigError."""
    given = value(path, where, table, key, dict, {})
    try:
        return json.dumps(given, sort_keys=True)
    except TypeError as error:
        raise ConfigError(f"{path}: {where}: {key}: {error}; use what JSON has.") from error
