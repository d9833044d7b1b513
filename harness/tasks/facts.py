"""Facts with all the questions that are asked about them: what the rank test ranks.

One JSON object a line: questions as the knowledge suite has them (`question`), or a fact with
several wordings (`questions`); `document`, `kind`, `form` and `fact` {type, text}. Sets are told
apart by form: "seen" and "paraphrase" are asked about together as "new"; a fact that is
`carried_over` makes a set of its own: the base may guess it from what it knows of last season. A
form "known" holds facts that stand in the training text: the positive control.

`pool` keeps apart what can't stand in for each other (a value that a model has read is likelier
than one that it has not; form "known" has a pool of its own where none is named), `category`
likewise (shoes cost more than socks); rows of one fact must name the same. A row of form "lent" has
no question but `values` that no document has: they make a small group large enough. Rows of other
forms are passed over, and counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

from harness.errors import DataError
from harness.jsonl import read_rows, text_field
from harness.membership.ranks import Candidate
from harness.tasks import given

KNOWN, NEW, CARRIED_OVER, LENT = "known", "new", "carried_over", "lent"
_SETS = {"seen": NEW, "paraphrase": NEW}
_USED = ("known", "unseen", "new", "control", "carried_over", *_SETS)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a file has: facts that are asked about, values that are lent, and how many rows of each
    other form were passed over."""

    facts: tuple[AskedFact, ...]
    unused: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class AskedFact:
    """A fact with the questions that are asked about it; none for a value that is only lent.

    line: of the file, the first where there are several.
    """

    id: str
    set: str
    kind: str
    candidate: Candidate
    questions: tuple[str, ...]
    line: int


def load_facts(path: Path) -> Facts:
    """The facts of a file with all their questions, and the values that are lent to them.

    Raises DataError, also where rows of one fact name different pools or categories.
    """
    found: dict[tuple[str, ...], AskedFact] = {}
    unused: Counter[str] = Counter()
    lent: list[AskedFact] = []
    for number, row in read_rows(path):
        form = str(row.get("form") or NEW)
        if form == LENT:
            lent += _lent(path, number, row)
            continue
        if form not in _USED:
            unused[form] += 1
            continue
        fact = row.get("fact")
        if not isinstance(fact, Mapping) or not _texts([fact.get("text")]):
            raise DataError(f'{path}:{number}: "fact" must hold the value: {{"type", "text"}}.')
        asked = row.get("questions")
        if asked is None:
            asked = [text_field(path, number, row, "question")]
        if not _texts(asked):
            raise DataError(f'{path}:{number}: "questions" must be a list of texts.')
        document = text_field(path, number, row, "document")
        kind = str(row.get("kind") or fact.get("type") or "")
        name = CARRIED_OVER if row.get("carried_over") else _SETS.get(form, form)
        key = (document, kind, fact["text"], name)
        group = _group(row, kind, KNOWN if name == KNOWN else "")
        before = found.get(key)
        if before and before.candidate.group != group:
            raise DataError(
                f"{path}:{number}: the same fact as at {path}:{before.line}, but of "
                f"{_told(group)} and not of {_told(before.candidate.group)}: a value can stand in "
                "for those of one group only. Give both rows the same pool and category."
            )
        found[key] = AskedFact(
            id=before.id if before else given(row, "id", f"row-{number}"),
            set=name,
            kind=kind,
            candidate=Candidate(fact["text"], document, group, 0),
            questions=(*(before.questions if before else ()), *asked),
            line=before.line if before else number,
        )
    if not found:
        passed = f" Found: {', '.join(unused)}." if unused else ""
        raise DataError(f"{path}: no fact in it. Forms that are used: {', '.join(_USED)}.{passed}")
    return Facts((*found.values(), *lent), unused)


def _group(row: Mapping[str, Any], kind: str, pool: str) -> tuple[str, ...]:
    """What values must share to stand in for each other. pool: where the row names none."""
    return (kind, str(row.get("pool") or pool), str(row.get("category") or ""))


def _told(group: tuple[str, ...]) -> str:
    _, pool, category = group
    return f"pool {pool!r}, category {category!r}"


def _texts(found: Any) -> TypeGuard[list[str]]:
    """Whether it is a list of texts, at least one, none of them blank."""
    return (
        isinstance(found, list)
        and len(found) > 0
        and all(isinstance(text, str) and text.strip() for text in found)
    )


def _lent(path: Path, number: int, row: Mapping[str, Any]) -> Iterator[AskedFact]:
    values = row.get("values")
    if not _texts(values):
        raise DataError(f'{path}:{number}: "values" must be a list of texts.')
    kind = text_field(path, number, row, "kind")
    for place, text in enumerate(values):
        # Each as if it stood on a document of its own.
        candidate = Candidate(text, f"{LENT} {number}/{place}", _group(row, kind, ""), 0)
        yield AskedFact(candidate.document, LENT, kind, candidate, (), number)
