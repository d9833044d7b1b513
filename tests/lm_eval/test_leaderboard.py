"""jsquad and marc_ja with lm-eval's prompts, against what lm-eval itself asks of the same rows."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from harness.config.suites import Suites
from harness.errors import DataError
from harness.grading.extractive import exact_match_lm_eval
from harness.records import Response
from harness.tasks.jsquad import JSQuAD
from harness.tasks.marc_ja import MarcJa
from tests.conftest import reading, write_rows

pytest.importorskip("lm_eval.evaluator", reason="lm-eval is not here")

from harness.lm_eval.leaderboard import Leaderboard, as_asked
from harness.lm_eval.library import load_local

SEED = 1234  # lm-eval's default


@pytest.fixture
def squad(tmp_path: Path) -> Path:
    import json

    (tmp_path / "valid.json").write_text(json.dumps(reading(6), ensure_ascii=False), "utf-8")
    (tmp_path / "train.json").write_text(json.dumps(reading(20), ensure_ascii=False), "utf-8")
    return tmp_path


@pytest.fixture
def marc(tmp_path: Path) -> Path:
    def rows(n: int, begin: str) -> list[dict[str, object]]:
        return [
            {"review_id": f"{begin}{i}", "text": f"{begin}の品質{i}", "label": ("positive", "negative")[i % 3 == 0]}
            for i in range(n)
        ]  # fmt: skip

    write_rows(tmp_path / "valid.jsonl", rows(6, "試"))
    write_rows(tmp_path / "train.jsonl", rows(20, "習"))
    return tmp_path


def published(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """The rows of the world's files as the data set on the hub has them, made by hand."""

    def squad(n: int) -> list[dict[str, Any]]:
        return [
            {"id": f"q{i}", "title": f"題{i}", "context": f"題{i} [SEP] ここに答え{i}がある。",
             "question": f"質問{i}", "answers": {"text": [f"答え{i}"], "answer_start": [11]}, "is_impossible": False}
            for i in range(n)
        ]  # fmt: skip

    def marc(n: int, begin: str) -> list[dict[str, Any]]:
        return [
            {"review_id": f"{begin}{i}", "sentence": f"{begin}の品質{i}", "label": int(i % 3 == 0)}
            for i in range(n)
        ]

    if (folder / "valid.json").exists():
        return {"train": squad(20), "validation": squad(6)}
    return {"train": marc(20, "習"), "validation": marc(6, "試")}


def expected(name: str, folder: Path) -> list[Any]:
    """lm-eval's own contexts, drawn one after the other as its evaluator draws them."""
    task = load_local(name, published(folder))
    task.set_fewshot_seed(SEED)
    return [
        (document, task.fewshot_context(doc=document, num_fewshot=task.config.num_fewshot), task)
        for document in task.eval_docs
    ]


def test_jsquad_asks_word_for_word_what_lm_eval_asks(squad: Path) -> None:
    ours = Leaderboard(JSQuAD(), squad / "train.json").load(squad / "valid.json")

    theirs = expected("ja_leaderboard_jsquad", squad)
    assert [s.request.prompt for s in ours] == [context for _, context, _ in theirs]
    assert ours[0].request.prompt.count("### 応答：\n答え") == 2
    for sample, (document, _, _) in zip(ours, theirs, strict=True):
        assert sample.request.stop == ("\n\n",)
        assert (sample.request.temperature, sample.request.chat, sample.request.joint) == (
            0,
            False,
            True,
        )
        assert sample.id == document["id"]
        assert list(sample.gold) == document["answers"]["text"]


def test_marc_ja_asks_word_for_word_what_lm_eval_asks(marc: Path) -> None:
    ours = Leaderboard(MarcJa(), marc / "train.jsonl").load(marc / "valid.jsonl")

    theirs = expected("ja_leaderboard_marc_ja", marc)
    for sample, (document, context, task) in zip(ours, theirs, strict=True):
        offered = [f"\n{choice}" for choice in task.doc_to_choice(document)]
        asked = [sample.request.prompt + text for text in sample.request.continuations]
        assert asked == [context + text for text in offered]
        assert sample.gold == (task.doc_to_choice(document)[document["label"]],)
    assert ours[0].request.prompt.count("### 応答：\n") == 4


def test_answers_of_marc_ja_are_judged_as_lm_eval_judges(marc: Path) -> None:
    ours = Leaderboard(MarcJa(), marc / "train.jsonl")
    drawn = random.Random(3)
    for sample, (document, _, task) in zip(
        ours.load(marc / "valid.jsonl"), expected("ja_leaderboard_marc_ja", marc), strict=True
    ):
        values = (drawn.choice([-1.0, -2.0]), drawn.choice([-1.0, -2.0]))
        grade = ours.grade(sample, Response("", "scored", 2, values))
        theirs = task.process_results(document, [(value, False) for value in values])
        assert grade.scores["correct"] == theirs["acc"]


@pytest.mark.parametrize(
    "written", ["答え1", "\n答え1", " 答え1 ", "答え1。", "答え", "", "　答え1\u2003", "答え1\n答え1", "  答え1"]
)  # fmt: skip
def test_exact_match_is_lm_evals(squad: Path, written: str) -> None:
    from lm_eval.api.instance import Instance

    document, context, task = expected("ja_leaderboard_jsquad", squad)[1]
    instance = Instance("generate_until", document, (context, {}), 0, resps=[written])
    task._instances = [instance]
    task.apply_filters()
    (result,) = task.process_results(document, [instance.filtered_resps["whitespaces"]]).values()

    assert exact_match_lm_eval(written, document["answers"]["text"]) == result


def test_another_training_file_shows_other_examples(squad: Path) -> None:
    import json

    other = squad / "other.json"
    other.write_text(json.dumps(reading(15), ensure_ascii=False), "utf-8")

    prompts = [
        [s.request.prompt for s in Leaderboard(JSQuAD(), path).load(squad / "valid.json")]
        for path in (squad / "train.json", other)
    ]

    assert prompts[0] != prompts[1]


def test_a_training_file_of_another_form_is_named(squad: Path) -> None:
    (squad / "bad.json").write_text("{}", "utf-8")
    with pytest.raises(DataError, match=r"bad\.json: not in SQuAD 1\.1 form"):
        Leaderboard(JSQuAD(), squad / "bad.json").load(squad / "valid.json")


def test_only_the_suites_that_the_matrix_names_ask_otherwise(squad: Path) -> None:
    suites = Suites(fewshot={"jsquad": squad / "train.json"})

    asked = as_asked(JSQuAD(), suites)

    assert asked.identity["prompts"] == "lm-eval ja_leaderboard_jsquad"
    assert (asked.identity["version"], asked.identity["num_fewshot"]) == ("1.0", 2)
    assert as_asked(MarcJa(), suites) == MarcJa()
    assert as_asked(JSQuAD(), Suites()) == JSQuAD()
