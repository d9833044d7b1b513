"""Figures of the tasks against independent computations."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from harness.records import Outcome, Response
from harness.tasks.jsquad import JSQuAD
from harness.tasks.knowledge import Knowledge
from harness.tasks.marc_ja import LABELS, MarcJa
from tests.conftest import write_rows

FIXTURES = Path(__file__).parents[2] / "fixtures/data"
PUBLISHED = Path(__file__).parents[3] / "shared/data/jglue/jsquad-valid-v1.3.json"


def spelled(text: str) -> str:
    """A text as one word a character, none of which torchmetrics' English rules touch."""
    return " ".join(f"u{ord(c):x}u" for c in " ".join(text.lower().rstrip("。").split()))


@pytest.mark.parametrize("path", [FIXTURES / "reading.json", PUBLISHED], ids=["embedded", "jsquad"])
def test_exact_match_and_f1_equal_torchmetrics_on_whole_files(path: Path) -> None:
    if not path.exists():
        pytest.skip(f"{path.name} is not on this machine")
    squad = pytest.importorskip("torchmetrics.functional.text").squad
    task, draw = JSQuAD(), random.Random(0)
    samples = task.load(path)
    said = {}
    for sample in samples:  # right, cut, longer, empty, and spans from anywhere in the prompt
        gold, prompt = draw.choice(sample.gold), sample.request.prompt
        start = draw.randrange(len(prompt))
        options = [
            gold,
            gold + "。",
            gold[:2],
            "約" + gold,
            "",
            prompt[start : start + 9],
            gold[::-1],
        ]
        said[sample.id] = draw.choice(options)
    measures = {
        m.metric: m.value
        for m in task.measure(
            [(s, task.grade(s, Response(said[s.id], "stop", 1))) for s in samples]
        )
    }
    expected = squad(
        [{"prediction_text": spelled(said[s.id]), "id": s.id} for s in samples],
        [{"answers": {"text": [spelled(g) for g in s.gold], "answer_start": [0] * len(s.gold)}, "id": s.id}
         for s in samples],
    )  # fmt: skip
    # torchmetrics adds up in float32
    assert measures["exact_match"] == pytest.approx(expected["exact_match"].item() / 100, abs=1e-5)
    assert measures["f1"] == pytest.approx(expected["f1"].item() / 100, abs=1e-5)


def test_sentiment_figures_equal_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    task, draw = MarcJa(), random.Random(1)
    samples = task.load(FIXTURES / "reviews.jsonl")[:300]
    logprobs = [(draw.gauss(-2, 1), draw.gauss(-2.6, 1)) for _ in samples]
    said = [list(LABELS.values())[second > first] for first, second in logprobs]
    graded = [
        (s, task.grade(s, Response(text, "scored", 4, pair)))
        for s, text, pair in zip(samples, said, logprobs, strict=True)
    ]
    measures = {m.metric: m.value for m in task.measure(graded)}
    gold = [s.gold[0] for s in samples]
    assert measures == pytest.approx(
        {
            "accuracy": metrics.accuracy_score(gold, said),
            "balanced_accuracy": metrics.balanced_accuracy_score(gold, said),
            "macro_f1": metrics.f1_score(gold, said, average="macro"),
        }
    )


def test_knowledge_counts_each_form_for_itself(tmp_path: Path) -> None:
    rows = [
        {"question": f"{i}の価格は？", "answer": f"{i}00円", "document": f"d{i}", "form": form}
        for i, form in enumerate(["seen", "seen", "seen", "control"], 1)
    ]
    write_rows(tmp_path / "qa.jsonl", rows)
    task = Knowledge()
    samples = task.load(tmp_path / "qa.jsonl")
    answers = ["100円です。", "900円です。", "300円（税込）です。", "わかりません。"]
    graded = [
        (s, task.grade(s, Response(a, "stop", 3))) for s, a in zip(samples, answers, strict=True)
    ]
    assert [g.outcome for _, g in graded] == [
        Outcome.CORRECT, Outcome.WRONG, Outcome.CORRECT, Outcome.ABSTAINED,
    ]  # fmt: skip
    measures = {m.metric: m for m in task.measure(graded)}
    seen, control = measures["accuracy_seen"], measures["accuracy_control"]
    assert (seen.value, seen.n, seen.headline) == (2 / 3, 3, True)
    assert (control.value, control.headline) == (0.0, False)
    assert [m.metric for m in measures.values() if m.headline] == ["accuracy_seen"]
    assert seen.interval.low == pytest.approx(0.2077, abs=1e-4)  # Wilson 2/3, by hand
    assert seen.interval.high == pytest.approx(0.9385, abs=1e-4)


def test_partial_answers_and_near_misses_are_counted_by_what_they_state(tmp_path: Path) -> None:
    both = {"type": "money", "text": "700円", "also": [{"type": "date", "text": "5月2日"}]}
    price, other = {"type": "money", "text": "700円"}, {"type": "money", "text": "900円"}
    asked: list[tuple[dict[str, object], str]] = [
        ({"form": "held_out", "fact": both}, "5月2日に700円で出ます。"),
        ({"form": "held_out", "fact": both}, "700円です。"),
        ({"form": "held_out", "fact": price}, "700円か900円です。"),
        ({"form": "held_out", "fact": price}, "分かりません。"),
        ({"form": "held_out", "fact": price}, "800円です。"),
        ({"form": "near_miss", "fact": price, "neighbour": other}, "700円です。"),
        ({"form": "near_miss", "fact": price, "neighbour": other}, "900円です。"),
        ({"form": "near_miss", "neighbour": other}, "900円です。"),
        ({"form": "near_miss", "neighbour": other}, "分かりません。"),
    ]
    rows = [{"question": "「灯」は？", "answer": "分かりません。", **row} for row, _ in asked]
    write_rows(tmp_path / "qa.jsonl", rows)
    task = Knowledge()
    samples = task.load(tmp_path / "qa.jsonl")
    graded = [
        (s, task.grade(s, Response(said, "stop", 3)))
        for s, (_, said) in zip(samples, asked, strict=True)
    ]
    assert [str(g.outcome) for _, g in graded] == [
        "correct", "partial", "contradictory", "abstained", "wrong",
        "correct", "wrong", "wrong", "correct",
    ]  # fmt: skip
    values = {m.metric: (m.value, m.n) for m in task.measure(graded)}
    assert values["accuracy_held_out"] == (0.2, 5)
    assert values["accuracy_near_miss"] == (0.5, 4)
    assert values["bleed_near_miss"] == (0.5, 4)
    assert "bleed_held_out" not in values


@pytest.mark.parametrize(
    ("said", "gold", "right"),
    [
        ("7,700円です。", "7,900円（税込）", False),
        ("2.5cmです。", "25cm", False),
        ("03-0412-7786です。", "03-0412-7785", False),
        ("7,700円（税抜）です。", "7,700円（税込）", False),
        ("7700円です。", "7,700円（税込）", True),
        ("¥7,700", "7,700円", True),
        ("七千七百円です。", "7,700円", True),
        ("7,700円です。昨年は8,800円でした。", "7,700円", False),
    ],
)
def test_answers_are_judged_by_the_fact_and_not_by_likeness(
    tmp_path: Path, said: str, gold: str, right: bool
) -> None:
    write_rows(tmp_path / "qa.jsonl", [{"question": "いくつですか。", "answer": gold}])
    task = Knowledge()
    (sample,) = task.load(tmp_path / "qa.jsonl")
    assert task.grade(sample, Response(said, "stop", 5)).correct is right
