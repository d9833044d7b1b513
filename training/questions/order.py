"""What the command is asked to do."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path

from harness.records import Api
from training.questions import prompts
from training.questions.cloze import PER_DOCUMENT as CLOZES
from training.questions.documents import Document
from training.questions.sets import Split


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done. model: a chat model's name. latest_eval: cloze questions, by rule where
    no model is named.

    released, matrix: when the model to be fine-tuned was released. split_long: characters.
    """

    documents: Path
    out: Path
    split: Split
    model: str | None = None
    latest_eval: bool = False
    base_url: str | None = None
    key_variable: str = Api().key_variable
    concurrency: int = 8
    price: str | None = None
    max_tokens: int | None = None
    released: datetime.date | None = None
    matrix: Path | None = None
    newest: int | None = None
    allow_old: bool = False
    longest: int = 20_000
    split_long: int | None = None
    timeout: float = 120
    retries: int = 6

    def messages(self, document: Document) -> list[prompts.Message]:
        """The first request for a document."""
        if self.latest_eval:
            return prompts.key_messages(document, CLOZES)
        return prompts.first_messages(document, prompts.PER_DOCUMENT)
