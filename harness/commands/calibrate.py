"""`python -m harness calibrate`: a judge's verdicts held against people's, into a file."""

from __future__ import annotations

import argparse
import datetime
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from harness.commands.review import GRADES
from harness.comparison.rated import Rated, rated
from harness.errors import ConfigError
from harness.judging.calibration import (
    FLOOR,
    LEAST_KAPPA,
    Calibration,
    Estimate,
    Judged,
    Pair,
    Stratum,
    Trust,
    calibrate,
    calibration_row,
    stratum_of,
)
from harness.judging.verdict import CORRECT, NONE, WRONG
from harness.report.terminal import plain
from harness.review.files import read_grades
from harness.review.judgement import RIGHT, SKIPPED, Judgement, judgements
from harness.runs import Run, read_run, write_json

FOLDER = Path("reports/judge")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument(
        "run", type=Path, metavar="RUN", help="a run with a judge and graded by eye"
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help=f"default: {FOLDER}/MODEL.json, to be committed"
    )
    parser.add_argument(
        "--grades",
        type=Path,
        metavar="DIR",
        default=GRADES,
        help="where people's grades lie (default: %(default)s)",
    )


def run(options: argparse.Namespace) -> int:
    """Write the calibration and say what is in it. Raises MichiError."""
    for line in calibrate_run(options):
        print(plain(line))
    return 0


def calibrate_run(options: argparse.Namespace) -> Iterator[str]:
    """Run the command; yields lines to print. Raises MichiError."""
    run = read_run(options.run)
    judge = _judge_of(run)
    people = judgements(read_grades(options.grades))
    answers = {a.key: a for a in rated(run) if a.judge}  # one answer of several checkpoints once
    pairs = [pair for answer in answers.values() if (pair := _pair(answer, people))]
    if not pairs:
        raise ConfigError(
            f"{options.run}: of {len(answers)} answers that the judge was asked of none has a "
            f"person's grade in {options.grades}. Grade some first: python -m harness review "
            f"{options.run}."
        )
    snapshots = {name for a in answers.values() for name in a.judge.get("snapshots") or ()}
    judged = Judged(**{field.name: judge[field.name] for field in fields(Judged)})
    found = calibrate(judged, pairs, snapshots)
    out = options.out or FOLDER / f"{re.sub(r'[^A-Za-z0-9_.-]', '-', judge['model'])}.json"
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    graders = {a for key in answers for a in _authors(answers[key], people)}
    row = calibration_row(
        found, model=judge["model"], made=now, run=run.manifest["id"], graders=len(graders)
    )
    write_json(out, row)
    yield from _lines(found)
    yield f"{out}: {_summary(found)}"


def _judge_of(run: Run) -> Mapping[str, Any]:
    judge: Mapping[str, Any] = run.manifest.get("judge") or {}
    if not judge:
        raise ConfigError(
            f"{run.folder}: no judge was asked in this run. Name one with [judge] in the matrix, "
            "and run the suites again: answers come from the store."
        )
    return judge


def _opinions(answer: Rated, people: Mapping[str, Judgement]) -> Mapping[str, Mapping[str, str]]:
    """What people say by now, or said when the run was made."""
    if answer.key not in people:
        return answer.opinions
    return {
        author: {"verdict": o.verdict, "picked": o.picked}
        for author, o in people[answer.key].opinions.items()
    }


def _pair(answer: Rated, people: Mapping[str, Judgement]) -> Pair | None:
    """An answer that people and the judge judged; None where people did not, or can't agree."""
    verdict = people[answer.key].verdict if answer.key in people else answer.verdict
    if not verdict:
        return None
    opinions = _opinions(answer, people).values()
    by_hand = all(o["picked"] == "hand" for o in opinions if o["verdict"] != SKIPPED)
    return Pair(
        stratum_of(answer.suite, answer.form, answer.kind, answer.unsure),
        CORRECT if verdict == RIGHT else WRONG,
        str(answer.judge.get("verdict") or NONE),
        by_hand,
    )


def _authors(answer: Rated, people: Mapping[str, Judgement]) -> Iterable[str]:
    return (a for a, o in _opinions(answer, people).items() if o["verdict"] != SKIPPED)


def _lines(found: Calibration) -> Iterator[str]:
    """Totals and the strata with enough answers; the rest is in the file."""
    yield f"{'answers':>8} {'agree':>22} {'kappa':>24}  of"
    for trust in (*found.totals, *(t for t in _distinct(found.strata) if t.n >= FLOOR)):
        yield (
            f"{trust.n:>8} {_shown(trust.agreement):>22} {_shown(trust.kappa):>24}  "
            f"{trust.stratum.name}{_undecided(trust)}"
        )


def _distinct(strata: Iterable[Trust]) -> list[Trust]:
    """Each once: in a suite without forms and kinds the wider strata hold the same answers."""
    return list({(t.stratum.name, t.n, t.undecided): t for t in strata}.values())


def _undecided(trust: Trust) -> str:
    return f" ({trust.undecided} undecided)" if trust.undecided else ""


def _shown(figure: Estimate | None) -> str:
    return "–" if figure is None else f"{figure.value:.2f} [{figure.low:.2f}, {figure.high:.2f}]"


def _summary(found: Calibration) -> str:
    strata = _distinct(found.strata)
    trusted = [trust for trust in strata if trust.trusted]
    # Every answer stands in one of the totals by what the rule was, and in several strata.
    by_hand = sum(trust.by_hand for trust in found.totals if trust.stratum != Stratum())
    rule = f"kappa's lower end >= {LEAST_KAPPA}, n >= {FLOOR}"
    told = f"trusted in {len(trusted)} of {len(strata)} strata ({rule})"
    counting = [trust.stratum.name for trust in trusted if trust.stratum.rule == "unsure"]
    told += f"; counts in: {'; '.join(counting) or 'none, where the rule is unsure'}."
    if by_hand:
        told += f" {by_hand} answers were chosen by whoever graded them, not drawn."
    return told
