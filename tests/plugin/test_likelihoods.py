"""--eval-likelihoods: each written answer is read again, and the report knows how likely it was."""

from __future__ import annotations

import pytest

from tests.plugin.helpers import asked, figures, forget_asked, latest, rows

ONE = ("evals", "-k", "(knowledge or marc_ja) and base and not other")


def test_written_answers_are_read_token_by_token(project: pytest.Pytester) -> None:
    project.runpytest(*ONE)
    before = figures(latest(project))
    forget_asked(project)

    project.runpytest(*ONE, "--eval-likelihoods")

    written = rows(latest(project) / "samples" / "base" / "knowledge.jsonl")
    for row in written:
        reading = row["reading"]
        assert len(reading["ends"]) == len(reading["logprobs"]) > 0
        assert reading["ends"][-1] == len(row["response"])
        assert all(logprob <= 0 for logprob in reading["logprobs"])
    # Labels are chosen by likelihood: nothing was written.
    chosen = rows(latest(project) / "samples" / "base" / "marc_ja.jsonl")
    assert not any("reading" in row for row in chosen)
    assert figures(latest(project)) == before
    assert len(asked(project)) == len({(row["prompt"], row["response"]) for row in written})


def test_without_it_rows_have_no_readings(project: pytest.Pytester) -> None:
    project.runpytest(*ONE)

    written = rows(latest(project) / "samples" / "base" / "knowledge.jsonl")
    assert not any("reading" in row for row in written)
