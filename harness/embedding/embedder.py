"""Vectors of texts: what the store has is taken from there, and only the rest is computed."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from harness.embedding import PASSAGE, QUERY, Batch, Encoder, Text, Vector
from harness.embedding.kept import KeptVectors, text_key
from harness.embedding.local import LocalEncoder
from harness.embedding.served import ServedEncoder
from harness.engines.parallel import handed_over
from harness.errors import RetrievalWarning, ServiceError, WeightsError
from harness.ledger import Ledger
from harness.records import Embedding, Request, Response

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

Progress = Callable[[int, int], None]  # texts encoded, texts in all


def open_encoder(embedding: Embedding) -> Encoder:
    """The model, loaded or connected to."""
    return ServedEncoder(embedding) if embedding.api else LocalEncoder(embedding)


class Embedder:
    """The vectors of one model under one pair of prefixes.

    embedding: with its prefixes said (`with_prefixes`). fingerprint: of the model. ledger: of an
    API's costs.
    """

    def __init__(
        self, embedding: Embedding, fingerprint: str, kept: KeptVectors, ledger: Ledger | None
    ) -> None:
        self._embedding, self._kept, self._ledger = embedding, kept, ledger
        self._known: dict[Text, Vector] = {}
        self._width = embedding.dimensions or 0
        self._told: set[str] = set()
        self.identity: Mapping[str, Any] = {
            "model": fingerprint[:16],
            "query_prefix": embedding.query_prefix,
            "passage_prefix": embedding.passage_prefix,
        }

    def vectors(
        self, passages: Sequence[str], questions: Sequence[str], progress: Progress
    ) -> tuple[NDArray[float32], NDArray[float32]]:
        """(passages, width) and (questions, width), in one go: a model is loaded once for both.

        Raises UnavailableError, WeightsError, ServiceError, ConfigError and StorageError.
        """
        own = [Text(PASSAGE, _whole(text)) for text in passages]
        asked = [Text(QUERY, _whole(text)) for text in questions]
        self._learn([*own, *asked], progress)
        self._warn(own, asked)
        return self._stacked(own), self._stacked(asked)

    def _learn(self, texts: Iterable[Text], progress: Progress) -> None:
        missing = {self._key(text): text for text in texts if text not in self._known}
        if not missing:
            return
        with self._kept.alone():
            for text, vector in self._kept.load(missing).items():
                self._check(vector)
                self._known[text] = vector
            wanted = [text for text in missing.values() if text not in self._known]
            if wanted:
                self._encode(wanted, progress)

    def _encode(self, texts: Sequence[Text], progress: Progress) -> None:
        if self._ledger is not None:
            self._ledger.refuse_over([_request([text]) for text in texts])
        encoder = open_encoder(self._embedding)
        done = 0

        def keep(batches: Sequence[Batch]) -> None:
            nonlocal done
            if self._ledger is not None:
                for batch in batches:
                    self._ledger.enter(_spent(batch))
            for batch in batches:
                for vector in batch.vectors:
                    self._check(vector)
                found = dict(zip(batch.texts, batch.vectors, strict=True))
                self._kept.add({self._key(text): vector for text, vector in found.items()})
                self._known.update(found)
                done += len(batch.texts)
                progress(done, len(texts))
            if self._ledger is not None:
                self._ledger.refuse_spent()

        try:
            handed_over(encoder.encode(texts), keep)
        finally:
            encoder.close()

    def _check(self, vector: Vector) -> None:
        """Raise what is wrong with a vector: no numbers, or another width than the others have."""
        import numpy as np

        broken = ServiceError if self._embedding.api else WeightsError
        if not np.isfinite(vector.values).all():
            raise broken(f"{self._name()}: a vector holds what is no number (NaN or infinity).")
        width = len(vector.values)
        if self._width and width != self._width:
            raise broken(
                f"{self._name()}: a vector of {width:,} numbers where {self._width:,} are "
                "expected. If the model behind that name was changed, run again with --eval-fresh."
            )
        self._width = width

    def _warn(self, passages: Sequence[Text], questions: Sequence[Text]) -> None:
        """Tell of ends that can't be found, and of vectors that don't compare."""
        cut = sum(self._known[text].cut for text in passages)
        if cut:
            self._say(
                f"{cut:,} of {len(passages):,} passages are longer than the model takes: what "
                "stands at their ends can't be found. Lower passage_size."
            )
        if cut := sum(self._known[text].cut for text in questions):
            self._say(
                f"{cut:,} of {len(questions):,} questions are longer than the model takes, and "
                "are looked up by their beginnings."
            )
        models = sorted({self._known[t].model for t in (*passages, *questions)} - {""})
        if len(models) > 1:
            self._say(
                f"vectors are by {' and by '.join(models)}, which need not compare. Embed all of "
                "it again with --eval-fresh."
            )

    def _say(self, what: str) -> None:
        if what not in self._told:
            self._told.add(what)
            warnings.warn(f"{self._name()}: {what}", RetrievalWarning, stacklevel=4)

    def _stacked(self, texts: Sequence[Text]) -> NDArray[float32]:
        import numpy as np

        if not texts:
            return np.zeros((0, self._width), dtype=np.float32)
        return np.stack([self._known[text].values for text in texts])

    def _key(self, text: Text) -> str:
        own = self._embedding
        prefix = own.passage_prefix if text.role == PASSAGE else own.query_prefix
        return text_key(text, prefix or "")

    def _name(self) -> str:
        return f"embeddings of {self._embedding.model}"


def _whole(text: str) -> str:
    """Without halves of characters, which no tokenizer takes."""
    return text.encode("utf-8", "ignore").decode()


def _request(texts: Sequence[Text]) -> Request:
    return Request("\n".join(text.text for text in texts), chat=False, max_new_tokens=0)


def _spent(batch: Batch) -> list[tuple[Request, Response]]:
    return [(_request(batch.texts), Response("", "scored", 0, usage=batch.usage))]
