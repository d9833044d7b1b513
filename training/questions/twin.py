"""Twin worlds: a question set whose facts have another product's values in world B.

Two adapters learn the same questions on the same documents, one with the values of world A (the
documents'), one with those of world B. A fact counts as acquired only where each answers its own
world: what comes of analogy, of pre-training or of lenient grading is the same in both, and wrong
in one of them. Within a kind the values are permuted, so that a model that knows how often each
value occurs, and no more, knows the same of both worlds.
"""

from __future__ import annotations

import os
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import ConfigError, DataError, StorageError
from harness.grading.facts import Fact, grade_fact
from harness.grading.text import normalise
from harness.jsonl import encode, read_rows, text_field
from training.report import Report

Row = dict[str, Any]
# What an adapter is taught. Values of documents that none is taught must not enter the exchange:
# the worlds' training sets would no longer hold the same values.
TAUGHT = ("seen", "paraphrase")
_MEASURED = ("money", "length", "weight", "count", "percentage")
_FIGURE = re.compile(r"\d[\d.,]*")


@dataclass(frozen=True, slots=True)
class Slot:
    """One fact of a document and the rows that ask for it, by their line.

    table: the fact as its rows give it. asked: all questions on the document.
    """

    document: str
    kind: str
    table: Mapping[str, Any]
    rows: Mapping[int, Row]
    asked: str

    @property
    def fact(self) -> Fact:
        """The fact as the grader takes it."""
        return _fact(self.table)

    @property
    def group(self) -> str:
        """Slots of one group may exchange values: of a kind and type and, measured, of a unit."""
        type, text = self.fact.type, normalise(self.fact.text)
        unit = _FIGURE.sub("", text).strip() if type in _MEASURED else ""
        return " ".join(filter(None, (self.kind, type, unit)))


@dataclass(frozen=True, slots=True)
class Twins:
    """rows: with both worlds' answers, in the set's order. facts: by kind. left_out: rows by
    reason."""

    rows: Sequence[Row]
    facts: Mapping[str, int]
    left_out: Mapping[str, int]


def write_twins(source: Path, out: Path, seed: int, report: Report) -> Twins:
    """Write the set with both worlds' answers, and tell its card.

    Raises DataError naming file and line, ConfigError for a set that would be overwritten,
    StorageError.
    """
    if out.resolve() == source.resolve():
        raise ConfigError(f"--out {out}: is the set itself. Name another file.")
    twins = make_twins(source, seed)
    partial = out.with_name(f"{out.name}.partial")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(b"".join(encode(row) for row in twins.rows))
        os.replace(partial, out)
    except OSError as error:
        raise StorageError(
            f"{out}: can't be written: {error.strerror or error}. Name another file with --out."
        ) from error
    for kind, count in twins.facts.items():
        report(f"{count:7,}  {kind}")
    for reason, count in twins.left_out.items():
        report(f"{count:7,}  questions left out: {reason}")
    return twins


def make_twins(path: Path, seed: int) -> Twins:
    """Give each fact of a set the value of another document's fact.

    All questions on a fact get the same value. Deterministic by the seed and the set's facts,
    whatever the order of its rows. Raises DataError, also where no value can be exchanged.
    """
    slots, left_out = _read(path)
    groups: dict[str, list[Slot]] = defaultdict(list)
    for slot in slots:
        groups[slot.group].append(slot)
    twinned: dict[int, Row] = {}
    facts: Counter[str] = Counter()
    for name, group in groups.items():
        for slot, source in zip(group, _exchanged(group, f"{seed}/{name}"), strict=True):
            if source is slot:
                alone = len({other.fact for other in group}) == 1
                why = "there is only one value" if alone else "no other document's value fits"
                left_out[f"{name}: {why}"] += len(slot.rows)
                continue
            facts[slot.kind] += 1
            for line, row in slot.rows.items():
                answer = _answer(row, slot, source)
                twin = {"answer": answer, "fact": source.table}
                twinned[line] = {**row, "twin": twin, "twin_answer": answer}
    if not twinned:
        reasons = "; ".join(f"{reason} ({count})" for reason, count in left_out.items())
        raise DataError(
            f"{path}: no fact's value can be exchanged with another document's: "
            f"{reasons or 'no rows in it'}. Twin worlds need rows with question, answer, document, "
            "kind and fact, and several values of a kind."
        )
    return Twins([twinned[line] for line in sorted(twinned)], dict(facts), dict(left_out))


def _read(path: Path) -> tuple[list[Slot], Counter[str]]:
    """The set's facts, in an order of their own, and how many rows have none to exchange."""
    rows: dict[tuple[str, ...], dict[int, Row]] = defaultdict(dict)
    asked: dict[str, set[str]] = defaultdict(set)
    left_out: Counter[str] = Counter()
    for number, row in read_rows(path):
        question, _, document, kind = (
            text_field(path, number, row, key) for key in ("question", "answer", "document", "kind")
        )
        asked[document].add(question)
        if reason := _unfit(path, number, row):
            left_out[reason] += 1
        else:
            # A document can have several facts of a kind: 直径38ミリ and 厚さ9ミリ are lengths.
            rows[document, kind, row["fact"]["type"], row["fact"]["text"]][number] = row
    slots = [
        Slot(
            document,
            kind,
            next(iter(found.values()))["fact"],
            found,
            "\n".join(sorted(asked[document])),
        )
        for (document, kind, _, _), found in sorted(rows.items(), key=lambda item: item[0])
    ]
    return slots, left_out


def _unfit(path: Path, number: int, row: Mapping[str, Any]) -> str:
    """Why a row has no value to exchange; "" where it has one. Raises DataError."""
    form = row.get("form", "seen")
    if form not in TAUGHT:
        return f"of the form {form!r}, which is not taught"
    table = row.get("fact")
    if table is None:  # so `python -m training questions` writes a fact of several parts
        return "no fact of their own"
    try:
        times = row["answer"].count(_fact(table).text)
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        raise DataError(
            f'{path}:{number}: "fact" must be {{"type": ..., "text": ...}}, found {table!r} '
            f"({error})."
        ) from error
    return "" if times == 1 else "the fact's text does not stand in the answer once"


def _fact(table: Mapping[str, Any]) -> Fact:
    return Fact(table["type"], table["text"], tuple(table.get("aliases", ())))


def _exchanged(group: Sequence[Slot], seed: str) -> Iterator[Slot]:
    """For each slot the one whose value it gets; itself where none fits.

    A random permutation of the values with as few left in place as can be: the assignment of least
    cost, where each exchange costs a random share of 1 and staying more than all exchanges do.
    Pairs are checked once they are chosen, and forbidden if they don't fit; the last assignment is
    then the one that checking every pair would have given.
    """
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    drawn = random.Random(seed)
    size = len(group)
    costs = np.fromiter((drawn.random() for _ in range(size**2)), float).reshape(size, size)
    np.fill_diagonal(costs, size)
    while True:
        _, sources = linear_sum_assignment(costs)
        pairs = [(i, int(j)) for i, j in enumerate(sources) if i != j]
        unfit = [(i, j) for i, j in pairs if not _fits(group[i], group[j])]
        if not unfit:
            return (group[j] for j in sources)
        for pair in unfit:
            costs[pair] = np.inf


def _fits(slot: Slot, source: Slot) -> bool:
    """Whether a slot can have the source's value: each world's answer is right there alone."""
    if slot.document == source.document:
        return False
    if grade_fact(slot.asked, source.fact).scores["recall"] > 0:
        return False  # a question states it
    for row in slot.rows.values():
        answer, question = _answer(row, slot, source), row["question"]
        if grade_fact(answer, slot.fact, question).correct:
            return False
        if grade_fact(row["answer"], source.fact, question).correct:
            return False
        if not grade_fact(answer, source.fact, question).correct:
            return False
    return True


def _answer(row: Row, slot: Slot, source: Slot) -> str:
    """The answer's sentence with the source's value in place of its own."""
    return str(row["answer"].replace(slot.table["text"], source.table["text"]))
