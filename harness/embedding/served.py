"""A model behind the `/embeddings` of an OpenAI-compatible server."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from harness.embedding import PASSAGE, QUERY, Batch, Text, Vector
from harness.engines.complaints import RefusedRequest
from harness.engines.parallel import in_parallel
from harness.engines.server import Server, usage_of
from harness.errors import ServiceError
from harness.records import Api, Embedding


class ServedEncoder:
    """Raises ConfigError, and UnavailableError without a key."""

    def __init__(self, embedding: Embedding) -> None:
        self._embedding, self._api = embedding, embedding.api or Api()
        self._server = Server(self._api)

    def encode(self, texts: Sequence[Text]) -> Iterator[list[Batch]]:
        """See `Encoder.encode`: a request a batch, several under way."""
        size = self._embedding.batch
        batches = [
            own[start : start + size]
            for role in (PASSAGE, QUERY)
            for own in [[text for text in texts if text.role == role]]
            for start in range(0, len(own), size)
        ]
        yield from in_parallel(self._asked, batches, self._api.concurrency)

    def close(self) -> None:
        """See `Encoder.close`."""
        self._server.close()

    def _asked(self, texts: Sequence[Text]) -> Batch:
        import numpy as np

        own = self._embedding
        if texts[0].role == PASSAGE:
            prefix, body = own.passage_prefix or "", own.passage_body
        else:
            prefix, body = own.query_prefix or "", own.query_body
        more: dict[str, Any] = {"extra_body": json.loads(body)}
        if own.dimensions:
            more["dimensions"] = own.dimensions
        try:
            done = self._server.embed(own.model, [prefix + t.text for t in texts], **more)
        except RefusedRequest as error:
            raise ServiceError(
                f"{self._server.host} would not embed {len(texts)} texts with {own.model} "
                f"({error}); the longest begins {max((t.text for t in texts), key=len)[:60]!r}. "
                "What was embedded is kept. If they are too long for it lower passage_size, if "
                f"they are too many at a time batch = {own.batch}."
            ) from error
        usage = usage_of(done)
        try:
            rows = [np.array(entry.embedding, dtype=np.float32) for entry in done.data]
        except (TypeError, ValueError) as error:  # null, or text, among the numbers
            raise ServiceError(
                f"{self._server.host}: a vector of {own.model} holds what is no number ({error})."
            ) from error
        return Batch(texts, [Vector(row, model=usage.model) for row in rows], usage)
