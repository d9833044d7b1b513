"""report.html, and of a run with many samples pages of them beside it.

A page that holds all samples of a hundred checkpoints would be hundreds of megabytes. So the first
page stays below `LIMIT`, with the samples of as many suites as fit, the small ones first; of each
other suite there is a list of its questions and pages of so many questions with every answer:

    report.html
    report_samples/TASK/index.html   the questions: search, order, and where each one's answers are
    report_samples/TASK/0001.html    some hundred questions, with all that the first page could show

All of them are the one page (`assets/page.html`) with other data, under the same content security
policy, and are joined by links: a page that is opened from the disk can't ask for another file.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from harness.jsonl import storage_error
from harness.report.missing import tasks_of
from harness.report.page import data_with, html
from harness.report.parts import Part, packed_parts, repeated
from harness.report.samples import cut
from harness.runs import Run, sample_file

LIMIT = 3_000_000  # bytes of a page
_FILLED = 0.97  # of the room for samples: the lists that they point into are not counted
FOLDER = "report_samples"
# Characters in a list: of a prompt's end, where the question stands, and of an accepted answer.
_ASKED, _GOLD = 60, 20
Report = dict[str, Any]


def write_pages(folder: Path, run: Run, report: Report) -> Path:
    """Write the page and those of samples, which are made anew. Raises StorageError."""
    nothing = {task: Part.empty(task) for task in tasks_of(run)}
    inside = _inside(run, _room(data_with(run, report, nothing)))
    shutil.rmtree(folder / FOLDER, ignore_errors=True)
    elsewhere = {
        task: _write_task(folder / FOLDER / task, run, report, task)
        for task in nothing
        if task not in inside
    }
    path = folder / "report.html"
    data = data_with(run, report, {**nothing, **inside}, elsewhere=elsewhere)
    write_text(path, html(data))
    return path


def _inside(run: Run, room: int) -> dict[str, Part]:
    """The tasks whose samples are to be in the first page, the smallest files first."""
    found = {task: Part.empty(task) for task in repeated(run)}
    others = [task for task in tasks_of(run) if task not in found]
    for task in sorted(others, key=lambda task: _size(run, task)):
        parts = packed_parts(run, task, room)
        part = next(parts)
        if part.bytes <= room and next(parts, None) is None:
            found[task] = part
            room -= part.bytes
    return found


def _size(run: Run, task: str) -> int:
    files = [sample_file(run.folder, str(c["id"]), task) for c in run.checkpoints]
    return sum(file.stat().st_size for file in files if file.exists())


def _write_task(folder: Path, run: Run, report: Report, task: str) -> dict[str, Any]:
    """The pages of one suite. Returns where its list is, and how much there is."""
    told = _told(report, task)
    room = _room(data_with(run, told, {task: Part.empty(task)}, place={}))
    list_, starts, shares = Part.empty(task), list[int](), list[float | None]()
    for number, (part, last) in enumerate(_with_last(packed_parts(run, task, room)), 1):
        starts.append(len(shares))
        shares += part.shares
        for question, prompt in zip(part.packing.questions, part.prompts, strict=True):
            gold = [cut(text, _GOLD) for text in question[3][:1]]
            stratum = part.packing.content["strata"][question[4]]
            list_.packing.add_unanswered(question[0], prompt[-_ASKED:], gold, stratum)
        place = {"page": number, "last": last}
        data = data_with(run, told, {task: part}, place=place)
        write_text(folder / f"{number:04}.html", html(data))
    places: dict[str, Any] = {"page": 0, "starts": starts, "shares": shares}
    write_text(folder / "index.html", html(data_with(run, told, {task: list_}, place=places)))
    lies = f"{FOLDER}/{quote(task)}/index.html"
    return {"list": lies, "questions": len(shares), "pages": len(starts)}


def _room(data: dict[str, Any]) -> int:
    """Bytes that are left for samples beside other data."""
    taken = len(html(data).encode("utf-8", "backslashreplace"))
    return max(0, int(_FILLED * (LIMIT - taken)))


def _with_last(parts: Iterator[Part]) -> Iterator[tuple[Part, bool]]:
    """Each part, and whether it is the last one."""
    before = next(parts)
    for part in parts:
        yield before, False
        before = part
    yield before, True


def _told(report: Report, task: str) -> Report:
    """What pages of samples show of the report: the run, which samples broke a gate, the judge."""
    results = [r for r in report["results"] if r["task"] == task]
    broken = [r for r in results if (r.get("gate") or {}).get("broken")]
    forms = [form for form in report["judge"]["forms"] if form["suite"] == task]
    return {
        "schema": report["schema"],
        "run": report["run"],
        "results": broken or results[:1],
        "judge": {**report["judge"], "forms": forms, "apart": [], "untrusted": []},
        "items": [],
        "details": {},
    }


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all. Raises StorageError."""
    partial = path.with_name(path.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # A lone surrogate has no UTF-8; as backslash and digits it is also right inside JSON.
        partial.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
        os.replace(partial, path)
    except OSError as error:
        raise storage_error(path, error) from error
