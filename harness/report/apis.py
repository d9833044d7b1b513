"""What answers from an API cost, and what must be borne in mind when they are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.comparison.retrieval import KNOWLEDGE, retrieval_of
from harness.ledger import read_costs
from harness.report.cells import BLANK, Table
from harness.runs import Run

CAUTION = (
    "{checkpoints}: behind an API, never trained on these documents, which were not public: what "
    "is right there is reached by analogy and guessing, or the documents are not as private as "
    "thought."
)


def cautions(run: Run) -> tuple[str, ...]:
    """What stands under accuracies on private documents: the article's caution about its GPT-4.

    It is not said of a checkpoint that may have been trained on them (`served_as`), that looks them
    up, or that was not measured.
    """
    apis = {m["id"] for m in run.manifest["models"] if m["engine"] == "api"}
    measured = {item.checkpoint for item in run.items if item.task == KNOWLEDGE and item.results}
    named = [
        str(c["id"])
        for c in run.checkpoints
        if c["model"] in apis and c["id"] in measured
        if not c.get("served_as") and not retrieval_of(c)
    ]
    return (CAUTION.format(checkpoints=", ".join(named)),) if named else ()


def costs(run: Run) -> list[dict[str, Any]]:
    """Answers, tokens and US dollars of a run by checkpoint, task and snapshot that answered.

    usd is None where the matrix names no price. Answers from the store cost nothing and are left
    out.
    """
    totals: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in read_costs(run.folder):
        key = (row["checkpoint"], row["task"], row["snapshot"])
        total = totals.setdefault(
            key,
            {
                **dict(zip(("checkpoint", "task", "snapshot"), key, strict=True)),
                "model": row["model"],
                "answers": 0,
                "prompt_tokens": 0,
                "answer_tokens": 0,
                "guessed": 0,
                "usd": None,
            },
        )
        for name in ("answers", "prompt_tokens", "answer_tokens", "guessed"):
            total[name] += row.get(name, 0)
        if row["usd"] is not None:
            total["usd"] = round((total["usd"] or 0.0) + row["usd"], 8)
    return list(totals.values())


def costs_tables(run: Run) -> list[Table]:
    """What answers from APIs cost; nothing where none was asked."""
    found = costs(run)
    if not found:
        return []
    return [
        Table(
            title="Costs of APIs",
            columns=("checkpoint", "task", "answered by", "answers", "tokens in", "out", "US $"),
            rows=tuple(_row(row) for row in found),
            notes=(_total(found), *_guessed(found)),
            numeric=(3, 4, 5, 6),
        )
    ]


def _total(found: Sequence[Mapping[str, Any]]) -> str:
    """Of what has a price, and who has none."""
    prices = [row["usd"] for row in found if row["usd"] is not None]
    unpriced = list(dict.fromkeys(str(row["model"]) for row in found if row["usd"] is None))
    if not prices:
        return "Without a price in the matrix no cost can be told."
    without = f" without {', '.join(unpriced)} (no price in the matrix)" if unpriced else ""
    return f"Together ${sum(prices):.4f}{without}; answers from the store cost nothing again."


def _guessed(found: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Of how many answers nobody counted the tokens."""
    guessed = sum(row["guessed"] for row in found)
    if not guessed:
        return ()
    return (
        f"The server did not count the tokens of {guessed:,} answers: those are guessed, mostly "
        "too high.",
    )


def _row(row: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        row["checkpoint"],
        row["task"],
        row["snapshot"] or BLANK,
        f"{row['answers']:,}",
        f"{row['prompt_tokens']:,}",
        f"{row['answer_tokens']:,}",
        BLANK if row["usd"] is None else f"{row['usd']:.4f}",
    )
