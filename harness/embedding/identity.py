"""What makes two vectors comparable: the model's bytes, or its name at a server, and prefixes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.errors import ConfigError
from harness.fingerprint import FileHashes, check_safetensors
from harness.records import Embedding

MODULES = "modules.json"
_PROMPTS = "config_sentence_transformers.json"
# What encoding reads; README, other formats of the same weights and training's leavings are none.
_READ = (".safetensors", ".json", ".txt", ".model", ".jinja")
_OTHER_FORMATS = ("onnx", "openvino")
# The names that sentence-transformers itself looks for, in its order.
_NAMES = {"query": ("query",), "passage": ("document", "passage", "corpus")}


def with_prefixes(embedding: Embedding) -> Embedding:
    """The same with its prefixes said: those of the matrix, or else the folder's own prompts.

    Raises ConfigError for a folder whose prompts can't be read.
    """
    prompts: Mapping[str, Any] = {}
    file = Path(embedding.model) / _PROMPTS
    if embedding.api is None and file.is_file():
        try:
            prompts = json.loads(file.read_text(encoding="utf-8")).get("prompts") or {}
        except (OSError, ValueError, AttributeError) as error:
            raise ConfigError(f"{file}: can't be read: {error}.") from error
    own = {
        role: next((str(prompts[name]) for name in names if prompts.get(name)), "")
        for role, names in _NAMES.items()
    }
    query, passage = embedding.query_prefix, embedding.passage_prefix
    return replace(
        embedding,
        query_prefix=own["query"] if query is None else query,
        passage_prefix=own["passage"] if passage is None else passage,
    )


def embedding_fingerprint(embedding: Embedding, hashes: FileHashes) -> str:
    """Hash of all that a vector depends on besides text, role and prefix. Loads no library.

    Of an API it covers server, name and what is sent with every request. Raises ConfigError for
    what is no sentence-transformers folder, and for weights other than safetensors; WeightsError
    for a file that is cut off.
    """
    if embedding.api is not None:
        api = embedding.api
        bodies = [api.extra_body, embedding.query_body, embedding.passage_body]
        parts: Any = [api.base_url, embedding.model, bodies, list(api.omit)]
    else:
        parts = _files(Path(embedding.model), hashes)
    content = json.dumps(["embeddings", parts, embedding.dimensions])
    return hashlib.sha256(content.encode()).hexdigest()[:32]


def _files(folder: Path, hashes: FileHashes) -> list[tuple[str, str]]:
    if not (folder / MODULES).is_file():
        raise ConfigError(
            f"{folder}: no sentence-transformers model: {MODULES}, which says how its tokens "
            "become one vector, is missing. Save it with SentenceTransformer(...).save(FOLDER)."
        )
    files = sorted(
        file
        for file in folder.rglob("*")
        if file.suffix in _READ
        and file.is_file()
        and not {*file.relative_to(folder).parts[:-1]} & {*_OTHER_FORMATS}
    )
    weights = [file for file in files if file.suffix == ".safetensors"]
    for pickle in folder.rglob("pytorch_model*.bin"):
        if not any(file.parent == pickle.parent for file in weights):
            raise ConfigError(
                f"{pickle}: only safetensors weights are read (pickle files can run code). Convert "
                "it first: SentenceTransformer(...).save(FOLDER) writes safetensors."
            )
    for file in weights:
        check_safetensors(file)
    return [(file.relative_to(folder).as_posix(), hashes.of(file)) for file in files]
