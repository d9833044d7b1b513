"""`pytest evals` with a judge: asked where no rule can tell, counted where it was calibrated."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from harness.__main__ import main
from harness.commands.calibrate import _lines, _summary
from harness.judging.calibration import Judged, Pair, calibrate, stratum_of
from harness.review.events import GradeEvent, sample_key
from harness.review.files import append
from tests.conftest import write_rows
from tests.plugin.gating import bless
from tests.plugin.helpers import (
    add_to_conftest,
    add_to_matrix,
    figures,
    latest,
    log_lines,
    output,
    report,
    rows,
    told_cleanly,
)

ONE = ("evals", "-k", "knowledge and base and not other")
REASON = "水に強い布だからです。"
# Even numbers are answered rightly in other words, odd ones wrongly. The judge looks for one word,
# so that it errs on every number that ends in 5 (革より水に強い…, which is another reason).
ENGINES = """
import json
from harness.errors import UnavailableError

plain = respond


def respond(checkpoint, request):
    if "なぜ" not in request.prompt:
        return plain(checkpoint, request)
    number = int(re.findall(r"\\d+", request.prompt)[-1])
    if number == 7:
        return Response("水に強い布だからです。", "stop", 3)
    right = "雨の水をはじく生地なので。"
    wrong = "革より水の色に近いから。" if number % 10 == 5 else "安いから。"
    return Response(wrong if number % 2 else right, "stop", 3)


class Judge:
    def __init__(self, model):
        if "NO_KEY" in os.environ:
            raise UnavailableError("no key for api.example.com: set JUDGE_KEY")

    def answer(self, checkpoint, requests, skip=()):
        for request in requests:
            if request in skip:
                continue
            answer = re.search(r"<回答-\\w+>\\n(.*?)\\n</回答", request.prompt, re.DOTALL)[1]
            note(f"judge {checkpoint.id} {request.draw} {answer}")
            verdict = "correct" if "水" in answer else "wrong"
            if "円" in answer:
                verdict = "wrong"
            text = json.dumps({"verdict": verdict, "reason": "水"}, ensure_ascii=False)
            yield [(request, Response(text, "stop", 5))]

    def close(self): ...


harness.session.open_engine = lambda m: Judge(m) if m.id == "judge" else ScriptedEngine(m)
"""
JUDGE = """
[models.judge]
weights = "judge-1"
engine = "api"
released = 2025-06-01
[judge]
model = "judge"
"""


@pytest.fixture
def judged(project: pytest.Pytester) -> pytest.Pytester:
    """The project with 60 questions that ask why, and a judge in its matrix."""
    path = project.path / "world" / "knowledge.jsonl"
    why: list[dict[str, object]] = [
        {"id": f"w{i}", "question": f"商品{i}はなぜ人気なのですか。", "answer": REASON,
         "document": f"w{i}", "form": "seen", "kind": "reason"}
        for i in range(60)
    ]  # fmt: skip
    write_rows(path, [*rows(path), *why])
    add_to_conftest(project, ENGINES)
    add_to_matrix(project, JUDGE)
    return project


def sample_rows(project: pytest.Pytester, checkpoint: str = "base") -> dict[str, dict[str, Any]]:
    found = rows(latest(project) / "samples" / checkpoint / "knowledge.jsonl")
    return {row["id"]: row for row in found}


def asked_judge(project: pytest.Pytester) -> list[str]:
    return [line for line in log_lines(project) if line.startswith("judge ")]


def grade_by_eye(project: pytest.Pytester, graded: dict[str, bool], picked: str = "queue") -> None:
    """People's grades of base's answers."""
    found = sample_rows(project)
    events = [
        GradeEvent(
            event=hashlib.md5(f"花子 {right} {id}".encode()).hexdigest(),
            sample=sample_key("knowledge", id, found[id]["prompt"], found[id]["response"]),
            suite="knowledge",
            item=id,
            verdict="right" if right else "wrong",
            author="花子",
            time="2026-11-26T01:02:03.456Z",
            rubric="default/2",
            picked=picked,
        )
        for id, right in graded.items()
    ]
    append(project.path / "reports" / "grades", events)


def calibrated(project: pytest.Pytester) -> Path:
    """A calibration on those of base's answers that don't deceive the judge."""
    assert project.runpytest(*ONE).ret == 0
    grade_by_eye(project, {f"w{i}": i % 2 == 0 for i in range(60) if i != 7 and i % 10 != 5})
    assert main(["calibrate", "reports/latest"]) == 0
    # The grades would count over the judge's verdicts.
    for file in (project.path / "reports" / "grades").glob("*.jsonl"):
        file.unlink()
    return project.path / "reports" / "judge" / "judge.json"


def test_a_judge_is_asked_where_the_rule_can_not_tell_and_counts_nowhere_before_calibration(
    judged: pytest.Pytester,
) -> None:
    result = judged.runpytest(*ONE)

    assert result.ret == 0
    found = sample_rows(judged)
    asked = {id for id, row in found.items() if "judge" in row}
    # Not of values, and not of the one answer that is the reference word for word.
    assert asked == {f"w{i}" for i in range(60) if i != 7}
    assert found["w7"]["correct"]
    assert found["w2"]["unsure"] is True
    assert found["w2"]["judge"]["verdict"] == "correct"
    assert (found["w2"]["judge"]["counted"], found["w2"]["correct"]) == (False, False)
    assert "rule" not in found["w2"]
    # Of ten values six are of form seen, and base knows two of those.
    assert figures(latest(judged))["base", "knowledge", "accuracy_seen"] == pytest.approx(3 / 66)
    text = output(result)
    assert "Warning: judge was never held against people, so none of its verdicts counts" in text
    assert "python -m harness calibrate RUN" in text


def test_equal_answers_to_one_question_are_judged_once_and_then_come_from_the_store(
    judged: pytest.Pytester,
) -> None:
    every = ("evals", "-k", "knowledge")
    judged.runpytest(*every)
    once = asked_judge(judged)
    # Four checkpoints give the same answers.
    assert len(once) == 59
    judged.runpytest(*every)
    assert asked_judge(judged) == once


def test_a_calibrated_judge_counts_and_the_rule_s_own_grade_is_kept(
    judged: pytest.Pytester,
) -> None:
    path = calibrated(judged)
    before = asked_judge(judged)
    add_to_matrix(judged, f'calibration = "{path}"')

    result = judged.runpytest(*ONE)

    assert result.ret == 0, output(result)
    assert asked_judge(judged) == before
    found = sample_rows(judged)
    row = found["w2"]
    assert (row["correct"], row["author"], row["judge"]["counted"]) == (True, "judge:judge", True)
    assert (row["rule"]["correct"], row["rule"]["author"]) == (False, "rule:typed-facts/1")
    assert not found["w3"]["correct"]
    # 30 even ones, w7, five that deceive the judge, and the two values that base knows.
    value = figures(latest(judged))["base", "knowledge", "accuracy_seen"]
    assert value == pytest.approx((30 + 1 + 6 + 2) / 66)
    judge = report(latest(judged))["run"]["judge"]
    own = {"suite": "knowledge", "form": "seen", "kind": "reason", "rule": "unsure"}
    assert own in judge["trusted"]
    assert str(path.parent) not in json.dumps(judge)
    assert "Warning" not in output(result)


def test_a_judge_that_errs_too_often_is_measured_and_does_not_count(
    judged: pytest.Pytester, capsys: pytest.CaptureFixture[str]
) -> None:
    path = calibrated(judged)
    content = json.loads(path.read_text("utf-8"))
    assert {(s["n"], s["trusted"]) for s in content["strata"]} == {(53, True)}
    # The same judge on answers that deceive it.
    harder = judged.path / "world" / "knowledge.jsonl"
    harder.write_text(
        re.sub(r"商品(\d)(\d)?は", r"商品\1\g<2>5は", harder.read_text("utf-8")), "utf-8"
    )
    judged.runpytest(*ONE)
    grade_by_eye(judged, {id: False for id in sample_rows(judged) if id.startswith("w")})
    capsys.readouterr()
    assert main(["calibrate", "reports/latest", "--out", "harder.json"]) == 0
    assert "counts in: none, where the rule is unsure" in capsys.readouterr().out
    add_to_matrix(judged, f'calibration = "{judged.path / "harder.json"}"')

    result = judged.runpytest(*ONE)

    assert not any(row.get("judge", {}).get("counted") for row in sample_rows(judged).values())
    text = " ".join(output(result).split())
    assert "judge is not calibrated for these answers" in text
    assert "knowledge, seen, reason, rule unsure" in text


def test_answers_that_people_chose_are_counted_once(
    judged: pytest.Pytester, capsys: pytest.CaptureFixture[str]
) -> None:
    judged.runpytest(*ONE)
    grade_by_eye(judged, {f"w{i}": i % 2 == 0 for i in range(60) if i != 7}, picked="hand")
    capsys.readouterr()
    assert main(["calibrate", "reports/latest"]) == 0
    # Each of them stands in three strata, one wider than the other.
    assert "59 answers were chosen by whoever graded them" in capsys.readouterr().out


def test_a_stratum_is_named_once_where_questions_have_no_form_and_no_kind() -> None:
    stratum = stratum_of("own", "", "", unsure=True)
    both = [Pair(stratum, v, v) for v in ("correct", "wrong") for _ in range(30)]
    found = calibrate(Judged("f" * 32, 1, "built-in/1", 1, 0.0), both)
    assert "trusted in 1 of 1 strata" in _summary(found)
    assert _summary(found).endswith("counts in: own, rule unsure.")
    assert [line.split("  ")[-1] for line in _lines(found)][1:] == [
        "all", "rule unsure", "own, rule unsure",
    ]  # fmt: skip


def test_a_person_s_verdict_stands_over_the_judge_s(judged: pytest.Pytester) -> None:
    path = calibrated(judged)
    add_to_matrix(judged, f'calibration = "{path}"')
    judged.runpytest(*ONE)
    grade_by_eye(judged, {"w5": False, "w4": False})

    judged.runpytest(*ONE)

    row = sample_rows(judged)["w4"]
    assert (row["correct"], row["author"]) == (False, "human:花子")
    assert (row["judge"]["verdict"], row["judge"]["counted"]) == ("correct", False)
    assert row["rule"]["author"] == "rule:typed-facts/1"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("repeats = 3", "repeats 1, now 3"),
        ('rubric = "./rubric.md"', "rubric 'built-in/1', now 'rubric.md/"),
    ],
)
def test_the_calibration_of_another_judge_is_refused_before_anybody_is_asked(
    judged: pytest.Pytester, change: str, told: str
) -> None:
    path = calibrated(judged)
    (judged.path / "world" / "rubric.md").write_text("海なら correct。\n", "utf-8")
    add_to_matrix(judged, f'calibration = "{path}"\n{change}')
    before = log_lines(judged)

    result = judged.runpytest(*ONE)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert told_cleanly(result)
    assert f"judge.json: the calibration of another judge ({told}" in output(result)
    assert log_lines(judged) == before


def test_second_opinions_on_answers_of_which_the_rule_is_sure_never_count(
    judged: pytest.Pytester,
) -> None:
    add_to_matrix(judged, 'when = "always"')
    judged.runpytest(*ONE)
    found = sample_rows(judged)
    assert all("judge" in row for row in found.values())
    # The judge says of all values that they are wrong.
    right = [id for id, row in found.items() if row["correct"]]
    assert set(right) > {"w7"}
    apart = report(latest(judged))["judge"]["apart"]
    assert {a["item"] for a in apart} == set(right) - {"w7"}
    assert {(a["rule"], a["judge"]) for a in apart} == {("correct", "wrong")}
    summary = (latest(judged) / "summary.md").read_text("utf-8")
    assert f"Judge and a rule that is sure differ on {len(apart)}" in summary


def test_a_judge_asked_several_times_is_told_with_its_own_agreement(
    judged: pytest.Pytester,
) -> None:
    add_to_matrix(judged, "repeats = 3")
    judged.runpytest(*ONE)
    row = sample_rows(judged)["w2"]
    assert (row["judge"]["votes"], row["judge"]["agreement"]) == ({"correct": 3}, 1.0)
    assert len(asked_judge(judged)) == 3 * 59


def test_without_a_key_the_rule_s_grades_stand_and_it_is_said(
    judged: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_KEY", "1")

    result = judged.runpytest(*ONE)

    assert result.ret == 0
    assert not any("judge" in row for row in sample_rows(judged).values())
    assert "the judge can't be asked, so the rule's grades stand: no key" in output(result)


def test_a_judge_on_the_same_weights_is_warned_of(judged: pytest.Pytester) -> None:
    path = judged.path / "world" / "matrix.toml"
    text = path.read_text("utf-8").replace('model = "judge"', 'model = "one"')
    path.write_text(text, "utf-8")

    result = judged.runpytest(*ONE)

    same = "one judges answers of base, tuned, tuned-long, which stand on the same model"
    assert f"Warning: {same}" in " ".join(output(result).split())
    assert report(latest(judged))["run"]["judge"]["same_as"] == ["base", "tuned", "tuned-long"]


def test_without_a_judge_it_is_said_how_many_answers_no_rule_can_tell(
    judged: pytest.Pytester,
) -> None:
    path = judged.path / "world" / "matrix.toml"
    path.write_text(path.read_text("utf-8").replace(JUDGE, ""), "utf-8")

    result = judged.runpytest(*ONE)

    (form,) = report(latest(judged))["judge"]["forms"]
    assert (form["n"], form["unsure"], form["asked"]) == (66, 59, 0)
    assert "name a judge with [judge] in the matrix" in " ".join(output(result).split())


def test_a_gate_takes_no_judged_answer_for_a_better_one(judged: pytest.Pytester) -> None:
    # Blessed before the judge counted: what it finds right now was as right then.
    path = calibrated(judged)
    assert bless(judged, "--allow-dirty", "--allow-partial").returncode == 0
    add_to_matrix(judged, f'calibration = "{path}"')

    judged.runpytest(*ONE, "--eval-baseline", "main.json")

    gates = [r["gate"] for r in report(latest(judged))["results"] if r["gate"]]
    assert gates
    assert {gate["difference"] for gate in gates} == {0}


def test_nothing_to_calibrate_on_is_said(
    judged: pytest.Pytester, capsys: pytest.CaptureFixture[str]
) -> None:
    judged.runpytest(*ONE)
    assert main(["calibrate", "reports/latest"]) == 2
    told = "of 59 answers that the judge was asked of none has a person's grade"
    assert told in capsys.readouterr().err


def test_a_run_without_a_judge_has_nothing_to_calibrate(
    project: pytest.Pytester, capsys: pytest.CaptureFixture[str]
) -> None:
    project.runpytest(*ONE)
    assert main(["calibrate", "reports/latest"]) == 2
    assert "no judge was asked in this run" in capsys.readouterr().err
