"""A comparison for the terminal, for a pull request and for other programs."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Sequence

from harness.comparison.compare import Comparison, Flip, Row
from harness.records import Verdict
from harness.report.cells import BLANK, POINTS, Scale, Table, bounds, number
from harness.report.document import finite
from harness.report.markdown import section
from harness.report.terminal import plain, render

SCHEMA = 1
# What tables show of flips; JSON has them all.
_SHOWN = 3  # of a row, each way
_LINES = 30
_ANSWER = 18  # characters; wide ones take two columns each
_ID = 32
# In JSON these may stand as they are, but a terminal obeys them.
_CONTROLS = re.compile("[\x7f-\x9f]")


def terminal(comparison: Comparison) -> str:
    """Lines of at most 100 columns."""
    blocks = ["\n".join(render(table)) for table in _tables(comparison)]
    return "\n\n".join([*blocks, sentence(comparison)]) + "\n"


def markdown(comparison: Comparison) -> str:
    """The same tables for a pull request or the page of a CI job."""
    sections = [section(table) for table in _tables(comparison)]
    text = "\n\n".join([f"**{sentence(comparison)}**", *sections])
    return "\n".join(map(plain, text.split("\n"))) + "\n"


def as_json(comparison: Comparison) -> str:
    """Every figure and every flip with its answers; strict JSON."""
    document = {"schema": SCHEMA, **dataclasses.asdict(comparison)}
    text = json.dumps(finite(document), ensure_ascii=False, indent=1) + "\n"
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


FORMATS = {"terminal": terminal, "markdown": markdown, "json": as_json}


def sentence(comparison: Comparison) -> str:
    """What came out, in one line."""
    count = {v: sum(row.verdict is v for row in comparison.rows) for v in Verdict}
    return ", ".join(f"{n} {verdict}" for verdict, n in count.items() if n) + "."


def _tables(comparison: Comparison) -> list[Table]:
    tables = [_differences(comparison)]
    if any(row.won or row.lost for row in comparison.rows):
        tables += [_tests(comparison), _flips(comparison)]
    return tables


def _differences(comparison: Comparison) -> Table:
    rows = comparison.rows
    methods = sorted({row.interval.method for row in rows if row.interval})
    brackets = f" (in brackets the 95 % interval: {', '.join(methods)})" if methods else ""
    too_few = any(row.needed for row in rows)
    table = Table(
        title="B against A",
        columns=("task", "metric", "n", "A (%)", "B (%)", "B - A", "verdict")
        + (("n to tell",) if too_few else ()),
        rows=tuple(
            (
                row.task,
                _metric(row),
                str(row.n),
                _mean(row, row.mean_a),
                _mean(row, row.mean_b),
                _difference(row),
                str(row.verdict),
                *((_count(row.needed),) if too_few else ()),
            )
            for row in rows
        ),
        notes=(
            *_sides(comparison),
            f"B - A in points{brackets}; margin {100 * comparison.margin:g} points.",
            *(["↓: lower is better."] if any(row.lower_is_better for row in rows) else []),
            *(["n to tell: samples that would do, had nothing changed."] if too_few else []),
            *_reasons(comparison),
            *comparison.notes,
        ),
        numeric=(2, 3, 4, 5, 7) if too_few else (2, 3, 4, 5),
    )
    return _with_checkpoints(table, comparison, rows)


def _tests(comparison: Comparison) -> Table:
    rows = [row for row in comparison.rows if row.won or row.lost]
    equal = sum(row.p is not None for row in comparison.rows) - len(rows)
    columns = ("task", "metric", "clusters", "better", "worse", "p", "p (Holm)", "McNemar p")
    table = Table(
        title="Is there a difference?",
        columns=columns,
        rows=tuple(
            (
                row.task,
                _metric(row),
                str(row.clusters),
                str(len(row.won)),
                str(len(row.lost)),
                _p(row.p),
                _p(row.adjusted),
                _p(row.mcnemar),
            )
            for row in rows
        ),
        notes=(
            "p: two-sided, signs of whole documents flipped; Holm: adjusted for all rows; McNemar: "
            "exact, for scores of 0 and 1, takes samples for independent.",
            *([f"Figures without any sample that changed: {equal}."] if equal else []),
        ),
        numeric=(2, 3, 4, 5, 6, 7),
    )
    return _with_checkpoints(table, comparison, rows)


def _flips(comparison: Comparison) -> Table:
    # Rows that a reader will ask about come first: the table is cut at its end.
    rows = sorted(comparison.rows, key=lambda row: row.verdict is not Verdict.REGRESSED)
    lines = [
        (row, (row.task, _metric(row), change, *_cells(f)))
        for row in rows
        for change, flips in (("worse", row.lost), ("better", row.won))
        for f in _widest(flips)
    ][:_LINES]
    table = Table(
        title="Which samples changed",
        columns=("task", "metric", "B is", "id", "answer A", "answer B"),
        rows=tuple(line for _, line in lines),
        notes=(
            f"At most {_SHOWN} a row and direction, the widest apart first, and {_LINES} in all; "
            "--format json has every one.",
        ),
    )
    return _with_checkpoints(table, comparison, [row for row, _ in lines])


def _with_checkpoints(table: Table, comparison: Comparison, rows: Sequence[Row]) -> Table:
    """The table with a first column that says whose each line is, where there are several."""
    if len(_checkpoints(comparison)) == 1:
        return table
    return dataclasses.replace(
        table,
        columns=("checkpoint", *table.columns),
        rows=tuple((row.checkpoint_a, *line) for row, line in zip(rows, table.rows, strict=True)),
        numeric=tuple(column + 1 for column in table.numeric),
    )


def _checkpoints(comparison: Comparison) -> list[tuple[str, str]]:
    return list(dict.fromkeys((row.checkpoint_a, row.checkpoint_b) for row in comparison.rows))


def _sides(comparison: Comparison) -> tuple[str, str]:
    """What A and B are; with the checkpoint where there is but one."""
    checkpoints = _checkpoints(comparison)
    if len(checkpoints) != 1:
        return f"A: {comparison.a}", f"B: {comparison.b}"
    ((a, b),) = checkpoints
    return f"A: {comparison.a} ({a})", f"B: {comparison.b} ({b})"


def _metric(row: Row) -> str:
    return f"{row.metric} ↓" if row.lower_is_better else row.metric


def _reasons(comparison: Comparison) -> list[str]:
    """What is to be said of rows, those of one cause together."""
    several = len(_checkpoints(comparison)) > 1
    causes: dict[tuple[str, str], list[str]] = {}
    for row in comparison.rows:
        figure = f"{row.task} {row.metric}"
        for cause in filter(None, (row.reason, _missing(row))):
            if several:
                causes.setdefault((f"{figure}, ", cause), []).append(row.checkpoint_a)
            else:
                causes.setdefault(("", cause), []).append(figure)
    return [f"{of}{', '.join(names)}: {cause}." for (of, cause), names in causes.items()]


def _widest(flips: Sequence[Flip]) -> list[Flip]:
    return sorted(flips, key=lambda flip: -abs(flip.score_b - flip.score_a))[:_SHOWN]


def _cells(flip: Flip) -> tuple[str, str, str]:
    return _cut(flip.id, _ID), _cut(flip.answer_a, _ANSWER), _cut(flip.answer_b, _ANSWER)


def _cut(text: str, most: int) -> str:
    line = " ".join(plain(text).split())
    return line if len(line) <= most else line[: most - 1] + "…"


def _count(value: int | None) -> str:
    return BLANK if value is None else f"{value:,}"


def _missing(row: Row) -> str:
    if not row.missing_a and not row.missing_b:
        return ""
    return f"samples in both {row.n}, only in A {row.missing_b}, only in B {row.missing_a}"


def _difference(row: Row) -> str:
    if row.difference is None:
        return BLANK
    if row.interval is None:  # of scores that are no shares
        return number(row.difference, Scale(1, 4, signed=True))
    value = number(row.difference, POINTS)
    return f"{value} {bounds(row.interval.low, row.interval.high, POINTS)}"


def _mean(row: Row, value: float | None) -> str:
    if value is None:
        return BLANK
    return f"{100 * value:.1f}" if row.interval else f"{value:.4g}"


def _p(value: float | None) -> str:
    if value is None:
        return BLANK
    return f"{value:.4f}" if value >= 0.0001 else f"{value:.0e}"
