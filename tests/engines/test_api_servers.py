"""What servers do that is neither an answer nor a plain fault, and what is said of it."""

from __future__ import annotations

import datetime
import threading
import time
from typing import Any

import pytest

from harness.engines.api import ApiEngine
from harness.errors import ConfigError, ServiceError, UnavailableError
from harness.records import Api, Checkpoint, Model, Request, Response
from tests.openai_server import (
    Asked,
    Blanks,
    ScriptedServer,
    completion,
    error,
    raw_completion,
)

DAY = datetime.date(2026, 1, 1)
QUESTIONS = [Request(f"問{n}：価格は？", max_new_tokens=48) for n in range(12)]


@pytest.fixture
def server(openai_server: ScriptedServer) -> ScriptedServer:
    return openai_server


def ask(url: str, requests: list[Request] | None = None, **api: Any) -> dict[Request, Response]:
    settings = {"retries": 2, "concurrency": 4, "timeout": 5.0, **api}
    model = Model("remote", "served", DAY, engine="api", api=Api(url, **settings))
    engine = ApiEngine(model)
    try:
        batches = list(engine.answer(Checkpoint("remote", model), requests or QUESTIONS[:1]))
        return {request: response for batch in batches for request, response in batch}
    finally:
        engine.close()


def test_refused_requests_come_back_no_more_at_once_than_half(server: ScriptedServer) -> None:
    together, seen = threading.Barrier(6, timeout=10), []

    def refuse_six(asked: Asked) -> Any:
        if asked.number == 1:  # which goes alone
            return completion("はい。")
        if asked.number <= 7:
            together.wait()
            return error(429, "slow down", **{"Retry-After": "0.6"})
        seen.append("in")
        time.sleep(0.1)
        seen.append("out")
        return completion("はい。")

    server.behaviour = refuse_six
    assert len(ask(server.url, QUESTIONS, concurrency=6)) == len(QUESTIONS)
    assert 1 <= seen.index("out") <= 3


@pytest.mark.parametrize(
    ("answer", "kind", "told"),
    [
        (error(429, "see you", **{"Retry-After": "7200"}), ServiceError,
         r"asks to be left alone for 7,200 s \(429\)"),
        ((429, {}, {"error": {"message": "check your plan", "code": "insufficient_quota"}}),
         ServiceError, "the quota or the money of the key in OPENAI_API_KEY is used up"),
        (error(402, "no balance"), ServiceError, r"money .* used up \(402\): no balance"),
        (error(413, "too large"), ServiceError, r"would not take a request .*413: too large"),
        (error(405, "POST is not for me"), ServiceError, "refused with 405: POST is not for me"),
        (error(503, "closed for good", **{"x-should-retry": "false"}), ServiceError,
         "refused with 503: closed for good"),
        ((404, {}, {"detail": "Not Found"}), ConfigError, "not its base_url, which mostly ends in"),
    ],
)  # fmt: skip
def test_what_will_not_pass_is_asked_once_and_told(
    server: ScriptedServer, answer: Any, kind: type[Exception], told: str
) -> None:
    server.behaviour = lambda asked: answer
    with pytest.raises(kind, match=told):
        ask(server.url)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        error(408, "too slow"),
        (502, {"Content-Type": "text/html"}, b"<html><h1>502 Bad Gateway</h1></html>"),
        (504, {"Content-Type": "text/html"}, b"<html><h1>504 Gateway Time-out</h1></html>"),
        {"error": {"message": "Provider returned error", "code": 502}},
        {**completion("x"), "choices": [{"index": 0, "finish_reason": "stop"}]},
    ],
)
def test_what_may_pass_is_asked_again(server: ScriptedServer, answer: Any) -> None:
    server.behaviour = lambda asked: answer if asked.number == 1 else completion("はい。")
    assert [response.text for response in ask(server.url).values()] == ["はい。"]
    assert len(server.requests) == 2


def test_an_error_inside_an_answer_is_told(server: ScriptedServer) -> None:
    server.behaviour = lambda asked: {"error": {"message": "Provider returned error"}}
    with pytest.raises(ServiceError, match="Provider returned error"):
        ask(server.url, retries=0)


def test_a_connection_that_fails_says_why(server: ScriptedServer) -> None:
    with pytest.raises(ServiceError, match="Connection refused"):
        ask("http://127.0.0.1:9/v1", retries=0)


def test_half_a_character_is_told_and_not_sent(server: ScriptedServer) -> None:
    with pytest.raises(ServiceError, match=r"half a character, '\\ud83d', is in it.*begins '値段"):
        ask(server.url, [Request("値段\ud83d")])
    assert server.requests == []


def test_null_for_an_answer_is_an_empty_one(server: ScriptedServer) -> None:
    empty = completion("")
    empty["choices"][0]["message"]["content"] = None
    server.behaviour = lambda asked: {**empty, "usage": None}
    (answer,) = ask(server.url).values()
    assert (answer.text, answer.finish, answer.tokens) == ("", "stop", 0)


def test_an_answer_in_parts_is_put_together_without_its_thinking(server: ScriptedServer) -> None:
    answer = completion("")
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "ええと"}]}
    parts = [{"type": "text", "text": "330"}, {"type": "text", "text": "円です。"}]
    answer["choices"][0]["message"]["content"] = [thinking, *parts]
    server.behaviour = lambda asked: answer
    assert [response.text for response in ask(server.url).values()] == ["330円です。"]


def test_a_query_of_the_address_is_sent(server: ScriptedServer) -> None:
    ask(f"{server.url}?api-version=preview")  # as Azure wants it
    assert server.requests[0].path == "/v1/chat/completions?api-version=preview"


def test_a_key_that_expires_half_way_loses_nothing(server: ScriptedServer) -> None:
    server.behaviour = lambda asked: (
        completion("はい。") if asked.number <= 6 else error(401, "expired")
    )
    model = Model("remote", "served", DAY, engine="api", api=Api(server.url, concurrency=3))
    engine, kept = ApiEngine(model), []
    with pytest.raises(ConfigError, match=r"refused the key in OPENAI_API_KEY \(401\)"):
        kept.extend(
            answer
            for batch in engine.answer(Checkpoint("remote", model), QUESTIONS)
            for answer in batch
        )
    assert len(kept) == 6
    assert len(server.requests) <= 9


def test_no_secret_of_an_address_or_key_stands_in_a_message(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_AUTHORITY", "a-key-that-looks-like-none")
    server.behaviour = lambda asked: error(403, f"not for {asked.headers['Authorization']}")
    with pytest.raises(ConfigError, match=r"not for Bearer \*\*\*"):
        ask(server.url, key_variable="MY_AUTHORITY")

    url = server.url.replace("//", "//me:pa55-word@") + "?code=abc-def"
    for answer in (error(403, "not you, pa55-word"), (200, {"Content-Type": "text/html"}, b"<p>")):
        server.behaviour = lambda asked, answer=answer: answer
        with pytest.raises((ConfigError, ServiceError)) as told:
            ask(url, retries=0)
        assert "pa55-word" not in str(told.value)
        assert "abc-def" not in str(told.value)


def test_only_the_matrix_says_which_server_is_asked(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    monkeypatch.setenv("OPENAI_API_KEY", "a-key-of-nobody")
    engine = ApiEngine(Model("gpt", "gpt-4o", DAY, engine="api"))
    address = str(engine._server._client.base_url)
    engine.close()
    assert address == "https://api.openai.com/v1/"


def test_a_server_that_wants_the_newer_name_of_the_limit_gets_it(server: ScriptedServer) -> None:
    def newer(asked: Asked) -> Any:
        if "max_tokens" in asked.body:
            return error(400, "Use 'max_completion_tokens' instead of 'max_tokens'.")
        return completion("はい。")

    server.behaviour = newer
    assert len(ask(server.url, QUESTIONS, concurrency=4)) == len(QUESTIONS)
    assert server.requests[-1].body["max_completion_tokens"] == 48
    assert len(server.requests) <= len(QUESTIONS) + 4  # those that were under way with the first


def test_a_limit_that_is_left_out_is_so_by_either_name(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if this server were OpenAI's.
    monkeypatch.setenv("OPENAI_API_KEY", "a-key-of-nobody")
    monkeypatch.setattr(Api, "address", server.url)
    ask("", QUESTIONS[:1])
    ask("", QUESTIONS[:1], omit=("max_tokens",))
    first, second = server.requests
    assert first.body["max_completion_tokens"] == 48
    assert {"max_tokens", "max_completion_tokens"}.isdisjoint(second.body)


def test_of_many_stops_four_are_sent_and_all_are_kept_to(server: ScriptedServer) -> None:
    server.behaviour = lambda asked: completion("330円です。問：次は")
    (answer,) = ask(server.url, [Request("価格は？", stop=("a", "b", "c", "d", "問："))]).values()
    assert server.requests[0].body["stop"] == ["a", "b", "c", "d"]
    assert answer.text == "330円です。"


def test_nothing_is_sent_again_once_the_engine_is_closed(server: ScriptedServer) -> None:
    model = Model("remote", "served", DAY, engine="api", api=Api(server.url, concurrency=1))
    engine = ApiEngine(model)

    def broken(asked: Asked) -> Any:
        engine.close()
        return error(500, "broken")

    server.behaviour = broken
    with pytest.raises(ServiceError):
        list(engine.answer(Checkpoint("remote", model), QUESTIONS))
    assert len(server.requests) == 1


TOO_LONG = "This model's maximum context length is 4096 tokens, but you asked for 5{} tokens"


def test_a_question_that_is_not_taken_is_told_and_the_others_are_answered(
    server: ScriptedServer,
) -> None:
    def choosy(asked: Asked) -> Any:
        number = int(asked.text[1:].partition("：")[0])
        if number < 7:
            return error(400, TOO_LONG.format(number))
        return error(413, "body is too large") if number == 9 else completion("はい。")

    server.behaviour = choosy
    answers = ask(server.url, QUESTIONS)
    assert {r.prompt for r, a in answers.items() if a.finish == "stop"} == {
        QUESTIONS[n].prompt for n in (7, 8, 10, 11)
    }
    long = answers[QUESTIONS[3]]
    assert (long.finish, long.text) == ("untaken", f"400: {TOO_LONG.format(3)}")
    assert (long.unanswered, long.usage) == (True, None)
    assert answers[QUESTIONS[9]].text == "413: body is too large"
    assert len(server.requests) == len(QUESTIONS)


def test_where_the_first_are_all_refused_for_one_reason_it_is_the_settings(
    server: ScriptedServer,
) -> None:
    server.behaviour = lambda asked: error(422, f"req_{asked.number}: unknown field 'top_q'")
    many = [Request(f"問{n}：価格は？") for n in range(200)]
    told = r"would not take any request to remote \(422: req_\d+: unknown field 'top_q'\)"
    with pytest.raises(ServiceError, match=told):
        ask(server.url, many)
    assert len(server.requests) <= 5 + 4


def test_where_no_question_at_all_is_taken_there_is_no_figure(server: ScriptedServer) -> None:
    server.behaviour = lambda asked: error(400, TOO_LONG.format(asked.number))
    with pytest.raises(ServiceError, match=r"any of 12 requests .*maximum context"):
        ask(server.url, QUESTIONS)
    server.requests.clear()
    with pytest.raises(ServiceError, match=r"any of 5\d requests"):
        ask(server.url, [Request(f"問{n}：価格は？") for n in range(200)])
    assert len(server.requests) <= 50 + 4


def test_those_left_over_of_a_suite_may_all_be_refused(server: ScriptedServer) -> None:
    server.behaviour = lambda asked: error(400, "I don't like it")
    model = Model("remote", "served", DAY, engine="api", api=Api(server.url))
    engine = ApiEngine(model)
    known = frozenset(QUESTIONS[:4])
    batches = list(engine.answer(Checkpoint("remote", model), QUESTIONS, skip=known))
    engine.close()
    assert [a.finish for batch in batches for _, a in batch] == ["untaken"] * 8


def test_a_filter_s_word_on_raw_text_is_a_refusal_too(server: ScriptedServer) -> None:
    def filtered(asked: Asked) -> Any:
        if asked.number == 1:
            return 400, {}, {"error": {"message": "filtered", "code": "content_filter"}}
        return raw_completion("", "content_filter")

    server.behaviour = filtered
    raw = [Request(f"{n}円", chat=False) for n in range(2)]
    answers = ask(server.url, raw, concurrency=1)
    assert [a.finish for a in answers.values()] == ["refused"] * 2


def test_a_review_whose_likelihoods_are_not_to_be_had_does_not_end_the_suite(
    server: ScriptedServer,
) -> None:
    def score(asked: Asked) -> Any:
        if "長い" in asked.text:
            return error(400, TOO_LONG.format(1))
        found = [None, *({"1": {"logprob": -1.0, "rank": 1}} for _ in asked.body["prompt"][1:])]
        return raw_completion("x", prompt_logprobs=found)

    server.behaviour = score
    asked = [Request(text, chat=False, continuations=("はい", "否")) for text in ("良い", "長い")]
    good, long = ask(server.url, asked, prompt_logprobs=True, concurrency=1).values()
    assert good.logprobs == (-2.0, -1.0)
    assert (long.finish, long.logprobs) == ("untaken", ())


def test_timeout_is_of_the_whole_request_and_not_of_a_byte(server: ScriptedServer) -> None:
    server.behaviour = lambda asked: (200, {}, Blanks(5.0, completion("はい。")))
    with pytest.raises(ServiceError, match=r"no answer after 1 retries \(APITimeoutError"):
        ask(server.url, retries=1, timeout=0.3)
    assert len(server.requests) == 2
    server.behaviour = lambda asked: (200, {}, Blanks(0.2, completion("はい。")))
    (answer,) = ask(server.url).values()
    assert answer.text == "はい。"


def test_a_refused_key_is_sent_once_however_many_suites_ask(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEAM_KEY", "the-key-of-nobody")
    server.behaviour = lambda asked: error(401, "no")
    api = Api(server.url, key_variable="TEAM_KEY", concurrency=8)
    model = Model("remote", "served", DAY, engine="api", api=api)
    engine = ApiEngine(model)
    for _ in range(3):
        with pytest.raises(ConfigError, match=r"refused the key in TEAM_KEY \(401\)"):
            list(engine.answer(Checkpoint("remote", model), QUESTIONS))
    engine.close()
    assert len(server.requests) == 1


def test_a_first_request_that_is_not_taken_lets_the_others_in(server: ScriptedServer) -> None:
    together = threading.Barrier(4, timeout=10)

    def too_long(asked: Asked) -> Any:
        if asked.number == 1:
            return error(400, "maximum context length is 8")
        if asked.number <= 5:
            together.wait()  # breaks where they come one by one
        return completion("はい。")

    server.behaviour = too_long
    answers = ask(server.url, QUESTIONS, concurrency=4, retries=0)
    assert sorted(a.finish for a in answers.values()) == ["stop"] * 11 + ["untaken"]


def test_what_a_server_quotes_of_a_request_shows_no_secret(server: ScriptedServer) -> None:
    url = f"{server.url}?api-key=abc%2Fdef-1&v=preview"
    body = '{"api_key": "top-secret-1", "headers": {"Authorization": ["xyz-secret-2"]}}'
    told = "{a.path} abc/def-1 {a.body}"
    for status in (400, 403, 404):
        server.behaviour = lambda a, status=status: error(status, told.format(a=a))
        with pytest.raises((ConfigError, ServiceError)) as raised:
            ask(url, extra_body=body)
        assert "***" in str(raised.value)
        for secret in ("top-secret-1", "xyz-secret-2", "abc/def-1", "abc%2Fdef-1"):
            assert secret not in str(raised.value)


def test_openai_s_key_is_sent_to_nobody_else(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "a-key-of-openai")
    with pytest.raises(UnavailableError, match=r"OPENAI_API_KEY is not sent to others. Say key_v"):
        ask("http://models.example.invalid/v1")
    with pytest.raises(ServiceError, match="no answer after 0 retries"):  # named: so it is meant
        ask("http://models.example.invalid/v1", key_variable="OPENAI_API_KEY", retries=0)
    server.behaviour = lambda asked: completion("はい。")
    ask(server.url)
    assert server.requests[0].headers["Authorization"] == "Bearer a-key-of-openai"
