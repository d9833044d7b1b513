"""A run with all that shows what was learnt: controls, twins, known facts, gates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.report import builder as build


def evidence_run(folder: Path) -> Path:
    """Twins that learnt eight facts each, four control documents, facts known before, and gates.

    qa-e3 is right on all trained questions and on one control question of four, so it acquired
    75 points; of the untrained facts it knows none, which is 25 points less than the control's.
    """
    build.start(folder, [build.BASE, build.QA, build.TWIN])
    trained, control = [f"d{n}" for n in range(8)], [f"c{n}" for n in range(4)]
    places = [(f, d) for f in ("seen", "paraphrase", "untrained", "near_miss") for d in trained]
    places += [("control", d) for d in control]
    for name in ("base", "qa-e3", "qa-b"):
        rows = [_evidence(name, form, document) for form, document in places]
        forms = ("seen", "paraphrase", "untrained", "near_miss", "control")
        results = [build.result(name, "knowledge", f"accuracy_{f}", 0.5, headline=f == "seen")
                   for f in forms]  # fmt: skip
        results.append(build.result(name, "knowledge", "bleed_near_miss", 0.25, n=8))
        build.measure(folder, name, "knowledge", results, rows)
    known = [
        build.row(
            f"{d}/price/{n}",
            stratum=kind,
            cluster=d,
            correct=d == "d0",
            detail={"fact_key": f"{d}/price"},
        )
        for d in trained
        for n, kind in enumerate(("greedy", "sampled"))
    ]
    shares = {"highly_known": 0.125, "maybe_known": 0.0, "weakly_known": 0.0, "unknown": 0.875}
    knew = [build.result("base", "known", f"share_{c}", value, n=8) for c, value in shares.items()]
    build.measure(folder, "base", "known", knew, known)
    lost, close, passed = build.gate(-0.0725), build.gate(-0.0125, needed=900), build.gate(0.01)
    other: dict[str, Any] = {"against": "base", "margin": 0.05}
    gates = [
        build.result("qa-e3", "jsquad", "exact_match", 0.5, verdict="passed", gate=passed),
        build.result("qa-e3", "jsquad", "f1", 0.5, verdict="regressed", gate=lost, reason="it fell"),
        build.result("qa-b", "jsquad", "f1", 0.5, verdict="inconclusive", gate=close, reason="few"),
        build.result("qa-b", "jsquad", "exact_match", 0.5, verdict="incomparable", gate=other,
               reason="prompt not as in base"),
    ]  # fmt: skip
    for name in ("qa-e3", "qa-b"):
        build.measure(folder, name, "jsquad", [r for r in gates if r.checkpoint == name])
    return folder


def _evidence(name: str, form: str, document: str) -> dict[str, Any]:
    learnt = form in ("seen", "paraphrase")
    right = name == "qa-e3" and (learnt or (form, document) == ("control", "c0"))
    outcome = "correct" if right else "abstained" if name == "base" else "wrong"
    scores = {"correct": float(right)}
    if form == "seen":
        scores["twin"] = float(name == "qa-b")
    return build.row(
        f"{document}/{form}",
        stratum=form,
        cluster=document,
        correct=right,
        outcome=outcome,
        scores=scores,
        detail={"kind": "price"},
    )
