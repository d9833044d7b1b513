"""How far a judge agrees with people, kind of answer by kind of answer, and where it is trusted.

A judge that is right on prices may be wrong on reasons, and one that is right where the rule is
sure may be wrong where it is not. So answers that both judged are put into strata: by suite, form
and kind of question and whether the rule was sure; by the same without the form; by suite and rule
alone. In each stratum

    trusted = n >= 50, and the lower end of the 95 % interval of Cohen's kappa >= .6

and on an answer the judge counts by the narrowest of its strata that has 50 answers, unless a
narrower one speaks against it (the upper end below .6).

Kappa and not agreement: a judge that calls everything right agrees with people on nine answers of
ten where nine of ten are right, and its kappa is 0. Above .6 Landis and Koch (1977) call agreement
substantial; the lower end, so that few answers prove little. 50, because the interval was put to
the proof from 20 answers on (`harness.statistics.agreement`) and many strata are looked at: four
answers apart of 50 are just enough. Sensitivity is the share of answers right by people that the
judge calls correct, specificity that of wrong ones that it calls wrong.

What a judge left undecided is in none of these figures, and is counted beside them: it does not
count as a grade either.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from harness.errors import ConfigError
from harness.jsonl import read_json
from harness.judging.verdict import CORRECT, WRONG
from harness.statistics.agreement import cohens_kappa
from harness.statistics.intervals import wilson

SCHEMA = 1
FLOOR = 50
LEAST_KAPPA = 0.6
ANY = "*"
_REMEDY = "Make it again: python -m harness calibrate RUN."


@dataclass(frozen=True, slots=True)
class Judged:
    """What a calibration is of. Another one in any of these is another judge.

    fingerprint: of the model's bytes or, behind an API, of its name and place. prompt: version of
    the words around rubric and answer. repeats: times asked, at `temperature`.
    """

    fingerprint: str
    prompt: int
    rubric: str
    repeats: int
    temperature: float


@dataclass(frozen=True, slots=True)
class Stratum:
    """Answers that are alike to a judge. form, kind: of the question, "" where it has none."""

    suite: str = ANY
    form: str = ANY
    kind: str = ANY
    rule: str = ANY

    @property
    def name(self) -> str:
        """In words: "knowledge, seen, reason, rule unsure"."""
        parts = [part for part in (self.suite, self.form, self.kind) if part not in ("", ANY)]
        return ", ".join([*parts, f"rule {self.rule}"] if self.rule != ANY else parts) or "all"


@dataclass(frozen=True, slots=True)
class Pair:
    """One answer that people and the judge judged. people: "correct" | "wrong". judge: a verdict.

    by_hand: whether a person chose the answer, rather than was offered it by chance.
    """

    stratum: Stratum
    people: str
    judge: str
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Trust:
    """What is known of a judge in one stratum.

    n: answers that people judged and the judge decided; undecided: those that it did not decide;
    by_hand: of the n, those that a person had chosen; right: of the n, those right by people.
    Shares are in [0, 1], kappa in [-1, 1]; None where undefined. why: why it is not trusted.
    """

    stratum: Stratum
    n: int
    undecided: int
    by_hand: int
    right: int
    agreement: Estimate | None = None
    kappa: Estimate | None = None
    sensitivity: Estimate | None = None
    specificity: Estimate | None = None
    why: str = ""

    @property
    def trusted(self) -> bool:
        """Whether the judge may count here."""
        return self.n >= FLOOR and self.kappa is not None and self.kappa.low >= LEAST_KAPPA

    @property
    def refuted(self) -> bool:
        """Whether these answers, few as they may be, say that it must not."""
        return self.kappa is not None and self.kappa.high < LEAST_KAPPA


@dataclass(frozen=True, slots=True)
class Calibration:
    """A judge beside people. strata: each; totals: over all of them, and by what the rule was.

    snapshots: which of an API's model answered when it was held against people.
    """

    judged: Judged
    strata: tuple[Trust, ...]
    totals: tuple[Trust, ...] = ()
    snapshots: tuple[str, ...] = ()

    def trusts(self, stratum: Stratum, snapshots: Sequence[str] = ()) -> bool:
        """Whether the judge may count on answers of this stratum, as the module says.

        snapshots: those that give the opinion: of another than was calibrated nothing is known.
        """
        if not set(snapshots) <= set(self.snapshots):
            return False
        known = {trust.stratum: trust for trust in self.strata}
        for trust in (known[wider] for wider in _widening(stratum) if wider in known):
            if trust.n >= FLOOR or trust.refuted:
                return trust.trusted
        return False


def stratum_of(suite: str, form: str, kind: str, unsure: bool) -> Stratum:
    """Where an answer belongs."""
    return Stratum(suite, form, kind, "unsure" if unsure else "sure")


def _widening(stratum: Stratum) -> tuple[Stratum, ...]:
    """An answer's strata, the narrowest first."""
    of_kind = Stratum(stratum.suite, ANY, stratum.kind, stratum.rule)
    return stratum, of_kind, Stratum(stratum.suite, ANY, ANY, stratum.rule)


def calibrate(judged: Judged, pairs: Sequence[Pair], snapshots: Iterable[str] = ()) -> Calibration:
    """Hold a judge against people."""
    groups: dict[Stratum, list[Pair]] = {}
    totals: dict[Stratum, list[Pair]] = {}
    for pair in pairs:
        for stratum in _widening(pair.stratum):
            groups.setdefault(stratum, []).append(pair)
        for total in (Stratum(rule=pair.stratum.rule), Stratum()):
            totals.setdefault(total, []).append(pair)
    ordered = sorted(groups, key=lambda s: (s.suite, s.form, s.kind, s.rule))
    return Calibration(
        judged,
        tuple(_trust(stratum, groups[stratum]) for stratum in ordered),
        tuple(_trust(total, totals[total]) for total in sorted(totals, key=lambda s: s.rule)),
        tuple(sorted(set(snapshots))),
    )


def _trust(stratum: Stratum, pairs: Sequence[Pair]) -> Trust:
    decided = [pair for pair in pairs if pair.judge in (CORRECT, WRONG)]
    n, right = len(decided), sum(pair.people == CORRECT for pair in decided)
    by_hand = sum(pair.by_hand for pair in decided)
    if not decided:
        why = "the judge decided none of these answers"
        return Trust(stratum, 0, len(pairs), 0, 0, why=why)
    found = cohens_kappa([(pair.people, pair.judge) for pair in decided])
    kappa = None
    if found.kappa is not None and found.kappa_interval is not None:
        kappa = Estimate(found.kappa, found.kappa_interval.low, found.kappa_interval.high)
    return Trust(
        stratum,
        n,
        len(pairs) - n,
        by_hand,
        right,
        agreement=Estimate(found.share, found.interval.low, found.interval.high),
        kappa=kappa,
        sensitivity=_alike(decided, CORRECT),
        specificity=_alike(decided, WRONG),
        why=_why_not(n, kappa, found.reason),
    )


def _alike(pairs: Iterable[Pair], verdict: str) -> Estimate | None:
    """Of the answers with people's verdict, the share to which the judge gave it, too."""
    said = [pair.judge for pair in pairs if pair.people == verdict]
    if not said:
        return None
    alike = said.count(verdict)
    interval = wilson(alike, len(said))
    return Estimate(alike / len(said), interval.low, interval.high)


def _why_not(n: int, kappa: Estimate | None, reason: str) -> str:
    if kappa is None:
        return reason
    if n < FLOOR:
        return f"{n} answers, {FLOOR} are needed"
    if kappa.low < LEAST_KAPPA:
        return f"kappa's lower end {kappa.low:.2f} is below {LEAST_KAPPA}"
    return ""


def calibration_row(calibration: Calibration, **described: Any) -> dict[str, Any]:
    """A calibration as a JSON object. described: what else a reader should know of it."""
    return {
        "schema": SCHEMA,
        **described,
        "trusted_where": f"n >= {FLOOR} and the lower end of kappa's interval >= {LEAST_KAPPA}",
        "judge": asdict(calibration.judged),
        "snapshots": list(calibration.snapshots),
        "totals": [_row(trust) for trust in calibration.totals],
        "strata": [_row(trust) for trust in calibration.strata],
    }


def _row(trust: Trust) -> dict[str, Any]:
    row = asdict(trust)
    return {**row.pop("stratum"), "trusted": trust.trusted, **row}


def read_calibration(path: Path, judged: Judged) -> Calibration:
    """The calibration of this judge. Raises ConfigError for another judge's, DataError for no file.

    Whether a stratum is trusted is made of its figures again, not read.
    """
    found = read_json(path, _REMEDY)
    try:
        schema, other = found["schema"], Judged(**found["judge"])
        strata = tuple(map(_from_row, found["strata"]))
        snapshots = tuple(found["snapshots"])
    except (KeyError, TypeError) as error:
        raise ConfigError(f"{path}: no calibration of a judge ({error!r}). {_REMEDY}") from error
    if schema != SCHEMA:
        raise ConfigError(f"{path}: schema {schema!r}, this version reads {SCHEMA}. {_REMEDY}")
    if told := _unlike(other, judged):
        raise ConfigError(
            f"{path}: the calibration of another judge ({told}). How far that one was trusted says "
            "nothing of this one: take calibration = ... out of [judge], run the suites, then "
            "python -m harness calibrate RUN."
        )
    return Calibration(judged, strata, snapshots=snapshots)


def _unlike(before: Judged, now: Judged) -> str:
    """In what two judges differ, in words; "" for nothing."""
    pairs = (
        (field.name, getattr(before, field.name), getattr(now, field.name)) for field in fields(now)
    )
    return "; ".join(f"{name} {one!r}, now {two!r}" for name, one, two in pairs if one != two)


def _from_row(row: Mapping[str, Any]) -> Trust:
    stratum = Stratum(*(row[field.name] for field in fields(Stratum)))
    names = [field.name for field in fields(Trust) if field.name != "stratum"]
    figures: dict[str, Any] = {
        name: Estimate(**v) if isinstance(v := row[name], dict) else v for name in names
    }
    return Trust(stratum, **figures)
