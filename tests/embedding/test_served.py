"""Vectors of a server's model: requests, costs, and what can go wrong."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("openai", reason="the extra [api] is not installed")

from harness.embedding.opening import Embedders
from harness.errors import ConfigError, RetrievalWarning, ServiceError, UnavailableError
from harness.fingerprint import FileHashes
from harness.ledger import read_costs
from harness.records import Api, Embedding, Retrieval
from tests.embedding.models import by_hand
from tests.openai_server import Asked, ScriptedServer, embeddings, error, slowly

PASSAGES = ["red apple", "blue sky", "green tree"]
PRICE = (2.0, 0.0)


def told(asked: Asked) -> Any:
    return embeddings([by_hand(text).tolist() for text in asked.texts])


@pytest.fixture
def server(openai_server: ScriptedServer) -> ScriptedServer:
    openai_server.behaviour = told
    return openai_server


class Session:
    """Runs in one folder, as one after another would be."""

    def __init__(self, folder: Path, server: ScriptedServer) -> None:
        self.folder, self.server = folder, server

    def vectors(
        self, passages: list[str], questions: list[str], fresh: bool = False, **how: Any
    ) -> tuple[Any, Any]:
        own = {key: how.pop(key) for key in [*how] if hasattr(Embedding("m"), key)}
        how = {"retries": 0, **how}
        embedding = Embedding("embed-1", Api(base_url=self.server.url, **how), **own)
        opened = Embedders(
            self.folder / "vectors", self.folder / "run", self.folder, FileHashes(), fresh
        )
        retrieval = Retrieval("r", "embeddings", self.folder, embedding=embedding)
        embedder = opened.of(retrieval)
        assert embedder
        assert opened.of(retrieval) is embedder
        return embedder.vectors(passages, questions, lambda done, total: None)


@pytest.fixture
def session(tmp_path: Path, server: ScriptedServer) -> Session:
    return Session(tmp_path, server)


def test_texts_are_sent_in_batches_and_vectors_come_back_in_their_order(
    session: Session, server: ScriptedServer
) -> None:
    def shuffled(asked: Asked) -> Any:
        answer = told(asked)
        answer["data"].reverse()
        return answer

    server.behaviour = shuffled
    passages, questions = session.vectors(PASSAGES, ["apple"], batch=2)
    assert sorted(len(asked.texts) for asked in server.requests) == [1, 1, 2]
    assert {asked.path for asked in server.requests} == {"/v1/embeddings"}
    assert {asked.body["encoding_format"] for asked in server.requests} == {"float"}
    for found, text in zip([*passages, *questions], [*PASSAGES, "apple"], strict=True):
        assert found == pytest.approx(by_hand(text), abs=1e-6)


def test_what_the_matrix_says_is_sent(session: Session, server: ScriptedServer) -> None:
    session.vectors(
        ["sky"], ["apple"], dimensions=6, query_prefix="q: ", passage_prefix="p: ",
        query_body='{"input_type": "query"}', passage_body='{"input_type": "passage"}',
        extra_body='{"user": "x"}',
    )  # fmt: skip
    passage, query = sorted((asked.body for asked in server.requests), key=lambda b: b["input"])
    assert (passage["input"], passage["input_type"]) == (["p: sky"], "passage")
    assert (query["input"], query["input_type"]) == (["q: apple"], "query")
    for body in (passage, query):
        assert (body["model"], body["dimensions"], body["user"]) == ("embed-1", 6, "x")


def test_nothing_is_asked_twice_nor_needs_a_key_then(
    session: Session, server: ScriptedServer
) -> None:
    before = session.vectors(PASSAGES, ["apple"])
    asked = len(server.requests)
    server.behaviour = lambda asked: error(500, "must not be asked")
    again = session.vectors(PASSAGES, ["apple"])
    assert len(server.requests) == asked
    assert all((a == b).all() for a, b in zip(before, again, strict=True))


def test_what_came_before_an_error_is_kept(session: Session, server: ScriptedServer) -> None:
    server.behaviour = lambda asked: told(asked) if asked.number < 3 else error(500, "down")
    with pytest.raises(ServiceError, match="down"):
        session.vectors(PASSAGES, [], batch=1, concurrency=1)
    server.behaviour = told
    session.vectors(PASSAGES, [], batch=1, concurrency=1)
    assert [asked.texts for asked in server.requests[3:]] == [["green tree"]]


def test_what_passes_is_asked_again(session: Session, server: ScriptedServer) -> None:
    server.behaviour = lambda asked: (
        told(asked) if asked.number > 1 else error(429, "slow", **{"retry-after-ms": "1"})
    )
    found, _ = session.vectors(PASSAGES, [], retries=2)
    assert found.shape == (3, 6)


def _with(vector: list[Any]) -> Any:
    return lambda asked: embeddings([vector for _ in asked.texts])


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (lambda asked: embeddings([[1.0]]), "the answer is not 3 vectors"),
        (lambda asked: {"object": "list", "data": []}, "not 3 vectors|No embedding"),
        (lambda asked: {"error": "no such route"}, "no such route|No embedding"),
        (_with([1.0, float("nan")]), "what is no number"),
        (_with([1.0, None]), "what is no number"),
        (_with(["a", "b"]), "what is no number"),
        (lambda asked: error(400, "input is too long"), "input is too long.*lower passage_size"),
    ],
    ids=["too few", "none", "an error", "NaN", "null", "text", "refused"],
)
def test_what_is_no_vector_is_told(
    session: Session, server: ScriptedServer, behaviour: Any, said: str
) -> None:
    server.behaviour = behaviour
    with pytest.raises(ServiceError, match=said):
        session.vectors(PASSAGES, [])


def test_vectors_of_another_width_are_told(session: Session, server: ScriptedServer) -> None:
    server.behaviour = _with([1.0, 2.0])
    with pytest.raises(ServiceError, match="of 2 numbers where 6 are expected"):
        session.vectors(PASSAGES, [], dimensions=6)
    server.behaviour = told
    session.vectors(PASSAGES, [])
    server.behaviour = _with([1.0, 2.0])
    with pytest.raises(ServiceError, match=r"of 2 numbers where 6 are .*--eval-fresh"):
        session.vectors(PASSAGES, ["apple"])
    passages, questions = session.vectors(PASSAGES, ["apple"], fresh=True)
    assert (passages.shape, questions.shape) == ((3, 2), (1, 2))
    passages, _ = session.vectors(PASSAGES, ["apple"])
    assert passages.shape == (3, 2)


def test_vectors_by_two_models_are_told(session: Session, server: ScriptedServer) -> None:
    session.vectors(PASSAGES, [])
    server.behaviour = lambda asked: {**told(asked), "model": "scripted-2026-11"}
    with pytest.warns(RetrievalWarning, match="by scripted-2026-10 and by scripted-2026-11"):
        session.vectors(PASSAGES, ["apple"])


def test_costs_are_entered_and_limited(session: Session, server: ScriptedServer) -> None:
    session.vectors(PASSAGES, ["apple"], price=PRICE, batch=2)
    costs = read_costs(session.folder / "run")
    assert {(row["checkpoint"], row["task"]) for row in costs} == {("retriever:r", "embeddings")}
    # Ten tokens a text, as the server counts.
    assert sum(row["prompt_tokens"] for row in costs) == 40
    assert sum(row["usd"] for row in costs) == pytest.approx(40 * 2 / 1e6)
    asked = len(server.requests)
    with pytest.raises(ConfigError, match=r"embeddings on retriever:r.*Nothing of it was asked"):
        session.vectors(["x" * 4000], [], price=PRICE, max_cost=0.001)
    assert len(server.requests) == asked


def test_what_is_under_way_when_the_budget_is_spent_is_kept_and_paid_for(
    session: Session, server: ScriptedServer
) -> None:
    others = threading.Event()

    def dear(asked: Asked) -> Any:
        if asked.number == 4:
            others.set()
        if asked.number == 2:  # the first goes alone
            assert others.wait(10)
        answer = told(asked)
        answer["usage"]["prompt_tokens"] = 1_000
        return slowly(0.3 if 2 < asked.number <= 5 else 0, answer)

    server.behaviour = dear
    texts = ["a" * n for n in range(1, 13)]
    how: dict[str, Any] = {"price": PRICE, "batch": 1, "concurrency": 4}
    with pytest.raises(ConfigError, match="more than max_cost"):
        session.vectors(texts, [], max_cost=0.003, **how)
    sent = len(server.requests)
    assert 4 <= sent < 12
    costs = read_costs(session.folder / "run")
    assert sum(row["prompt_tokens"] for row in costs) == sent * 1_000
    session.vectors(texts, [], **how)
    assert len(server.requests) == 12


def test_a_server_elsewhere_needs_a_key(tmp_path: Path) -> None:
    opened = Embedders(tmp_path, tmp_path, tmp_path, FileHashes(), False)
    embedding = Embedding("m", Api(base_url="http://example.invalid/v1", key_variable="NO_KEY"))
    embedder = opened.of(Retrieval("r", "embeddings", tmp_path, embedding=embedding))
    assert embedder
    with pytest.raises(UnavailableError, match=r"no key for example\.invalid: set NO_KEY"):
        embedder.vectors(["a"], [], lambda done, total: None)


def test_server_name_and_body_make_another_model(tmp_path: Path) -> None:
    from harness.embedding.identity import embedding_fingerprint

    one = Embedding("m", Api(base_url="http://a.invalid/v1"))
    others = [
        Embedding("n", one.api),
        Embedding("m", Api(base_url="http://b.invalid/v1")),
        Embedding("m", Api(base_url="http://a.invalid/v1", extra_body='{"a": 1}')),
        Embedding("m", one.api, query_body='{"a": 1}'),
        Embedding("m", one.api, dimensions=3),
    ]
    same = Embedding("m", Api(base_url="http://a.invalid/v1", concurrency=2, price=PRICE), batch=3)
    prints = [embedding_fingerprint(e, FileHashes()) for e in (one, *others)]
    assert len(set(prints)) == len(prints)
    assert embedding_fingerprint(same, FileHashes()) == prints[0]
