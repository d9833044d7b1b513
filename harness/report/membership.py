"""Whether likelihoods tell members from others, as tables: a model's calibration pair in each
language, and each checkpoint's trained against held-out questions of one generator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.report.cells import (
    BLANK,
    PERCENT,
    Scale,
    Table,
    data_label,
    notes_of,
    number,
    typeset,
)
from harness.report.details import (
    Details,
    Entry,
    attack_name,
    bare,
    blind_name,
    count,
    entries,
    estimate,
    listed,
)
from harness.report.missing import gap_notes
from harness.runs import Run

_VERDICTS = {
    "works": "works",
    "no power": "no power here",
    "too few": "too few texts",
    "invalid": "pair invalid",
}
_DETECTED = {
    "works": "detected",
    "no power": "not detected",
    "too few": "too few questions",
    "invalid": "pair invalid",
}
_AUROC = Scale(digits=2)  # as in the verdicts' sentences
_EVIDENCE = Scale(digits=2, signed=True)
_AUROC_NOTE = (
    "AUROC: area under the receiver operating characteristic curve, the chance that a text that "
    "was trained on scores above another; .5 is guessing."
)
_FEW = "* too few non-members for that rate: the threshold hangs on a handful of them."


def membership_tables(run: Run, found: Details) -> list[Table]:
    """Verdicts by checkpoint and language, and rates at fixed false-positive rates."""
    languages = entries(found, "membership", "languages")
    if not languages:
        return []
    verdicts = _judged(
        f"Does membership inference work here? – data: {data_label(run, 'membership')}",
        "language",
        [(c, e.get("language"), e, verdict_band(e).get("attacks")) for c, e in languages],
        _VERDICTS,
        *(_note(c, e.get("language"), e.get("sentence") or e.get("reason")) for c, e in languages),
        *_blind_notes(languages),
        *gap_notes(run, ("membership",)),
    )
    return [verdicts, _rates(run, languages)]


def trained_table(run: Run, found: Details) -> Table | None:
    """Whether the likelihoods of trained questions give them away; None where none was asked."""
    datasets = entries(found, "trained", "datasets")
    if not datasets:
        return None
    sizes = [
        _of(entry.get("dataset"), f"{count(entry.get('members'))} trained, ")
        + f"{count(entry.get('others'))} held-out questions."
        for _, entry in datasets
    ]
    return _judged(
        f"Trained against held-out questions – data: {data_label(run, 'trained')}",
        "data set",
        [(c, e.get("dataset"), e, e.get("attacks")) for c, e in datasets],
        _DETECTED,
        "Both kinds come out of the same generator: what tells them apart is the training.",
        *sizes,
        *_blind_notes(datasets),
        *(_note(c, e.get("dataset"), _reason(e)) for c, e in datasets),
        *_not_run(datasets),
        *gap_notes(run, ("trained",)),
    )


def _judged(
    title: str,
    kind: str,
    pairs: Sequence[tuple[str, Any, Mapping[str, Any], Mapping[str, Any] | None]],
    words: Mapping[str, str],
    *notes: str,
) -> Table:
    """A verdict a row with the figures it rests on. pairs: checkpoint, name of the pair as its
    column `kind` has it, the entry with the verdict, and what each attack found.
    """
    return Table(
        title=title,
        columns=("checkpoint", kind, "attack", "AUROC", "blind", "evidence", "verdict"),
        rows=tuple(
            (
                checkpoint,
                count(name),
                *_figures(entry, attacks),
                words.get(str(entry.get("verdict")), count(entry.get("verdict"))),
            )
            for checkpoint, name, entry, attacks in pairs
        ),
        notes=notes_of(*notes, _AUROC_NOTE),
        numeric=(3, 4, 5),
    )


def _rates(run: Run, languages: Sequence[Entry]) -> Table:
    rows, few = [], False
    for checkpoint, entry in languages:
        band, asked = verdict_band(entry), entry.get("asked") or {}
        attack = _attack(entry, band.get("attacks"))
        rates = [attack.get(name) for name in ("tpr_5", "tpr_1")]
        few |= any(rate and rate.get("few") for rate in rates)
        rows.append(
            (
                checkpoint,
                count(entry.get("language")),
                count(band.get("tokens")),
                _sizes(band),
                *map(_rate, rates),
                estimate(asked, "share", PERCENT),
            )
        )
    return Table(
        title=f"Members found at a fixed false-positive rate – data: "
        f"{data_label(run, 'membership')}",
        columns=(
            "checkpoint",
            "language",
            "tokens",
            "n",
            "at 5 % FPR (%)",
            "at 1 % FPR (%)",
            "asked (%)",
        ),
        rows=tuple(rows),
        notes=notes_of(
            "Found are members above the threshold that 5 or 1 % of the others exceed: the "
            "true-positive rate (TPR) at that false-positive rate (FPR), of the verdict's attack, "
            "with 95 % intervals. n: members/others.",
            "Asked: share of the documents asked about that look like members.",
            *(_asked_note(checkpoint, entry) for checkpoint, entry in languages),
            _FEW if few else "",
        ),
        numeric=(2, 3, 4, 5, 6),
    )


def verdict_band(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """The length band that a language's verdict is about."""
    bands: Sequence[Mapping[str, Any]] = entry.get("bands") or ()
    return next((band for band in bands if band.get("tokens") == entry.get("band")), {})


def _figures(entry: Mapping[str, Any], attacks: Mapping[str, Any] | None) -> tuple[str, ...]:
    """The verdict's attack, its AUROC, the blind one, and how much it has over that."""
    attack = _attack(entry, attacks)
    blind = (entry.get("blind") or {}).get(entry.get("best_blind"))
    return (
        attack_name(entry.get("attack")),
        bare(estimate(attack, "auroc", _AUROC)),
        bare(estimate(blind, "auroc", _AUROC)),
        bare(estimate(attack.get("evidence"), "value", _EVIDENCE)),
    )


def _attack(entry: Mapping[str, Any], attacks: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """What the verdict's attack found, of all attacks of a band."""
    return (attacks or {}).get(str(entry.get("attack"))) or {}


def _rate(rate: Mapping[str, Any] | None) -> str:
    shown = estimate(rate, "tpr", PERCENT)
    return shown.replace(" ", "* ", 1) if rate and rate.get("few") else shown


def _sizes(band: Mapping[str, Any]) -> str:
    sides = [count(band.get(name)) for name in ("members", "others")]
    return BLANK if sides == [BLANK, BLANK] else "/".join(sides)


def _blind_notes(found: Sequence[Entry]) -> tuple[str, ...]:
    """What "blind" and "evidence" mean here: without a blind baseline there is but chance."""
    names = dict.fromkeys(blind_name(n) for _, entry in found for n in entry.get("blind") or ())
    if names:
        blind = f"the best of the classifiers that never see the model ({', '.join(names)})."
        over = "the blind one, or above .5 where that is more, paired by text"
    else:
        blind, over = "no classifier without the model was tried.", ".5"
    return (
        f"Blind: {blind}",
        f"Evidence: AUROC above {over}, its interval wide enough for all attacks at once. "
        "In brackets 95 % intervals.",
    )


def _asked_note(checkpoint: str, entry: Mapping[str, Any]) -> str:
    asked = entry.get("asked")
    if not asked:
        return ""
    rate = asked.get("fpr")
    expected = "" if rate is None else f" at {number(rate, Scale(100, 0))} % FPR"
    named = listed([str(d) for d in asked.get("documents") or ()])
    short = f" {asked['short']} more are too short for it." if asked.get("short") else ""
    return (
        f"{checkpoint}, {entry.get('language')}: of {count(asked.get('n'))} documents asked about "
        f"{count(asked.get('flagged'))} look like members{expected}"
        f"{': ' + named if named else ''}.{short}"
    )


def _reason(entry: Mapping[str, Any]) -> Any:
    """Why there is no verdict for or against, where the figures beside it don't say."""
    told = entry.get("attack") and entry.get("verdict") not in ("invalid", "too few")
    return "" if told else entry.get("reason")


def _not_run(found: Sequence[Entry]) -> list[str]:
    """Attacks that some pairs lack, with the checkpoints they are of."""
    lacking: dict[str, dict[str, None]] = {}
    for checkpoint, entry in found:
        for left in entry.get("not_run") or ():
            told = f"{attack_name(left.get('attack'))}: {left.get('reason') or 'not run'}"
            lacking.setdefault(told, {})[checkpoint] = None
    return [f"{told} ({listed(list(names))})." for told, names in lacking.items()]


def _note(checkpoint: str, of: Any, text: Any) -> str:
    return f"{checkpoint}{f', {of}' if of else ''}: {typeset(str(text))}" if text else ""


def _of(dataset: Any, text: str) -> str:
    """Questions need not name a data set."""
    return f"{dataset}: {text}" if dataset else text
