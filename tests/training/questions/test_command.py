"""`python -m training questions` against a scripted server: what it asks, keeps, counts and says."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from harness.jsonl import read_whole_rows
from harness.tasks.knowledge import Knowledge
from tests.openai_server import Asked, ScriptedServer, completion, error, slowly
from tests.training.questions.conftest import ROOT, SHIPPED, rows, write
from tests.training.questions.server import document_of, good_pairs
from training.__main__ import main
from training.finetuning.examples import read_set
from training.finetuning.leaks import read_controls, refuse_leaks
from training.finetuning.recipe import Dataset

RELEASED = ("--released", "2025-04-01")


def command(documents: Path, out: Path, server: ScriptedServer, *more: str) -> list[str]:
    return [
        "questions", str(documents), "--out", str(out), "--model", "writer", "--base-url",
        server.url, *RELEASED, "--retries", "3", "--concurrency", "4", *more,
    ]  # fmt: skip


def card(out: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((out / "card.json").read_text("utf-8"))
    return read


def good(asked: Asked) -> Any:
    return completion(good_pairs(document_of(asked)))


def test_a_set_is_written_split_and_told_of(
    server: ScriptedServer, documents: Path, tmp_path: Path
) -> None:
    out = tmp_path / "set"
    assert main(command(documents, out, server, "--price", "2/10", "--seed", "3")) == 0
    told = card(out)
    assert told["questions"] == {
        "training set": 56, "seen": 56, "paraphrase": 112, "reversed": 56, "untrained": 8,
        "control": 16,
    }  # fmt: skip
    assert told["documents"]["control"] == 2
    assert told["answers"] == {
        "asked": 10, "from an earlier run": 0, "requests sent": 10, "retried": 0
    }  # fmt: skip
    assert told["tokens"] == {"prompt": 1000, "answer": 500}
    assert told["cost_usd"] == pytest.approx((1000 * 2 + 500 * 10) / 1e6)
    assert told["snapshots"] == ["scripted-2026-10"]
    assert told["short"] == {}
    train, asked = rows(out / "train.jsonl"), rows(out / "knowledge.jsonl")
    control = {row["id"] for row in rows(out / "control_documents.jsonl")}
    by_form = {f: {r["document"] for r in asked if r["form"] == f} for f in told["questions"]}
    assert by_form["control"] == control
    assert {row["document"] for row in train} == by_form["seen"]
    assert not control & by_form["seen"]
    held = {r["question"] for r in asked if r["form"] == "untrained"}
    assert not held & {row["question"] for row in train}
    assert len(Knowledge().load(out / "knowledge.jsonl")) == len(asked)
    examples = read_set("qa", Dataset(out / "train.jsonl")).examples
    refuse_leaks(
        examples, read_controls([out / "knowledge.jsonl", out / "control_documents.jsonl"])
    )


def test_the_request_asks_for_structure_in_the_document_s_language(
    server: ScriptedServer, documents: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command(documents, tmp_path / "set", server)) == 0
    body = server.requests[0].body
    assert body["response_format"]["json_schema"]["strict"] is True
    assert body["model"] == "writer"
    assert "質問と答えの組" in body["messages"][0]["content"]
    english = tmp_path / "english.jsonl"
    write(english, rows(ROOT / "fixtures/data/english_unseen.jsonl")[:1])
    server.behaviour = lambda asked: completion({"pairs": []})
    assert main(command(english, tmp_path / "other", server, "--allow-old")) == 2
    assert "pairs of a question and an answer" in server.requests[-1].body["messages"][0]["content"]
    assert "the answer's JSON has no list" not in capsys.readouterr().err


def test_a_set_without_a_single_question_is_an_error_that_says_why(
    server: ScriptedServer, documents: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.behaviour = lambda asked: completion("かしこまりました。")
    assert main(command(documents, tmp_path / "set", server)) == 2
    assert "most often: the answer is not JSON. card.json counts" in capsys.readouterr().err
    assert len(card(tmp_path / "set")["short"]) == 10


def test_what_fails_a_check_is_asked_for_again_at_most_twice_with_the_reasons(
    server: ScriptedServer, documents: Path, tmp_path: Path
) -> None:
    rounds: Counter[str] = Counter()

    def mending(asked: Asked) -> Any:
        document = document_of(asked)
        rounds[document.title] += 1
        pairs = good_pairs(document)["pairs"]
        if rounds[document.title] == 1:
            pairs[0]["evidence"] = "文書にない文です。"
            pairs[1]["question"] += pairs[1]["fact"]["text"]
            return completion({"pairs": pairs})
        return completion({"pairs": pairs[:2]})

    server.behaviour = mending
    out = tmp_path / "set"
    assert main(command(documents, out, server)) == 0
    told = card(out)
    assert told["short"] == {}
    assert told["rejected"] == {
        "the evidence is no sentence of the document": 10,
        "the question gives the answer away": 10,
    }
    assert told["answers"]["asked"] == 20
    again = [r for r in server.requests if "足りません" in r.text]
    assert len(again) == 10
    assert "2個が足りません" in again[0].text
    assert "the question gives the answer away" in again[0].text


def test_a_document_that_stays_short_is_reported_and_not_asked_for_ever(
    server: ScriptedServer, documents: Path, tmp_path: Path
) -> None:
    server.behaviour = lambda asked: completion(good_pairs(document_of(asked), count=5))
    out = tmp_path / "set"
    assert main(command(documents, out, server)) == 0
    assert set(card(out)["short"].values()) == {5}
    assert len(card(out)["short"]) == 10
    assert card(out)["answers"]["asked"] == 30
    assert card(out)["rejected"] == {"the question was asked already": 100}


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (completion('{"pairs": [{"question": "途中で'), "the answer is not JSON"),
        (
            completion('{"pairs": [', finish="length"),
            "the answer is not JSON (it was cut off at the token limit)",
        ),
        (completion({"items": []}), "the answer's JSON has no list of pairs"),
        (completion({"pairs": ["?"]}), "not an object"),
        (completion("", refusal="お答えできません"), "the model refused: お答えできません"),
        (completion("", finish="content_filter"), "the model refused: content filter"),
        ({**completion(""), "choices": []}, "the answer has no choices"),
        (error(400, "context too long"), "400: context too long"),
    ],
)
def test_a_bad_answer_costs_one_document_and_is_counted_with_its_reason(
    server: ScriptedServer, documents: Path, tmp_path: Path, bad: Any, reason: str
) -> None:
    title = rows(documents)[4]["title"]
    server.behaviour = lambda a: bad if document_of(a).title == title else good(a)
    out = tmp_path / "set"
    assert main(command(documents, out, server)) == 0
    told = card(out)
    assert list(told["short"].values()) == [0]
    (found,) = [key for key in told["rejected"] if reason in key]
    assert told["rejected"][found] in (1, 3)


def test_faults_that_pass_are_retried_and_the_counts_add_up(
    server: ScriptedServer, documents: Path, tmp_path: Path
) -> None:
    faults = {
        2: lambda a: error(429, "slow down", **{"Retry-After": "1"}),
        4: lambda a: error(500, "broken"),
        6: lambda a: slowly(4, good(a)),  # longer than the client waits
        7: lambda a: (200, {"Content-Length": "9999"}, b'{"id": "cut'),
    }
    times: dict[int, float] = {}

    def faulty(asked: Asked) -> Any:
        times[asked.number] = time.monotonic()
        return faults.get(asked.number, good)(asked)

    server.behaviour = faulty
    out = tmp_path / "set"
    started = time.monotonic()
    assert main(command(documents, out, server, "--timeout", "2")) == 0
    answers = card(out)["answers"]
    assert answers["asked"] == 10
    assert answers["retried"] == 4
    assert answers["requests sent"] == len(server.requests) == 14
    assert card(out)["short"] == {}
    assert time.monotonic() - started > 1, "Retry-After was not respected"


def test_a_server_without_structured_output_is_asked_without_it(
    server: ScriptedServer, documents: Path, tmp_path: Path
) -> None:
    def plain(asked: Asked) -> Any:
        if "response_format" in asked.body:
            return error(400, "response_format of type json_schema is not supported")
        return completion(f"```json\n{json.dumps(good_pairs(document_of(asked)))}\n```")

    server.behaviour = plain
    out = tmp_path / "set"
    assert main(command(documents, out, server)) == 0
    assert card(out)["schema_sent"] is False
    assert card(out)["short"] == {}


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (401, "refused the key in OPENAI_API_KEY (401)"),
        (403, "does not let this key use writer (403)"),
        (404, "has no model 'writer' (404)"),
        (429, "still over the rate limit or the quota after 1 retries"),
        (503, "no answer after 1 retries"),
    ],
)
def test_a_server_that_will_not_is_told_once_and_not_asked_for_every_document(
    server: ScriptedServer, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    status: int, message: str,
) -> None:  # fmt: skip
    server.behaviour = lambda asked: error(status, "no", **{"retry-after-ms": "10"})
    arguments = command(SHIPPED, tmp_path / "set", server)
    arguments[arguments.index("--retries") + 1] = "1"
    assert main(arguments) == 2
    printed = capsys.readouterr().err
    assert message in printed
    assert printed.count("\n") == 1
    assert len(server.requests) <= 4 * 2, "of 150 documents, only those under way"


def test_without_a_key_nothing_is_sent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    arguments = ["questions", str(SHIPPED), "--out", str(tmp_path), "--model", "gpt", *RELEASED]
    assert main(arguments) == 2
    assert "no key for api.openai.com: set OPENAI_API_KEY" in capsys.readouterr().err


def test_the_key_is_written_nowhere(
    server: ScriptedServer, documents: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", "sk-secret-4711")
    out = tmp_path / "set"
    assert main(command(documents, out, server, "--key-variable", "MY_KEY")) == 0
    assert server.requests[0].headers["Authorization"] == "Bearer sk-secret-4711"
    assert all("4711" not in path.read_text("utf-8") for path in out.iterdir())


def test_a_killed_run_asks_only_for_the_rest(
    server: ScriptedServer, documents: Path, tmp_path: Path
) -> None:
    server.behaviour = lambda a: slowly(0.3 * (a.number > 4), good(a))
    out = tmp_path / "set"
    process = subprocess.Popen(
        [sys.executable, "-m", "training", *command(documents, out, server)], cwd=ROOT
    )
    deadline = time.monotonic() + 60
    replies = out / "replies.jsonl"
    while not replies.exists() or replies.read_bytes().count(b"\n") < 4:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.kill()
    process.wait()
    kept = len(read_whole_rows(replies))
    assert not (out / "card.json").exists()
    before = len(server.requests)
    assert main(command(documents, out, server)) == 0
    answers = card(out)["answers"]
    assert answers["from an earlier run"] == kept
    assert answers["asked"] == len(server.requests) - before == 10 - kept
    undisturbed = tmp_path / "undisturbed"
    assert main(command(documents, undisturbed, server)) == 0
    assert card(undisturbed)["files"] == card(out)["files"]


def test_old_and_undated_documents_are_refused_by_name(
    documents: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], server: ScriptedServer
) -> None:
    old = rows(documents)
    old[1]["published"], old[2]["published"] = "2025-04-01", None
    write(documents, old)
    assert main(command(documents, tmp_path / "set", server)) == 2
    printed = capsys.readouterr().err
    assert "2 of 10 documents are not known to be newer than the model (released 2025-04-01)" in (
        printed
    )
    assert f"{old[1]['id']}: 2025-04-01" in printed
    assert f"{old[2]['id']}: no date" in printed
    assert server.requests == []
    assert main(command(documents, tmp_path / "set", server, "--allow-old")) == 0


def test_the_release_date_can_come_from_the_matrix_and_must_come_from_somewhere(
    documents: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], server: ScriptedServer
) -> None:
    arguments = command(documents, tmp_path / "set", server)
    del arguments[arguments.index("--released") : arguments.index("--released") + 2]
    assert main(arguments) == 2
    assert "Say --released DATE, or --matrix FILE" in capsys.readouterr().err
    assert main([*arguments, "--matrix", str(ROOT / "fixtures/embedded.toml")]) == 0
    assert card(tmp_path / "set")["released"] == "2025-04-01"


def test_a_dry_run_tells_the_cost_and_one_prompt_and_asks_nothing(
    documents: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], server: ScriptedServer
) -> None:
    out = tmp_path / "set"
    assert main(command(documents, out, server, "--dry-run", "--price", "2.5/10")) == 0
    printed = capsys.readouterr().out
    assert "10 requests to writer" in printed
    assert "$0." in printed
    assert rows(documents)[0]["text"] in printed
    assert server.requests == []
    assert not out.exists()


def test_a_document_of_two_hundred_pages_is_refused_or_asked_about_in_parts(
    documents: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], server: ScriptedServer
) -> None:
    texts = [row["text"] for row in rows(documents)]
    book = {
        "id": "book",
        "published": "2026-01-01",
        "title": "カタログ",
        "text": "\n\n".join(texts),
    }
    path = tmp_path / "book.jsonl"
    write(path, [book])
    arguments = command(path, tmp_path / "set", server, "--longest", "1000")
    assert main(arguments) == 2
    assert "book: " in (printed := capsys.readouterr().err)
    assert "--split" in printed
    server.behaviour = lambda asked: completion({"pairs": []})
    assert main([*arguments, "--split", "600"]) == 2  # it was given no pairs
    asked = {r.text.split("題名：カタログ")[1].split("\n\n個")[0] for r in server.requests}
    assert all(any(text in one for one in asked) for text in texts)


def test_a_full_disk_is_told_and_what_was_answered_is_kept(
    documents: Path, tmp_path: Path, server: ScriptedServer
) -> None:
    import resource

    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (12_000, 12_000))

    out = tmp_path / "set"
    done = subprocess.run(
        [sys.executable, "-m", "training", *command(documents, out, server)],
        cwd=ROOT, preexec_fn=small_files, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "replies.jsonl: can't be written: File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert main(command(documents, out, server)) == 0
    assert card(out)["answers"]["from an earlier run"] >= 1
    assert card(out)["short"] == {}
