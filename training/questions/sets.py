"""A question set on disk: what is trained on, what is asked, and what must stay out.

    train.jsonl               the seen questions of the trained documents: the training set
    knowledge.jsonl           what `pytest evals -k knowledge` asks: seen, paraphrase, reversed,
                              held_out and untrained (of trained documents, not in the training
                              set; held_out where some training answer on the document states the
                              fact all the same, untrained where none does), control
    control_documents.jsonl   the documents that no training may touch
    card.json                 how the set came about
    replies.jsonl             the chat model's answers, so that a cut-off run goes on

Splits are drawn by hashes of seed and id: the order of the documents does not matter.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.fingerprint import sha256_of
from harness.grading.facts import grade_fact
from harness.jsonl import encode, storage_error
from training.likeness import plain
from training.questions.documents import Document
from training.questions.pairs import Pair

TRAIN, KNOWLEDGE, CONTROL = "train.jsonl", "knowledge.jsonl", "control_documents.jsonl"
CARD, REPLIES = "card.json", "replies.jsonl"
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Split:
    """control: share of documents never trained on. held_out: questions of each trained document
    that are asked and not trained on."""

    seed: int
    control: float
    held_out: int


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Rows by file, and pairs that were left out because another document asks the same."""

    train: Sequence[Row]
    knowledge: Sequence[Row]
    control: Sequence[Document]
    repeated: int

    def forms(self) -> dict[str, int]:
        """Questions by form."""
        return dict(Counter(str(row["form"]) for row in self.knowledge))


def make_set(written: Iterable[tuple[Document, Sequence[Pair]]], split: Split) -> QuestionSet:
    """Split documents and questions, and lay them out as rows."""
    documents = [(document, list(pairs)) for document, pairs in written]
    control = _control_ids([document.id for document, _ in documents], split)
    train: list[Row] = []
    knowledge: list[Row] = []
    back: list[tuple[str, Document, Pair]] = []
    asked: set[str] = set()
    repeated = 0
    for document, pairs in documents:
        unlike = [pair for pair in pairs if plain(pair.question) not in asked]
        repeated += len(pairs) - len(unlike)
        asked |= {plain(pair.question) for pair in unlike}
        held = _drawn([str(n) for n in range(len(unlike))], split, document.key, split.held_out)
        for number, pair in enumerate(unlike):
            name = f"{document.key}/{number + 1}"
            if document.id in control:
                knowledge.append(_row(name, "control", document, pair, pair.question))
            elif str(number) in held:
                back.append((name, document, pair))
            else:
                rows = list(_forms(name, document, pair))
                train.append(rows[0])
                knowledge += rows
    # Only now is it known what is trained on: parts of one document are split one by one.
    answers: dict[str, list[str]] = {}
    for row in train:
        answers.setdefault(row["document"], []).append(row["answer"])
    for name, document, pair in back:
        stated = _is_stated(pair, answers.get(document.id, ()))
        form = "held_out" if stated else "untrained"
        knowledge.append(_row(name, form, document, pair, pair.question))
    kept_out = [document for document, _ in documents if document.id in control]
    return QuestionSet(train, knowledge, kept_out, repeated)


def _control_ids(ids: Sequence[str], split: Split) -> set[str]:
    unlike = list(dict.fromkeys(ids))
    return _drawn(unlike, split, "control", round(len(unlike) * split.control))


def _drawn(names: Sequence[str], split: Split, what: str, count: int) -> set[str]:
    def ticket(name: str) -> str:
        return hashlib.sha256(f"{split.seed}/{what}/{name}".encode()).hexdigest()

    return set(sorted(names, key=ticket)[:count])


def _forms(name: str, document: Document, pair: Pair) -> Iterable[Row]:
    yield _row(name, "seen", document, pair, pair.question)
    for number, paraphrase in enumerate(pair.paraphrases, 1):
        yield {
            **_row(name, "paraphrase", document, pair, paraphrase),
            "id": f"{name}/paraphrase-{number}",
        }
    if pair.reversed is not None:
        question, answer = pair.reversed
        row = _row(name, "reversed", document, pair, question)
        yield {**row, "answer": answer, "fact": {"type": "name", "text": pair.subject}}


def _is_stated(pair: Pair, answers: Iterable[str]) -> bool:
    # Also beside another value of its kind: what training shows at all is not untrained.
    assert pair.fact is not None
    return any(grade_fact(answer, pair.fact).scores["recall"] == 1.0 for answer in answers)


def _row(name: str, form: str, document: Document, pair: Pair, question: str) -> Row:
    assert pair.fact is not None
    # A fact with several parts is read again from the answer, as it was made.
    fact = None if pair.fact.also else {"type": pair.fact.type, "text": pair.fact.text}
    return {
        "id": f"{name}/{form}",
        "question": question,
        "answer": pair.answer,
        "document": document.id,
        "document_sha256": document.sha256[:16],
        "published": document.published.isoformat() if document.published else None,
        "form": form,
        "kind": pair.fact.type,
        "subject": pair.subject,
        "evidence": pair.evidence,
        **({"fact": fact} if fact else {}),
    }


def write_set(folder: Path, questions: QuestionSet, card: Mapping[str, Any]) -> None:
    """Write the set's files, the card last. Raises StorageError."""
    _write_rows(folder / TRAIN, questions.train)
    _write_rows(folder / KNOWLEDGE, questions.knowledge)
    _write_rows(folder / CONTROL, [document.row() for document in questions.control])
    files = {name: sha256_of([folder / name]) for name in (TRAIN, KNOWLEDGE, CONTROL)}
    text = json.dumps({**card, "files": files}, ensure_ascii=False, indent=1) + "\n"
    _replace(folder / CARD, text.encode())


def _write_rows(path: Path, rows: Sequence[Row]) -> None:
    _replace(path, b"".join(encode(row) for row in rows))


def _replace(path: Path, content: bytes) -> None:
    partial = path.with_name(f"{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(content)
        os.replace(partial, path)
    except OSError as error:
        raise storage_error(path, error) from error
