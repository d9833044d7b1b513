"""What answers from APIs cost, and the caution about them: terminal, summary, report.json, page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.jsonl import append_rows
from harness.ledger import COSTS
from harness.report.apis import cautions, costs, costs_tables
from harness.report.write import write_reports
from harness.runs import read_run, write_json
from tests.report import builder as build
from tests.report.visiting import Visit, section_rows

SPENT = {
    "checkpoint": "gpt", "task": "knowledge", "model": "gpt-4o", "snapshot": "gpt-4o-2024-05-13",
    "answers": 8, "prompt_tokens": 1_000, "answer_tokens": 200, "guessed": 0, "usd": 0.008,
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """base and qa-e3 beside gpt, which has answered two batches of one suite and one of another."""
    folder = build.whole_run(tmp_path / "run")
    content = json.loads((folder / "run.json").read_text("utf-8"))
    content["models"].append({**content["models"][0], "id": "gpt-4o", "engine": "api",
                              "api": {"base_url": "https://api.openai.com/v1"}})  # fmt: skip
    gpt = next(c for c in content["checkpoints"] if c["id"] == "gpt")
    gpt["model"] = "gpt-4o"
    write_json(folder / "run.json", content)
    more = {**SPENT, "answers": 2, "prompt_tokens": 500, "answer_tokens": 50, "usd": 0.00325}
    build.measure_knowledge(folder, "gpt", 0.05)
    append_rows(folder / COSTS, [SPENT, more, {**more, "task": "jsquad"}])
    return folder


def test_batches_are_added_up_by_checkpoint_task_and_snapshot(folder: Path) -> None:
    knowledge, jsquad = costs(read_run(folder))
    assert knowledge == {
        **SPENT, "answers": 10, "prompt_tokens": 1_500, "answer_tokens": 250, "guessed": 0, "usd": 0.01125,
    }  # fmt: skip
    assert jsquad["usd"] == 0.00325
    (table,) = costs_tables(read_run(folder))
    assert table.rows[0] == (
        "gpt", "knowledge", "gpt-4o-2024-05-13", "10", "1,500", "250", "0.0112",
    )  # fmt: skip
    assert table.notes[0].startswith("Together $0.0145;")


def test_guessed_tokens_are_told(folder: Path) -> None:
    assert len(costs_tables(read_run(folder))[0].notes) == 1
    append_rows(folder / COSTS, [{**SPENT, "task": "known", "guessed": 3}])
    assert "did not count the tokens of 3 answers" in costs_tables(read_run(folder))[0].notes[1]


def test_without_a_price_no_cost_is_made_up(folder: Path) -> None:
    append_rows(folder / COSTS, [{**SPENT, "task": "known", "usd": None}])
    assert costs(read_run(folder))[-1]["usd"] is None
    (table,) = costs_tables(read_run(folder))
    assert table.rows[-1][-1] == "–"
    # 0.008 + 0.00325 twice.
    assert table.notes[0].startswith("Together $0.0145 without gpt-4o (no price in the matrix);")
    (folder / COSTS).unlink()
    append_rows(folder / COSTS, [{**SPENT, "usd": None}])
    assert "no cost can be told" in costs_tables(read_run(folder))[0].notes[0]


def test_the_caution_is_of_models_that_others_serve(folder: Path) -> None:
    (told,) = cautions(read_run(folder))
    assert told.startswith("gpt: behind an API, never trained on these documents")
    redescribe(folder, served_as="qa-e3")
    assert cautions(read_run(folder)) == ()


def redescribe(folder: Path, **changes: Any) -> None:
    content = json.loads((folder / "run.json").read_text("utf-8"))
    next(c for c in content["checkpoints"] if c["id"] == "gpt").update(changes)
    write_json(folder / "run.json", content)


def test_the_caution_is_not_of_what_looks_the_documents_up(folder: Path) -> None:
    redescribe(folder, retrieval={"name": "r", "kind": "gold", "documents": "d.jsonl",
                                  "passage_size": 400})  # fmt: skip
    assert cautions(read_run(folder)) == ()


def test_the_caution_is_not_of_what_was_not_measured(folder: Path) -> None:
    path = folder / "results.jsonl"
    items = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    kept = [{**i, "results": [], "status": "skipped"} if i["checkpoint"] == "gpt" else i
            for i in items]  # fmt: skip
    path.write_text("".join(json.dumps(i) + "\n" for i in kept), "utf-8")
    assert cautions(read_run(folder)) == ()


def test_a_run_without_apis_says_nothing_of_them(run_folder: Path) -> None:
    run = read_run(run_folder)
    assert (cautions(run), costs(run), costs_tables(run)) == ((), [], [])


@pytest.mark.browser
@pytest.mark.parametrize(
    ("locale", "heading", "caution"),
    [
        ("en-GB", "Costs of APIs", "gpt: behind an API"),
        ("ja-JP", "APIの費用", "gptはAPIのモデルで"),
    ],
)
def test_the_page_tells_both(
    browser: Any, folder: Path, locale: str, heading: str, caution: str
) -> None:
    write_reports(folder)
    shown = Visit(browser, locale=locale)
    page = shown.open(folder)
    assert caution in page.locator("section:has(> #accuracy)").inner_text()
    page = shown.open(folder, "#run")
    assert page.locator("#costs").inner_text() == heading
    first = section_rows(page, "costs")[0]
    assert first[0] == "gpt"
    assert first[2:] == ["gpt-4o-2024-05-13", "10", "1,500", "250", "0.0112"]
    assert "https://api.openai.com/v1" in page.locator("section:has(> #models)").inner_text()
    redescribe(folder, retrieval={"name": "r", "kind": "gold", "documents": "d.jsonl",
                                  "passage_size": 400})  # fmt: skip
    write_reports(folder)
    page = shown.open(folder)
    assert caution not in page.locator("section:has(> #accuracy)").inner_text()
    assert shown.noise == []
