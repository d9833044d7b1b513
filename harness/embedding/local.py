"""A sentence-transformers folder on this machine, in float32; nothing is fetched from a hub.

Reimers and Gurevych, EMNLP 2019 (https://sbert.net). Code that comes with weights is not run.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from harness.embedding import PASSAGE, Batch, Text, Vector
from harness.engines.loading import first_line, quiet, share_cores
from harness.engines.memory import free_memory, out_of_memory
from harness.errors import UnavailableError, WeightsError
from harness.records import Embedding


class LocalEncoder:
    """Raises UnavailableError without the library, WeightsError for what it can't load."""

    def __init__(self, embedding: Embedding) -> None:
        try:
            with quiet():
                from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise UnavailableError(
                f"what embeds texts is not installed ({error.name}): "
                "pip install 'pytest-michi[embeddings]'"
            ) from error
        from transformers.utils import logging

        logging.set_verbosity_error()
        logging.disable_progress_bar()
        share_cores()
        self._embedding = embedding
        try:
            with quiet():
                self._model: Any = SentenceTransformer(
                    embedding.model,
                    local_files_only=True,
                    model_kwargs={"dtype": "float32", "use_safetensors": True},
                    truncate_dim=embedding.dimensions,
                )
        except Exception as error:  # a library of many formats raises many kinds
            raise WeightsError(
                f"{embedding.model}: sentence-transformers can't load it ({first_line(error)})."
            ) from error

    def encode(self, texts: Sequence[Text]) -> Iterator[list[Batch]]:
        """See `Encoder.encode`: short ones first, so that a batch is filled up little."""
        for role, own in groupby(sorted(texts, key=lambda t: (t.role, len(t.text))), _role):
            of_role = list(own)
            for start in range(0, len(of_role), self._embedding.batch):
                batch = of_role[start : start + self._embedding.batch]
                yield [Batch(batch, self._encoded(role, [t.text for t in batch]))]

    def close(self) -> None:
        """See `Encoder.close`."""
        self._model = None
        free_memory()

    def _encoded(self, role: str, texts: list[str]) -> list[Vector]:
        own = self._embedding
        prefix = (own.passage_prefix if role == PASSAGE else own.query_prefix) or ""
        try:
            vectors = self._model.encode(
                texts, prompt=prefix, batch_size=len(texts), show_progress_bar=False
            )
        except RuntimeError as error:
            if not out_of_memory(error):
                raise
            raise WeightsError(
                f"{own.model}: memory does not suffice for {len(texts)} texts at a time; lower "
                f"batch = {own.batch}."
            ) from error
        cut = self._cut([prefix + text for text in texts])
        return [Vector(values, at) for values, at in zip(vectors, cut, strict=True)]

    def _cut(self, texts: list[str]) -> list[bool]:
        """Which texts have more tokens than the model takes; it passes over their ends."""
        most = self._model.max_seq_length
        if most is None or most == math.inf:
            return [False] * len(texts)
        # verbose: it would warn of what is counted here.
        ids = self._model.tokenizer(texts, truncation=False, padding=False, verbose=False)
        return [len(row) > most for row in ids["input_ids"]]


def _role(text: Text) -> str:
    return text.role
