"""Trained against held-out questions: what is compared with what, and what is said of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.errors import DataError
from harness.records import Reading, Request, Response
from harness.tasks.trained import Trained
from tests.conftest import write_rows
from tests.tasks.engines import Row, Rule, measure, read, rows_of, words

WORDS = [one + two for one in ("かの", "さく", "とり") for two in ("ほし", "うみ", "やま", "そら")]


def questions(n: int, form: str, dataset: str = "", **more: Any) -> list[Row]:
    found = []
    for i in range(n):
        id = f"{dataset}{form}{i}"
        row: Row = {"id": id, "form": form, "document": f"{id}/document", "question": f"{id}は？"}
        row |= {"question": words(f"q {id}", 4, WORDS), "answer": words(f"a {id}", 8, WORDS)}
        found.append(row | ({"dataset": dataset} if dataset else {}) | more)
    return found


def pair(n: int = 40, dataset: str = "") -> list[Row]:
    return [*questions(n, "seen", dataset), *questions(n, "control", dataset)]


def tuned(rows: Sequence[Row], delta: float) -> Rule:
    """Finds trained answers likelier by `delta` nats a token."""
    seen = {row["answer"] for row in rows if row["form"] == "seen"}
    return Rule(lambda r: read(r, -3.0 + delta * (r.continuations[0] in seen)))


def bare(requests: Sequence[Request]) -> Mapping[Request, Response]:
    return {request: read(request, -3.0) for request in requests}


def judged(folder: Path, rows: Sequence[Row], engine: Rule, **options: Any) -> dict[str, Row]:
    write_rows(folder / "qa.jsonl", list(rows))
    measure(Trained(), folder / "qa.jsonl", engine, folder, **options)
    details = json.loads((folder / "run/samples/base/trained.json").read_text("utf-8"))
    return {entry["dataset"]: entry for entry in details["datasets"]}


def test_a_training_that_took_is_detected_and_a_bare_model_is_not(tmp_path: Path) -> None:
    rows = pair()
    found = judged(tmp_path, rows, tuned(rows, 1.5))[""]
    assert (found["verdict"], found["members"], found["others"]) == ("works", 40, 40)
    assert found["sentence"].startswith("detected: ")
    assert "reference" not in found["attacks"]
    base = judged(tmp_path / "base", rows, tuned(rows, 0.0))[""]
    # An AUROC of .60 is not ruled out by 40 on a side.
    assert base["verdict"] == "too few"
    assert base["sentence"].startswith("too few questions: ")
    rows = pair(200)
    base = judged(tmp_path / "more", rows, tuned(rows, 0.0))[""]
    assert base["verdict"] == "no power"
    assert base["sentence"].startswith("not detected: ")
    assert base["sentence"].endswith("; reference not run: no reference model")


def test_what_the_training_changed_shows_against_the_model_without_it(tmp_path: Path) -> None:
    rows = pair()
    found = judged(tmp_path, rows, tuned(rows, 0.2), reference=bare)[""]
    assert found["attack"] == "reference"
    assert found["not_run"] == []
    assert found["attacks"]["reference"]["auroc"] > 0.95 > found["attacks"]["loss"]["auroc"]


def test_only_the_answer_is_read_after_the_question(tmp_path: Path) -> None:
    rows = pair()
    engine = tuned(rows, 1.0)
    judged(tmp_path, rows, engine)
    asked = {(r.prompt, r.continuations, r.chat, r.per_token, r.window) for r in engine.asked}
    assert asked == {(r["question"], (r["answer"],), True, "likelihoods", 0) for r in rows}


def test_forms_are_those_that_were_trained_and_held_out_and_nothing_carried_over(
    tmp_path: Path,
) -> None:
    rows = [
        *questions(2, "seen"),
        *questions(2, "control"),
        *questions(2, "paraphrase"),
        *questions(2, "untrained"),
        *questions(1, "seen", "old", carried_over=True),
        *questions(1, "control", "old", carried_over=True),
    ]
    write_rows(tmp_path / "qa.jsonl", rows)
    kept = Trained().load(tmp_path / "qa.jsonl")
    assert [sample.id for sample in kept] == ["seen0", "seen1", "control0", "control1"]
    assert [sample.cluster for sample in kept] == [f"{sample.id}/document" for sample in kept]


def test_data_sets_are_judged_apart(tmp_path: Path) -> None:
    own, general = pair(40, "own QA"), pair(30, "general")
    write_rows(tmp_path / "qa.jsonl", [*own, *general])
    engine = tuned(own, 1.5)
    result = measure(Trained(), tmp_path / "qa.jsonl", engine, tmp_path)
    found = judged(tmp_path, [*own, *general], engine)
    assert {name: entry["verdict"] for name, entry in found.items()} == {
        "own QA": "works",
        "general": "too few",
    }
    sizes = {r.metric: (r.n, r.clusters, r.headline) for r in result.results}
    assert sizes == {
        "auroc_own_qa": (80, 80, True),
        "evidence_own_qa": (80, 80, False),
        "blind_own_qa": (80, 80, False),
        "auroc_general": (60, 60, True),
        "evidence_general": (60, 60, False),
        "blind_general": (60, 60, False),
    }


def test_questions_that_differ_by_themselves_are_no_experiment(tmp_path: Path) -> None:
    rows = pair()
    for row in rows[:40]:
        row["answer"] = f"はい、{row['answer']}です。"
    found = judged(tmp_path, rows, tuned(rows, 2.0))[""]
    assert found["verdict"] == "invalid"
    assert found["sentence"].startswith("invalid: told apart without the model")


@pytest.mark.parametrize(("form", "other"), [("seen", "control"), ("control", "seen")])
def test_a_form_that_is_missing_is_told(tmp_path: Path, form: str, other: str) -> None:
    rows = [*questions(3, form), *questions(3, other, carried_over=True)]
    message = rf'qa\.jsonl: needs questions of both forms, "seen".*found: {form}\.'
    with pytest.raises(DataError, match=message):
        judged(tmp_path, rows, tuned(rows, 1.0))
    write_rows(tmp_path / "qa.jsonl", questions(3, "paraphrase"))
    with pytest.raises(DataError, match=r"found: none\."):
        Trained().load(tmp_path / "qa.jsonl")


def test_a_data_set_with_one_form_says_so_and_the_others_stand(tmp_path: Path) -> None:
    rows = [*pair(25, "own"), *questions(25, "seen", "general")]
    found = judged(tmp_path, rows, tuned(rows, 2.0))
    assert found["own"]["verdict"] == "works"
    assert found["general"]["sentence"].startswith("too few questions: 0 documents on a side; 20 ")


def test_another_answer_is_another_sample(tmp_path: Path) -> None:
    rows = pair(3)
    identities = []
    for text in ("一つの答え", "別の答え"):
        rows[0]["answer"] = text
        write_rows(tmp_path / "qa.jsonl", rows)
        found = measure(Trained(), tmp_path / "qa.jsonl", tuned(rows, 1.0), tmp_path)
        identities.append(found.identity["samples"])
    assert identities[0] != identities[1]
    assert rows_of(tmp_path, "trained")[0]["gold"] == ["別の答え"]


def test_a_limit_takes_from_both_forms_of_each_data_set(tmp_path: Path) -> None:
    rows = [*pair(30, "own"), *pair(30, "general")]
    judged(tmp_path, rows, tuned(rows, 1.0), limit=40)
    strata = [row["stratum"] for row in rows_of(tmp_path, "trained")]
    assert {stratum: strata.count(stratum) for stratum in strata} == {
        f"{dataset}/{form}": 10 for dataset in ("own", "general") for form in ("seen", "control")
    }


def test_no_answer_but_one_token_by_token_will_do(tmp_path: Path) -> None:
    deaf = Rule(lambda r: Response("", "scored", 1, (-1.0,)))
    with pytest.raises(DataError, match="does not read texts token by token"):
        judged(tmp_path, pair(), deaf)


def test_a_reference_whose_tokens_end_elsewhere_is_told(tmp_path: Path) -> None:
    def in_one_piece(requests: Sequence[Request]) -> Mapping[Request, Response]:
        found = {}
        for request in requests:
            reading = Reading((1,), (len(request.continuations[0]),), (-9.0,), (-9.0,), (1.0,))
            found[request] = Response("", "scored", 1, (-9.0,), reading)
        return found

    rows = pair()
    message = r"seen0: the two models end no two tokens .* a reference of the same tokenizer"
    with pytest.raises(DataError, match=message):
        judged(tmp_path, rows, tuned(rows, 1.0), reference=in_one_piece)
