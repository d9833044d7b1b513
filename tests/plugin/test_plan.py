"""pytest evals --eval-plan: what would be asked, and nothing asked."""

from __future__ import annotations

import re
import sys

import pytest

from tests.plugin.helpers import add_to_conftest, add_to_matrix, asked, log_lines, output


def plan(project: pytest.Pytester, *arguments: str) -> str:
    result = project.runpytest("evals", "--eval-plan", *arguments)
    assert result.ret == 0, output(result)
    return output(result)


def row(text: str, checkpoint: str) -> list[str]:
    (line,) = [line for line in text.splitlines() if line.startswith(f"{checkpoint} ")]
    return re.split(r"\s{2,}", line.strip())


def test_it_counts_what_would_be_asked_and_asks_nothing(project: pytest.Pytester) -> None:
    text = plan(project)
    assert log_lines(project) == []
    assert not (project.path / "reports" / "latest").exists()
    assert row(text, "base")[1:3] == ["30", "0"]
    project.runpytest("evals")
    assert len([line for line in asked(project) if line.startswith("base ")]) == 30


def test_what_the_store_has_is_told_apart(project: pytest.Pytester) -> None:
    project.runpytest("evals", "-k", "jsquad")
    text = plan(project)
    assert row(text, "base")[1:3] == ["30", "10"]
    assert row(text, "all")[1:3] == ["90", "30"]  # tuned-long has tuned's adapter, and its answers
    assert row(text, "tuned-long")[1:3] == ["0", "0"]


def test_it_plans_what_was_selected(project: pytest.Pytester) -> None:
    text = plan(project, "-k", "marc_ja and other", "--eval-limit=4")
    assert row(text, "other")[1] == "4"
    assert "base" not in text.split("What will be asked")[1]


def test_an_expected_time_comes_from_an_earlier_run(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert row(plan(project, "-k", "knowledge and base"), "base")[5] == "?"
    monkeypatch.setenv("SLOW", "0.3")  # a batch of four: 0.9 s for the ten
    project.runpytest("evals", "-k", "jsquad and base")
    project.runpytest("evals", "-k", "knowledge and base", "--eval-limit=10")
    text = plan(project, "-k", "knowledge and base", "--eval-fresh")
    assert row(text, "base")[5] == "1 s"


def test_with_shards_it_says_how_they_would_share(project: pytest.Pytester) -> None:
    text = plan(project, "--eval-shard=1/3")
    shares = [re.split(r"\s{2,}", line) for line in text.splitlines() if re.match(r"\d/3 ", line)]
    assert [share[0] for share in shares] == ["1/3", "2/3", "3/3"]
    assert sum(int(share[1]) for share in shares) == 90
    assert all(25 < float(share[2].removesuffix(" %")) < 42 for share in shares)
    assert shares[0][3] == "base"
    assert not (project.path / "reports" / "shards").exists()


def test_a_price_is_told_as_the_most_that_it_may_be(project: pytest.Pytester) -> None:
    add_to_matrix(
        project,
        '[models.api]\nweights = "m"\nreleased = 2025-05-01\nengine = "api"\n'
        '[models.api.api]\nbase_url = "http://127.0.0.1:9/v1"\nprice = { prompt = 1.0, answer = 1000.0 }\n'
        '[checkpoints.served]\nmodel = "api"\n',
    )
    text = plan(project, "-k", "jsquad and served")
    # At most 32 tokens out for each of ten answers, at a tenth of a cent.
    assert float(row(text, "served")[6]) == pytest.approx(0.32, abs=0.01)


def test_workers_are_not_started(project: pytest.Pytester) -> None:
    text = plan(project, "-n", "2")
    assert row(text, "base")[1] == "30"
    assert "2 workers" not in text


def test_broken_data_are_told_in_the_plan(project: pytest.Pytester) -> None:
    with (project.path / "world/reviews.jsonl").open("a", encoding="utf-8") as file:
        file.write("{\n")
    text = plan(project)
    assert "Can't be planned: marc_ja:" in text
    assert "reviews.jsonl:11: not valid JSON" in text.replace("\n  ", " ")


def test_suites_with_fixtures_of_their_own_are_counted(project: pytest.Pytester) -> None:
    add_to_conftest(project, "import pytest\n\n@pytest.fixture\ndef mine():\n    return 1\n")
    suite = project.path / "evals" / "test_jsquad.py"
    suite.write_text(
        suite.read_text("utf-8").replace("(evaluate: Evaluate)", "(evaluate: Evaluate, mine: int)"),
        "utf-8",
    )
    text = plan(project)
    assert "4 of 12 items ask for fixtures of their own" in text


def test_no_model_library_is_imported(project: pytest.Pytester) -> None:
    code = (
        "import sys, pytest\n"
        "code = pytest.main(['evals', '--eval-plan', '-q'])\n"
        "heavy = {'torch', 'transformers', 'peft'} & set(sys.modules)\n"
        "sys.exit(code or (7 if heavy else 0))"
    )
    assert project.run(sys.executable, "-c", code).ret == 0
