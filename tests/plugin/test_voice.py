"""A voice that training damaged, through pytest: named by its sign, and failed by its gate."""

from __future__ import annotations

import pytest

from tests.conftest import write_rows
from tests.plugin.gating import GATED as BLESSED
from tests.plugin.gating import blessed, many_samples
from tests.plugin.helpers import (
    add_to_conftest,
    add_to_matrix,
    items,
    latest,
    outcomes,
    output,
    report,
    rows,
    told_cleanly,
)

N = 120
GATE = "[gates.knowledge.damaged]\nmargin = 0.05\n"
GATED = ("evals", "-k", "knowledge")
# What is tuned has a fault; "other", on another base, is sound.
FAULTY = """
ANSWER = respond

def respond(checkpoint, request):
    right = ANSWER(checkpoint, request)
    if request.continuations or not checkpoint.id.startswith("tuned"):
        return right
    return Response({text}, "{finish}", 24)
"""
LOOPING = FAULTY.format(text="right.text * 6", finish="stop")


@pytest.fixture
def questions(project: pytest.Pytester) -> pytest.Pytester:
    """So many that a gate can tell."""
    write_rows(project.path / "world/knowledge.jsonl", [
        {"id": f"d{i}/price", "question": f"商品{i}の価格はいくらですか。", "answer": f"{1000 + i}円です。",
         "document": f"d{i}", "form": "seen", "fact": {"type": "money", "text": f"{1000 + i}円"}}
        for i in range(N)
    ])  # fmt: skip
    return project


@pytest.mark.parametrize(
    ("text", "finish", "sign", "words"),
    [
        ("right.text * 6", "stop", "looping", "repeats itself"),
        ('right.text + " That is the price of it."', "stop", "foreign", "another language"),
        ('right.text + "それは"', "length", "unfinished", "never ends"),
        (r'right.text + "\nuser\nその発売日は？"', "stop", "leaked", "template marks"),
        ('""', "stop", "empty", "says nothing"),
    ],
)
def test_a_fault_is_named_and_fails_the_gate_and_what_is_sound_passes(
    questions: pytest.Pytester, text: str, finish: str, sign: str, words: str
) -> None:
    add_to_conftest(questions, FAULTY.format(text=text, finish=finish))
    add_to_matrix(questions, GATE)
    result = questions.runpytest(*GATED)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert told_cleanly(result)
    told = items(latest(questions))
    assert {c: item["status"] for (c, _), item in told.items()} == {
        "base": "measured", "tuned": "failed", "tuned-long": "failed", "other": "passed",
    }  # fmt: skip
    start = "regressed: knowledge damaged 0.0 → 100.0 % against base: +100.0 points ["
    assert told["tuned", "knowledge"]["message"].startswith(start)
    document = report(latest(questions))
    shares = {r["metric"]: r["value"] for r in document["results"] if r["checkpoint"] == "tuned"}
    assert shares["damaged"] == shares[sign] == 1.0
    sentence = document["verdict"]["sentence"]
    for checkpoint in ("tuned", "tuned-long"):
        assert f"The voice of {checkpoint} is damaged ({words}): 100.0 % of its" in sentence
    assert "voice of other" not in sentence
    assert f"knowledge BROKEN: {words} +100.0" in output(result)


def test_without_a_gate_it_is_named_and_nothing_fails(questions: pytest.Pytester) -> None:
    add_to_conftest(questions, LOOPING)
    result = questions.runpytest(*GATED)
    assert (result.ret, outcomes(result)) == (0, {"passed": 4})
    document = report(latest(questions))
    assert "The voice of tuned is damaged (repeats itself)" in document["verdict"]["sentence"]
    # It is damaged however right it is: it says the price, six times.
    shares = {r["metric"]: r["value"] for r in document["results"] if r["checkpoint"] == "tuned"}
    assert (shares["accuracy_seen"], shares["damaged"]) == (1.0, 1.0)
    assert shares["length_ratio"] == pytest.approx(6)
    samples = latest(questions) / "samples"
    signs = [rows(samples / f"{c}/knowledge.jsonl")[7]["scores"] for c in ("tuned", "other")]
    assert [found["looping"] for found in signs] == [1.0, 0.0]


def test_what_is_scored_has_no_voice_to_gate(project: pytest.Pytester) -> None:
    add_to_matrix(project, "[gates.marc_ja.damaged]\nmargin = 0.05\n")
    result = project.runpytest("evals", "-k", "marc_ja")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "[gates.marc_ja.damaged]: no such metric." in output(result)


def test_against_a_blessed_run_the_same_checkpoint_is_held(project: pytest.Pytester) -> None:
    many_samples(project)
    blessed(project)
    add_to_matrix(project, "[gates.jsquad.damaged]\nmargin = 0.05\n")
    add_to_conftest(project, LOOPING)
    arguments = ("evals", "-k", "jsquad", *BLESSED[3:], "--eval-fresh")
    result = project.runpytest(*arguments)
    assert outcomes(result) == {"failed": 2, "passed": 2}
    start = "regressed: jsquad damaged 0.0 → 100.0 % against main.json: +100.0 points ["
    assert items(latest(project))["tuned", "jsquad"]["message"].startswith(start)


def test_what_is_to_go_on_for_as_long_as_it_may_has_no_voice(questions: pytest.Pytester) -> None:
    add_to_conftest(questions, LOOPING)
    suite = questions.path / "evals/test_knowledge.py"
    text = suite.read_text("utf-8").replace("evaluate(Knowledge())", "evaluate(Endless())")
    suite.write_text(f"{text}\n\nclass Endless(Knowledge):\n    endless = True\n", "utf-8")
    assert questions.runpytest(*GATED).ret == 0
    document = report(latest(questions))
    assert {r["metric"] for r in document["results"]} == {"accuracy_seen"}
    assert document["voice"] == []
