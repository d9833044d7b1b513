"""What happened on a cluster, as it happened: cluster.jsonl in the run folder."""

from __future__ import annotations

import datetime
import threading
from collections import Counter
from pathlib import Path
from typing import Any

from harness.errors import StorageError
from harness.jsonl import append_rows

LOG = "cluster.jsonl"


class Log:
    """Appends a line an event: when, which, a sentence, and figures. counts: of each kind."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOG
        self._writing = threading.Lock()
        self.counts: Counter[str] = Counter()

    def note(self, event: str, text: str, **figures: Any) -> None:
        """Take down what happened. A log that can't be written stops nothing."""
        at = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        with self._writing:
            self.counts[event] += 1
            try:
                append_rows(self._path, [{"at": at, "event": event, "text": text, **figures}])
            except StorageError:  # the store, on the same disk, says so
                return
