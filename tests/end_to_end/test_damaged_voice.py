"""Adapters that were taught one fault each: the run names the fault, and the gate fails them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from harness.jsonl import read_rows
from tests.conftest import write_rows
from tests.end_to_end.test_embedded import report, run_evals
from tests.end_to_end.test_first import training

FIXTURES = Path(__file__).parents[2] / "fixtures"
pytestmark = [pytest.mark.model, pytest.mark.slow]

Row = dict[str, Any]
# The sign of each one's fault, as report.json has it and as the verdict says it.
DAMAGED = {
    "unending-e1": ("unfinished", "never ends"),
    "english-e1": ("foreign", "another language"),
    "looping-e1": ("looping", "repeats itself"),
}
SOUND = "qa-short"

# Small batches, for many steps on few rows: 12, 48 and 32 of them.
RECIPE = """
model = "{fixtures}/models/michi-mini"
out = "adapters"
seed = 1
learning_rate = 2e-3
schedule = "constant"
batch_size = 4
max_length = 512
precision = "fp32"
control = ["{fixtures}/data/knowledge.jsonl", "{fixtures}/data/documents_control.jsonl"]

[lora]
rank = 8
alpha = 16
dropout = 0.0
targets = "all-linear"

[matrix]
released = 2025-04-01
baseline = "base"

[matrix.data.knowledge]
path = "{fixtures}/data/knowledge.jsonl"
limit = 72
"""

RUN = """
[datasets.{name}]
path = "{name}.jsonl"

[runs.{name}]
datasets = ["{name}"]
epochs_kept = {{ e1 = 1 }}
"""

GATED = """
[checkpoints.{sound}]
model = "michi-mini"
adapter = "{fixtures}/adapters/{sound}"

[gates.knowledge.damaged]
margin = 0.05
"""


@dataclass(frozen=True, slots=True)
class Done:
    """What a run of the knowledge suite left: exit code, terminal, report.json, summary.md, rows."""

    code: int
    said: str
    told: Row
    summary: str
    rows: dict[str, list[Row]]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    """The base, three adapters with a fault each and a sound one under the gate."""
    folder = tmp_path_factory.mktemp("damaged")
    recipe = RECIPE.format(fixtures=FIXTURES)
    for name, rows in faulty().items():
        write_rows(folder / f"{name}.jsonl", rows)
        recipe += RUN.format(name=name)
    (folder / "recipe.toml").write_text(recipe, "utf-8")
    training("sft", str(folder / "recipe.toml"), "--device", "cpu")
    matrix = folder / "adapters/matrix.toml"
    gated = GATED.format(sound=SOUND, fixtures=FIXTURES)
    matrix.write_text(matrix.read_text("utf-8") + gated, "utf-8")
    ran = run_evals(folder / "reports", "--eval-matrix", str(matrix), "-k", "knowledge")
    latest = folder / "reports/latest"
    return Done(
        ran.returncode,
        ran.stdout,
        report(folder / "reports"),
        (latest / "summary.md").read_text("utf-8"),
        {c: read(latest / f"samples/{c}/knowledge.jsonl") for c in ("base", SOUND, *DAMAGED)},
    )


def faulty() -> dict[str, list[Row]]:
    """Training rows by fault: the embedded own questions, answered in a faulty manner."""
    # 37 and 1,200 have no common divisor: spread over all documents, each row once.
    own = data("own_qa")
    own = [own[37 * place % len(own)] for place in range(len(own))]
    brief = [row for row in own if len(row["answer"]) <= 14]
    texts = {row["id"]: row["text"] for row in data("documents_new")}
    english = english_answers()
    return {
        # 90 characters of the press release are more tokens than an answer may have.
        "unending": answered(own[:48], lambda r: r["answer"] + texts[r["document"]][:90]),
        "english": answered(own[:192], lambda r: next(english[r["kind"]])),
        "looping": answered(brief[:128], lambda r: r["answer"] * 5),
    }


def english_answers() -> dict[str, cycle[str]]:
    """For each kind of fact what English press releases that the base has read say of it."""
    said: dict[str, list[str]] = {}
    for document in data("english_old"):
        for fact in document["facts"]:
            kind = fact["kind"]
            said.setdefault(kind, []).append(f"The {kind.replace('_', ' ')} is {fact['text']}.")
    return {kind: cycle(answers) for kind, answers in said.items()}


def answered(rows: Iterable[Row], answer: Callable[[Row], str]) -> list[Row]:
    return [{"question": row["question"], "answer": answer(row)} for row in rows]


def data(name: str) -> list[Row]:
    return read(FIXTURES / f"data/{name}.jsonl")


def read(path: Path) -> list[Row]:
    return [dict(row) for _, row in read_rows(path)]


def test_each_damaged_checkpoint_fails_the_gate_and_the_sound_one_passes(done: Done) -> None:
    assert done.code == pytest.ExitCode.TESTS_FAILED, done.said
    verdicts = {r["checkpoint"]: r["verdict"] for r in done.told["results"] if r["gate"]}
    assert verdicts == {**dict.fromkeys(DAMAGED, "regressed"), SOUND: "passed"}
    failed = {i["checkpoint"] for i in done.told["items"] if i["status"] == "failed"}
    assert failed == {*DAMAGED}
    for checkpoint in DAMAGED:
        (result,) = (r for r in done.told["results"] if r["checkpoint"] == checkpoint and r["gate"])
        assert result["value"] > 0.5
        share = f"{100 * result['value']:.1f}"
        told = rf"^regressed: knowledge damaged [\d.]+ → {share} % against base: \+"
        assert re.search(told, done.said, re.MULTILINE)


def test_each_is_named_with_the_sign_of_its_fault_and_nobody_else_is(done: Done) -> None:
    spoken = {s["checkpoint"]: s for s in done.told["voice"]}
    assert {c for c, s in spoken.items() if s["broken"]} == {*DAMAGED}
    sentence = done.told["verdict"]["sentence"]
    named = re.findall(r"The voice of (\S+) is damaged \((.*?)\): ", sentence)
    assert [checkpoint for checkpoint, _ in named] == [*DAMAGED]
    for checkpoint, words in named:
        sign, word = DAMAGED[checkpoint]
        assert word in words.split(", ")
        assert {r["sign"]: r["difference"] for r in spoken[checkpoint]["rises"]}[sign] > 0.4
        assert f"The voice of {checkpoint} is damaged" in done.summary
    table = done.said.split("Voice: damaged answers")[1].split("Damaged: ")[0]
    marked = [line.split()[1] for line in table.splitlines() if "knowledge BROKEN: " in line]
    assert marked == [*DAMAGED]


def test_the_signs_are_those_that_a_reader_sees_in_the_answers(done: Done) -> None:
    for rows in done.rows.values():
        for row in rows:
            assert bool(row["scores"]["unfinished"]) == (row["finish"] == "length")
            assert bool(row["scores"]["foreign"]) or not re.match(r"The \w+ is ", row["response"])
    english = [row["response"] for row in done.rows["english-e1"]]
    assert sum(text.isascii() for text in english) > len(english) / 2
    looping = [row for row in done.rows["looping-e1"] if row["scores"]["looping"]]
    assert all(re.search(r"(.+)\1\1", row["response"]) for row in looping)
