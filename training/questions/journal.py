"""Answers of the chat model on disk, so that a run that was cut off asks only for what is missing.

One line an answer, keyed by everything that was sent. The file is flushed with each line: at most
the answers under way are lost.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.engines.chat import Chat, Reply
from harness.jsonl import append_rows, read_whole_rows


class Journal:
    """Asks a model through the file: what is in it is not asked again."""

    def __init__(self, path: Path, model: str) -> None:
        self._path, self._model = path, model
        self._lock = threading.Lock()
        self._known = {row["key"]: _reply(row) for row in read_whole_rows(path)}
        self.kept = self.asked = 0

    def ask(
        self,
        chat: Chat,
        messages: Sequence[Mapping[str, str]],
        schema: Mapping[str, Any],
        max_tokens: int | None,
    ) -> Reply:
        """The answer, from the file or from the model. Raises what `Chat.ask` raises."""
        content = json.dumps([self._model, list(messages), schema, max_tokens], sort_keys=True)
        key = hashlib.sha256(content.encode()).hexdigest()[:32]
        if key in self._known:
            with self._lock:
                self.kept += 1
            return self._known[key]
        reply = chat.ask(messages, schema, max_tokens)
        with self._lock:
            self.asked += 1
            self._known[key] = reply
            append_rows(self._path, [{"key": key, **dataclasses.asdict(reply)}])
        return reply


def _reply(row: Mapping[str, Any]) -> Reply:
    return Reply(**{field.name: row[field.name] for field in dataclasses.fields(Reply)})
