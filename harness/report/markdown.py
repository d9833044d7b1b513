"""summary.md: what a pull request or a CI job page shows of a run."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from harness.comparison.within import Comparisons
from harness.records import Verdict
from harness.report.apis import costs_tables
from harness.report.cells import Table
from harness.report.fit import reasons_table
from harness.report.hallucination import every_signal, hallucination_tables
from harness.report.judged import judge_tables
from harness.report.learnt import knowledge_tables
from harness.report.lm_eval import lm_eval_tables
from harness.report.missing import gap_notes, tasks_of
from harness.report.qualitative import qualitative_tables
from harness.report.regressions import regression_tables
from harness.report.retrieval import retrieval_tables
from harness.report.reviewed import review_tables
from harness.report.tables import (
    gates_table,
    relative_table,
    results_table,
)
from harness.report.unknown import unknown_tables
from harness.report.voice import voice_tables
from harness.runs import Run

# By it a CI finds the comment that it wrote before, to write this one in its place.
MARKER = "<!-- michi -->"
# A pull request comment may have 65,536 characters. Counted in UTF-16, which is never fewer; in
# UTF-8 that is at most 195,000 bytes, far below the 1 MiB of a job's summary on GitHub.
LIMIT = 65_000
_CUT = "\n\n… cut here; the whole is in report.html.\n"
_CELL_LIMIT = 300
_VERDICT_LIMIT = 2_000
_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#|~!&@:])")
_ADDRESS = re.compile(r"https?://[\w.:/%~-]+")


def summary(run: Run, compared: Comparisons, said: str = "") -> str:
    """The run in Markdown, shorter than LIMIT characters.

    said: `harness.report.sentence.verdict_sentence`. What decides comes first, and where the report
    is stands there however much is cut; what else there is can be opened, topic by topic.
    """
    gates = gates_table(run)
    accuracies, *learnt = knowledge_tables(run, compared)
    *worth, used = retrieval_tables(run, compared.retrieval) or (None,)
    fit = reasons_table(run, compared.fit)
    hallucinated, signals = hallucination_tables(run), every_signal(run)
    head = f"{MARKER}\n# michi: run {_text(str(run.manifest['id']))}"
    parts = [
        first_sentence(run, compared) + (f" {_text(said, _VERDICT_LIMIT)}" if said else ""),
        section(gates) if gates else "",
        *(section(table, code=(1, 2, 3)) for table in regression_tables(run)),
        section(accuracies),
        *map(section, worth),
        section(relative_table(run, compared.relative)),
        *map(section, qualitative_tables(run, compared.qualitative)),
        *map(section, voice_tables(run, compared.voices)),
        *map(section, hallucinated),
        *map(section, lm_eval_tables(run)),
    ]
    topics = [
        _topic("What was learnt", learnt),
        _topic("Signals of hallucination", signals),
        _topic("Fit for whom?", [fit] if fit else []),
        _topic("What was looked up", [used] if used else []),
        _topic("Graded by people", review_tables(run, compared.review)),
        _topic("Judged by a model", judge_tables(compared.judge)),
        _topic("Unknown before?", unknown_tables(run)),
        _topic("Costs of APIs", costs_tables(run)),
        _topic("Not measured", _not_measured(run)),
        _topic("All results", [results_table(run, compared)]),  # the longest
    ]
    return _fitted(head, [p for p in parts if p], _where(run), [t for t in topics if t])


def _topic(title: str, tables: Sequence[Table]) -> str:
    """Tables that can be opened. GitHub reads no Markdown in HTML that no blank line ends."""
    if not tables:
        return ""
    text = "\n\n".join(_body(t) if t.title == title else section(t, level=3) for t in tables)
    return f"<details><summary>{title}</summary>\n\n{text}\n\n</details>"


def _fitted(head: str, parts: list[str], foot: str, topics: list[str]) -> str:
    """As much as the limit allows: the first part that is too long is cut at the end of a line.

    A topic that is too long is left out whole: half a <details> would swallow what follows.
    """
    text, room = head, LIMIT - _units(foot) - _units(_CUT) - 2
    for part in parts:
        longer = f"{text}\n\n{part}"
        if _units(longer) > room:
            begin = longer.encode("utf-16-le")[: 2 * room].decode("utf-16-le", "ignore")
            return f"{begin.rsplit(chr(10), 1)[0]}{_CUT}\n{foot}\n"
        text = longer
    text += f"\n\n{foot}"
    left_out = False
    for topic in topics:
        longer = f"{text}\n\n{topic}"
        if _units(longer + _CUT) < LIMIT:
            text = longer
        else:
            left_out = True
    return text + (_CUT if left_out else "\n")


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _where(run: Run) -> str:
    """Where the reports are: the path as the run recorded it, and the CI job that made it."""
    folder, job = str(run.manifest.get("folder") or ""), str(run.manifest.get("job") or "")
    path = f"`{folder.replace('`', '')}/report.html`" if folder else "`report.html`"
    parts = [f"The whole report, with every sample: {path} (one file, opens offline)"]
    if _ADDRESS.fullmatch(job):
        parts.append(f"; [the job that made it]({job})")
    parts.append(". The same figures for programs: `report.json`.")
    if run.manifest.get("redact"):
        parts.append(" Questions, answers and documents are left out of these reports.")
    return "".join(parts)


def first_sentence(run: Run, compared: Comparisons) -> str:
    """What gates said if there were any, otherwise what was measured."""
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
    return f"**{'; '.join(parts)}.**"


def section(table: Table, code: tuple[int, ...] = (), level: int = 2) -> str:
    """A table with its title as a heading. code: columns whose cells are shown as code."""
    return f"{'#' * level} {_text(table.title)}\n\n{_body(table, code)}"


def _body(table: Table, code: tuple[int, ...] = ()) -> str:
    rule = "|".join("---:" if i in table.numeric else "---" for i in range(len(table.columns)))
    lines = [_line(table.columns), f"|{rule}|", *(_line(row, code) for row in table.rows)]
    grid = "\n".join(lines) if table.columns else ""
    notes = "\n".join(f"- {_text(note)}" for note in table.notes)
    return "\n\n".join(part for part in (grid, notes) if part)


def _line(cells: tuple[str, ...], code: tuple[int, ...] = ()) -> str:
    shown = (_code(cell) if place in code else _text(cell) for place, cell in enumerate(cells))
    return f"| {' | '.join(shown)} |"


def _not_measured(run: Run) -> list[Table]:
    notes = gap_notes(run, tasks_of(run))
    return [Table("Not measured", (), (), notes)] if notes else []


def _text(text: str, limit: int = _CELL_LIMIT) -> str:
    """Text that Markdown shows as it stands: no links, mentions or HTML made of names."""
    return _SPECIAL.sub(_escape, _one_line(text, limit))


def _code(text: str) -> str:
    """What models wrote: GitHub makes mentions, references and links of anything but code."""
    line = _one_line(text).replace("|", "｜")  # no escape holds after a backslash in a table
    if not line:
        return ""
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", line)), default=0))
    return f"{fence} {line} {fence}" if "`" in line else f"`{line}`"


def _one_line(text: str, limit: int = _CELL_LIMIT) -> str:
    # A lone surrogate, which models emit, has no UTF-8 and no UTF-16.
    whole = text.encode("utf-8", "backslashreplace").decode("utf-8")
    line = " ".join(whole.replace("\0", " ").split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _escape(match: re.Match[str]) -> str:
    character = match[1]
    if character in "<>&@":
        return {"<": "&lt;", ">": "&gt;", "&": "&amp;", "@": "&#64;"}[character]
    return character if character in "():#!" else "\\" + character
