"""Is a judge trusted as far as it is right, and no further? (`make judge-trial`)

258 answers of the embedded checkpoints were graded by reading (fixtures/grades). Here two scripted
judges behind a server on loopback judge the same answers, and `calibrate` holds each against the
reader: once with typed references, where the rule is nearly always sure, and once with references
as mere texts, where it often is not. Writes the tables between the two markers in docs/judge.md;
three minutes on two cores.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from page import write_between

from harness.jsonl import read_rows
from harness.review.events import sample_key
from harness.review.files import read_grades
from harness.review.judgement import RIGHT, judgements
from harness.runs import read_run
from harness.statistics.agreement import cohens_kappa
from tests.openai_server import ScriptedServer, completion

ROOT = Path(__file__).parents[1]
PAGE = Path(__file__).with_name("judge.md")
GRADES = ROOT / "fixtures/grades"
BEGIN, END = "<!-- judges: written by `make judge-trial` -->", "<!-- end of judges -->"
JUDGES = {
    "overlap": "scripted: characters in common with the reference ≥ .5 (F1)",
    "phrase": "scripted: the reference's last phrase, neither more nor less",
}


def main() -> None:
    """Judge, calibrate, and write both tables."""
    server = ScriptedServer()
    server.behaviour = lambda asked: completion(_verdict(asked.body["model"], asked.text))
    lines = [
        "| who, beside the reader | references | answers | agree | kappa | trusted | counts |",
        "|---|---|---:|---:|---:|---|---:|",
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "nobody").mkdir()
        for kind in ("typed", "text"):
            _write_questions(folder, kind)
            for judge in JUDGES:
                _write_matrix(folder, kind, judge, server.url)
                lines += _trial(folder, kind, judge, first=len(lines) == 2)
                sys.stdout.write(f"{lines[-1]}\n")
    write_between(PAGE, BEGIN, END, lines)


def _trial(folder: Path, kind: str, judge: str, first: bool) -> Iterator[str]:
    """The table's line of one judge; before it, once, the rule's."""
    run = folder / f"{judge}-{kind}"
    _pytest(folder, run, "--eval-grades", str(GRADES))
    _python(
        "-m",
        "harness",
        "calibrate",
        str(run),
        "--grades",
        str(GRADES),
        "--out",
        str(run / "judge.json"),
    )
    found = json.loads((run / "judge.json").read_text("utf-8"))
    if first:
        yield _rule_line(run)
    total = max(found["totals"], key=lambda stratum: stratum["n"])
    # With the calibration, and nobody's grades that would come before it.
    matrix = folder / "matrix.toml"
    text = matrix.read_text("utf-8") + f'calibration = "{run / "judge.json"}"\n'
    matrix.write_text(text, "utf-8")
    again = folder / f"{judge}-{kind}-counted"
    _pytest(folder, again, "--eval-grades", str(folder / "nobody"))
    yield (
        f"| {JUDGES[judge]} | {kind} | {total['n']} | {_share(total['agreement'])} "
        f"| {_share(total['kappa'])} | {'yes' if total['trusted'] else 'no'} | {_counted(again)} |"
    )


def _rule_line(run: Path) -> str:
    people = judgements(read_grades(GRADES))
    pairs = {}
    for row in _rows(run):
        key = sample_key("knowledge", row["id"], row["prompt"], row["response"])
        if key in people:
            rule = (row.get("rule") or row)["outcome"] == "correct"
            pairs[key] = (people[key].verdict == RIGHT, rule)
    found = cohens_kappa([(str(one), str(other)) for one, other in pairs.values()])
    assert found.kappa is not None
    assert found.kappa_interval is not None
    agree = {"value": found.share, "low": found.interval.low, "high": found.interval.high}
    kappa = {
        "value": found.kappa,
        "low": found.kappa_interval.low,
        "high": found.kappa_interval.high,
    }
    return f"| the rule | typed | {found.n} | {_share(agree)} | {_share(kappa)} | | |"


def _counted(run: Path) -> str:
    """Of the answers that the rule is unsure of, on how many the judge's verdict counts."""
    unsure = [row for row in _rows(run) if row.get("unsure")]
    counts = sum(bool(row.get("judge", {}).get("counted")) for row in unsure)
    return f"{counts:,} of {len(unsure):,}"


def _rows(run: Path) -> Iterator[dict[str, Any]]:
    read = read_run(run)
    for checkpoint in read.checkpoints:
        yield from read.samples(checkpoint["id"], "knowledge")


def _share(found: dict[str, float]) -> str:
    numbers = (f"{found[name]:.2f}".replace("0.", ".", 1) for name in ("value", "low", "high"))
    value, low, high = (number.replace("-", "−") for number in numbers)
    return f"{value} [{low}, {high}]"


def _write_questions(folder: Path, kind: str) -> None:
    """The questions whose answers were graded; as texts, with a sentence for a reference."""
    graded = {event.item for event in read_grades(GRADES)}
    lines = []
    for _, row in read_rows(ROOT / "fixtures/data/knowledge.jsonl"):
        if row["id"] not in graded:
            continue
        if kind == "text":
            row.pop("twin", None)
            if row.get("fact") and row["form"] != "near_miss":
                row["fact"] = {"type": "text", "text": row["answer"]}
        lines.append(json.dumps(row, ensure_ascii=False))
    (folder / f"{kind}.jsonl").write_text("\n".join([*lines, ""]), "utf-8")


def _write_matrix(folder: Path, kind: str, judge: str, url: str) -> None:
    """The embedded matrix without its data and gates, with these questions and this judge."""
    text = (ROOT / "fixtures/embedded.toml").read_text("utf-8")
    tables = re.split(r"(?m)^(?=\[)", text)
    kept = [table for table in tables if table.startswith(("[models.", "[checkpoints."))]
    matrix = "".join(kept).replace('"./', f'"{ROOT / "fixtures"}/')
    asked = "always" if kind == "typed" else "unsure"
    matrix += (
        f'[data.knowledge]\npath = "{folder / kind}.jsonl"\nlabel = "graded questions"\n'
        f'[models.{judge}]\nengine = "api"\nweights = "{judge}"\nreleased = 2026-01-01\n'
        f'[models.{judge}.api]\nbase_url = "{url}"\n[judge]\nmodel = "{judge}"\nwhen = "{asked}"\n'
    )
    (folder / "matrix.toml").write_text(matrix, "utf-8")


def _verdict(judge: str, prompt: str) -> dict[str, str]:
    reference = _part(prompt, "正解").split("\nまたは：")[0]
    answer = _part(prompt, "回答")
    right = (
        _overlap(reference, answer) if judge == "overlap" else _phrase(reference) == _phrase(answer)
    )
    return {"verdict": "correct" if right else "wrong", "reason": judge}


def _part(prompt: str, tag: str) -> str:
    found = re.search(rf"<{tag}-\w+>\n(.*?)\n</{tag}", prompt, re.DOTALL)
    assert found is not None
    return found[1]


def _overlap(reference: str, answer: str) -> bool:
    one, other = (Counter(re.sub(r"\s", "", text)) for text in (reference, answer))
    common = (one & other).total()
    return bool(common) and 2 * common / (one.total() + other.total()) >= 0.5


def _phrase(text: str) -> str:
    last = re.sub(r"(です)?。?$", "", text.strip()).rsplit("は", 1)[-1]
    return last.removesuffix("（税込）")


def _pytest(folder: Path, run: Path, *more: str) -> None:
    arguments = ["evals", "-q", "-k", "knowledge", "--eval-matrix", str(folder / "matrix.toml")]
    reports = ["-o", f"eval_reports={folder / 'reports'}", "--eval-run-dir", str(run)]
    _python("-m", "pytest", *arguments, *reports, *more)


def _python(*arguments: str) -> None:
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(arguments)}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")


if __name__ == "__main__":
    main()
