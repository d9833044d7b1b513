"""A run that asked whether it was unknown before, with hand-written details."""

from __future__ import annotations

import dataclasses
from itertools import pairwise
from pathlib import Path
from statistics import NormalDist
from typing import Any

from harness.runs import sample_file, write_json
from tests.report import builder as build

TASKS = ("dates", "membership", "ranks", "trained", "verbatim")
PANEL = ("loss", "zlib", "min_k_20", "min_k_plus_plus_20", "reference", "dc_pdd")
KS = (5, 10, 30, 40, 50, 60)
_NORMAL = NormalDist()


def estimate(value: float, half: float = 0.03) -> dict[str, float]:
    return {"value": value, "low": round(value - half, 4), "high": round(value + half, 4)}


def auroc(value: float, half: float = 0.03) -> dict[str, float]:
    entry = estimate(value, half)
    return {"auroc": entry.pop("value"), **entry}


def attack(value: float, blind: float, others: int = 300) -> dict[str, Any]:
    """Two normal distributions of one width, as far apart as their AUROC says."""
    apart = 2**0.5 * _NORMAL.inv_cdf(value)

    def tpr(fpr: float) -> float:
        return round(1 - _NORMAL.cdf(_NORMAL.inv_cdf(1 - fpr) - apart), 4) if fpr else 0.0

    def rate(fpr: float) -> dict[str, Any]:
        at = tpr(fpr)
        return {"tpr": at, "low": max(at - 0.05, 0.0), "high": at + 0.06, "threshold": -3.25,
                "fpr": fpr, "fpr_low": fpr / 2, "fpr_high": 2 * fpr, "few": fpr * others < 10}  # fmt: skip

    edges = [round(-6 + step * 0.4, 2) for step in range(21)]

    def shares(mean: float) -> list[float]:
        at = [_NORMAL.cdf(edge + 2 - mean) for edge in edges]
        return [round(high - low, 5) for low, high in pairwise(at)]

    return {
        **auroc(value),
        "evidence": estimate(round(value - blind, 4), 0.05),
        "tpr_5": rate(0.05),
        "tpr_1": rate(0.01),
        "roc": [[0.0, 0.0], *([n / 40, tpr(n / 40)] for n in range(1, 40)), [1.0, 1.0]],
        "histogram": {"edges": edges, "members": shares(apart), "others": shares(0.0)},
    }


def attacks(best: float, blind: float) -> dict[str, Any]:
    """A panel whose Min-K%++ is the best, and the other K of both with AUROC only."""
    worse = {"loss": 0.12, "zlib": 0.09, "min_k_20": 0.06, "min_k_plus_plus_20": 0.0,
             "reference": 0.02, "dc_pdd": 0.1}  # fmt: skip
    found: dict[str, Any] = {
        name: attack(round(best - (best - 0.5) * less * 4, 4), blind)
        for name, less in worse.items()
    }
    for k in KS:
        less = abs(k - 20) / 400
        found[f"min_k_{k}"] = auroc(round(found["min_k_20"]["auroc"] - less, 4))
        found[f"min_k_plus_plus_{k}"] = auroc(round(best - less, 4))
    return found


def language(name: str, best: float, blind: float, verdict: str) -> dict[str, Any]:
    bands = [
        {"tokens": tokens, "members": 300 - tokens // 8, "others": 298 - tokens // 8,
         "attacks": attacks(round(best - off, 4), blind)}
        for tokens, off in ((64, 0.02), (128, 0.0), (256, 0.01))
    ]  # fmt: skip
    words = {
        "works": f"works: Min-K%++ 20 AUROC {best} > blind {blind} at 128 tokens",
        "no power": f"no power here: the best AUROC is {best} at 128 tokens",
        "invalid": f"pair invalid: blind n-grams AUROC {blind} separate it",
    }
    return {
        "language": name,
        "members": 300,
        "others": 298,
        "band": 128,
        "verdict": verdict,
        "sentence": words[verdict],
        "reason": "" if verdict == "works" else "the lower bound does not exceed the blind one",
        "attack": "min_k_plus_plus_20",
        "blind": {"ngrams": auroc(blind), "dates": auroc(0.5), "length": auroc(0.49)},
        "best_blind": "ngrams",
        "bands": bands,
        "asked": {"n": 150, "short": 3, "flagged": 7, "fpr": 0.05, "share": 0.0467, "low": 0.023,
                  "high": 0.094, "attack": "min_k_plus_plus_20",
                  "documents": [f"new-{n:04}" for n in range(7)]},
    }  # fmt: skip


def ranks() -> dict[str, Any]:
    flat, low = [0.05] * 20, [0.6, 0.15, 0.07, 0.03, *[0.15 / 16] * 16]

    def entry(name: str, mean: float, verdict: str, shares: list[float]) -> dict[str, Any]:
        return {"set": name, "facts": 900, "documents": 200, "dropped": 40, "mean": mean,
                "low": round(mean - 0.018, 4), "high": round(mean + 0.018, 4),
                "equivalent": verdict == "unknown", "p": 0.6 if verdict == "unknown" else 1e-6, "verdict": verdict, "flagged": int(name == "new"), "histogram": shares,
                "negative": {"mean": 0.497, "low": 0.479, "high": 0.515, "equivalent": True}}  # fmt: skip

    tilted = [0.09 - 0.004 * step + 0.0005 * (step % 3) for step in range(20)]
    return {
        "values": 20,
        "prompts": 3,
        "margin": 0.05,
        "sets": [
            entry("known", 0.124, "known", low),
            entry("unseen", 0.503, "unknown", flat),
            entry("new", 0.492, "unknown", [0.05 + 0.01 * (-1) ** step for step in range(20)]),
            entry("carried_over", 0.361, "guessable", tilted),
        ],
        "kinds": [
            {"set": "new", "kind": "price", "facts": 100, "mean": 0.51, "low": 0.46, "high": 0.56},
            {"set": "new", "kind": "shop", "facts": 90, "mean": 0.48, "low": 0.43, "high": 0.53},
        ],
        "flagged": [
            {"document": "new-0007", "set": "new", "facts": 8, "mean": 0.1, "p": 1e-4, "q": 0.01}
        ],
    }


def trained(own: float, general: float) -> dict[str, Any]:
    def entry(name: str, value: float) -> dict[str, Any]:
        verdict = "works" if value > 0.6 else "no power"
        return {"dataset": name, "members": 480, "others": 462, "verdict": verdict,
                "sentence": f"{verdict}: AUROC {value}", "blind": {"ngrams": auroc(0.51)},
                "best_blind": "ngrams", "attack": "min_k_plus_plus_20",
                "attacks": attacks(value, 0.51)}  # fmt: skip

    return {"datasets": [entry("own QA", own), entry("general", general)]}


def verbatim() -> dict[str, Any]:
    def entry(name: str, style: str, run: float, share: float) -> dict[str, Any]:
        return {"set": name, "documents": 60, "style": style, "mean_run": run, "low": run - 4,
                "high": run + 4, "share": share, "share_low": max(share - 0.1, 0.0),
                "share_high": share + 0.1}  # fmt: skip

    return {
        "characters": 20,
        "sets": [
            entry(name, style, run + bonus, share)
            for name, run, share in (("ja/member", 34.2, 0.6), ("ja/non-member", 8.5, 0.02))
            for style, bonus in (("continue", 0.0), ("guided", 3.1))
        ],
        "guided": [{"set": "ja/member", "difference": 3.1, "low": 1.2, "high": 5.0}],
    }


def study(folder: Path, name: str, task: str, found: dict[str, Any], results: list[Any]) -> None:
    """An item that leaves details beside its samples, which are neither right nor wrong."""
    rows = [build.row(f"{task}-{n}", outcome="measured", correct=False) for n in range(3)]
    build.measure(folder, name, task, results, rows)
    write_json(sample_file(folder, name, task).with_suffix(".json"), found)


def unknown_run(folder: Path) -> Path:
    """English works, Japanese has no power, the pair of qa-e3 gives its own questions away."""
    data = {task: {"label": build.LABEL, "limit": None} for task in ("knowledge", *TASKS)}
    tuned = dataclasses.replace(build.QA, adapter=Path("adapters/qa-e3"))
    build.start(folder, [build.BASE, tuned], data=data)
    build.measure_knowledge(folder, "base", 0.1)
    early = build.row("new-0004", correct=False, outcome="wrong",
                      reason="published 2025-03-30, not after 2025-04-01")  # fmt: skip
    dates = [
        build.result("base", "dates", "share_after_release", 0.993, low=0.96, high=0.999, n=150),
        build.result("base", "dates", "share_with_evidence", 1.0, low=0.975, high=1.0, n=150),
    ]
    build.measure(folder, "base", "dates", dates, [build.row("new-0001"), early])
    pairs = [language("en", 0.79, 0.52, "works"), language("ja", 0.55, 0.53, "no power")]
    study(folder, "base", "membership", {"languages": pairs}, [
        build.result("base", "membership", "auroc_min_k_plus_plus_20_en", 0.79, headline=True),
        build.result("base", "membership", "blind_en", 0.52),
        build.result("base", "membership", "evidence_en", 0.27),
    ])  # fmt: skip
    mean = build.result("base", "ranks", "mean_rank_unseen", 0.503, headline=True)
    study(folder, "base", "ranks", ranks(), [mean])
    shares = build.result("base", "verbatim", "share_verbatim_ja_member_continue", 0.6)
    study(folder, "base", "verbatim", verbatim(), [shares])
    for name, own in (("base", 0.5), ("qa-e3", 0.93)):
        shown = build.result(name, "trained", "auroc_own_qa", own, headline=True)
        study(folder, name, "trained", trained(own, 0.52), [shown])
    return folder
