"""A run's tables as plain lines of fixed width, for terminals and logs; no colour codes.

Minus signs are "-" here and U+2212 in summary.md and on the page: tools read "-", and terminals
of East Asia may give U+2212, whose width Unicode calls ambiguous, two columns.
"""

from __future__ import annotations

import re
import shutil
import unicodedata
from pathlib import Path

from harness.comparison.within import Comparisons, comparisons
from harness.report.apis import costs_tables
from harness.report.cells import MINUS, Table
from harness.report.fit import fit_table
from harness.report.hallucination import hallucination_tables
from harness.report.judged import judge_tables
from harness.report.learnt import knowledge_tables
from harness.report.lm_eval import lm_eval_tables
from harness.report.qualitative import qualitative_tables
from harness.report.redact import nameless
from harness.report.retrieval import retrieval_tables
from harness.report.reviewed import review_tables
from harness.report.tables import gates_table, relative_table
from harness.report.unknown import unknown_tables
from harness.report.voice import voice_tables
from harness.runs import read_run

WIDTH = 100
_GAP = "  "
_NARROWEST = 10  # "checkpoint": narrower, words are broken in most rows
_WORDS = re.compile(r"[^ ]+")
_PARTS = re.compile(r"[^ _-]*[ _-]?")


def render(table: Table, width: int = WIDTH) -> list[str]:
    """Lay a table out in lines; text columns wrap where it would be wider than `width`."""
    title = _hanging(plain(table.title), width)
    notes = [line for note in table.notes for line in _hanging(_typed(note), width)]
    if not table.columns:
        return [*title, "", *notes]
    # Other columns may hold what a model wrote: that stays as it is.
    shown = [_typed if i in table.numeric else plain for i in range(len(table.columns))]
    grid = [
        [show(cell) for show, cell in zip(shown, row, strict=True)]
        for row in (table.columns, *table.rows)
    ]
    widths = [max(text_width(row[i]) for row in grid) for i in range(len(table.columns))]
    texts = [i for i in range(len(widths)) if i not in table.numeric]
    # Names are broken only where wrapping between words is not enough, words where nothing else is.
    for pieces in (_WORDS, _PARTS, re.compile(r".")):
        longest = {i: max(_longest(pieces, row[i]) for row in grid) for i in texts}
        _shrink(widths, longest, width)
    head, *body = [_row(row, widths, table.numeric) for row in grid]
    rule = _GAP.join("─" * w for w in widths)
    lines = [*title, "", *head, rule, *(line for row in body for line in row)]
    return [line.rstrip() for line in lines] + ([""] if notes else []) + notes


def _typed(text: str) -> str:
    return plain(text).replace(MINUS, "-")


def text_width(text: str) -> int:
    """Columns that a text takes: wide East Asian characters two, combining ones none."""
    return sum(_character_width(c) for c in text)


def _character_width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Cf", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def plain(text: str) -> str:
    """One line without what moves the cursor or turns text round: names come from files, too."""
    return "".join(
        " " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c
        for c in text
        if unicodedata.category(c) not in ("Cf", "Cs")
    )


def _longest(pieces: re.Pattern[str], text: str) -> int:
    return max((text_width(piece.rstrip()) for piece in pieces.findall(text)), default=0)


def _shrink(widths: list[int], least: dict[int, int], limit: int) -> None:
    """Take from the widest column that can give until the table fits. least: by column."""
    while sum(widths) + len(_GAP) * (len(widths) - 1) > limit:
        giving = [i for i, floor in least.items() if widths[i] > max(floor, _NARROWEST)]
        if not giving:
            return
        widths[max(giving, key=lambda i: widths[i])] -= 1


def _row(cells: list[str], widths: list[int], numeric: tuple[int, ...]) -> list[str]:
    wrapped = [wrap(cell, width) for cell, width in zip(cells, widths, strict=True)]
    lines = []
    for place in range(max(len(w) for w in wrapped)):
        parts = []
        for column, (texts, width) in enumerate(zip(wrapped, widths, strict=True)):
            text = texts[place] if place < len(texts) else ""
            space = " " * (width - text_width(text))
            parts.append(space + text if column in numeric else text + space)
        lines.append(_GAP.join(parts))
    return lines


def wrap(text: str, width: int) -> list[str]:
    """Break after spaces, hyphens and underscores, otherwise anywhere, as Japanese allows."""
    lines = [""]
    for word in _PARTS.findall(text):
        if text_width((lines[-1] + word).rstrip()) <= width:
            lines[-1] += word
            continue
        if lines[-1]:
            lines.append("")
        for character in word:
            if lines[-1] and text_width(lines[-1] + character) > width:
                lines.append("")
            lines[-1] += character
    return [line.rstrip() for line in lines]


def _hanging(text: str, width: int) -> list[str]:
    return [("  " if place else "") + line for place, line in enumerate(wrap(text, width - 2))]


def run_lines(folder: Path, compared: Comparisons | None = None) -> list[str]:
    """The article's two tables, and what stands between them, as wide as the terminal.

    A table whose suites were not selected is left out. compared: where it is known already.
    """
    run = read_run(folder)
    compared = compared or comparisons(run)
    if run.manifest.get("redact"):
        compared = nameless(compared)
    tasks = {item.task for item in run.items}
    shown: list[Table | None] = []
    if "knowledge" in tasks:
        shown += [*knowledge_tables(run, compared), *retrieval_tables(run, compared.retrieval)]
    shown += [
        *review_tables(run, compared.review),
        *judge_tables(compared.judge),
        *unknown_tables(run),
        *lm_eval_tables(run),
    ]
    if tasks & {"jsquad", "marc_ja"}:
        shown.append(relative_table(run, compared.relative))
    shown += qualitative_tables(run, compared.qualitative)
    shown += [
        *voice_tables(run, compared.voices),
        *hallucination_tables(run),
        fit_table(run, compared.fit),
        gates_table(run),
        *costs_tables(run),
    ]
    width = max(WIDTH, shutil.get_terminal_size((WIDTH, 0)).columns)
    return [line for table in shown if table is not None for line in ["", *render(table, width)]]
