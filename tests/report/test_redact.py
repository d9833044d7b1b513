"""Reports for sharing: what was asked and answered is in none of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.__main__ import main
from harness.comparison.within import comparisons
from harness.records import Verdict
from harness.report.document import document
from harness.report.page import page_data
from harness.report.redact import HIDDEN, KEPT, redacted_page
from harness.report.write import write_reports
from harness.runs import read_run, write_json
from tests.report import builder as build

if TYPE_CHECKING:
    from tests.report.visiting import Visit

REPORTS = {"report.json", "badge.json", "summary.md", "report.html"}
# A word for each field that may quote a document.
SECRETS = ("kprompt", "kgold", "kanswer", "kreason", "knote", "kdetail", "kmessage", "krubric", "ktemplate",
           "kHanako", "kTaro")  # fmt: skip


def secret_run(at: Path, **changes: Any) -> Path:
    rubric = {"version": "rubric.md/1", "text": "krubric"}
    manifest = build.manifest([build.BASE, build.QA, build.API], rubric=rubric, **changes)
    write_json(at / "run.json", manifest)
    opinion = {
        "verdict": "wrong",
        "picked": "hand",
        "note": "knote",
        "time": "2026-11-26T01:02:03.456Z",
    }
    for name in ("base", "qa-e3"):
        rows = [
            build.row(
                f"new-{n}/price",
                prompt=f"kprompt {n}",
                gold=[f"kgold {n}"],
                response=f"kanswer {name} {n}",
                reason=f"kreason {n}",
                detail={"kind": "money", "fact": "kdetail"},
                stratum="seen",
                correct=name == "base",
                outcome="correct" if name == "base" else "wrong",
                scores={"correct": float(name == "base")},
                people={"opinions": {"kHanako": opinion, "kTaro": opinion}},
            )
            for n in range(12)
        ]
        gate = (
            build.gate(-0.2, fell=[row["id"] for row in rows], worse=12) if name != "base" else {}
        )
        number = build.result(
            name,
            "knowledge",
            "accuracy_seen",
            float(name == "base"),
            headline=True,
            verdict=Verdict.REGRESSED if gate else Verdict.MEASURED,
            reason="100.0 → 0.0 % against base" if gate else "",
            gate=gate,
            identity={"prompt": "ktemplate {question}", "n": 12},
        )
        told = "regressed: knowledge accuracy_seen 100.0 → 0.0 % against base" if gate else ""
        build.measure(at, name, "knowledge", [number], rows, message=told)
    message = 'data.jsonl:3: "kmessage" is no price'
    build.measure(at, "gpt", "knowledge", [], status="error", message=message)
    return at


def _texts(folder: Path) -> dict[str, str]:
    return {p.name: p.read_text("utf-8") for p in folder.iterdir() if p.name in REPORTS}


@pytest.fixture(scope="module")
def redacted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = secret_run(tmp_path_factory.mktemp("run"), redact=True)
    write_reports(folder)
    return folder


def test_the_words_are_in_a_whole_report(tmp_path: Path) -> None:
    write_reports(secret_run(tmp_path))
    everything = "".join(_texts(tmp_path).values())
    assert [word for word in SECRETS if word not in everything] == ["kdetail"]


def test_no_redacted_report_holds_a_text(redacted: Path) -> None:
    texts = _texts(redacted)
    assert set(texts) == REPORTS
    for name, text in texts.items():
        assert [word for word in SECRETS if word in text] == [], name


def test_ids_outcomes_and_figures_stay(redacted: Path, tmp_path: Path) -> None:
    write_reports(secret_run(tmp_path))
    ours, whole = _texts(redacted), _texts(tmp_path)
    assert "| knowledge | `new-3/price` |\n" in ours["summary.md"]
    assert "verdicts: 1 regressed" in ours["summary.md"]
    assert "regressed: knowledge accuracy_seen 100.0 → 0.0 %" in ours["report.json"]
    assert ours["badge.json"] == whole["badge.json"]

    def figures(text: str) -> list[dict[str, Any]]:
        # What it was measured on tells a prompt's template.
        return [{**r, "identity": None} for r in json.loads(text)["results"]]

    assert figures(ours["report.json"]) == figures(whole["report.json"])
    assert json.loads(ours["report.json"])["outcomes"]["qa-e3"] == {"seen": {"wrong": 12}}


def test_keys_of_answers_which_are_hashes_that_can_be_guessed_are_left_out(redacted: Path) -> None:
    run = read_run(redacted)
    data = page_data(run, document(run, comparisons(run)))
    assert {question[7] for question in data["samples"]["knowledge"]["questions"]} == {""}
    assert data["grades"] == {"authors": [], "events": {}, "stale": {}}
    outcomes = data["samples"]["knowledge"]["outcomes"]
    answers = data["samples"]["knowledge"]["questions"][0][6]
    assert [outcomes[answer[1]] if len(answer) > 1 else outcomes[0] for answer in answers[:2]] == [
        "correct",
        "wrong",
    ]


def test_a_field_that_is_new_to_the_page_stays_out(tmp_path: Path) -> None:
    run = read_run(secret_run(tmp_path))
    data = page_data(run, document(run, comparisons(run)))
    # Whoever adds a field to the page says in redact.py whether strangers may see it.
    assert data.keys() == {*KEPT, "report", "samples", "grades", "review"}
    packed = data["samples"]["knowledge"]
    packed["questions"][0].append("kprompt")
    packed["questions"][0][6][0] += [0] * (6 - len(packed["questions"][0][6][0])) + ["kanswer"]
    packed["new"] = "kprompt"
    shown = json.dumps(redacted_page({**data, "new": "kprompt", "report": {"results": []}}))
    assert [word for word in SECRETS if word in shown] == []


def test_the_command_writes_redacted_reports_beside_whole_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = secret_run(tmp_path, folder="reports/runs/today")
    assert main(["report", str(folder)]) == 0
    whole = _texts(folder)
    assert main(["report", str(folder), "--redact"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == str(folder / "redacted" / "report.html")
    assert _texts(folder) == whole
    for name, text in _texts(folder / "redacted").items():
        assert [word for word in SECRETS if word in text] == [], name
    assert "`reports/runs/today/redacted/report.html`" in _texts(folder / "redacted")["summary.md"]


def test_a_run_that_was_redacted_is_so_whenever_its_reports_are_made(redacted: Path) -> None:
    before = _texts(redacted)
    for arguments in ((), ("--redact",)):
        assert main(["report", str(redacted), *arguments]) == 0
        assert _texts(redacted) == before
    assert not (redacted / "redacted").exists()


@pytest.mark.browser
def test_a_redacted_page_shows_that_texts_were_left_out(visit: Visit, redacted: Path) -> None:
    page = visit.open(redacted, "#sample/knowledge/new-3%2Fprice")
    page.wait_for_selector(f"text={HIDDEN}")
    assert "new-3/price" in page.inner_text("main")
    assert page.locator("ins, del, #against, .grade-buttons, a[href='#grade']").count() == 0
    assert page.locator(".redacted").count() == 1
    for view in ("#samples", "#run", "#grade", ""):
        page.goto(page.url.split("#")[0] + view)
        page.wait_for_selector("main")
        if view in ("#samples", ""):
            assert page.inner_text(".redacted") == "Redacted: texts are left out."
