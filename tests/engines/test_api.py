"""The API engine against a scripted server: what it sends, and what it makes of bad answers."""

from __future__ import annotations

import datetime
import json
import re
import time
from collections import Counter
from typing import Any

import pytest

from harness.engines import abilities
from harness.engines.api import ApiEngine
from harness.errors import ConfigError, ServiceError, UnavailableError
from harness.records import Api, Checkpoint, Model, Request, Response
from tests.openai_server import (
    Asked,
    ScriptedServer,
    completion,
    error,
    raw_completion,
    slowly,
)

DAY = datetime.date(2026, 1, 1)
QUESTIONS = [Request(f"問{n}：価格は？", max_new_tokens=48) for n in range(24)]


@pytest.fixture
def server(openai_server: ScriptedServer) -> ScriptedServer:
    openai_server.behaviour = good
    return openai_server


def good(asked: Asked) -> Any:
    return completion(answer_to(asked.text))


def answer_to(question: str) -> str:
    return f"{question.split('：')[0]}の答えです。"


def model(server: ScriptedServer, **api: Any) -> Model:
    settings = {"retries": 3, "concurrency": 4, "timeout": 2.0, **api}
    return Model("remote", "served", DAY, engine="api", api=Api(server.url, **settings))


def ask(
    server: ScriptedServer, requests: list[Request] = QUESTIONS, served_as: str = "", **api: Any
) -> dict[Request, Response]:
    found = model(server, **api)
    engine = ApiEngine(found)
    checkpoint = Checkpoint("remote", found, served_as=served_as)
    try:
        return {r: a for batch in engine.answer(checkpoint, requests) for r, a in batch}
    finally:
        engine.close()


def test_answers_come_with_tokens_and_the_snapshot_that_gave_them(server: ScriptedServer) -> None:
    answers = ask(server)
    assert {r.prompt: a.text for r, a in answers.items()} == {
        r.prompt: answer_to(r.prompt) for r in QUESTIONS
    }
    first = answers[QUESTIONS[0]]
    assert (first.finish, first.tokens) == ("stop", 50)
    assert first.usage is not None
    assert (first.usage.prompt_tokens, first.usage.answer_tokens) == (100, 50)
    assert first.usage.model == "scripted-2026-10"
    body = server.requests[0].body
    assert body["model"] == "served"
    assert body["temperature"] == 0
    assert body["max_tokens"] == 48
    assert "seed" not in body
    assert "stop" not in body


def test_what_the_matrix_adds_and_leaves_out_is_so(server: ScriptedServer) -> None:
    draw = Request("問1：？", temperature=0.7, draw=3, stop=("\n\n",))
    ask(server, [draw], served_as="qa-e3", extra_body='{"top_k": 1}', omit=("temperature",))
    body = server.requests[0].body
    assert body["model"] == "qa-e3"
    assert body["top_k"] == 1
    assert body["seed"] == 3
    assert body["stop"] == ["\n\n"]
    assert "temperature" not in body


def test_raw_text_goes_to_completions_and_a_stop_is_cut(server: ScriptedServer) -> None:
    server.behaviour = lambda asked: raw_completion(" 330円\n\n質問：次", "length")
    raw = Request("答え：", chat=False, stop=("\n\n",))
    (answer,) = ask(server, [raw]).values()
    assert server.requests[0].path == "/v1/completions"
    assert server.requests[0].body["prompt"] == "答え："
    assert (answer.text, answer.finish) == (" 330円", "length")


def test_a_refusal_is_an_answer_and_is_kept(server: ScriptedServer) -> None:
    def refuse(asked: Asked) -> Any:
        if asked.text.startswith("問1："):
            return completion("", refusal="お答えできません。")
        if asked.text.startswith("問2："):
            return 400, {}, {"error": {"message": "filtered", "code": "content_filter"}}
        return good(asked)

    server.behaviour = refuse
    answers = ask(server)
    assert len(answers) == len(QUESTIONS)
    assert (answers[QUESTIONS[1]].finish, answers[QUESTIONS[1]].text) == (
        "refused",
        "お答えできません。",
    )
    assert answers[QUESTIONS[2]].finish == "refused"


FAULTS = {
    "429": lambda asked: error(429, "slow down", **{"Retry-After": "0.2"}),
    "500": lambda asked: error(500, "broken"),
    "hang": lambda asked: slowly(3, completion("too late")),
    "half a body": lambda asked: (200, {"Content-Length": "99999"}, b'{"id": "x", "choi'),
    "half JSON": lambda asked: (200, {}, b'{"id": "x", "choi'),
    "a web page": lambda asked: (200, {"Content-Type": "text/html"}, b"<html>Welcome</html>"),
    "no completion": lambda asked: {"object": "list", "data": []},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_that_passes_costs_one_more_request_and_no_answer(
    server: ScriptedServer, fault: str
) -> None:
    met: set[str] = set()

    def sometimes(asked: Asked) -> Any:
        if asked.text in ("問3：価格は？", "問7：価格は？") and asked.text not in met:
            met.add(asked.text)
            return FAULTS[fault](asked)
        return good(asked)

    server.behaviour = sometimes
    answers = ask(server, timeout=1.0)
    assert {a.text for a in answers.values()} == {answer_to(r.prompt) for r in QUESTIONS}
    assert len(server.requests) == len(QUESTIONS) + 2
    times = Counter(asked.text for asked in server.requests)
    assert sorted(times.values()) == [1] * 22 + [2, 2]


def test_nobody_asks_while_the_server_wants_to_be_left_alone(server: ScriptedServer) -> None:
    came: list[tuple[float, int]] = []

    def limited(asked: Asked) -> Any:
        came.append((time.monotonic(), asked.number))
        return error(429, "slow", **{"Retry-After": "1"}) if asked.number == 5 else good(asked)

    server.behaviour = limited
    assert len(ask(server)) == len(QUESTIONS)
    (refused,) = (at for at, number in came if number == 5)
    # Those that were under way with it may still arrive; the next ones a second later.
    assert [n for at, n in came if refused + 0.3 < at < refused + 0.9] == []


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("429", "still over the rate limit or the quota after 1 retries"),
        ("500", "no answer after 1 retries"),
        ("hang", "APITimeoutError"),
        ("a web page", "the base_url of an OpenAI-compatible API"),
        ("half JSON", "the answer is no JSON"),
    ],
)
def test_a_fault_that_stays_is_told_and_answers_before_it_are_yielded(
    server: ScriptedServer, fault: str, told: str
) -> None:
    def after_twelve(asked: Asked) -> Any:
        return good(asked) if asked.number <= 12 else FAULTS[fault](asked)

    server.behaviour = after_twelve
    found = model(server, retries=1, timeout=0.5)
    engine, kept = ApiEngine(found), {}

    def take_all() -> None:
        for batch in engine.answer(Checkpoint("remote", found), QUESTIONS):
            kept.update(batch)

    with pytest.raises(ServiceError, match=told):
        take_all()
    assert {a.text for a in kept.values()} == {answer_to(a.text) for a in server.requests[:12]}


def test_a_wrong_key_is_told_at_once(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEAM_KEY", "not-the-key-of-anybody")
    server.behaviour = lambda asked: error(401, "wrong key")
    with pytest.raises(ConfigError, match=r"refused the key in TEAM_KEY \(401\)"):
        ask(server, key_variable="TEAM_KEY")
    assert len(server.requests) == 1
    assert server.requests[0].headers["Authorization"] == "Bearer not-the-key-of-anybody"


def test_without_a_key_nothing_is_asked_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(UnavailableError, match=r"no key for api\.openai\.com: set OPENAI_API_KEY"):
        ApiEngine(Model("gpt", "gpt-4o", DAY, engine="api"))


def test_a_request_that_is_not_taken_names_itself_and_the_way_out(server: ScriptedServer) -> None:
    server.behaviour = lambda asked: error(400, "unknown parameter: temperature")
    with pytest.raises(ServiceError, match=r"(?s)temperature.*問0：価格は？.*omit"):
        ask(server, QUESTIONS[:1])


def test_a_schema_is_sent_until_the_server_refuses_it(server: ScriptedServer) -> None:
    schema = json.dumps({"type": "object", "properties": {}})

    def without(asked: Asked) -> Any:
        if "response_format" in asked.body:
            return error(400, "response_format is not supported")
        return good(asked)

    server.behaviour = without
    asked = [Request(f"問{n}：？", schema=schema) for n in range(3)]
    assert len(ask(server, asked, concurrency=1)) == 3
    assert ["response_format" in r.body for r in server.requests] == [True, False, False, False]


def test_likelihoods_are_of_the_tokens_after_the_prompt(server: ScriptedServer) -> None:
    # In vLLM's form: an entry a token, none for the first; here a character is a token.
    def score(asked: Asked) -> Any:
        chat = asked.path == "/v1/chat/completions"
        if chat:
            parts = [m["content"] for m in asked.body["messages"]]
            text = "<user>" + parts[0] + "<model>" + "".join(parts[1:])
            assert asked.body.get("continue_final_message", False) == (len(parts) == 2)
        else:
            text = asked.body["prompt"]
        entries = [
            {str(ord(c)): {"logprob": -ord(c) / 1000, "rank": 1, "decoded_token": c}} for c in text
        ]
        found = [None, *entries[1:]]
        if chat:
            return {**completion("x"), "prompt_logprobs": found}
        return raw_completion("x", prompt_logprobs=found)

    server.behaviour = score
    for chat in (True, False):
        request = Request("良い？", chat=chat, continuations=("はい", "いいえ"))
        (answer,) = ask(server, [request], prompt_logprobs=True).values()
        assert answer.logprobs == pytest.approx(
            [-sum(map(ord, text)) / 1000 for text in ("はい", "いいえ")]
        )
        assert (answer.text, answer.finish, answer.tokens) == ("はい", "scored", 5)


def test_joint_requests_count_white_space_to_what_follows_and_tell_ranks(
    server: ScriptedServer,
) -> None:
    def score(asked: Asked) -> Any:
        # White space and what follows it are one token, as in most vocabularies.
        pieces = re.findall(r"\s*\S|\s+$", asked.body["prompt"])
        entries = [
            {
                str(i): {
                    "logprob": -1.0 if piece.strip() else -9.0,
                    "rank": 1 + (piece.strip() == "否"),
                }
            }
            for i, piece in enumerate(pieces)
        ]
        return raw_completion("x", prompt_logprobs=[None, *entries[1:]])

    server.behaviour = score
    request = Request("良い？\n答え：\n", chat=False, continuations=("はい", "否定"), joint=True)

    (answer,) = ask(server, [request], prompt_logprobs=True).values()

    assert answer.logprobs == (-2.0, -2.0)
    assert answer.greedy == (True, False)


def test_a_server_without_likelihoods_is_told_where_it_was_said_to_have_them(
    server: ScriptedServer,
) -> None:
    request = Request("良い？", continuations=("はい", "いいえ"))
    with pytest.raises(ConfigError, match="returned no prompt log-probabilities"):
        ask(server, [request], prompt_logprobs=True)


def test_abilities_are_known_from_the_matrix(server: ScriptedServer) -> None:
    assert abilities(model(server)) == {"generate"}
    assert abilities(model(server, prompt_logprobs=True)) == {"generate", "score"}
    assert abilities(Model("own", "/weights", DAY)) == {"generate", "score", "read"}
