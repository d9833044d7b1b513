"""Checkpoints behind an API, from the command line: keys, costs, budgets, faults, resuming."""

from __future__ import annotations

import json
import re
import signal
import sys
import textwrap
import threading
import time
from collections import Counter
from typing import Any

import pytest

from tests.openai_server import Asked, ScriptedServer, completion, error, slowly
from tests.plugin.helpers import (
    add_to_matrix,
    asked,
    figures,
    items,
    latest,
    outcomes,
    output,
    report,
    rows,
    start,
    told_cleanly,
)

REMOTE = """
[models.remote]
weights = "remote-1"
engine = "api"
released = 2025-06-01
[checkpoints.remote]
model = "remote"
"""


def api(server: ScriptedServer, more: str = "") -> str:
    return f"""{REMOTE}
[models.remote.api]
base_url = "{server.url}"
concurrency = 2
retries = 1
timeout = 2.0
{more}
"""


@pytest.fixture
def server(openai_server: ScriptedServer) -> ScriptedServer:
    openai_server.behaviour = good
    return openai_server


def good(asked: Asked) -> Any:
    """Right about even products, and positive about every review."""
    if "レビュー" in asked.text:
        return completion("ポジティブです。")
    number = int(re.findall(r"\d+", asked.text)[0])
    return completion(f"{1000 + number if number % 2 == 0 else 7}円です。")


def test_without_a_key_the_items_skip_and_say_why(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    add_to_matrix(project, REMOTE)
    result = project.runpytest("evals", "-k", "jsquad", "-rs")
    assert outcomes(result) == {"passed": 4, "skipped": 1}
    assert result.ret == 0
    assert "no key for api.openai.com: set OPENAI_API_KEY" in output(result).replace("\n", " ")
    item = items(latest(project))["remote", "jsquad"]
    assert item["status"] == "skipped"
    assert "no key for api.openai.com" in item["message"]


def test_without_the_package_the_items_skip_and_say_what_to_install(
    project: pytest.Pytester, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)
    add_to_matrix(project, api(server))
    result = project.runpytest("evals", "-k", "jsquad", "-rs")
    assert outcomes(result) == {"passed": 4, "skipped": 1}
    assert result.ret == 0
    assert "pip install 'pytest-michi[api]'" in output(result)
    assert server.requests == []


def test_a_wrong_key_fails_once_and_not_for_every_question(
    project: pytest.Pytester, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-wrong-wrong-wrong-wrong")
    server.behaviour = lambda asked: error(401, "no such key: sk-wrong-wrong-wrong-wrong")
    add_to_matrix(project, api(server))
    result = project.runpytest("evals", "-k", "remote")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert outcomes(result) == {"failed": 1, "skipped": 2}
    assert told_cleanly(result)
    assert "refused the key in OPENAI_API_KEY (401)" in output(result)
    assert len(server.requests) == 1
    written = "".join(p.read_text("utf-8") for p in latest(project).rglob("*.*") if p.is_file())
    assert "sk-wrong" not in written + output(result)


def test_no_secret_of_an_api_s_settings_is_in_a_run_or_on_the_terminal(
    project: pytest.Pytester, server: ScriptedServer
) -> None:
    secret = api(server, 'extra_body = { api_key = "top-secret-1", user = "me", top_k = 1 }')
    url = server.url.replace("//", "//me:top-secret-2@")
    add_to_matrix(project, secret.replace(server.url, f"{url}?code=top-secret-3"))
    server.behaviour = lambda asked: (
        good(asked) if "商品" in asked.text else error(403, "not with top-secret-2")
    )
    result = project.runpytest("evals", "-k", "remote")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    told = next(m for m in report(latest(project))["run"]["models"] if m["id"] == "remote")["api"]
    assert told["base_url"] == server.url
    assert json.loads(told["extra_body"]) == {"api_key": "***", "user": "me", "top_k": 1}
    assert server.requests[0].body["api_key"] == "top-secret-1"
    reports = "".join(p.read_text("utf-8") for p in (project.path / "reports").rglob("*.*")
                      if p.is_file())  # fmt: skip
    assert "not with ***" in reports
    assert "top-secret" not in reports + output(result)


def test_answers_are_graded_kept_and_their_costs_add_up(
    project: pytest.Pytester, server: ScriptedServer
) -> None:
    add_to_matrix(project, api(server, "price = { prompt = 10.0, answer = 30.0 }"))
    result = project.runpytest("evals", "-k", "knowledge or marc_ja")
    assert result.ret == 0
    assert figures(latest(project))["remote", "knowledge", "accuracy_seen"] == 0.5
    told = report(latest(project))
    assert [(c["task"], c["answers"], c["snapshot"]) for c in told["costs"]] == [
        ("knowledge", 10, "scripted-2026-10"),
        ("marc_ja", 10, "scripted-2026-10"),
    ]
    assert len(server.requests) == 20
    # The scripted server counts 100 tokens in and 50 out.
    assert sum(c["prompt_tokens"] for c in told["costs"]) == 100 * 20
    assert sum(c["usd"] for c in told["costs"]) == pytest.approx(20 * (100 * 10 + 50 * 30) / 1e6)
    assert "Together $0.0500" in output(result)
    assert "remote: behind an API" in output(result)
    described = next(m for m in told["run"]["models"] if m["id"] == "remote")
    assert described["api"]["base_url"] == server.url
    assert "Costs of APIs" in (latest(project) / "summary.md").read_text("utf-8")
    answers = rows(latest(project) / "samples" / "remote" / "knowledge.jsonl")
    assert {row["snapshot"] for row in answers} == {"scripted-2026-10"}

    again = project.runpytest("evals", "-k", "knowledge or marc_ja")
    assert again.ret == 0
    assert len(server.requests) == 20
    assert report(latest(project))["costs"] == []


def test_what_tells_no_likelihoods_is_asked_in_words_and_is_another_identity(
    project: pytest.Pytester, server: ScriptedServer
) -> None:
    add_to_matrix(project, api(server) + "\n[gates.marc_ja.accuracy]\nmargin = 0.1\n")
    result = project.runpytest("evals", "-k", "marc_ja and (base or remote)")
    assert {r.body["max_tokens"] for r in server.requests} == {16}
    results = {r["checkpoint"]: r for r in report(latest(project))["results"]
               if r["metric"] == "accuracy"}  # fmt: skip
    assert results["remote"]["value"] == 0.7
    assert results["remote"]["identity"]["in_words"] is True
    assert "in_words" not in results["base"]["identity"]
    assert results["remote"]["verdict"] == "incomparable"
    assert result.ret == pytest.ExitCode.USAGE_ERROR


def test_an_estimate_over_the_budget_is_refused_before_anything_is_asked(
    project: pytest.Pytester, server: ScriptedServer
) -> None:
    add_to_matrix(
        project, api(server, "price = { prompt = 10.0, answer = 30.0 }\nmax_cost = 0.001")
    )
    result = project.runpytest("evals", "-k", "knowledge")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert outcomes(result) == {"passed": 4, "failed": 1}
    assert server.requests == []
    assert "knowledge on remote: 10 requests may cost $0.0" in output(result)
    assert "Nothing of it was asked" in output(result).replace("\n", " ")


TOGETHER = "price = { prompt = 10.0, answer = 30.0 }\nmax_cost = 0.03"  # each $0.012 to 0.019


def test_all_that_was_selected_is_estimated_before_the_first_request(
    project: pytest.Pytester, server: ScriptedServer
) -> None:
    add_to_matrix(project, api(server, TOGETHER))
    result = project.runpytest("evals", "-k", "remote")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert outcomes(result) == {"failed": 1, "skipped": 2}
    assert server.requests == []
    said = " ".join(output(result).split())
    assert "jsquad on remote, knowledge on remote and marc_ja on remote: 30 requests may" in said
    for suite in ("knowledge", "marc_ja", "jsquad"):  # one after another they fit
        assert project.runpytest("evals", "-k", f"remote and {suite}").ret == 0
    assert len(server.requests) == 30
    assert project.runpytest("evals", "-k", "remote").ret == 0  # for nothing is left to ask


def test_workers_estimate_the_same(project: pytest.Pytester, server: ScriptedServer) -> None:
    add_to_matrix(project, api(server, TOGETHER))
    result = project.runpytest("evals", "-k", "remote", "-n", "2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert outcomes(result) == {"failed": 1, "skipped": 2}
    assert server.requests == []


def test_suites_of_one_s_own_are_estimated_as_they_ask(
    project: pytest.Pytester, server: ScriptedServer
) -> None:
    own = """
        import pytest
        from harness.tasks.knowledge import Knowledge

        class TestOwn:
            def test_own(self, checkpoint, evaluate):
                print("begun")
                found = evaluate(Knowledge(prompt="簡潔に。{question}"))
                assert found.value("accuracy_seen") == 0.5

        @pytest.mark.skip(reason="not today")
        def test_skipped(evaluate):
            evaluate(Knowledge(prompt="長い" * 10_000 + "{question}"))

        def test_with_more(checkpoint, evaluate, tmp_path):
            evaluate(Knowledge(prompt="長い" * 10_000 + "{question}"))
    """
    (project.path / "evals" / "test_own.py").write_text(textwrap.dedent(own), "utf-8")
    add_to_matrix(project, api(server, TOGETHER))
    assert project.runpytest("evals", "-k", "remote and test_own and not more").ret == 0
    assert len(server.requests) == 10
    # Those are stored, whatever the usual prompt would cost; what can't be foreseen is held
    # against the budget when its turn comes.
    result = project.runpytest("evals", "-k", "remote and (test_own or test_knowledge)")
    assert outcomes(result) == {"passed": 2, "failed": 1, "skipped": 1}
    assert "knowledge on remote: 10 requests may cost $2.0" in output(result)
    assert len(server.requests) == 20


def test_what_gates_ask_of_a_baseline_is_estimated_too(
    project: pytest.Pytester, server: ScriptedServer
) -> None:
    matrix = project.path / "world" / "matrix.toml"
    matrix.write_text(matrix.read_text("utf-8").replace("baseline = true", ""), "utf-8")
    gates = "".join(f"[gates.{name}]\nmargin = 0.1\n" for name in (
        "knowledge.accuracy_seen", "jsquad.f1"))  # fmt: skip
    remote = api(server, TOGETHER).replace('"remote"\n\n', '"remote"\nbaseline = true\n\n')
    add_to_matrix(project, remote + gates)
    result = project.runpytest("evals", "-k", "other and (jsquad or knowledge)")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "jsquad on remote and knowledge on remote: 20 requests" in " ".join(
        output(result).split()
    )
    assert server.requests == []


def test_a_server_that_costs_more_than_it_may_is_left(
    project: pytest.Pytester, server: ScriptedServer
) -> None:
    # Ten answers of 48 tokens at most cost $0.021; this server says that it wrote 50,000 each.
    def dear(asked: Asked) -> Any:
        answer = good(asked)
        answer["usage"]["completion_tokens"] = 50_000
        return answer

    server.behaviour = dear
    add_to_matrix(project, api(server, "price = { prompt = 10.0, answer = 30.0 }\nmax_cost = 3"))
    result = project.runpytest("evals", "-k", "knowledge and remote")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "more than max_cost = 3: stopped" in output(result).replace("\n", " ")
    assert len(server.requests) <= 4 + 2  # $1.50 each: over after the third; two are under way
    # What was under way is kept, and paid for.
    assert stored(project) == len(server.requests)
    costs = rows(next(project.path.glob("reports/runs/*/costs.jsonl")))
    assert sum(row["answers"] for row in costs) == len(server.requests)


def test_a_server_that_fails_is_infrastructure_and_only_the_rest_is_asked_again(
    project: pytest.Pytester, server: ScriptedServer
) -> None:
    answered: Counter[str] = Counter()

    def ill(asked: Asked) -> Any:
        if sum(answered.values()) >= 6:
            return error(500, "out of order")
        answered[asked.text] += 1
        return good(asked)

    server.behaviour = ill
    add_to_matrix(project, api(server))
    result = project.runpytest("evals", "-k", "remote and (knowledge or jsquad)")
    assert result.ret == pytest.ExitCode.INTERNAL_ERROR
    assert told_cleanly(result)
    assert "no answer after 1 retries (InternalServerError: out of order)" in output(result)

    def well(asked: Asked) -> Any:
        answered[asked.text] += 1
        return good(asked)

    server.behaviour = well
    again = project.runpytest("evals", "-k", "remote and (knowledge or jsquad)")
    assert again.ret == 0
    assert len(answered) == 20
    assert set(answered.values()) == {1}


def test_a_killed_run_asks_nothing_twice_that_was_answered_and_stored(
    project: pytest.Pytester, server: ScriptedServer
) -> None:
    server.behaviour = lambda asked: slowly(0.1, good(asked))
    add_to_matrix(project, api(server))
    process = start(project, "evals", "-k", "remote and knowledge")
    deadline = time.monotonic() + 60
    while not stored(project) and time.monotonic() < deadline:
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.02)
    process.kill()
    process.wait()
    time.sleep(0.3)
    before, kept = len(server.requests), stored(project)
    assert 0 < kept < 10
    result = project.runpytest("evals", "-k", "remote and knowledge")
    assert result.ret == 0
    assert len(server.requests) == before + 10 - kept
    assert items(latest(project))["remote", "knowledge"]["stored"] == kept
    assert stored(project) == 10


def stored(project: pytest.Pytester) -> int:
    return sum(len(rows(path)) for path in project.path.glob("reports/store/*.jsonl"))


def test_local_checkpoints_beside_an_api_are_asked_as_ever(
    project: pytest.Pytester, server: ScriptedServer
) -> None:
    add_to_matrix(project, api(server))
    result = project.runpytest("evals", "-n", "2", "-k", "knowledge")
    assert result.ret == 0
    assert outcomes(result) == {"passed": 5}
    assert len(server.requests) == 10
    assert sum(line.startswith("base ") for line in asked(project)) == 10


def test_workers_that_gate_against_one_baseline_pay_for_it_once(
    project: pytest.Pytester, server: ScriptedServer
) -> None:
    server.behaviour = lambda asked: slowly(0.05, good(asked))
    gated = "[gates.knowledge.accuracy_seen]\nmargin = 0.5"
    others = "".join(
        f'[checkpoints.{name}]\nmodel = "remote"\nserved_as = "{name}"\n'
        for name in ("lora1", "lora2")
    )
    add_to_matrix(project, api(server) + others + gated)
    path = project.path / "world" / "matrix.toml"
    text = path.read_text("utf-8").replace("baseline = true\n", "")
    path.write_text(text.replace("[checkpoints.remote]", "[checkpoints.remote]\nbaseline = true"))
    result = project.runpytest("evals", "-n", "2", "-k", "knowledge and lora")
    assert outcomes(result)["passed"] == 2
    names = Counter(asked.body["model"] for asked in server.requests)
    assert names == {"remote-1": 10, "lora1": 10, "lora2": 10}


def test_another_snapshot_half_way_and_answers_cut_off_while_thinking_are_told(
    project: pytest.Pytester, server: ScriptedServer
) -> None:
    def odd(asked: Asked) -> Any:
        number = int(re.findall(r"\d+", asked.text)[0])
        cut_off = completion("", finish="length") if number < 3 else good(asked)
        return {**cut_off, "model": "new-name"} if number >= 6 else cut_off

    server.behaviour = odd
    add_to_matrix(project, api(server))
    for _ in range(2):  # the second time all of it is from the store
        result = project.runpytest("evals", "-k", "remote and knowledge")
        assert result.ret == 0
        said = " ".join(output(result).split())
        assert "answered by new-name and scripted-2026-10, which are not the same" in said
        assert "knowledge on remote: 3 of 10 answers are empty" in said
        assert 'omit = ["max_tokens"] in [models.remote.api]' in said
    server.behaviour = good
    result = project.runpytest("evals", "-k", "remote and knowledge", "--eval-fresh")
    assert "ServedWarning" not in output(result)


def test_another_snapshot_for_the_next_suite_is_told(
    project: pytest.Pytester, server: ScriptedServer
) -> None:
    server.behaviour = lambda asked: {
        **good(asked),
        "model": "monday" if "商品" in asked.text else "tuesday",
    }
    add_to_matrix(project, api(server))
    result = project.runpytest("evals", "-k", "remote")
    assert result.ret == 0
    said = " ".join(output(result).split())
    assert "knowledge on remote: answered by monday, but jsquad by tuesday." in said
    assert "marc_ja on remote: answered by tuesday, but knowledge by monday." in said


def test_an_interrupt_keeps_what_was_answered_and_what_was_sent(
    project: pytest.Pytester, server: ScriptedServer
) -> None:
    interrupted = threading.Event()
    server.behaviour = lambda asked: (
        good(asked) if asked.number <= 6 else interrupted.wait(60) and slowly(0.5, good(asked))
    )
    dear = api(server, "price = { prompt = 10.0, answer = 30.0 }")
    add_to_matrix(project, dear.replace("timeout = 2.0", "timeout = 600.0"))
    process = start(project, "evals", "-k", "remote and knowledge")
    deadline = time.monotonic() + 60
    while (stored(project) < 6 or len(server.requests) < 8) and time.monotonic() < deadline:
        assert process.poll() is None, "it ended before it could be interrupted"
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    interrupted.set()
    try:
        assert process.wait(timeout=60) == pytest.ExitCode.INTERRUPTED
    finally:
        process.kill()
    # Two were under way, and no other was begun.
    assert stored(project) == len(server.requests) == 8
    costs = rows(next(project.path.glob("reports/runs/*/costs.jsonl")))
    assert sum(row["answers"] for row in costs) == 8
    server.behaviour = good
    assert project.runpytest("evals", "-k", "remote and knowledge").ret == 0
    assert items(latest(project))["remote", "knowledge"]["stored"] == 8


def test_questions_that_a_server_would_not_take_count_as_not_answered_and_are_named(
    project: pytest.Pytester, server: ScriptedServer
) -> None:
    # The right price stands in the refusal, and is no answer.
    def choosy(asked: Asked) -> Any:
        number = int(re.findall(r"\d+", asked.text)[0])
        too_long = error(400, f"maximum context length is {1000 + number}円")
        return too_long if number in (2, 3) else good(asked)

    server.behaviour = choosy
    add_to_matrix(project, api(server))
    for _ in range(2):
        server.requests.clear()
        result = project.runpytest("evals", "-k", "remote and knowledge")
        assert result.ret == 0
        said = " ".join(output(result).split())
        assert "the server would not take 2 of 10 questions" in said
        assert "not answered: d1/2, d1/3. Of the first it said: 400: maximum context" in said
        found = {row["id"]: row for row in rows(
            latest(project) / "samples" / "remote" / "knowledge.jsonl")}  # fmt: skip
        assert found["d1/2"]["finish"] == "untaken"
        assert not found["d1/2"]["correct"]
        assert found["d1/2"]["reason"] == "not answered: 400: maximum context length is 1002円"
        assert found["d0/0"]["correct"]
        # Of the even ones of six.
        assert figures(latest(project))["remote", "knowledge", "accuracy_seen"] == 2 / 6
    assert len(server.requests) == 2  # they alone are asked again
    server.behaviour = good
    assert "would not take" not in output(project.runpytest("evals", "-k", "remote and knowledge"))
    assert figures(latest(project))["remote", "knowledge", "accuracy_seen"] == 3 / 6


def test_a_review_that_a_server_would_not_take_has_no_label(
    project: pytest.Pytester, server: ScriptedServer
) -> None:
    def score(asked: Asked) -> Any:
        parts = [message["content"] for message in asked.body["messages"]]
        if "品質3" in parts[0]:
            return error(400, "maximum context length is 100 tokens")
        found = [None, *({"1": {"logprob": -1.0, "rank": 1}} for _ in "".join(parts))]
        return {**completion("x"), "prompt_logprobs": found}

    server.behaviour = score
    add_to_matrix(project, api(server, "prompt_logprobs = true"))
    result = project.runpytest("evals", "-k", "remote and marc_ja")
    assert result.ret == 0
    found = {row["id"]: row for row in rows(
        latest(project) / "samples" / "remote" / "marc_ja.jsonl")}  # fmt: skip
    assert (found["r3"]["outcome"], found["r3"]["finish"]) == ("abstained", "untaken")
    # Five characters each: the first of equals. Of ten, three are negative and one has no label.
    assert figures(latest(project))["remote", "marc_ja", "accuracy"] == 0.6


def test_a_refusal_is_no_answer_whatever_it_says(
    project: pytest.Pytester, server: ScriptedServer
) -> None:
    server.behaviour = lambda asked: (
        completion("", refusal="1000円とはお答えできません。")
        if "商品0" in asked.text
        else good(asked)
    )
    add_to_matrix(project, api(server))
    result = project.runpytest("evals", "-k", "remote and knowledge")
    assert result.ret == 0
    assert "refused 1 of 10 questions" in " ".join(output(result).split())
    assert figures(latest(project))["remote", "knowledge", "accuracy_seen"] == 2 / 6
    server.requests.clear()
    project.runpytest("evals", "-k", "remote and knowledge")
    assert server.requests == []


def test_a_parameter_that_no_question_is_taken_with_is_told_once(
    project: pytest.Pytester, server: ScriptedServer
) -> None:
    server.behaviour = lambda asked: error(400, "temperature is not for this model")
    add_to_matrix(project, api(server))
    result = project.runpytest("evals", "-k", "remote")
    assert result.ret == pytest.ExitCode.INTERNAL_ERROR
    assert outcomes(result) == {"failed": 1, "skipped": 2}
    assert told_cleanly(result)
    assert "would not take any request to remote (400: temperature" in output(result)
    assert "name that under omit in [models.remote.api]" in " ".join(output(result).split())
    assert len(server.requests) <= 3 * (5 + 2)


def test_a_baseline_behind_an_api_is_asked_once_a_run_also_anew(
    project: pytest.Pytester, server: ScriptedServer
) -> None:
    second = '[checkpoints.second]\nmodel = "remote"\nserved_as = "second"\n'
    gate = "[gates.knowledge.accuracy_seen]\nmargin = 0.1\n"
    matrix = project.path / "world" / "matrix.toml"
    matrix.write_text(matrix.read_text("utf-8").replace("baseline = true", ""), "utf-8")
    add_to_matrix(project, api(server).replace('"remote"\n\n', '"remote"\nbaseline = true\n\n')
                  + second + gate)  # fmt: skip
    for _ in range(2):
        server.requests.clear()
        result = project.runpytest(
            "evals", "-k", "knowledge and (remote or second)", "--eval-fresh"
        )
        assert result.ret == 0
        assert Counter(r.body["model"] for r in server.requests) == {"remote-1": 10, "second": 10}


def test_what_was_paid_of_a_likelihood_that_breaks_off_is_counted(
    project: pytest.Pytester, server: ScriptedServer
) -> None:
    # Three requests a review; the server breaks down after two of the third.
    def fails(asked: Asked) -> Any:
        if asked.number >= 9:
            return error(500, "out of order")
        return {**completion("x"), "prompt_logprobs": [None, {"1": {"logprob": -1.0, "rank": 1}}]}

    server.behaviour = fails
    more = "prompt_logprobs = true\nprice = { prompt = 1.0, answer = 1.0 }"
    matrix = api(server, more).replace("concurrency = 2", "concurrency = 1")
    add_to_matrix(project, matrix.replace("retries = 1", "retries = 0"))
    result = project.runpytest("evals", "-k", "marc_ja and remote")
    assert result.ret == pytest.ExitCode.INTERNAL_ERROR
    assert "no answer after 0 retries (InternalServerError: out of order)" in output(result)
    costs = rows(latest(project) / "costs.jsonl")
    assert sum(row["prompt_tokens"] for row in costs) == 8 * 100
    assert sum(row["answers"] for row in costs) == stored(project) == 2
