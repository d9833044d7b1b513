"""Time and memory of a run by its size: 100 checkpoints x 10 suites x up to 10,000 questions.

    python docs/growth.py [--questions 100 1000 10000] [--keep]

Each step is a process of its own, as a user starts it: wall time, processor time (its children's
with it) and its largest resident memory. The last table goes into docs/scale.md.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import growth_world as world

PAGE_LIMIT, MEMORY_LIMIT = 3_000_000, 4 << 30  # bytes
BLOCK = '<script type="application/json" id="data">'
Row = dict[str, float]


def main() -> int:
    """Measure, and print a table for each size as it is through; 1 where a limit is passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoints", type=int, default=100)
    parser.add_argument("--suites", type=int, default=10, choices=range(1, 11))
    parser.add_argument("--questions", type=int, nargs="+", default=[100, 1_000, 10_000])
    parser.add_argument("--out", type=Path, default=world.ROOT / "build" / "growth")
    parser.add_argument("--keep", action="store_true", help="leave what was made there")
    options = parser.parse_args()
    measured: dict[int, dict[str, Row]] = {}
    for questions in options.questions:
        folder = options.out.resolve() / str(questions)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        world.make_world(folder, options.checkpoints, options.suites, questions)
        measured[questions] = _measured(folder)
        (folder.parent / "growth.json").write_text(json.dumps(measured))
        sys.stdout.write(_table(measured, options.checkpoints * options.suites) + "\n")
        sys.stdout.flush()
        if not options.keep:
            shutil.rmtree(folder)
    return int(any(_over(steps) for steps in measured.values()))


def _measured(folder: Path) -> dict[str, Row]:
    python, found = sys.executable, dict[str, Row]()
    reports, made = folder / world.REPORTS, [python, world.__file__]
    pytest = [python, "-m", "pytest", "suites", "-q", "-p", "no:cacheprovider"]

    def step(name: str, *command: str) -> None:
        found[name] = _timed(command, folder)
        sys.stderr.write(f"{folder.name} {name}: {found[name]}\n")

    step("collection (`--co -q`)", *pytest, "--co")
    step("answers into the store", *made, "answer", str(folder))
    found["store"] = {"bytes": _size(reports / "store")}
    step("`--eval-plan`", *pytest, "--eval-plan")
    for shard in range(1, world.SHARDS + 1):
        of = f"{shard}/{world.SHARDS}"
        step(f"planning shard {of}", *pytest, "--co", "--eval-shard", of)
    _timed([*made, "hand_out", str(folder)], folder)
    shards = [str(path) for path in sorted((reports / "shards").iterdir())]
    step("`merge` of two shards", python, "-m", "harness", "merge", *shards)
    shutil.rmtree(reports / "shards")
    step("run, all of it answered", *pytest, "--eval-run-dir", str(reports / "runs" / "a"))
    run = reports / "runs" / "a"
    step("`report` alone", python, "-m", "harness", "report", str(run))
    step("`compare` of it with itself", python, "-m", "harness", "compare", str(run), str(run))
    found["run folder"] = {"bytes": _size(run)}
    found["report, first page"] = {"bytes": (run / "report.html").stat().st_size}
    found["report, all its pages"] = {"bytes": sum(map(_bytes, _pages(run)))}
    found["report, largest page"] = {"bytes": max(map(_bytes, _pages(run)))}
    found["answers in these pages"] = {"count": sum(map(_answers, _pages(run)))}
    found |= _visited(run)
    return found


def _pages(run: Path) -> list[Path]:
    return [run / "report.html", *sorted(run.glob("report_samples/*/*.html"))]


def _bytes(path: Path) -> int:
    return path.stat().st_size


def _answers(page: Path) -> int:
    """How many answers a page has: a checkpoint's to a question each."""
    text = page.read_text("utf-8")
    begin = text.index(BLOCK) + len(BLOCK)
    data = json.loads(text[begin : text.index("</script>", begin)])
    packed = [q for samples in data["samples"].values() for q in samples["questions"]]
    return sum(answer != 0 for question in packed for answer in question[6])


def _visited(run: Path) -> dict[str, Row]:
    """Seconds in a headless Chromium, from the disk, until the last sample of a suite is seen."""
    from playwright.sync_api import sync_playwright

    rows = (run / "samples" / "base" / "jsquad.jsonl").read_bytes().splitlines()
    last = json.loads(rows[-1])["id"]
    found: dict[str, Row] = {}
    with sync_playwright() as driver:
        program = shutil.which("chromium") or shutil.which("google-chrome")
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(locale="en-GB")

        def timed(name: str, act: Callable[[], object], selector: str) -> None:
            begun = time.monotonic()
            act()
            page.wait_for_selector(selector)
            found[f"browser: {name}"] = {"seconds": time.monotonic() - begun}

        report = (run / "report.html").as_uri()
        timed("first page", lambda: page.goto(report), "main h2")
        timed("list of a suite", lambda: page.goto(f"{report}#samples?task=jsquad"), "#search")
        search = f"tbody a:has(bdi:text-is('{last}'))"
        timed("the last question found", lambda: page.fill("#search", last), search)
        timed("its answers", lambda: page.click(search), "article")
        assert page.locator("article").count() == len(list((run / "samples").iterdir()))
        browser.close()
    return found


def _timed(command: Sequence[str], folder: Path) -> Row:
    """Seconds and bytes. A child's memory counts by itself: nothing here has children at work."""
    begun = time.monotonic()
    with (folder / "output.txt").open("ab") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: {process.returncode}: see {folder}/output.txt")
    return {
        "wall": time.monotonic() - begun,
        "cpu": usage.ru_utime + usage.ru_stime,
        "memory": usage.ru_maxrss * 1024,
    }


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())


def _over(steps: dict[str, Row]) -> bool:
    page = steps["report, first page"]["bytes"] > PAGE_LIMIT
    return page or any(row.get("memory", 0) > MEMORY_LIMIT for row in steps.values())


def _table(measured: dict[int, dict[str, Row]], items: int) -> str:
    sizes = list(measured)
    heads = [f"{items * size:,} samples" + (f" (× {size / before:g})" if before else "")
             for before, size in zip([0, *sizes], sizes, strict=False)]  # fmt: skip
    lines = [f"| | {' | '.join(heads)} |", "|---" * (len(sizes) + 1) + "|"]
    for name in dict.fromkeys(name for steps in measured.values() for name in steps):
        cells, before = [], Row()
        for size in sizes:
            row = measured[size].get(name, {})
            cells.append(_cell(row, before))
            before = row
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(row: Row, before: Row) -> str:
    def ratio(name: str) -> str:
        return f" (× {row[name] / before[name]:.1f})" if before else ""

    if not row:
        return "–"
    if "count" in row:
        return f"{row['count']:,.0f}"
    if "seconds" in row:
        return f"{row['seconds']:.2f} s"
    if "bytes" in row:
        return f"{row['bytes'] / 1e6:,.1f} MB{ratio('bytes')}"
    return f"{row['cpu']:,.1f} s{ratio('cpu')}, {row['memory'] / 2**20:,.0f} MiB"


if __name__ == "__main__":
    raise SystemExit(main())
