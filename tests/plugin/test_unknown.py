"""The suites of what was unknown before, as pytest runs them."""

from __future__ import annotations

import hashlib
import json
import random
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
import sklearn.linear_model  # noqa: F401 - can't be imported twice in a process: conftest.py

from tests.conftest import write_rows
from tests.plugin.helpers import (
    add_to_matrix,
    asked,
    figures,
    forget_asked,
    items,
    latest,
    log_lines,
    opened,
    outcomes,
    output,
    sample_files,
    told_cleanly,
)

SUITE = Path(__file__).parents[2] / "evals/test_unknown.py"
TASKS = ("dates", "membership", "ranks", "trained", "verbatim")
PARTS = ("かの", "さく", "とり", "ほし", "うみ", "やま")
Row = dict[str, Any]


def was_read(text: str) -> bool:
    """The scripted engine's rule."""
    return hashlib.sha256(text.encode()).digest()[0] % 2 == 0


def texts(n: int, length: int, seed: str) -> list[str]:
    """n texts that were read and n that were not."""
    drawn = random.Random(seed)
    found: dict[bool, list[str]] = {True: [], False: []}
    while min(map(len, found.values())) < n:
        text = "".join(drawn.choice(PARTS) for _ in range(length // 2))
        found[was_read(text)].append(text)
    return [*found[True][:n], *found[False][:n]]


def documents() -> list[Row]:
    ages = {"new-1": "2025-06-01", "old": "2025-03-31", "new-2": "2025-06-02", "undated": ""}
    return [{"id": id, "published": date, "evidence": "archive"} for id, date in ages.items()]


def data(folder: Path) -> None:
    write_rows(folder / "documents.jsonl", documents())
    labelled = [
        {"id": f"t{i}", "text": text, "label": int(was_read(text))}
        for i, text in enumerate(texts(25, 130, "pair"))
    ]
    own = [{"id": f"own{i}", "text": text} for i, text in enumerate(texts(3, 130, "own"))]
    write_rows(folder / "texts.jsonl", [*labelled, *own])
    drawn = random.Random(1)
    write_rows(folder / "facts.jsonl", [
        {"id": f"f{i}", "document": f"d{i}", "form": "new", "kind": "price", "questions": [f"価格{i}？"],
         "fact": {"type": "money", "text": f"{drawn.randint(1000, 9999)}円"}}
        for i in range(24)
    ])  # fmt: skip
    write_rows(folder / "trained.jsonl", [
        {"id": f"q{i}", "form": "seen" if was_read(answer) else "control", "question": f"質問{i}",
         "answer": answer}
        for i, answer in enumerate(texts(25, 40, "answers"))
    ])  # fmt: skip


TABLES = """
[data.dates]
path = "./documents.jsonl"
[data.membership]
path = "./texts.jsonl"
[data.ranks]
path = "./facts.jsonl"
[data.trained]
path = "./trained.jsonl"
"""


@pytest.fixture
def unknown(project: pytest.Pytester) -> pytest.Pytester:
    """The project with the suites of what was unknown, and data for them."""
    (project.path / "evals" / SUITE.name).write_text(SUITE.read_text("utf-8"), "utf-8")
    data(project.path / "world")
    add_to_matrix(project, TABLES)
    return project


def items_of(*names: str) -> list[str]:
    """Node ids; -k "base" would also find the marker base_only."""
    return [f"evals/test_unknown.py::test_{name}" for name in names]


def change_matrix(project: pytest.Pytester, old: str, new: str) -> None:
    path = project.path / "world" / "matrix.toml"
    text = path.read_text("utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), "utf-8")


def details(project: pytest.Pytester, checkpoint: str, task: str) -> Row:
    path = latest(project) / "samples" / checkpoint / f"{task}.json"
    found: Row = json.loads(path.read_text("utf-8"))
    return found


def attacks(project: pytest.Pytester, checkpoint: str, task: str) -> set[str]:
    """The attacks whose scores a sample has."""
    file = latest(project) / "samples" / checkpoint / f"{task}.jsonl"
    first = json.loads(file.read_text("utf-8").splitlines()[0])
    return {name.rpartition("/")[2] for name in first["figures"]}


def test_four_suites_ask_bare_models_and_one_asks_every_checkpoint(
    unknown: pytest.Pytester,
) -> None:
    result = unknown.runpytest("evals/test_unknown.py", "--co", "-q")
    ids = [line.partition("::")[2] for line in result.outlines if "::" in line]
    assert sorted(ids) == sorted(
        [f"test_{t}[{c}]" for t in TASKS for c in ("base", "other")]
        + [f"test_trained[{c}]" for c in ("tuned", "tuned-long")]
    )


def test_documents_that_are_too_old_fail_the_item_by_name(unknown: pytest.Pytester) -> None:
    result = unknown.runpytest(*items_of("dates[base]"), "--junit-xml=junit.xml")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert outcomes(result) == {"failed": 1}
    text = output(result)
    assert "2 documents are not known to be younger than one, released 2025-04-01:" in text
    assert "old: published 2025-03-31, not after 2025-04-01" in text
    assert "undated: no date" in text
    assert "new-1" not in text
    assert told_cleanly(result)
    assert log_lines(unknown) == []  # no model was opened, nothing asked
    assert figures(latest(unknown))["base", "dates", "share_after_release"] == 0.5
    assert items(latest(unknown))["base", "dates"]["status"] == "failed"
    case = ElementTree.parse(unknown.path / "junit.xml").find(".//testcase")
    assert case is not None
    properties = {p.get("name"): p.get("value") for p in case.findall(".//property")}
    assert properties["dates.share_after_release"] == "0.5"
    failure = case.find("failure")
    assert failure is not None
    assert "undated: no date" in str(failure.text)


def test_of_many_documents_that_are_too_old_the_first_are_named(unknown: pytest.Pytester) -> None:
    write_rows(unknown.path / "world/documents.jsonl", [{"id": f"d{i}"} for i in range(25)])
    text = output(unknown.runpytest(*items_of("dates[base]")))
    assert "25 documents are not known to be younger" in text
    assert "d19: no date" in text
    assert "… and 5 more" in text
    assert "d20: no date" not in text


def test_documents_that_are_all_younger_pass(unknown: pytest.Pytester) -> None:
    rows = [row for row in documents() if str(row["id"]).startswith("new")]
    write_rows(unknown.path / "world/documents.jsonl", rows)
    result = unknown.runpytest("evals", "-k", "dates")
    assert (result.ret, outcomes(result)) == (0, {"passed": 2})


def test_dates_need_no_weights(unknown: pytest.Pytester) -> None:
    """An API's model has none, and another's may lie on another machine."""
    change_matrix(unknown, 'weights = "./one"', 'engine = "api"\nweights = "gpt-4o"')
    for epochs in (3, 9):
        adapter = 'adapter = "./tuned"\ndataset = "own QA"\nepochs = '
        change_matrix(unknown, f"{adapter}{epochs}", f'served_as = "tuned-{epochs}"')
    change_matrix(unknown, 'weights = "./two"', 'weights = "./not-here"')
    result = unknown.runpytest("evals", "-k", "dates")
    assert outcomes(result) == {"failed": 2}
    assert "2 documents are not known to be younger than one" in output(result)
    assert "2 documents are not known to be younger than two" in output(result)
    assert told_cleanly(result)
    assert log_lines(unknown) == []


def test_a_whole_run_measures_everything_and_a_second_one_asks_nothing(
    unknown: pytest.Pytester,
) -> None:
    bare = items_of("membership[base]", "ranks[base]", "trained[base]", "verbatim[base]")
    arguments = [*bare, *items_of("membership[other]", "trained[tuned]")]
    result = unknown.runpytest(*arguments)
    assert (result.ret, outcomes(result)) == (0, {"passed": 6})
    for title in ("Does membership inference work here?", "Ranks of true values among 20"):
        assert title in output(result)
    (ja,) = details(unknown, "base", "membership")["languages"]
    (other,) = details(unknown, "other", "membership")["languages"]
    assert (ja["verdict"], other["verdict"]) == ("works", "too few")
    assert ja["asked"]["documents"] == ["own0", "own1", "own2"]
    assert other["asked"] is None
    (tuned,) = details(unknown, "tuned", "trained")["datasets"]
    (untuned,) = details(unknown, "base", "trained")["datasets"]
    assert (tuned["verdict"], untuned["verdict"]) == ("works", "too few")
    assert details(unknown, "base", "ranks")["sets"][0]["facts"] == 24
    assert details(unknown, "base", "verbatim")["sets"]
    first, files = figures(latest(unknown)), sample_files(latest(unknown))
    kept = {name: (latest(unknown) / "samples" / name).with_suffix(".json") for name in files}
    before = {name: path.read_bytes() for name, path in kept.items()}
    forget_asked(unknown)
    unknown.runpytest(*arguments)
    assert (asked(unknown), opened(unknown)) == ([], [])
    assert figures(latest(unknown)) == first
    assert sample_files(latest(unknown)) == files
    assert {name: path.read_bytes() for name, path in kept.items()} == before


def test_an_adapter_is_held_against_its_bare_model_and_that_against_none(
    unknown: pytest.Pytester,
) -> None:
    assert unknown.runpytest(*items_of("trained[tuned]")).ret == 0
    questions = [line.split()[0] for line in asked(unknown)]
    assert (questions.count("tuned"), questions.count("base")) == (50, 50)
    assert len(opened(unknown)) == 1  # one base model serves both
    assert "reference" in attacks(unknown, "tuned", "trained")
    unknown.runpytest(*items_of("trained[base]"))
    assert "reference" not in attacks(unknown, "base", "trained")


def test_a_reference_that_is_named_reads_the_texts_and_answers_nothing_else(
    unknown: pytest.Pytester,
) -> None:
    change_matrix(unknown, "baseline = true", 'baseline = true\nreference = "other"')
    assert unknown.runpytest(*items_of("membership[base]")).ret == 0
    assert "reference" in attacks(unknown, "base", "membership")
    assert [line.split()[0] for line in asked(unknown)].count("other") == 56
    forget_asked(unknown)
    assert unknown.runpytest(*items_of("ranks[base]")).ret == 0
    assert {line.split()[0] for line in asked(unknown)} == {"base"}


def test_data_that_are_missing_are_told_with_the_way_out(unknown: pytest.Pytester) -> None:
    change_matrix(unknown, '[data.membership]\npath = "./texts.jsonl"\n', "")
    result = unknown.runpytest("evals", "-k", "membership or verbatim", "-rs")
    assert result.ret == 0
    assert result.parseoutcomes()["skipped"] == 4
    assert "names no data for it. Add [data.membership]" in output(result)
    assert "--eval-data membership=PATH" in output(result)
    assert told_cleanly(result)


def test_a_faulty_index_is_one_message(unknown: pytest.Pytester) -> None:
    index = unknown.path / "world" / "index.toml"
    index.write_text('[[texts]]\npath = "texts.jsonl"\nlabel = "membre"\n', "utf-8")
    result = unknown.runpytest("evals", "-k", "membership", "--eval-data", f"membership={index}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert output(result).count("index.toml: [[texts]] 1: label = 'membre': expected one of") == 1
    assert told_cleanly(result)


def test_facts_that_nothing_can_stand_beside_are_told(unknown: pytest.Pytester) -> None:
    alone = {"id": "x", "document": "x", "form": "control", "kind": "weight", "questions": ["重さ？"],
             "fact": {"type": "quantity", "text": "10 kg"}}  # fmt: skip
    path = unknown.path / "world" / "facts.jsonl"
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    write_rows(path, [*rows, alone])
    text = output(unknown.runpytest(*items_of("ranks[base]")))
    assert "facts left out for want of exchangeable values: 1 of control" in text
    assert figures(latest(unknown)).keys() == {("base", "ranks", "mean_rank_new")}


def test_questions_without_typed_facts_leave_the_rank_test_out(project: pytest.Pytester) -> None:
    suite = Path(__file__).parents[2] / "evals" / "test_unknown.py"
    (project.path / "evals" / suite.name).write_text(suite.read_text("utf-8"), "utf-8")
    rows = [{"question": f"商品{i}は？", "answer": f"{i}円です。"} for i in range(4)]
    write_rows(project.path / "world" / "knowledge.jsonl", rows)
    result = project.runpytest("evals", "-k", "base and (test_ranks or test_trained)", "-rs")
    assert result.ret == 0
    assert result.parseoutcomes()["skipped"] == 3
    assert "names no data for it. Add [data.ranks]" in output(result)
    assert "Those of knowledge: " in output(result)
