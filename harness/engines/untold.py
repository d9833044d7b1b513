"""Answers without the token log-probabilities that were asked for: of one, or of all."""

from __future__ import annotations

import threading

from harness.errors import ConfigError
from harness.records import Model, Response

_FIRST = 5  # answers that are waited for before a server is said to tell none


class Untold:
    """Of the answers of one engine; may be used by several threads.

    Of single answers they may be missing: a router passes some on to a server that tells none.
    Where none of the first few has any, the matrix says of the server what is not so.
    """

    def __init__(self, host: str, model: Model) -> None:
        self._host, self._model = host, model
        self._told, self._missing = False, 0
        self._lock = threading.Lock()

    def add(self, response: Response) -> None:
        """An answer that came with or without; where it says nothing, nothing is missing."""
        with self._lock:
            if response.certainty is not None:
                self._told = True
            elif response.text and response.finish in ("stop", "length"):
                self._missing += 1

    def mistake(self, least: int = _FIRST) -> ConfigError | None:
        """What to raise once `least` answers came, and all of them without."""
        if self._told or self._missing < least:
            return None
        return self._error("returned no token log-probabilities that spell its answers")

    def refused(self, error: Exception) -> ConfigError:
        """What to raise where the server would not take a request for them."""
        return self._error(f"does not tell token log-probabilities ({error})")

    def _error(self, what: str) -> ConfigError:
        id = self._model.id
        return ConfigError(
            f"{self._host} {what}: take logprobs = true out of [models.{id}.api], and how sure "
            f"{id} was of each token is left out. What was answered is kept."
        )
