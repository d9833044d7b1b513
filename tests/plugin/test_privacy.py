"""A run folder is passed on: no key, no home, and with --eval-redact no text, stands in reports."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from harness.__main__ import main
from tests.plugin.helpers import add_to_conftest, output, rows

REPORTS = ("report.json", "badge.json", "summary.md", "report.html")
# In the questions and answers of the test project, and in no word of the page's own.
PRICE = "の価格はいくらですか"
PARTS = (PRICE, "円です。", "答え3", "質問：質問", "品質")
IN_LINE, IN_VARIABLE, BY_LOOKS = "correct-horse-1", "battery-staple-2", "sk-proj-" + "x7" * 12


@pytest.fixture
def home(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project in a person's home, with data and an adapter beside it."""
    home = project.path / "home" / "taro yamada"
    work = home / "work"
    work.mkdir(parents=True)
    (work / "pyproject.toml").write_text('[tool.pytest]\neval_matrix = "world/matrix.toml"\n')
    add_to_conftest(
        project,
        f"""
def pytest_addoption(parser):
    parser.addoption("--hub-token")

ANSWER = respond

def respond(checkpoint, request):
    if checkpoint.id == "other":
        raise RuntimeError("401 for {BY_LOOKS} with {IN_VARIABLE} in {home}/.cache/x/model.bin")
    return ANSWER(checkpoint, request)
""",
    )
    for name in ("conftest.py", "evals", "world"):
        shutil.move(project.path / name, work / name)
    shutil.copytree(work / "world", home / "elsewhere" / "world")
    matrix = work / "world" / "matrix.toml"
    text = matrix.read_text("utf-8").replace('"./two"', f'"{home}/elsewhere/world/two"')
    text = text.replace('"./tuned"\ndataset', f'"{home}/gone/adapter"\ndataset', 1)
    matrix.write_text(text, "utf-8")
    with (home / "elsewhere" / "world" / "reviews.jsonl").open("a") as data:
        data.write("{broken\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("MODEL_API_KEY", IN_VARIABLE)
    monkeypatch.chdir(work)
    return home


def _written(folder: Path) -> dict[str, str]:
    return {
        str(p.relative_to(folder)): p.read_text("utf-8") for p in folder.rglob("*") if p.is_file()
    }


def test_no_file_of_a_run_tells_a_home_or_a_key(project: pytest.Pytester, home: Path) -> None:
    data = home / "elsewhere" / "world" / "reviews.jsonl"
    result = project.runpytest(
        str(home / "work" / "evals"),
        f"--eval-matrix={home}/work/world/matrix.toml",
        f"--eval-data=marc_ja={data}",
        "--hub-token", IN_LINE,
    )  # fmt: skip
    folder = home / "work" / "reports" / "latest"
    files = _written(folder)

    assert {*REPORTS, "run.json", "results.jsonl"} <= files.keys()
    for name, text in files.items():
        for secret in ("taro", str(project.path), IN_LINE, IN_VARIABLE, BY_LOOKS):
            assert secret not in text, name
    # It did meet them: three items of each kind failed, and say why in other words.
    told = {(r["checkpoint"], r["task"]): r["message"] for r in rows(folder / "results.jsonl")}
    assert "401 for *** with *** in ~/.cache/x/model.bin" in told["other", "jsquad"]
    assert "~/gone/adapter" in told["tuned", "jsquad"]
    assert any("~/elsewhere/world/reviews.jsonl:11" in text for text in files.values())
    command = json.loads(files["run.json"])["command"]
    assert command.startswith(
        "pytest evals --eval-matrix=world/matrix.toml "
        "'--eval-data=marc_ja=~/elsewhere/world/reviews.jsonl' --hub-token '***'"
    )
    assert "taro" in output(result)  # the terminal is the person's own


def test_redacted_reports_hold_no_question_answer_or_gold(project: pytest.Pytester) -> None:
    project.runpytest("evals", "--eval-redact", "--eval-run-dir", "mine")
    folder = project.path / "mine"
    texts = {name: (folder / name).read_text("utf-8") for name in REPORTS}
    for name, text in texts.items():
        for part in PARTS:
            assert part not in text, name
    assert '"accuracy_seen"' in texts["report.json"]
    assert "d0/1" in texts["report.html"]
    # The samples themselves stay, to be graded and blessed.
    assert "商品3" in (folder / "samples" / "base" / "knowledge.jsonl").read_text("utf-8")
    assert main(["report", str(folder)]) == 0
    assert {name: (folder / name).read_text("utf-8") for name in REPORTS} == texts


def test_without_the_option_questions_are_shown(project: pytest.Pytester) -> None:
    project.runpytest("evals", "-k", "base")
    text = (project.path / "reports" / "latest" / "report.html").read_text("utf-8")
    assert all(part in text for part in PARTS)


def test_a_run_dir_that_is_used_again_with_redaction_is_redacted(project: pytest.Pytester) -> None:
    one = ("evals", "-k", "base and knowledge", "--eval-run-dir", "mine")
    project.runpytest(*one)
    assert PRICE in (project.path / "mine" / "report.html").read_text("utf-8")
    project.runpytest(*one, "--eval-redact")
    assert PRICE not in (project.path / "mine" / "report.html").read_text("utf-8")


def test_redaction_may_be_asked_for_in_the_configuration(project: pytest.Pytester) -> None:
    project.runpytest("evals", "-k", "base and knowledge", "-o", "eval_redact=true")
    folder = project.path / "reports" / "latest"
    assert json.loads((folder / "run.json").read_text("utf-8"))["redact"] is True
    assert PRICE not in (folder / "report.html").read_text("utf-8")
