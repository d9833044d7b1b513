"""The embedders of a session: one for all retrievers that embed alike."""

from __future__ import annotations

import datetime
from pathlib import Path

from harness.embedding.embedder import Embedder
from harness.embedding.identity import embedding_fingerprint, with_prefixes
from harness.embedding.kept import KeptVectors
from harness.fingerprint import FileHashes
from harness.ledger import Ledger
from harness.records import Checkpoint, Embedding, Model, Retrieval

TASK = "embeddings"  # as costs call it


class Embedders:
    """Opened when first needed.

    vectors: the folder of kept ones. run: the folder of the run. root: of the project. fresh:
    whether vectors from before now are looked up.
    """

    def __init__(
        self, vectors: Path, run: Path, root: Path, hashes: FileHashes, fresh: bool
    ) -> None:
        self._vectors, self._run, self._root = vectors, run, root
        self._hashes, self._fresh = hashes, fresh
        self._open: dict[Embedding, Embedder] = {}

    def of(self, retrieval: Retrieval) -> Embedder | None:
        """None for what does not search by meaning. Raises ConfigError and WeightsError."""
        embedding = retrieval.embedding
        if embedding is None:
            return None
        if embedding not in self._open:
            fingerprint = embedding_fingerprint(embedding, self._hashes)
            kept = KeptVectors(self._vectors, fingerprint, self._fresh)
            ledger = self._ledger(retrieval.name, embedding) if embedding.api else None
            self._open[embedding] = Embedder(with_prefixes(embedding), fingerprint, kept, ledger)
        return self._open[embedding]

    def _ledger(self, name: str, embedding: Embedding) -> Ledger:
        """Costs are a checkpoint's: the retriever stands there as one."""
        id = f"retriever:{name}"
        model = Model(id, embedding.model, datetime.date.min, engine="api", api=embedding.api)
        return Ledger(self._run, self._root, Checkpoint(id, model), TASK)
