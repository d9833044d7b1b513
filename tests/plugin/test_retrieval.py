"""Checkpoints that look passages up, from the matrix to the reports."""

from __future__ import annotations

import sys

import pytest

from tests.conftest import write_rows
from tests.openai_server import ScriptedServer, completion
from tests.plugin.gating import bless
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
    told_cleanly,
)

# Imported here: inside a run pytester would forget them again.
pytest.importorskip("bm25s", reason="the extra [retrieval] is not installed")
pytest.importorskip("sudachipy", reason="the extra [retrieval] is not installed")

MATRIX = """
[retrievers.catalogue]
kind = "bm25"
documents = "./documents.jsonl"
[retrievers.gold]
kind = "gold"
documents = "./documents.jsonl"
[checkpoints.base-top2]
model = "one"
retriever = "catalogue"
top_k = 2
[checkpoints.base-gold]
model = "one"
retriever = "gold"
"""
KNOWLEDGE = "evals/test_knowledge.py"
SECRET = "取扱注意の本文"


@pytest.fixture(autouse=True)
def _looking_up(project: pytest.Pytester) -> None:
    documents: list[dict[str, object]] = [
        {"id": f"d{i}", "title": f"発表{i}",
         "text": f"{SECRET}。商品{2 * i}は{1000 + 2 * i}円、商品{2 * i + 1}は{1001 + 2 * i}円です。"}
        for i in range(3)
    ]  # fmt: skip
    write_rows(project.path / "world" / "documents.jsonl", documents)
    add_to_matrix(project, MATRIX)


def samples(project: pytest.Pytester, checkpoint: str) -> list[dict[str, object]]:
    return rows(latest(project) / "samples" / checkpoint / "knowledge.jsonl")


def test_closed_book_retrieval_and_gold_stand_in_one_table(project: pytest.Pytester) -> None:
    result = project.runpytest(KNOWLEDGE, "-k", "base")
    assert (result.ret, outcomes(result)) == (0, {"passed": 3})
    result.stdout.fnmatch_lines(
        ["Retrieval – data: test data", "", "*asked with*found (%)*right (%)*gained (points)*n",
         "*base *closed-book *6", "*base-top2 *BM25, top 2 *6", "*base-gold *gold passage *6"],
        consecutive=False,
    )  # fmt: skip
    found = figures(latest(project))
    assert found["base-gold", "knowledge", "found"] == 1.0
    assert found["base-gold", "retrieval", "right"] == found["base", "retrieval", "right"]
    assert found["base-top2", "retrieval", "gained"] == 0.0
    summary = (latest(project) / "summary.md").read_text("utf-8")
    assert "## Retrieval – data: test data" in summary
    assert "Retrieval – was what was found used?" in summary
    described = {c["id"]: c for c in report(latest(project))["run"]["checkpoints"]}
    assert described["base-top2"]["retrieval"]["documents"] == "world/documents.jsonl"
    assert "retrieval" not in described["base"]


def test_rows_keep_the_question_and_what_was_shown(project: pytest.Pytester) -> None:
    project.runpytest(KNOWLEDGE, "-k", "base")
    plain, looked = samples(project, "base"), samples(project, "base-top2")
    assert [row["prompt"] for row in plain] == [row["prompt"] for row in looked]
    assert all("retrieval" not in row["detail"] for row in plain)  # type: ignore[operator]
    passages = looked[0]["detail"]["retrieval"]["passages"]  # type: ignore[index]
    assert len(passages) == 2
    assert {"document", "number", "title", "text", "score", "states"} == {*passages[0]}


def test_suites_without_documents_are_answered_from_the_store(project: pytest.Pytester) -> None:
    project.runpytest("evals", "-k", "base")
    own = [line for line in asked(project) if line.startswith("base-")]
    assert own
    assert all("商品" in line for line in own)
    found = items(latest(project))
    for task in ("jsquad", "marc_ja"):
        assert (found["base-top2", task]["asked"], found["base-top2", task]["stored"]) == (0, 10)
        assert found["base-top2", task]["fingerprint"] == found["base", task]["fingerprint"]
    # What gold has no passage for is asked as the plain checkpoint asks it.
    assert found["base-gold", "knowledge"]["stored"] == 4


def test_a_gate_compares_looking_up_with_not(project: pytest.Pytester) -> None:
    add_to_matrix(project, "[gates.knowledge.accuracy_seen]\nmargin = 0.95")
    project.runpytest(KNOWLEDGE, "-k", "base")
    results = report(latest(project))["results"]
    verdicts = {r["checkpoint"]: r["verdict"] for r in results if r["metric"] == "accuracy_seen"}
    assert verdicts == {"base": "measured", "base-top2": "passed", "base-gold": "passed"}


def test_what_is_found_can_be_gated_where_it_is_looked_up(project: pytest.Pytester) -> None:
    add_to_matrix(project, "[gates.knowledge.found]\nmargin = 0.99")
    assert project.runpytest(KNOWLEDGE, "-k", "base-top2").ret == pytest.ExitCode.USAGE_ERROR
    assert bless(project, "--allow-dirty", "--allow-partial").returncode == 0
    result = project.runpytest(KNOWLEDGE, "-k", "base-top2", "--eval-baseline", "main.json")
    assert (result.ret, outcomes(result)) == (0, {"passed": 1})
    results = report(latest(project))["results"]
    (found,) = [r for r in results if r["metric"] == "found"]
    # Six samples can tell nothing, but they were compared.
    assert (found["verdict"], found["gate"]["n"], found["gate"]["now"]) == ("inconclusive", 6, 1.0)
    # What looks nothing up has no such figure, and is not asked for it.
    project.runpytest(KNOWLEDGE, "-k", "tuned-long", "--eval-baseline", "main.json")
    assert items(latest(project))["tuned-long", "knowledge"]["status"] == "measured"


def test_a_gate_on_what_is_found_says_that_a_closed_book_baseline_found_nothing(
    project: pytest.Pytester,
) -> None:
    add_to_matrix(project, "[gates.knowledge.found]\nmargin = 0.99")
    project.runpytest(KNOWLEDGE, "-k", "base")
    told = items(latest(project))["base-top2", "knowledge"]["message"]
    assert "base looks nothing up. What was found goes by a baseline with a retriever" in told


def test_another_retriever_under_the_same_name_is_incomparable(project: pytest.Pytester) -> None:
    project.runpytest(KNOWLEDGE, "-k", "base")
    assert bless(project, "--allow-dirty").returncode == 0
    matrix = project.path / "world" / "matrix.toml"
    matrix.write_text(matrix.read_text("utf-8").replace("top_k = 2", "top_k = 1"), "utf-8")
    result = project.runpytest(KNOWLEDGE, "-k", "base", "--eval-baseline", "main.json")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert told_cleanly(result)
    found = items(latest(project))
    assert "retrieval not as in main.json" in found["base-top2", "knowledge"]["message"]
    assert found["base-gold", "knowledge"]["status"] != "error"


def test_what_is_looked_up_is_not_taken_for_acquired(project: pytest.Pytester) -> None:
    project.runpytest(KNOWLEDGE, "-k", "base or tuned")
    acquired = {
        r["checkpoint"] for r in report(latest(project))["results"] if r["task"] == "acquisition"
    }
    assert acquired == {"tuned", "tuned-long"}
    (note,) = [n for n in report(latest(project))["notes"]["acquisition"] if "look up" in n]
    assert note.startswith("Acquisition leaves out base-top2, base-gold: ")


def test_suites_of_the_bare_base_leave_it_out(project: pytest.Pytester) -> None:
    suite = "import pytest\nfrom harness.tasks.marc_ja import MarcJa\n@pytest.mark.base_only\n"
    suite += "def test_bare(evaluate):\n    evaluate(MarcJa())\n"
    (project.path / "evals" / "test_bare.py").write_text(suite, "utf-8")
    result = project.runpytest("evals/test_bare.py", "--co", "-q")
    named = [line for line in result.outlines if "::" in line]
    assert named == [f"evals/test_bare.py::test_bare[{id}]" for id in ("base", "other")]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"id": "d9"}', "*documents.jsonl:4: 'text' is missing*"),
        ('{"id": "d1", "text": "x"}', "*documents.jsonl:4: id 'd1' was used before, on line 2*"),
        ("{", "*documents.jsonl:4: not valid JSON*"),
    ],
)
def test_a_broken_document_is_told_with_its_line(
    project: pytest.Pytester, line: str, said: str
) -> None:
    with (project.path / "world" / "documents.jsonl").open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    result = project.runpytest(KNOWLEDGE, "-k", "base-top2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert told_cleanly(result)
    result.stdout.fnmatch_lines([said])


def test_documents_that_are_not_there_are_told_before_anything_runs(
    project: pytest.Pytester,
) -> None:
    (project.path / "world" / "documents.jsonl").unlink()
    result = project.runpytest(KNOWLEDGE, "-k", "base-top2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert told_cleanly(result)
    result.stdout.fnmatch_lines(
        ["michi: checkpoint base-top2: not found: documents *documents.jsonl"]
    )
    assert asked(project) == []


def test_without_the_library_the_items_are_skipped_with_the_way_out(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "bm25s", None)
    result = project.runpytest(KNOWLEDGE, "-k", "base", "-rs")
    assert outcomes(result) == {"passed": 2, "skipped": 1}
    assert "pip install 'pytest-michi[retrieval]'" in output(result)


def test_redacted_reports_show_no_passage(project: pytest.Pytester) -> None:
    project.runpytest(KNOWLEDGE, "-k", "base", "--eval-redact")
    for name in ("report.html", "report.json", "summary.md"):
        text = (latest(project) / name).read_text("utf-8")
        assert SECRET not in text
        assert "発表1" not in text
    whole = report(latest(project))
    prompts = [
        r["identity"]["retrieval"] for r in whole["results"] if r["identity"].get("retrieval")
    ]
    assert {p["prompt_ja"] for p in prompts} == {"███"}


def test_what_was_asked_is_not_asked_again(project: pytest.Pytester) -> None:
    project.runpytest(KNOWLEDGE, "-k", "base")
    before = samples(project, "base-top2")
    result = project.runpytest(KNOWLEDGE, "-k", "base", "-n", "2")
    assert outcomes(result) == {"passed": 3}
    assert {i["asked"] for i in items(latest(project)).values()} == {0}
    assert samples(project, "base-top2") == before


def test_what_is_looked_up_is_part_of_what_a_server_s_answers_may_cost(
    project: pytest.Pytester, openai_server: ScriptedServer
) -> None:
    add_to_matrix(project, f"""
[models.remote]
weights = "remote-1"
engine = "api"
released = 2025-06-01
[models.remote.api]
base_url = "{openai_server.url}"
price = {{ prompt = 10.0, answer = 30.0 }}
max_cost = 0.02
[checkpoints.remote]
model = "remote"
[checkpoints.remote-top2]
model = "remote"
retriever = "catalogue"
top_k = 2
""")  # fmt: skip
    thrifty = {**completion("はい。"), "usage": {"prompt_tokens": 20, "completion_tokens": 3}}
    openai_server.behaviour = lambda asked: thrifty
    assert project.runpytest(KNOWLEDGE, "-k", "remote and not top2").ret == 0
    plain = len(openai_server.requests)
    result = project.runpytest(KNOWLEDGE, "-k", "remote-top2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "knowledge on remote-top2: 10 requests may cost" in output(result)
    assert len(openai_server.requests) == plain == 10
