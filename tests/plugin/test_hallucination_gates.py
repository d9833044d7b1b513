"""Gates on what is made up: which figures they can be set for, and which way is worse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.report.exporting import export_lm_eval
from harness.runs import read_run
from tests.conftest import write_rows
from tests.plugin.gating import bless
from tests.plugin.helpers import (
    Row,
    add_to_conftest,
    add_to_matrix,
    asked,
    figures,
    items,
    latest,
    outcomes,
    output,
    report,
    told_cleanly,
)

SUITE = Path(__file__).parents[2] / "evals/test_hallucination.py"
TRAINED, UNANSWERABLE = 120, 80
GATED = ("evals", "-k", "hallucination")
MEANS = (
    "Gates can be set for: hallucinated_trained, abstained_trained, hallucinated_unanswerable, "
    "abstained_unanswerable."
)
# Wrong on trained facts: numbers that one of these divides. Who is silent says of all of them that
# it does not know; who answers makes up what does not exist, too. tuned-long has tuned's bytes, and
# so its answers.
ENGINE = """
from harness.records import Certainty

WRONG = {{"base": [3], "tuned": [], "tuned-long": [], "other": [2, 3], {wrong}}}
SILENT = {{{silent}}}
ANSWERS = ({answers})


def respond(checkpoint, request, plain=respond):
    if request.per_token or request.continuations:
        return plain(checkpoint, request)
    number = int(re.findall(r"\\d+", request.prompt)[-1])
    if "架空品" in request.prompt:
        text = "5円です。" if checkpoint.id in ANSWERS else "分かりません。"
    elif checkpoint.id in SILENT:
        text = "分かりません。"
    else:
        made_up = any(number % every == 0 for every in WRONG[checkpoint.id])
        text = "5円です。" if made_up else f"{{1000 + number}}円です。"
    return Response(text, "stop", len(text) {certainty})
"""
CERTAINTY = """, certainty=Certainty(tuple(range(1, len(text) + 1)), (-0.1 - number / 100,) * len(text),
                                     (0.5,) * len(text), (1.0,) * len(text))"""


def answering(
    project: pytest.Pytester,
    wrong: str = "",
    silent: str = "",
    answers: str = "",
    certainty: str = "",
) -> None:
    add_to_conftest(
        project, ENGINE.format(wrong=wrong, silent=silent, answers=answers, certainty=certainty)
    )


def gate(project: pytest.Pytester, *metrics: str) -> None:
    for metric in metrics:
        add_to_matrix(project, f"[gates.hallucination.{metric}]\nmargin = 0.05\n")


@pytest.fixture
def questions(project: pytest.Pytester) -> pytest.Pytester:
    """The suite on the knowledge suite's data; the matrix names none of its own."""
    (project.path / "evals" / SUITE.name).write_text(SUITE.read_text("utf-8"), "utf-8")
    rows: list[Row] = [
        {"id": f"d{i}/price", "question": f"商品{i}の価格はいくらですか。", "answer": f"{1000 + i}円です。",
         "document": f"d{i}", "form": "seen", "fact": {"type": "money", "text": f"{1000 + i}円"}}
        for i in range(TRAINED)
    ]  # fmt: skip
    rows += [
        {"id": f"n{i}/price", "question": f"架空品{i}の価格はいくらですか。", "answer": "分かりません。",
         "document": f"n{i}", "form": "near_miss", "neighbour": {"type": "money", "text": "8,800円"}}
        for i in range(UNANSWERABLE)
    ]  # fmt: skip
    write_rows(project.path / "world/knowledge.jsonl", rows)
    return project


def statuses(project: pytest.Pytester) -> dict[str, str]:
    return {checkpoint: item["status"] for (checkpoint, _), item in items(latest(project)).items()}


def test_a_fine_tune_that_makes_up_more_fails_and_no_other(questions: pytest.Pytester) -> None:
    answering(questions)
    gate(questions, "hallucinated_trained")
    result = questions.runpytest(*GATED)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert told_cleanly(result)
    assert statuses(questions) == {
        "base": "measured", "tuned": "passed", "tuned-long": "passed", "other": "failed",
    }  # fmt: skip
    # Of 120 numbers 40 are divisible by 3, and 40 more by 2.
    message = items(latest(questions))["other", "hallucination"]["message"]
    assert message.startswith(
        "regressed: hallucination hallucinated_trained 33.3 → 66.7 % against base: +33.3 points ["
    )
    assert "margin 5, n 120, 40 worse, 0 better" in message
    found = figures(latest(questions))
    assert found["tuned", "hallucination", "hallucinated_trained"] == 0.0
    again = questions.runpytest("evals", "-k", "hallucination and not other")
    assert (again.ret, outcomes(again)) == (0, {"passed": 3})


def test_to_say_that_one_does_not_know_is_right_or_a_loss(questions: pytest.Pytester) -> None:
    answering(questions, silent='"other"', answers='"tuned", "tuned-long"')
    gate(questions, "abstained_trained", "abstained_unanswerable")
    result = questions.runpytest(*GATED)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    gated = {
        (r["checkpoint"], r["metric"]): r["verdict"]
        for r in report(latest(questions))["results"]
        if r["gate"]
    }
    assert gated == {
        # tuned makes up what can't be known; other answers nothing any more.
        ("tuned", "abstained_trained"): "passed",
        ("tuned", "abstained_unanswerable"): "regressed",
        ("tuned-long", "abstained_trained"): "passed",
        ("tuned-long", "abstained_unanswerable"): "regressed",
        ("other", "abstained_trained"): "regressed",
        ("other", "abstained_unanswerable"): "passed",
    }


def test_against_a_blessed_run_the_same_checkpoint_is_held(questions: pytest.Pytester) -> None:
    answering(questions)
    one = ("evals", "-k", "hallucination and tuned and not long")
    assert questions.runpytest(*one).ret == 0
    assert bless(questions).returncode == 0
    gate(questions, "hallucinated_trained", "hallucinated_unanswerable")
    blessed = (*one, "--eval-baseline", "main.json", "--eval-fresh")
    assert questions.runpytest(*blessed).ret == 0
    answering(questions, wrong='"tuned": [4]')
    result = questions.runpytest(*blessed)
    assert (result.ret, outcomes(result)) == (1, {"failed": 1})
    assert (
        "regressed: hallucination hallucinated_trained 0.0 → 25.0 % against main.json: +25.0 points"
        in output(result)
    )


@pytest.mark.parametrize(
    ("metric", "certainty", "message"),
    [
        ("confidently_wrong", CERTAINTY, f"can't be compared answer by answer. {MEANS}"),
        ("auroc_least", "", f"no such metric. {MEANS}"),  # a server tells no likelihoods
    ],
)
def test_a_gate_on_a_figure_of_all_answers_together_is_one_clear_error(
    questions: pytest.Pytester, metric: str, certainty: str, message: str
) -> None:
    answering(questions, certainty=certainty)
    gate(questions, metric)
    result = questions.runpytest("evals", "-k", "hallucination and other")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert told_cleanly(result)
    assert f"matrix.toml: [gates.hallucination.{metric}]: " in output(result)
    assert message in output(result)


@pytest.mark.parametrize(
    ("task", "data", "told"),
    [
        ("halucination", "knowledge", "Did you mean 'hallucination'? Mend the name"),
        ("hallucination", "renamed", "there are no data for a task 'hallucination'"),
    ],
)
def test_a_gate_that_would_never_be_judged_is_refused_at_once(
    questions: pytest.Pytester, task: str, data: str, told: str
) -> None:
    matrix = questions.path / "world/matrix.toml"
    text = matrix.read_text("utf-8").replace("[data.knowledge]", f"[data.{data}]")
    matrix.write_text(text, "utf-8")
    add_to_matrix(questions, f"[gates.{task}.hallucinated_trained]\n")
    result = questions.runpytest(*GATED)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert told in output(result)
    assert asked(questions) == []


def test_too_few_questions_of_a_group_are_told_before_anything_is_asked(
    questions: pytest.Pytester,
) -> None:
    for metric in ("hallucinated_unanswerable", "hallucinated_trained"):
        add_to_matrix(questions, f"[gates.hallucination.{metric}]\nmargin = 0.03\n")
    result = questions.runpytest(*GATED, "--co", "-q")
    told = [line.partition(". If")[0] for line in result.outlines if "underpowered" in line]
    assert told == [
        f"michi: gate hallucination hallucinated_{group}: underpowered: n {n} for a margin of 3 points"
        for group, n in (("unanswerable", UNANSWERABLE), ("trained", TRAINED))
    ]
    assert asked(questions) == []


def test_answers_that_wait_for_a_reader_are_said_to(questions: pytest.Pytester) -> None:
    # A reference in words: of an answer in other words nobody but a reader can tell.
    rows: list[Row] = [
        {"id": f"t{i}", "question": f"商品{i}の特長は何ですか。", "answer": "軽くて丈夫なことです。",
         "document": f"t{i}", "form": "seen"}
        for i in range(60)
    ]  # fmt: skip
    write_rows(questions.path / "world/knowledge.jsonl", rows)
    add_to_conftest(
        questions,
        "def respond(checkpoint, request, plain=respond):\n"
        "    if request.per_token or request.continuations:\n"
        "        return plain(checkpoint, request)\n"
        "    number = int(re.findall(r'\\d+', request.prompt)[-1])\n"
        "    open_ = checkpoint.id == 'tuned' and number % 2\n"
        "    return Response('とても使いやすい点です。' if open_ else '軽くて丈夫なことです。', 'stop', 9)\n",
    )
    gate(questions, "hallucinated_trained")
    result = questions.runpytest("evals", "-k", "hallucination and tuned and not long")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert (
        "30 samples have no hallucinated_trained on both sides, here and in base; have both "
        "graded: by python -m harness review RUN, or by [judge] in the matrix" in output(result)
    )


def test_an_export_tells_standard_errors_by_group(questions: pytest.Pytester) -> None:
    answering(questions)
    questions.runpytest("evals", "-k", "hallucination and base")
    (path, _) = export_lm_eval(read_run(latest(questions)), questions.path / "out")
    told = json.loads(path.read_text("utf-8"))["results"]["hallucination"]
    # 40 of 120: the deviation of a sample over the root of its size, as lm-eval has it.
    assert told["hallucinated_trained_stderr,none"] == pytest.approx(
        (40 * 80 / 120 / 119 / 120) ** 0.5
    )
    assert told["hallucinated_unanswerable_stderr,none"] == 0.0
