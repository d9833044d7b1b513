"""Training examples out of the forms in which question-answer data are published.

    question, answer          question sets of `python -m training questions`, and the like
    prompt, completion        texts, or lists of messages
    messages                  a conversation: one example for each of the assistant's turns
    instruction, input, output    Alpaca's columns
    text, output              ichikara-instruction's columns (its licence is the user's to take)

Every form becomes turns before an answer, and the loss falls on the answer alone. trl would train
on everything for `messages`; that is a trap we don't pass on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.errors import ConfigError, DataError
from harness.fingerprint import sha256_of
from harness.jsonl import read_rows
from training.finetuning.recipe import Dataset

Turn = dict[str, str]  # role, content


@dataclass(frozen=True, slots=True)
class Example:
    """Turns that end with the user's, and the assistant's answer. place: where it was read."""

    turns: Sequence[Turn]
    answer: str
    place: str
    document: str = ""

    @property
    def text(self) -> str:
        """All that the model gets to see of it."""
        return "\n".join([*(turn["content"] for turn in self.turns), self.answer])

    def row(self) -> dict[str, Any]:
        """In trl's conversational prompt/completion form."""
        return {
            "prompt": [dict(turn) for turn in self.turns],
            "completion": [{"role": "assistant", "content": self.answer}],
        }


@dataclass(frozen=True, slots=True)
class ReadSet:
    """A data set as read.

    sha256: of the file; of the examples where they are a hub set's or chosen by column or form.
    """

    name: str
    label: str
    examples: Sequence[Example]
    sha256: str


def read_set(name: str, dataset: Dataset) -> ReadSet:
    """All examples of a data set. Raises DataError naming file and line, ConfigError."""
    rows: Iterable[tuple[str, Mapping[str, Any]]]
    if dataset.path is not None:
        rows = ((f"{dataset.path}:{number}", row) for number, row in read_rows(dataset.path))
        source = str(dataset.path)
    else:
        rows = _hub_rows(dataset)
        source = f"{dataset.hub} ({dataset.split})"
    examples = [
        example
        for place, row in rows
        if dataset.form in ("", row.get("form"))
        for example in _examples(place, row, dataset)
    ]
    if not examples:
        wanted = f" of form {dataset.form!r}" if dataset.form else ""
        raise DataError(f"{source}: no rows{wanted} in it.")
    # A file may hold two sets in two columns, as both worlds of twins, and questions only to ask.
    whole = dataset.path is not None and not (dataset.question or dataset.answer or dataset.form)
    digest = sha256_of([dataset.path]) if whole and dataset.path else _digest(examples)
    return ReadSet(name, dataset.label or name, examples, digest)


def _digest(examples: Sequence[Example]) -> str:
    return hashlib.sha256("\0".join(e.text for e in examples).encode()).hexdigest()


def _hub_rows(dataset: Dataset) -> Iterator[tuple[str, Mapping[str, Any]]]:
    import datasets

    datasets.disable_progress_bars()
    try:
        rows = datasets.load_dataset(dataset.hub, split=dataset.split)
    except Exception as error:  # the hub raises many kinds: offline, gated, unknown
        raise ConfigError(
            f"data set {dataset.hub}: neither in the local hub cache nor could it be fetched "
            f"({type(error).__name__}). Download it first, or give a JSON Lines file with path."
        ) from error
    for number, row in enumerate(rows):
        yield f"{dataset.hub}[{number}]", row


def _examples(place: str, row: Mapping[str, Any], dataset: Dataset) -> Iterator[Example]:
    document = str(row.get("document", ""))
    for turns, answer in _conversations(place, row, dataset):
        if not isinstance(answer, str) or not answer.strip():
            raise DataError(f"{place}: the answer is missing, empty or not a text.")
        if not turns or not all(turn["content"].strip() for turn in turns):
            raise DataError(f"{place}: the question is missing or empty.")
        yield Example(turns, answer, place, document)


def _conversations(
    place: str, row: Mapping[str, Any], dataset: Dataset
) -> Iterator[tuple[list[Turn], Any]]:
    """Turns and the answer to them, of whatever form the row has."""
    if dataset.question or dataset.answer:
        question = _text(place, row, dataset.question or "question")
        yield _asked(question), _text(place, row, dataset.answer or "answer")
    elif "messages" in row:
        turns = _turns(place, row["messages"])
        for end, turn in enumerate(turns):
            if turn["role"] == "assistant":
                yield turns[:end], turn["content"]
        if not any(turn["role"] == "assistant" for turn in turns):
            raise DataError(f"{place}: no assistant's turn in messages: nothing to learn.")
    elif "completion" in row and isinstance(row.get("prompt"), list):
        answer = _turns(place, row["completion"])
        yield _turns(place, row["prompt"]), answer[-1]["content"] if len(answer) == 1 else None
    elif "completion" in row:
        yield _asked(_text(place, row, "prompt")), row["completion"]
    elif "instruction" in row:
        more = row.get("input") or ""
        question = _text(place, row, "instruction") + (f"\n\n{more}" if more else "")
        yield _asked(question), row.get("output")
    elif "question" in row or "output" not in row:
        yield _asked(_text(place, row, "question")), _text(place, row, "answer")
    else:
        yield _asked(_text(place, row, "text")), row["output"]


def _asked(question: str) -> list[Turn]:
    return [{"role": "user", "content": question}]


def _text(place: str, row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not value.strip():
        raise DataError(
            f"{place}: field {key!r} is missing, empty or not text. Found: "
            f"{', '.join(row) or 'nothing'}. Known forms: question/answer, prompt/completion, "
            "messages, instruction/input/output, text/output; or name the columns in the recipe."
        )
    return value


def _turns(place: str, messages: Any) -> list[Turn]:
    try:
        return [{"role": str(m["role"]), "content": str(m["content"])} for m in messages]
    except (TypeError, KeyError) as error:
        raise DataError(f"{place}: messages must each have a role and a content.") from error
