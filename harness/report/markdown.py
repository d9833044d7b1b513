"""summary.md: what a pull request or a CI job page shows of a run."""

from __future__ import annotations

import math
import re
from collections import Counter

from harness.comparison.within import Comparisons
from harness.records import Result, Verdict
from harness.report.cells import Table, percent
from harness.report.learnt import knowledge_tables
from harness.report.missing import gap_notes, tasks_of
from harness.report.reviewed import review_tables
from harness.report.tables import (
    gates_table,
    relative_table,
    results_table,
)
from harness.report.unknown import unknown_tables
from harness.runs import Run

LIMIT = 65_000  # a pull request comment may have 65,536 characters
_CUT = "\n\n… cut here; the whole is in report.html.\n"
_CELL_LIMIT = 300
_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#|~!&@:])")


def summary(run: Run, compared: Comparisons) -> str:
    """The run in Markdown, shorter than LIMIT characters."""
    everything, gates = results_table(run, compared), gates_table(run)
    head = [
        f"# michi: run {_text(str(run.manifest['id']))}",
        first_sentence(run, compared),
        section(gates) if gates else "",
        *map(section, knowledge_tables(run, compared)),
        *map(section, review_tables(compared.review)),
        *map(section, unknown_tables(run)),
        section(relative_table(run, compared.relative)),
        _not_run(run),
        "The whole report, with every sample: `report.html` in the run folder "
        "(one file, opens offline). The same figures for programs: `report.json`.",
    ]
    text = "\n\n".join(part for part in head if part)
    # The long table comes last and is left out whole: half a <details> would swallow what follows.
    details = (
        f"\n\n<details><summary>{everything.title}</summary>\n\n{_body(everything)}\n\n</details>\n"
    )
    if len(text) + len(details) < LIMIT:
        return text + details
    if len(text) + len(_CUT) >= LIMIT:
        text = text[: LIMIT - len(_CUT) - 1].rsplit("\n", 1)[0]
    return text + _CUT


def first_sentence(run: Run, compared: Comparisons) -> str:
    """The verdict: what a gate said if there was one, otherwise what was measured."""
    results = [r for item in run.items for r in item.results] + list(compared.results)
    failed = [i for i in run.items if i.status in ("error", "crashed", "failed")]
    count = Counter(r.verdict for r in results)
    gated = [
        f"{count[v]} {v}"
        for v in (Verdict.REGRESSED, Verdict.INCONCLUSIVE, Verdict.INCOMPARABLE, Verdict.PASSED)
        if count[v]
    ]
    parts = [f"{len(run.items)} items of {len(run.checkpoints)} checkpoints"]
    if run.manifest.get("status") != "complete":
        parts.append("the run is partial")
    if failed:
        parts.append(f"{len(failed)} failed or ended in an error")
    parts.append("verdicts: " + ", ".join(gated) if gated else "measured, no gate was set")
    return f"**{'; '.join(parts)}.**" + _best(results)


def _best(results: list[Result]) -> str:
    seen = [r for r in results if r.metric == "accuracy_seen" and math.isfinite(r.value)]
    if not seen:
        return ""
    best = max(seen, key=lambda r: r.value)
    return f" Highest accuracy: {_text(best.checkpoint)}, {_text(percent(best))} %."


def section(table: Table) -> str:
    """A table with its title as a heading."""
    return f"## {_text(table.title)}\n\n{_body(table)}"


def _body(table: Table) -> str:
    rule = "|".join("---:" if i in table.numeric else "---" for i in range(len(table.columns)))
    lines = [_line(table.columns), f"|{rule}|", *(_line(row) for row in table.rows)]
    grid = "\n".join(lines) if table.columns else ""
    notes = "\n".join(f"- {_text(note)}" for note in table.notes)
    return "\n\n".join(part for part in (grid, notes) if part)


def _line(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(_text(cell) for cell in cells) + " |"


def _not_run(run: Run) -> str:
    notes = gap_notes(run, tasks_of(run))
    return "## Not measured\n\n" + "\n".join(f"- {_text(n)}" for n in notes) if notes else ""


def _text(text: str) -> str:
    """Text that Markdown shows as it stands: no links, mentions or HTML made of names."""
    line = " ".join(text.replace("\0", " ").split())
    if len(line) > _CELL_LIMIT:
        line = line[: _CELL_LIMIT - 1] + "…"
    return _SPECIAL.sub(_escape, line)


def _escape(match: re.Match[str]) -> str:
    character = match[1]
    if character in "<>&@":
        return {"<": "&lt;", ">": "&gt;", "&": "&amp;", "@": "&#64;"}[character]
    return character if character in "():#!" else "\\" + character
