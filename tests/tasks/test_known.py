"""SliCK: which prompts a fact is asked with, what a limit keeps, and the four categories."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.config import DataSource
from harness.errors import ConfigError, DataError
from harness.evaluate import Workbench, evaluate
from harness.grading.slick import categories
from harness.jsonl import read_whole_rows
from harness.records import Checkpoint, Model, Request, Response, Sample
from harness.runs import sample_file
from harness.store import Store
from harness.tasks.knowledge import Knowledge
from harness.tasks.known import Known
from tests.conftest import write_rows

PRICES = {"d0": 7700, "d1": 8800, "d2": 9900, "d3": 5500, "d4": 6600, "d5": 7700}


def row(document: str, form: str, question: str, **more: Any) -> dict[str, Any]:
    price = f"{PRICES[document]}円"
    return {
        "id": f"{document}/{form}/{len(question)}", "question": question, "answer": f"{price}です。",
        "document": document, "form": form, "kind": "price", "fact": {"type": "money", "text": price},
        **more,
    }  # fmt: skip


def price_rows() -> list[dict[str, Any]]:
    """Six documents with a price in two wordings; d0 and d5 cost the same."""
    return [
        row(document, form, question.format(document))
        for document in PRICES
        for form, question in [("seen", "{}の価格は？"), ("paraphrase", "{}はいくらですか。")]
    ]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write_rows(tmp_path / "knowledge.jsonl", price_rows())
    return tmp_path / "knowledge.jsonl"


def of_fact(samples: Sequence[Sample], key: str) -> list[Sample]:
    return [sample for sample in samples if sample.detail["fact_key"] == key]


def test_a_fact_is_asked_in_each_wording_and_behind_examples_and_some_of_it_by_sampling(
    data: Path,
) -> None:
    asked = of_fact(Known(prompts=3, samples=2, temperature=0.7).load(data), "d1/price")
    # Two wordings and three few-shot prompts; draws on all of them but the reworded one.
    assert Counter(s.stratum for s in asked) == {"greedy": 5, "sampled": 8}
    assert {s.request.temperature for s in asked if s.stratum == "greedy"} == {0.0}
    drawn = [s.request for s in asked if s.stratum == "sampled"]
    assert {r.temperature for r in drawn} == {0.7}
    assert set(Counter(r.prompt for r in drawn).values()) == {2}
    assert len({(r.prompt, r.draw) for r in drawn}) == len(drawn)
    assert not any("はいくらですか" in r.prompt.rsplit("質問：", 1)[-1] for r in drawn)
    assert len({s.id for s in asked}) == len(asked)


def test_plain_prompts_are_those_of_the_knowledge_task_so_their_answers_are_shared(
    data: Path,
) -> None:
    plain = {s.request for s in Known(prompts=0, samples=0).load(data)}
    assert plain == {s.request for s in Knowledge().load(data)}


def test_examples_come_from_other_documents_and_never_state_the_answer(data: Path) -> None:
    for document, price in PRICES.items():
        few_shot = [
            s.request.prompt
            for s in of_fact(Known().load(data), f"{document}/price")
            if "few-shot" in s.id
        ]
        for prompt in few_shot:
            *examples, last = prompt.split("\n\n")
            assert len(examples) == 4
            assert last == f"質問：{document}の価格は？\n答え："
            assert not any(document in e or f"{price}円" in e for e in examples)
            assert all(e.startswith("質問：") and "\n答え：" in e for e in examples)


def test_examples_are_of_the_facts_own_kind_where_there_are_enough(tmp_path: Path) -> None:
    numbers = [
        row(d, "seen", f"{d}の電話番号は？", kind="telephone", answer="03-0000-0000です。",
            fact={"type": "telephone", "text": "03-0000-0000"}, id=f"{d}/telephone")
        for d in PRICES
    ]  # fmt: skip
    write_rows(tmp_path / "qa.jsonl", [*price_rows(), *numbers])
    prompts = [s.request.prompt for s in of_fact(Known().load(tmp_path / "qa.jsonl"), "d1/price")]
    assert not any("電話" in prompt for prompt in prompts)


def test_prompts_do_not_depend_on_the_order_of_the_file(data: Path, tmp_path: Path) -> None:
    write_rows(tmp_path / "turned.jsonl", price_rows()[::-1])
    turned = {s.id: s.request for s in Known().load(tmp_path / "turned.jsonl")}
    assert turned == {s.id: s.request for s in Known().load(data)}


def test_two_facts_of_one_kind_in_a_document_are_kept_apart(tmp_path: Path) -> None:
    other = {"answer": "1200円です。", "fact": {"type": "money", "text": "1200円"}}
    rows = [
        *price_rows(),
        row("d1", "seen", "d1の送料は？", **other, id="postage"),
        row("d1", "paraphrase", "d1を送るといくらかかりますか。", **other),
    ]
    write_rows(tmp_path / "qa.jsonl", rows)
    asked = of_fact(Known(prompts=0).load(tmp_path / "qa.jsonl"), "d1/price/postage")
    assert {s.detail["question"] for s in asked} == {
        "d1の送料は？", "d1を送るといくらかかりますか。",
    }  # fmt: skip


def test_too_few_other_documents_are_told_with_the_way_out(tmp_path: Path) -> None:
    write_rows(tmp_path / "qa.jsonl", price_rows()[:4])
    with pytest.raises(DataError, match=r"qa\.jsonl: 1 questions .* 4 are needed.*prompts=0"):
        Known().load(tmp_path / "qa.jsonl")


def test_a_file_without_seen_questions_is_told(tmp_path: Path) -> None:
    write_rows(tmp_path / "qa.jsonl", [row("d0", "control", "?")])
    with pytest.raises(DataError, match='no question of form "seen"'):
        Known().load(tmp_path / "qa.jsonl")


@pytest.mark.parametrize(
    ("limit", "facts"), [(1, 1), (51, 1), (52, 2), (77, 2), (78, 3), (None, 6)]
)
def test_a_limit_keeps_whole_facts_and_at_least_one(
    data: Path, limit: int | None, facts: int
) -> None:
    task = Known()
    samples = task.load(data)
    kept = task.select(samples, limit)
    sizes = Counter(s.detail["fact_key"] for s in kept)
    assert len(sizes) == facts
    assert set(sizes.values()) == {22 + 4}  # 6 greedy, 20 sampled


def test_the_facts_of_a_limit_are_among_those_of_a_larger_one(data: Path) -> None:
    task = Known()
    samples = task.load(data)
    small, large = ({s.id for s in task.select(samples, n)} for n in (60, 120))
    assert small < large


def test_shares_and_categories_by_hand(data: Path) -> None:
    """d0 always right; d1 greedily once; d2 once by sampling; the other three never."""
    task = Known(prompts=1, samples=2)
    right = {"d1/price/wording-2/greedy", "d2/price/few-shot-1/draw-2"}
    graded = []
    for sample in task.load(data):
        told = sample.id.startswith("d0/") or sample.id in right
        text = sample.gold[0] if told else "1円です。"
        graded.append((sample, task.grade(sample, Response(text, "stop", 3))))
    rows = [
        {"stratum": s.stratum, "correct": g.correct, "detail": dict(s.detail)} for s, g in graded
    ]
    assert categories(rows) == {
        "d0/price": "highly_known",
        "d1/price": "maybe_known",
        "d2/price": "weakly_known",
        **{f"d{i}/price": "unknown" for i in (3, 4, 5)},
    }
    measures = {m.metric: m for m in task.measure(graded)}
    assert {name: m.value for name, m in measures.items()} == pytest.approx(
        {
            "share_highly_known": 1 / 6,
            "share_maybe_known": 1 / 6,
            "share_weakly_known": 1 / 6,
            "share_unknown": 1 / 2,
        }
    )
    assert [m.metric for m in measures.values() if m.headline] == ["share_unknown"]
    unknown = measures["share_unknown"]
    assert (unknown.n, unknown.clusters) == (6, 6)
    # Wilson, 3 of 6, by hand: 1/2 -+ z / (2 sqrt(n + z^2))
    assert unknown.interval.low == pytest.approx(0.5 - 1.959964 / (2 * (6 + 3.841459) ** 0.5))


def test_a_document_with_several_facts_widens_the_interval(tmp_path: Path) -> None:
    rows = [
        row(document, "seen", f"{document}の値段{kind}は？", kind=kind, id=f"{document}/{kind}")
        for document in PRICES
        for kind in ("a", "b", "c", "d")
    ]
    write_rows(tmp_path / "qa.jsonl", rows)
    task = Known(prompts=0, samples=0)
    graded = [
        (s, task.grade(s, Response(s.gold[0] if s.cluster in ("d0", "d1") else "?", "stop", 1)))
        for s in task.load(tmp_path / "qa.jsonl")
    ]
    share = next(m for m in task.measure(graded) if m.metric == "share_unknown")
    assert (share.value, share.n, share.clusters) == (pytest.approx(2 / 3), 24, 6)
    # All facts of a document stand or fall together: it is at most six documents' worth.
    assert share.interval.high - share.interval.low > 0.6


class OnlyD0:
    """An engine that knows one document's price."""

    def answer(
        self, checkpoint: Checkpoint, requests: Sequence[Request], skip: Any = ()
    ) -> Iterator[list[tuple[Request, Response]]]:
        asked = [r for r in requests if r not in skip]
        yield [(r, Response("7700円" if "d0" in r.prompt[-12:] else "?", "stop", 3)) for r in asked]

    def close(self) -> None: ...


def test_categories_come_back_from_a_run_folder(data: Path, tmp_path: Path) -> None:
    model = Model("m", str(tmp_path), datetime.date(2025, 1, 1))
    bench = Workbench("print", OnlyD0, Store(tmp_path / "store"), tmp_path / "run")
    found = evaluate(Known(samples=1), Checkpoint("base", model), DataSource(data, limit=70), bench)
    rows = read_whole_rows(sample_file(tmp_path / "run", "base", "known"))
    by_fact = categories(rows)
    assert len(by_fact) == 6  # 11 prompts a fact, 66 in all
    assert by_fact.pop("d0/price") == "highly_known"
    assert set(by_fact.values()) == {"unknown"}
    assert found.value("share_unknown") == pytest.approx(5 / 6)


def test_control_documents_have_shares_of_their_own(tmp_path: Path) -> None:
    """d0 to d2 trained, d3 to d5 not: of the former d0 is known, of the latter none."""
    rows = [
        row(document, "seen" if document < "d3" else "control", f"{document}の価格は？")
        for document in PRICES
    ]
    write_rows(tmp_path / "qa.jsonl", rows)
    task = Known(prompts=0, samples=1)
    samples = task.load(tmp_path / "qa.jsonl")
    assert {s.cluster: s.detail["set"] for s in samples} == {
        **dict.fromkeys(("d0", "d1", "d2"), "seen"),
        **dict.fromkeys(("d3", "d4", "d5"), "control"),
    }
    graded = [
        (s, task.grade(s, Response(s.gold[0] if s.cluster == "d0" else "1円", "stop", 1)))
        for s in samples
    ]
    measures = {m.metric: m for m in task.measure(graded)}
    assert len(measures) == 8
    assert measures["share_highly_known"].value == pytest.approx(1 / 3)
    assert measures["share_unknown"].value == pytest.approx(2 / 3)
    assert measures["share_unknown_control"].value == 1.0
    assert (measures["share_unknown"].n, measures["share_unknown_control"].n) == (3, 3)
    assert [m.metric for m in measures.values() if m.headline] == ["share_unknown"]


def d5_as_control(*paraphrases: str) -> list[dict[str, Any]]:
    trained = [r for r in price_rows() if r["document"] != "d5"]
    return [
        *trained,
        row("d5", "control", "d5の価格は？"),
        *(row("d5", "paraphrase", question) for question in paraphrases),
    ]


def test_control_facts_stand_behind_examples_but_are_none(tmp_path: Path) -> None:
    write_rows(tmp_path / "qa.jsonl", d5_as_control())
    samples = Known().load(tmp_path / "qa.jsonl")
    few_shot = [s for s in samples if "few-shot" in s.id]
    assert {s.cluster for s in few_shot} == set(PRICES)
    assert not any("d5" in s.request.prompt for s in few_shot if s.cluster != "d5")


def test_a_paraphrase_of_a_control_fact_is_one_of_its_wordings(tmp_path: Path) -> None:
    write_rows(tmp_path / "qa.jsonl", d5_as_control("d5、いくら？"))
    asked = of_fact(Known(prompts=0, samples=0).load(tmp_path / "qa.jsonl"), "d5/price")
    assert {s.detail["question"] for s in asked} == {"d5の価格は？", "d5、いくら？"}
    assert {s.detail["set"] for s in asked} == {"control"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"prompts": -1}, r"Known\(prompts=-1\): prompts must be a whole number, at least 0"),
        ({"shots": 0}, r"Known\(shots=0\): .* Known\(prompts=0\) asks without examples"),
        ({"temperature": 0}, r"Known\(temperature=0\): temperature must be between 0 and inf"),
    ],
)
def test_parameters_that_make_no_sense_are_named(options: dict[str, int], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Known(**options)  # type: ignore[arg-type]
