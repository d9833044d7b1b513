"""Where there is no answer: what a server says instead is graded as nobody's word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.errors import ServiceError
from harness.evaluate.unanswered import grade, grades
from harness.records import Outcome, Request, Response, Sample
from harness.tasks.jsquad import JSQuAD
from harness.tasks.knowledge import Knowledge
from harness.tasks.ranks import Ranks
from tests.conftest import write_rows

NEAR = {
    "question": "夢見鳥の価格はいくらですか。",
    "answer": "分かりません。",
    "form": "near_miss",
    "neighbour": {"type": "money", "text": "900円"},
}


@pytest.mark.parametrize("finish", ["refused", "untaken"])
def test_a_refusal_is_no_word_of_not_knowing(tmp_path: Path, finish: str) -> None:
    write_rows(tmp_path / "near.jsonl", [NEAR])
    (sample,) = Knowledge().load(tmp_path / "near.jsonl")
    assert grade(Knowledge(), sample, Response("分かりません。", "stop", 3)).correct
    refused = grade(Knowledge(), sample, Response("分かりません。", finish, 3))
    assert (refused.outcome, refused.reason) == (Outcome.WRONG, "not answered: 分かりません。")


def test_no_characters_are_in_common_with_a_refusal() -> None:
    sample = Sample("q", Request("長さは？"), ("4096",), "q")
    refused = Response("400: maximum context length is 4096", "untaken", 0)
    assert set(grade(JSQuAD(), sample, refused).scores.values()) == {0.0}


def test_where_likelihoods_make_the_figure_it_can_not_be_had() -> None:
    sample = Sample("fact-7", Request("？", continuations=("a", "b", "c")), ("a",), "d")
    with pytest.raises(ServiceError, match="question fact-7: the server would not take it"):
        grades(Ranks(), [(sample, Response("400: too long", "untaken", 0))], {}, {})


def test_lm_eval_gets_an_empty_text_and_no_likelihood() -> None:
    instance = pytest.importorskip("lm_eval.api.instance", reason="lm-eval is not here").Instance
    from harness.lm_eval.model import Asked, language_model

    def refuse(requests: Any) -> dict[Request, Response]:
        return {request: Response("400: too long", "untaken", 0) for request in requests}

    model = language_model(refuse, Asked())
    written = instance("generate_until", {}, ("問：", {"until": ["\n"]}), 0, ("task", 0, 1))
    assert model.generate_until([written]) == [""]
    scored = instance("loglikelihood", {}, ("問：", "答え"), 0, ("task", 0, 1))
    with pytest.raises(ServiceError, match="would not take a request"):
        model.loglikelihood([scored])
