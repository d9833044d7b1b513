"""What a run did not measure, and why: a blank cell must never look like a zero."""

from __future__ import annotations

from dataclasses import dataclass

from harness.runs import Run

MEASURED = frozenset({"measured", "passed", "failed"})
# Tasks that are not asked of checkpoints with an adapter.
BASE_ONLY = frozenset({"known", "dates", "membership", "ranks", "verbatim"})


@dataclass(frozen=True, slots=True)
class Gap:
    """One (checkpoint, task) without results. status: as of an item, or "not run"."""

    checkpoint: str
    task: str
    status: str
    message: str = ""


def tasks_of(run: Run) -> tuple[str, ...]:
    """The tasks that the run has data or items for, knowledge and the two of JGLUE first."""
    names = {*run.manifest.get("data", {}), *(item.task for item in run.items)}
    usual = [name for name in ("knowledge", "jsquad", "marc_ja") if name in names]
    return (*usual, *sorted(names.difference(usual)))


def gaps(run: Run) -> tuple[Gap, ...]:
    """Every (checkpoint, task) of the run that has no results, in the tables' order."""
    items = {(i.checkpoint, i.task): i for i in run.items}
    found: list[Gap] = []
    for described in run.checkpoints:
        checkpoint = str(described["id"])
        for task in tasks_of(run):
            if task in BASE_ONLY and any(map(described.get, ("adapter", "served_as", "retrieval"))):
                continue
            item = items.get((checkpoint, task))
            if item is None:
                found.append(Gap(checkpoint, task, "not run"))
            elif not item.results:
                status = "no result" if item.status in MEASURED else item.status
                found.append(Gap(checkpoint, task, status, item.message))
    return tuple(found)


def gap_notes(run: Run, tasks: tuple[str, ...]) -> tuple[str, ...]:
    """The gaps of some tasks as sentences, checkpoints of one cause together."""
    causes: dict[tuple[str, str, str], list[str]] = {}
    for gap in gaps(run):
        if gap.task in tasks:
            causes.setdefault((gap.task, gap.status, _line(gap.message)), []).append(gap.checkpoint)
    return tuple(
        f"{task} {status}: {', '.join(checkpoints)}" + (f" – {message}" if message else "")
        for (task, status, message), checkpoints in causes.items()
    )


def _line(message: str, limit: int = 160) -> str:
    text = " ".join(message.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"
