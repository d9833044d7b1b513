"""Control documents must not be trained on: neither word for word nor in other words.

What a control document is asked about measures what a fine-tuning does *not* teach; one row about
it in the training set and the comparison is void. A training row is refused if it

1. belongs to a control document by its id,
2. asks a control question, up to punctuation, width and case,
3. names what a control document is about (its subject: a product's name), in whatever words,
4. or, where no subject is known, states a control question's fact in answer to a question like it
   (character trigrams, Jaccard index of at least one half).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import DataError
from harness.grading.answers import fact_from_answer
from harness.grading.facts import Fact, grade_fact
from harness.jsonl import read_rows
from training.finetuning.examples import Example
from training.likeness import likeness, plain

CONTROL_FORMS = ("control", "carried_over")
ALIKE = 0.5
_SHOWN = 5
_SHORTEST_NAME = 3  # characters; what is shorter stands in other words by chance


@dataclass(frozen=True, slots=True)
class Control:
    """What is known of one control question, or of a control document as a whole."""

    document: str
    question: str = ""
    subject: str = ""
    fact: Fact | None = None


def read_controls(paths: Iterable[Path]) -> list[Control]:
    """The control rows of question sets, and all rows of document files (`id, text`).

    Raises DataError for a file that names nothing to keep out.
    """
    controls = []
    for path in paths:
        found = [c for number, row in read_rows(path) if (c := _control(path, number, row))]
        if not found:
            raise DataError(
                f"{path}: no control document in it: expected questions of the form "
                f"{' or '.join(CONTROL_FORMS)}, or documents with id and text."
            )
        controls += found
    return controls


def _control(path: Path, number: int, row: Mapping[str, Any]) -> Control | None:
    if "text" in row and "id" in row:
        return Control(str(row["id"]), subject=str(row.get("subject") or row.get("product") or ""))
    if row.get("form") not in CONTROL_FORMS:
        return None
    try:
        question, answer = str(row["question"]), str(row["answer"])
        given = row.get("fact")
        fact = Fact(given["type"], given["text"]) if given else fact_from_answer(answer, question)
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path}:{number}: not a row of a question set: {error!r}.") from error
    subject = str(row.get("subject") or "")
    return Control(str(row.get("document", "")), question, subject, fact)


def refuse_leaks(examples: Sequence[Example], controls: Sequence[Control]) -> None:
    """Raise DataError naming the training rows that a control document is in."""
    leaks = list(_leaks(examples, controls))
    if not leaks:
        return
    lines = "\n".join(f"  {leak}" for leak in leaks[:_SHOWN])
    more = f"\n  … and {len(leaks) - _SHOWN} more" if len(leaks) > _SHOWN else ""
    raise DataError(
        f"control documents would enter the training ({len(leaks)} rows):\n{lines}{more}\n"
        "Take these rows out of the training set, or their documents out of the control set."
    )


def _leaks(examples: Sequence[Example], controls: Sequence[Control]) -> Iterable[str]:
    documents = {c.document for c in controls if c.document}
    questions = {plain(c.question): c for c in controls if c.question}
    subjects = {p: c for c in controls if len(p := plain(c.subject)) >= _SHORTEST_NAME}
    # One pattern, the longest name first, so that a set of any size is read once a row.
    names = sorted(subjects, key=len, reverse=True)
    about = re.compile("|".join(map(re.escape, names))) if names else None
    unnamed = [c for c in controls if c.question and plain(c.subject) not in subjects]
    for example in examples:
        asked = plain(example.turns[-1]["content"])
        if example.document and example.document in documents:
            yield f"{example.place}: belongs to control document {example.document}"
        elif asked in questions:
            yield f"{example.place}: asks a question about {_name(questions[asked])}"
        elif about is not None and (match := about.search(plain(example.text))):
            control = subjects[match.group()]
            yield f"{example.place}: names {control.subject!r}, of {_name(control)}"
        elif like := _alike(example, asked, unnamed):
            yield f"{example.place}: says what is asked about {_name(like)}"


def _alike(example: Example, asked: str, controls: Sequence[Control]) -> Control | None:
    for control in controls:
        alike = likeness(asked, control.question) >= ALIKE
        if alike and control.fact and grade_fact(example.answer, control.fact).correct:
            return control
    return None


def _name(control: Control) -> str:
    return f"control document {control.document or '(without an id)'}"
