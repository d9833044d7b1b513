"""How sure a served model was of each token: what is asked for, and what is made of the answer."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest

from harness.engines.api import ApiEngine
from harness.errors import ConfigError
from harness.records import Api, Certainty, Checkpoint, Model, Request, Response
from tests.openai_server import (
    ScriptedServer,
    Told,
    completion,
    error,
    raw_completion,
    with_logprobs,
)

DAY = datetime.date(2026, 1, 1)
ASKED = Request("うなぎはいくら？", max_new_tokens=48)
QUESTIONS = [Request(f"問{n}：価格は？") for n in range(12)]


class Asking:
    """An engine with `logprobs = true` on one server, and what it yielded so far."""

    def __init__(self, server: ScriptedServer, **api: Any) -> None:
        settings = {"retries": 0, "concurrency": 1, "timeout": 5.0, "logprobs": True, **api}
        self._model = Model("remote", "served", DAY, engine="api", api=Api(server.url, **settings))
        self.kept: dict[Request, Response] = {}

    def ask(self, *requests: Request) -> Response:
        """The last request's response."""
        engine = ApiEngine(self._model)
        try:
            for batch in engine.answer(Checkpoint("remote", self._model), requests):
                self.kept.update(batch)
        finally:
            engine.close()
        return self.kept[requests[-1]]


def told(spelled: str | bytes, logprob: float, *top: float) -> Told:
    raw = spelled.encode() if isinstance(spelled, str) else spelled
    return raw, logprob, top or (logprob, logprob - 1.0, logprob - 2.0)


def lists(*tokens: tuple[str, float, dict[str, float]]) -> dict[str, Any]:
    """In the shape of completions."""
    names, logprobs, tops = zip(*tokens, strict=True)
    return {"tokens": names, "token_logprobs": logprobs, "top_logprobs": tops,
            "text_offset": [0] * len(tokens)}  # fmt: skip


def test_each_token_is_told_with_where_it_ends_and_its_margin(
    openai_server: ScriptedServer,
) -> None:
    openai_server.behaviour = lambda asked: with_logprobs(
        completion("価格は7,700円"),
        [
            told("価格は", -0.12345678, -0.12345678, -2.5, -3.0),
            told("7", -1.5, -1.5, -1.75, -2.0),
            told(",700", -0.5),
            told("円", -0.25),
            told("<end_of_turn>", -0.125),
        ],
    )
    answer = Asking(openai_server).ask(ASKED)
    assert (answer.text, answer.finish, answer.tokens) == ("価格は7,700円", "stop", 50)
    assert answer.certainty == Certainty(
        ends=(3, 4, 8, 9, 9),
        logprobs=(-0.1235, -1.5, -0.5, -0.25, -0.125),
        entropies=(),
        margins=(2.3765, 0.25, 1.0, 1.0, 1.0),
    )
    body = openai_server.requests[0].body
    assert (body["logprobs"], body["top_logprobs"]) == (True, 3)


def test_unless_the_matrix_says_so_nothing_is_asked_or_kept(openai_server: ScriptedServer) -> None:
    openai_server.behaviour = lambda asked: with_logprobs(completion("はい"), [told("はい", -1.0)])
    answer = Asking(openai_server, logprobs=False).ask(ASKED)
    assert answer.certainty is None
    assert "logprobs" not in openai_server.requests[0].body


# 鰻 is E9 B0 BB.
WHOLE = "鰻".encode()


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param((WHOLE[:1], WHOLE[1:]), id="its bytes, as OpenAI and llama.cpp"),
        pytest.param((b"", WHOLE), id="nothing until it is whole, as vLLM"),
        pytest.param((b"", b""), id="nothing, as older ones of vLLM"),
        pytest.param(("\ufffd".encode(), "\ufffd".encode()), id="U+FFFD, as Ollama"),
    ],
)
def test_a_character_of_two_tokens_ends_with_the_second(
    openai_server: ScriptedServer, pieces: tuple[bytes, bytes]
) -> None:
    tokens = [told("国産", -0.1), *(told(piece, -1.0) for piece in pieces), told("重", -0.2)]
    openai_server.behaviour = lambda asked: with_logprobs(completion("国産鰻重"), tokens)
    found = Asking(openai_server).ask(ASKED).certainty
    assert found is not None
    assert found.ends == (2, 2, 3, 4)
    assert found.logprobs == (-0.1, -1.0, -1.0, -0.2)


def test_an_answer_that_breaks_off_within_a_character_ends_with_its_text(
    openai_server: ScriptedServer,
) -> None:
    tokens = [told("国産", -0.1), told(WHOLE[:1], -1.0)]
    openai_server.behaviour = lambda asked: with_logprobs(
        completion("国産\ufffd", finish="length"), tokens
    )
    found = Asking(openai_server).ask(ASKED).certainty
    assert found is not None
    assert found.ends == (2, 3)


def test_completions_tell_in_lists_and_pieces_of_characters_as_escapes(
    openai_server: ScriptedServer,
) -> None:
    top = {"a": -0.5, "b": -1.25, "c": -4.0}
    found = lists((" ", -0.5, top), (r"bytes:\xe9", -1.25, top), (r"bytes:\xb0\xbb", -0.5, top))
    openai_server.behaviour = lambda asked: raw_completion(" 鰻", logprobs=found)
    answer = Asking(openai_server).ask(Request("答え：", chat=False))
    assert answer.certainty == Certainty((1, 1, 2), (-0.5, -1.25, -0.5), (), (0.75, 0.75, 0.75))
    assert openai_server.requests[0].path == "/v1/completions"
    assert openai_server.requests[0].body["logprobs"] == 3
    assert "top_logprobs" not in openai_server.requests[0].body


def test_completions_may_tell_in_the_shape_of_chats_as_llama_cpp_does(
    openai_server: ScriptedServer,
) -> None:
    openai_server.behaviour = lambda asked: with_logprobs(
        raw_completion("330円"), [told("330", -3.4028e38, -0.5, -1.5, -2.0), told("円", -0.5)]
    )
    answer = Asking(openai_server).ask(Request("答え：", chat=False))
    # What can't come has the lowest float there; everywhere here it has -10,000.
    assert answer.certainty == Certainty((3, 4), (-1e4, -0.5), (), (1.0, 1.0))


@pytest.mark.parametrize("text", ["330円", "330円\n\n質問：次は"])
def test_a_stops_tokens_count_and_what_stands_behind_does_not(
    openai_server: ScriptedServer, text: str
) -> None:
    """Whether the server or we cut the text: it ends within the second token."""
    tokens = [told(piece, -0.5) for piece in ("330", "円\n", "\n", "質問：", "次は")]
    openai_server.behaviour = lambda asked: with_logprobs(completion(text), tokens)
    answer = Asking(openai_server).ask(Request("問：？", stop=("\n\n",)))
    assert answer.text == "330円"
    assert answer.certainty is not None
    assert answer.certainty.ends == (3, 4, 4)
    assert answer.certainty.logprobs == (-0.5, -0.5, -0.5)


def test_the_margin_is_of_the_likeliest_two_whatever_was_drawn(
    openai_server: ScriptedServer,
) -> None:
    """vLLM's list begins with the token that was drawn, and has no more than were asked for."""
    openai_server.behaviour = lambda asked: with_logprobs(
        completion("九円"), [told("九", -6.0, -6.0, -0.5, -1.25), told("円", -0.5)]
    )
    found = Asking(openai_server).ask(ASKED).certainty
    assert found is not None
    assert found.logprobs == (-6.0, -0.5)
    assert found.margins == (0.75, 1.0)


def test_where_the_second_likeliest_is_not_told_there_are_no_margins(
    openai_server: ScriptedServer,
) -> None:
    openai_server.behaviour = lambda asked: with_logprobs(
        completion("九円"), [told("九", -0.5, -0.5), told("円", -0.5)]
    )
    assert Asking(openai_server).ask(ASKED).certainty == Certainty((1, 2), (-0.5, -0.5), (), ())


def test_a_space_that_a_tokenizer_drops_belongs_to_its_token(openai_server: ScriptedServer) -> None:
    openai_server.behaviour = lambda asked: with_logprobs(
        completion("Hello World"), [told("Hello", -0.5), told("World", -0.5)]
    )
    found = Asking(openai_server).ask(ASKED).certainty
    assert found is not None
    assert found.ends == (5, 11)


def thinking() -> dict[str, Any]:
    """As SGLang: what was thought is among the tokens, and here begins as the answer does."""
    answer = with_logprobs(completion("5円"), [told("5円", -0.1), told("かな。5円", -0.1)])
    answer["choices"][0]["message"]["reasoning_content"] = "5円かな。"
    return answer


UNTOLD = {
    "none": lambda: completion("5円"),
    "of another text": lambda: with_logprobs(completion("5円"), [told("7円", -0.1)]),
    "of a part": lambda: with_logprobs(completion("5円"), [told("5", -0.1)]),
    "ids": lambda: with_logprobs(completion("5円"), [told("token_id:7", -0.1)]),
    "no number": lambda: with_logprobs(completion("5円"), [(b"5", None, ()), told("円", -0.1)]),  # type: ignore[list-item]
    "thought": thinking,
}


@pytest.mark.parametrize("kind", UNTOLD)
def test_of_a_single_answer_it_may_be_missing(openai_server: ScriptedServer, kind: str) -> None:
    openai_server.behaviour = lambda asked: (
        UNTOLD[kind]()
        if asked.text.startswith("問3")
        else with_logprobs(completion("5円"), [told("5円", -0.1)])
    )
    asking = Asking(openai_server)
    asking.ask(*QUESTIONS)
    untold = [r for r, answer in asking.kept.items() if answer.certainty is None]
    assert untold == [QUESTIONS[3]]
    assert asking.kept[QUESTIONS[3]].text == "5円"


@pytest.mark.parametrize("kind", UNTOLD)
def test_a_server_that_tells_none_is_a_mistake_in_the_matrix_and_its_answers_are_kept(
    openai_server: ScriptedServer, kind: str
) -> None:
    openai_server.behaviour = lambda asked: UNTOLD[kind]()
    asking = Asking(openai_server)
    with pytest.raises(ConfigError, match=r"take logprobs = true out of \[models\.remote\.api\]"):
        asking.ask(*QUESTIONS)
    assert len(openai_server.requests) == len(asking.kept) == 5


def test_fewer_answers_than_that_are_told_of_at_the_end(openai_server: ScriptedServer) -> None:
    asking = Asking(openai_server)
    with pytest.raises(ConfigError, match="returned no token log-probabilities"):
        asking.ask(*QUESTIONS[:2])
    assert len(asking.kept) == 2


def test_a_model_that_refuses_them_is_told_of_at_once(openai_server: ScriptedServer) -> None:
    said = "Unsupported parameter: 'logprobs' is not supported with this model."
    openai_server.behaviour = lambda asked: error(400, said)
    with pytest.raises(ConfigError, match=r"Unsupported parameter.*take logprobs = true out of"):
        Asking(openai_server).ask(*QUESTIONS)
    assert len(openai_server.requests) == 1


def test_of_refusals_and_of_what_a_schema_holds_nothing_is_told(
    openai_server: ScriptedServer,
) -> None:
    openai_server.behaviour = lambda asked: with_logprobs(
        completion("{}", refusal="お断りします。" if asked.text == ASKED.prompt else None),
        [told("{}", -0.1)],
    )
    held = Request("形は？", schema=json.dumps({"type": "object", "properties": {}}))
    asking = Asking(openai_server)
    asking.ask(held, ASKED)
    assert [(a.finish, a.certainty) for a in asking.kept.values()] == [
        ("stop", None),
        ("refused", None),
    ]
    assert ["logprobs" in r.body for r in openai_server.requests] == [False, True]
