"""The next checkpoint's files are read while the one before it is asked."""

from __future__ import annotations

import threading
from contextlib import suppress

from harness.fingerprint import FileHashes, checkpoint_fingerprint
from harness.records import Checkpoint


class ReadAhead:
    """Hashes files in the background; they then lie in the system's memory, to be loaded."""

    def __init__(self, hashes: FileHashes) -> None:
        self._hashes = hashes
        self._expected: set[Checkpoint] = set()

    def expect(self, checkpoint: Checkpoint) -> None:
        """Begin with a checkpoint's files, once. What is wrong with them is told in its turn."""
        # A hub id might have to be fetched, and that is not for the background.
        local = checkpoint.model.is_folder
        if not local or checkpoint in self._expected:
            return
        self._expected.add(checkpoint)
        # A daemon: nobody waits for it who stops the run.
        threading.Thread(target=self._read, args=[checkpoint], daemon=True).start()

    def _read(self, checkpoint: Checkpoint) -> None:
        with suppress(Exception):
            checkpoint_fingerprint(checkpoint, self._hashes)
