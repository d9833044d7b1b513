"""From the selected items to what they will ask: data are read, no model is opened."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from harness.config import Matrix, reference_of
from harness.errors import DataError, UnavailableError
from harness.evaluate import Workbench, first_turn
from harness.lm_eval.leaderboard import as_asked
from harness.planning.forecast import data_of
from harness.planning.plan import Line, Portion
from harness.planning.selected import Selected
from harness.records import Checkpoint, Request


class Asked(NamedTuple):
    """What is asked of whom."""

    checkpoint: Checkpoint
    fingerprint: str
    requests: Sequence[Request]


@dataclass(frozen=True, slots=True)
class Item:
    """What an item asks before it has any answer: of its checkpoint, and of a reference.

    known: whether it is that; else `asked` tells about how much it is. broken: why it is not known
    at all.
    """

    selected: Selected
    asked: tuple[Asked, ...]
    known: bool
    broken: str = ""


def survey(
    selected: Iterable[Selected], matrix: Matrix, bench: Callable[[str, Checkpoint], Workbench]
) -> Iterator[Item]:
    """What each item asks, in the matrix's order of models and checkpoints.

    bench: where a task, by its name, would be asked of a checkpoint. An item that can't be asked
    asks nothing; of one that can't be planned it is said why.
    """
    order = {checkpoint: place for place, checkpoint in enumerate(matrix.checkpoints)}
    models = {model: place for place, model in enumerate(matrix.models)}
    for one in sorted(selected, key=lambda o: (models[o.checkpoint.model], order[o.checkpoint])):
        try:
            yield _surveyed(one, matrix, bench)
        except UnavailableError:
            yield Item(one, (), True)
        except Exception as error:  # told when the item itself runs
            yield Item(one, (), False, str(error))


def lined_up(items: Iterable[Item]) -> list[Portion]:
    """The items on one line, to be cut. One that can't be planned goes whole, to one shard."""
    line = Line()
    for _ in lining_up(items, line):
        pass
    return line.portions


def lining_up(items: Iterable[Item], line: Line) -> Iterator[Item]:
    """The same items, each put on a line as it passes: their requests are not held all at once."""
    for item in items:
        one = item.selected
        line.add(one.nodeid, one.task.name, one.checkpoint, item.asked, whole=not item.known)
        yield item


def _surveyed(one: Selected, matrix: Matrix, bench: Callable[[str, Checkpoint], Workbench]) -> Item:
    name, optional = data_of(one.task, matrix)
    if getattr(one.task, "unasked", False) or (optional and name not in matrix.data):
        return Item(one, (), True)
    at = bench(one.task.name, one.checkpoint)
    task, source = as_asked(one.task, matrix.suites), matrix.source(name)
    try:
        requests, known = first_turn(task, one.checkpoint, source, at)
    except DataError as error:
        if optional:  # as the session has it
            raise UnavailableError(str(error)) from error
        raise
    asked = [Asked(one.checkpoint, at.fingerprint, requests)]
    reference = reference_of(one.checkpoint, matrix)
    read = [request for request in requests if request.per_token]
    if reference is not None and read and hasattr(one.task, "grades"):
        asked.append(Asked(reference, bench("", reference).fingerprint, read))
    return Item(one, tuple(asked), known)
