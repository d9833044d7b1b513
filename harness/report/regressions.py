"""What got worse: the samples behind each gate's difference, a table a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.records import Result, Verdict
from harness.report.cells import Table, notes_of
from harness.runs import Run

MOST = 20  # samples of a checkpoint
_LONGEST = 80  # characters of an answer
_ORDER = (Verdict.REGRESSED, Verdict.INCONCLUSIVE)


def regression_tables(run: Run) -> list[Table]:
    """Of each gated checkpoint the samples that fell, those of gates that failed first.

    The gate kept their ids (`harness.comparison.gate`), also where its reference was a file. A
    redacted run has ids only.
    """
    gated: dict[str, list[Result]] = {}
    for result in (r for item in run.items for r in item.results if r.gate.get("fell")):
        gated.setdefault(result.checkpoint, []).append(result)
    return [_table(run, name, sorted(results, key=_place)) for name, results in gated.items()]


def _place(result: Result) -> int:
    return _ORDER.index(result.verdict) if result.verdict in _ORDER else len(_ORDER)


def _table(run: Run, checkpoint: str, results: Sequence[Result]) -> Table:
    fell = dict.fromkeys((r.task, str(i)) for r in results for i in r.gate["fell"])
    shown = list(fell)[:MOST]
    rows = {
        (task, str(row["id"])): row
        for task in dict.fromkeys(task for task, _ in shown)
        for row in run.samples(checkpoint, task)
    }
    redacted = bool(run.manifest.get("redact"))
    against = ", ".join(sorted({str(r.gate["against"]) for r in results}))
    counts = (f"{r.task} {r.metric}: {r.gate['worse']} worse" for r in results)
    return Table(
        title=f"Worse than in {against}: {checkpoint}",
        columns=("suite", "sample") if redacted else ("suite", "sample", "accepted", "answer"),
        rows=tuple((*place, *(() if redacted else _texts(rows.get(place)))) for place in shown),
        notes=notes_of(f"{'; '.join(counts)}; {len(shown)} of them here."),
    )


def _texts(row: Mapping[str, Any] | None) -> tuple[str, str]:
    if row is None:
        return "", ""
    return _short(" / ".join(map(str, row["gold"]))), _short(str(row["response"]))


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
