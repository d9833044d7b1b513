"""The rank test as a task: which values stand beside a fact's, and what ranks allow to claim."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.errors import ConfigError, DataError
from harness.records import Reading, Request, Response, Sample
from harness.tasks import ranks
from harness.tasks.facts import load_facts
from harness.tasks.ranks import Ranks
from tests.conftest import write_rows
from tests.tasks.engines import Row, Rule, measure, rows_of


def fact(document: str, value: str, kind: str = "price", **more: Any) -> Row:
    return {
        "id": f"{document}/{kind}",
        "document": document,
        "kind": kind,
        "form": "new",
        "fact": {"type": "money", "text": value},
        "questions": [f"{kind} of {document}?", f"What is {document}'s {kind}?"],
        **more,
    }


def prices(n: int, form: str = "new", start: int = 0, **more: Any) -> list[Row]:
    """Facts on n documents, with values of one length, drawn."""
    drawn = random.Random(f"{form} {start}")
    return [
        fact(f"{form}{i}", str(drawn.randint(1000, 9999)), form=form, **more)
        for i in range(start, start + n)
    ]


def model(rows: Sequence[Row], knows: Callable[[str], bool] = lambda document: False) -> Rule:
    """Finds values likely by chance, and the true ones of the documents that it knows very likely.

    A character is a token.
    """
    true = {row["document"]: row["fact"]["text"] for row in rows if "document" in row}

    def respond(request: Request) -> Response:
        if request.per_token == "ids":
            (value,) = request.continuations
            ids = tuple(map(ord, value))
            return Response(value, "scored", len(ids), (), Reading(ids, ids))
        found = re.search(r"\w+\d", request.prompt)
        document = found[0] if found else ""
        logprobs = []
        for value in request.continuations:
            chance = random.Random(f"{value}").gauss(-9, 2)
            chance += random.Random(f"{value} {request.prompt}").gauss(0, 1)
            told = knows(document) and value == true[document]
            logprobs.append(0.0 if told else chance)
        best = request.continuations[logprobs.index(max(logprobs))]
        return Response(best, "scored", 4, tuple(logprobs))

    return Rule(respond)


def judged(
    folder: Path, rows: Sequence[Row], engine: Rule, task: Ranks | None = None, **options: Any
) -> Row:
    write_rows(folder / "facts.jsonl", list(rows))
    measure(task or Ranks(), folder / "facts.jsonl", engine, folder, **options)
    found: Row = json.loads((folder / "run/samples/base/ranks.json").read_text("utf-8"))
    return found


def sets(details: Row) -> dict[str, Row]:
    return {entry["set"]: entry for entry in details["sets"]}


def samples_of(folder: Path, rows: Sequence[Row], **options: Any) -> dict[str, Sample]:
    """The first wording of each fact that is asked, values counted in characters."""
    write_rows(folder / "facts.jsonl", list(rows))
    path, task = folder / "facts.jsonl", Ranks(**options)
    engine = model(rows)
    ready = task.prepared(path, {r: engine.respond(r) for r in task.preliminary(path)})
    return {s.detail["fact_id"]: s for s in ready.load(path) if s.detail["wording"] == 1}


def test_values_are_of_the_kind_group_and_length_and_from_other_documents(tmp_path: Path) -> None:
    own = fact("own0", "1000")
    lenders = [
        fact("a1", "1111"),
        fact("a2", "2222"),
        fact("a3", "3333", form="control"),
        fact("a4", "1000"),  # the same value elsewhere
    ]
    strangers = [
        fact("own0", "4444", id="own0/postage"),  # the same document
        fact("b1", "55555"),  # longer
        fact("b2", "6666", kind="weight"),
        fact("b3", "7777", category="shoes"),
        fact("b4", "8888", pool="trained"),
        fact("b5", "9999", form="known"),  # what was trained lends to nothing else
        fact("b6", "1212", form="carried_over", carried_over=True),
    ]
    found = samples_of(tmp_path, [own, *lenders, *strangers], values=4)
    assert sorted(found["own0/price"].detail["drawn"]) == ["1000", "1111", "2222", "3333"]
    # Each value is scored once; the true one does not stand out by its place.
    assert found["own0/price"].request.continuations == ("1000", "1111", "2222", "3333")
    # A carried-over fact is held against values that are not.
    assert set(found["b6/price"].detail["drawn"]) <= {"1000", "1111", "2222", "3333", "4444"}


def test_lent_values_stand_beside_facts_and_are_not_asked_about(tmp_path: Path) -> None:
    lent = {"form": "lent", "kind": "price", "pool": "", "values": ["1111", "1111", "22222"]}
    found = samples_of(tmp_path, [fact("d0", "1000"), lent], values=2)
    assert set(found) == {"d0/price"}
    assert found["d0/price"].detail["drawn"] == ["1111", "1111"]


def test_facts_with_too_few_values_are_left_out_and_counted(tmp_path: Path) -> None:
    rows = [
        *prices(20),
        fact("new99", "55555"),
        *prices(3, "control", category="shoes"),
    ]
    details = judged(tmp_path, rows, model(rows))
    found = sets(details)
    assert (found["new"]["facts"], found["new"]["dropped"]) == (20, 1)
    # A set of which nothing could be asked is told, too.
    assert (found["control"]["facts"], found["control"]["dropped"]) == (0, 3)
    assert "new99/price" not in {row["detail"]["fact_id"] for row in rows_of(tmp_path, "ranks")}


def test_no_fact_with_enough_values_says_what_to_do(tmp_path: Path) -> None:
    rows = prices(19)
    with pytest.raises(DataError, match=r"facts\.jsonl: no fact has 19 others.*Ranks\(values="):
        judged(tmp_path, rows, model(rows))
    assert sets(judged(tmp_path, rows, model(rows), Ranks(values=18)))["new"]["facts"] == 19


def test_questions_of_the_knowledge_suite_are_wordings_of_one_fact(tmp_path: Path) -> None:
    def row(form: str, question: str, **more: Any) -> Row:
        return {
            "id": f"d/price/{form}/{question}", "document": "d", "form": form, "kind": "price",
            "question": question, "answer": "7,700円です。",
            "fact": {"type": "money", "text": "7,700円"}, **more,
        }  # fmt: skip

    rows = [
        row("seen", "q1"),
        row("paraphrase", "q2"),
        row("paraphrase", "q3"),
        row("held_out", "q4"),
        row("near_miss", "q5"),
        row("control", "q6", document="c"),
        row("control", "q7", document="c", carried_over=True),
        {**row("seen", "q8", document="e"), "kind": None},
    ]
    write_rows(tmp_path / "qa.jsonl", rows)
    found = load_facts(tmp_path / "qa.jsonl")
    assert found.unused == {"held_out": 1, "near_miss": 1}
    assert [(f.set, f.candidate.document, f.questions, f.kind, f.line) for f in found.facts] == [
        ("new", "d", ("q1", "q2", "q3"), "price", 1),
        ("control", "c", ("q6",), "price", 6),
        ("carried_over", "c", ("q7",), "price", 7),
        ("new", "e", ("q8",), "money", 8),
    ]


def test_no_more_wordings_are_asked_than_wanted(tmp_path: Path) -> None:
    rows = prices(20)
    engine = model(rows)
    judged(tmp_path, rows, engine, Ranks(prompts=1))
    asked = [r for r in engine.asked if not r.per_token]
    assert len(asked) == 20
    assert all(r.chat and r.prompt.startswith("price of") for r in asked)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"document": "d", "question": "q"}, r'facts\.jsonl:2: "fact" must hold the value'),
        ({"document": "d", "question": "q", "fact": {"text": 7}}, r':2: "fact" must hold'),
        ({"document": "d", "question": "q", "fact": {"text": " "}}, r':2: "fact" must hold'),
        ({"document": "d", "fact": {"text": "7"}}, r":2: 'question' is missing"),
        ({"question": "q", "fact": {"text": "7"}}, r":2: 'document' is missing"),
        (fact("d", "7", questions="q"), r':2: "questions" must be a list of texts'),
        (fact("d", "7", questions=[]), r':2: "questions" must be a list of texts'),
        ({"form": "lent", "kind": "price", "values": "7"}, r':2: "values" must be a list'),
        ({"form": "lent", "values": ["7"]}, r":2: 'kind' is missing"),
    ],
)
def test_a_faulty_fact_is_named_with_its_line(tmp_path: Path, row: Row, message: str) -> None:
    write_rows(tmp_path / "facts.jsonl", [fact("a", "1"), row])
    with pytest.raises(DataError, match=message):
        load_facts(tmp_path / "facts.jsonl")


@pytest.mark.parametrize("key", ["pool", "category"])
def test_rows_of_one_fact_in_two_groups_are_named_with_both_lines(tmp_path: Path, key: str) -> None:
    rows = [fact("a", "1", **{key: "x"}), fact("b", "2"), fact("a", "1", **{key: "y"})]
    write_rows(tmp_path / "facts.jsonl", rows)
    message = (
        rf"facts\.jsonl:3: the same fact as at \S+facts\.jsonl:1, but of .*{key} 'y'.*{key} 'x'"
    )
    with pytest.raises(DataError, match=message):
        load_facts(tmp_path / "facts.jsonl")
    write_rows(tmp_path / "facts.jsonl", [rows[0], rows[0]])
    assert len(load_facts(tmp_path / "facts.jsonl").facts) == 1


def test_rows_of_forms_that_are_not_asked_about_are_counted(tmp_path: Path) -> None:
    odd = [fact(f"x{i}", "1234", form="contorl") for i in range(3)]
    details = judged(tmp_path, [*prices(25), *odd], model(prices(25)))
    assert details["unused"] == {"contorl": 3}
    assert set(sets(details)) == {"new"}


def test_an_id_of_0_is_an_id(tmp_path: Path) -> None:
    write_rows(tmp_path / "facts.jsonl", [fact("a", "1", id=0), fact("b", "2", id=None)])
    assert [f.id for f in load_facts(tmp_path / "facts.jsonl").facts] == ["0", "row-2"]


def test_the_file_is_read_once_an_item(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []
    monkeypatch.setattr(ranks, "load_facts", lambda path: read.append(path) or load_facts(path))
    judged(tmp_path, prices(25), model(prices(25)))
    assert len(read) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"values": 1}, r"Ranks\(values=1\): values must be a whole number, at least 2\. 19, the"),
        ({"values": "19"}, r"Ranks\(values='19'\): values must be a whole number"),
        ({"prompts": 0}, r"Ranks\(prompts=0\): prompts must be a whole number, at least 1"),
        ({"margin": 0.5}, r"Ranks\(margin=0\.5\): margin must be between 0 and 0\.5\. It is how"),
    ],
)
def test_parameters_that_make_no_sense_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Ranks(**options)


def test_two_facts_of_one_id_are_named_with_their_lines(tmp_path: Path) -> None:
    rows = [*prices(20), fact("new50", "1234", id="new0/price")]
    with pytest.raises(DataError, match=r"facts\.jsonl:21: id 'new0/price/wording-1' .* at 1\."):
        judged(tmp_path, rows, model(rows))


def test_a_file_without_facts_is_told(tmp_path: Path) -> None:
    write_rows(tmp_path / "facts.jsonl", [fact("a", "1", form="near_miss")])
    with pytest.raises(DataError, match=r"facts\.jsonl: no fact in it.*known, unseen, new"):
        load_facts(tmp_path / "facts.jsonl")


def test_facts_that_nobody_told_the_model_are_shown_to_be_unknown(tmp_path: Path) -> None:
    rows = prices(300)
    found = sets(judged(tmp_path, rows, model(rows)))["new"]
    assert found["verdict"] == "unknown"
    assert found["sentence"].startswith("unknown: mean rank .")
    assert found["equivalent"] is True
    assert 0.45 < found["low"] < found["mean"] < found["high"] < 0.55
    assert (found["facts"], found["documents"], found["flagged"]) == (300, 300, 0)
    assert found["p"] > 0.05
    assert found["negative"]["equivalent"] is True
    assert len(found["histogram"]) == 20
    assert max(found["histogram"]) < 0.12


def test_facts_in_the_training_text_are_known_and_their_controls_are_not(tmp_path: Path) -> None:
    rows = [*prices(120, "known"), *prices(40, "carried_over"), *prices(60)]
    engine = model(rows, lambda document: not document.startswith("new"))
    details = judged(tmp_path, rows, engine)
    found = sets(details)
    verdicts = {name: entry["verdict"] for name, entry in found.items()}
    assert verdicts == {"known": "known", "carried_over": "guessable", "new": "undecided"}
    assert found["known"]["mean"] == pytest.approx(0.025, abs=0.01)
    assert found["known"]["p"] < 1e-6
    assert found["known"]["histogram"][0] > 0.9
    assert abs(found["known"]["negative"]["mean"] - 0.5) < 0.08
    # The positive control is no find.
    assert {entry["set"] for entry in details["flagged"]} <= {"carried_over"}


def test_few_facts_leave_it_undecided(tmp_path: Path) -> None:
    rows = prices(25)
    found = sets(judged(tmp_path, rows, model(rows)))["new"]
    assert found["verdict"] == "undecided"
    assert found["equivalent"] is False


def test_facts_of_one_document_do_not_prove_what_documents_would(tmp_path: Path) -> None:
    """The same 300 facts, all of ten documents: the interval is that of ten."""
    apart = prices(300)
    together = [{**row, "document": f"new{i % 10}"} for i, row in enumerate(apart)]
    found = sets(judged(tmp_path, together, model(together)))["new"]
    assert found["documents"] == 10
    assert found["verdict"] == "undecided"


def test_documents_that_stand_out_are_flagged_after_correction(tmp_path: Path) -> None:
    kinds = ("price", "weight", "width", "height")
    drawn = random.Random(3)
    rows = [
        fact(f"new{i}", str(drawn.randint(1000, 9999)), kind) for i in range(40) for kind in kinds
    ]
    by_kind = {(row["document"], row["kind"]): row["fact"]["text"] for row in rows}
    plain = model(rows)

    def respond(request: Request) -> Response:
        found = plain.respond(request)
        if request.per_token or not re.search(r"\bnew7\b", request.prompt):
            return found
        kind = next(kind for kind in kinds if kind in request.prompt)
        true = request.continuations.index(by_kind["new7", kind])
        logprobs = list(found.logprobs)
        logprobs[true] = 0.0
        return Response(request.continuations[true], "scored", 4, tuple(logprobs))

    details = judged(tmp_path, rows, Rule(respond))
    assert [(d["document"], d["set"], d["facts"]) for d in details["flagged"]] == [
        ("new7", "new", 4)
    ]
    # All four first of twenty: (1/20)^4, times forty documents.
    assert details["flagged"][0]["p"] == pytest.approx(20**-4)
    assert details["flagged"][0]["q"] == pytest.approx(40 * 20**-4)
    assert sets(details)["new"]["flagged"] == 1
    assert {(k["set"], k["kind"], k["facts"]) for k in details["kinds"]} == {
        ("new", kind, 40) for kind in kinds
    }


def test_wordings_are_averaged_before_they_are_ranked(tmp_path: Path) -> None:
    """A value first in one wording and last in another is neither."""
    rows = prices(20)
    true = {row["document"]: row["fact"]["text"] for row in rows}

    def respond(request: Request) -> Response:
        if request.per_token:
            return model(rows).respond(request)
        found = re.search(r"new\d+", request.prompt)
        assert found
        own = 10.0 if request.prompt.startswith("price") else -30.0
        logprobs = tuple(own if v == true[found[0]] else -1.0 for v in request.continuations)
        return Response("", "scored", 4, logprobs)

    assert sets(judged(tmp_path, rows, Rule(respond)))["new"]["mean"] == pytest.approx(0.975)
    figures = {(r["figures"]["place"], r["figures"]["p"]) for r in rows_of(tmp_path, "ranks")}
    assert figures == {(20.0, 1.0)}


def test_results_are_headlines_with_documents_behind_them(tmp_path: Path) -> None:
    rows = [*prices(30), *[{**r, "document": r["document"] + "x"} for r in prices(30, start=50)]]
    rows += [fact("new0", "4321", id="new0/other")]
    write_rows(tmp_path / "facts.jsonl", rows)
    found = measure(Ranks(), tmp_path / "facts.jsonl", model(rows), tmp_path)
    (result,) = found.results
    assert (result.metric, result.n, result.clusters) == ("mean_rank_new", 61, 60)
    assert result.headline
    assert result.interval == "clustered t, 90 %"


def test_a_limit_keeps_whole_facts_and_all_sets(tmp_path: Path) -> None:
    rows = [*prices(60), *prices(20, "control"), *prices(20, "unseen")]
    judged(tmp_path, rows, model(rows), limit=36)
    kept = rows_of(tmp_path, "ranks")
    assert len(kept) == 36
    assert set(Counter(row["detail"]["fact_id"] for row in kept).values()) == {2}
    assert Counter(row["stratum"] for row in kept) == {"new": 12, "control": 12, "unseen": 12}


def test_values_and_answers_are_asked_once(tmp_path: Path) -> None:
    rows = prices(30)
    engine = model(rows)
    first = judged(tmp_path, rows, engine)
    values = {row["fact"]["text"] for row in rows}
    assert Counter(r.per_token for r in engine.asked) == {"ids": len(values), "": 60}
    engine.asked.clear()
    assert judged(tmp_path, rows, engine) == first
    assert engine.asked == []
