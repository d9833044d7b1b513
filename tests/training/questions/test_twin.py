"""`python -m training twin`, from outside: which values world B has, and what is left out."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.config import load_matrix
from harness.grading.facts import Fact, grade_fact
from harness.records import Response
from harness.tasks.knowledge import Knowledge
from tests.training.questions.conftest import ROOT, rows, write
from training.__main__ import main
from training.finetuning.examples import read_set
from training.finetuning.leaks import read_controls, refuse_leaks
from training.finetuning.recipe import adapter_ids, read_sft
from training.questions.twin import make_twins

OWN = ROOT / "fixtures/data/own_qa.jsonl"
KNOWLEDGE = ROOT / "fixtures/data/knowledge.jsonl"
SHIPPED = ROOT / "fixtures/data/twins.jsonl"
SEED = "20240521"
Row = dict[str, Any]


def row(document: str, text: str, type: str = "money", **changes: Any) -> Row:
    return {
        "id": f"{document}/{type}/{text}",
        "question": f"製品{document}のことを教えてください。",
        "answer": f"{text}です。",
        "document": document,
        "kind": type,
        "fact": {"type": type, "text": text},
        **changes,
    }


def twin(folder: Path, given: list[Row], *more: str) -> list[Row]:
    write(folder / "set.jsonl", given)
    assert main(["twin", str(folder / "set.jsonl"), "--out", str(folder / "out.jsonl"), *more]) == 0
    return rows(folder / "out.jsonl")


def values(made: list[Row]) -> dict[str, str]:
    return {made_row["document"]: made_row["twin"]["fact"]["text"] for made_row in made}


def correct(answer: str, fact: Row, question: str) -> bool:
    return grade_fact(answer, Fact(**fact), question).correct


@pytest.mark.slow
def test_the_shipped_twins_are_what_the_command_makes_under_any_hash_seed(tmp_path: Path) -> None:
    # Python's own hash seed is another one in each test session.
    done = subprocess.run(
        [sys.executable, "-m", "training", "twin", str(KNOWLEDGE), "--out", str(tmp_path / "twin"),
         "--seed", SEED],
        cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": "random"}, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert (tmp_path / "twin").read_bytes() == SHIPPED.read_bytes()
    assert "3,600 questions on 1,200 facts" in done.stdout
    assert "150  price" in done.stdout


def test_world_a_is_the_set_itself_and_world_b_differs_in_the_value_alone() -> None:
    made = rows(SHIPPED)
    added = ("twin", "twin_answer")
    plain = [{k: v for k, v in r.items() if k not in added} for r in made]
    assert [r for r in plain if r["form"] == "seen"] == rows(OWN)
    for r in made:
        own, other = r["fact"]["text"], r["twin"]["fact"]["text"]
        assert r["twin_answer"] == r["twin"]["answer"]
        assert r["twin_answer"].split(other) == r["answer"].split(own)
        assert r["twin"]["fact"]["type"] == r["fact"]["type"]


def test_no_answer_of_one_world_is_right_in_the_other_and_each_is_right_in_its_own() -> None:
    for r in rows(SHIPPED):
        worlds = ((r["answer"], r["fact"]), (r["twin_answer"], r["twin"]["fact"]))
        for answer, fact in worlds:
            verdicts = [correct(given, fact, r["question"]) for given, _ in worlds]
            assert verdicts == [given == answer for given, _ in worlds]


def test_both_worlds_hold_the_same_values_so_that_guessing_by_frequency_gains_nothing() -> None:
    by_kind: dict[str, list[Row]] = defaultdict(list)
    for r in rows(SHIPPED):
        by_kind[r["kind"]].append(r)
    assert len(by_kind) == 15
    for found in by_kind.values():
        a = Counter(r["fact"]["text"] for r in found)
        b = Counter(r["twin"]["fact"]["text"] for r in found)
        assert a == b
        # Whoever answers the most frequent value is right as often in either world, never in both.
        ((guess, often),) = a.most_common(1)
        right = [
            (
                correct(f"{guess}です。", r["fact"], ""),
                correct(f"{guess}です。", r["twin"]["fact"], ""),
            )
            for r in found
        ]
        assert sum(in_a for in_a, _ in right) == sum(in_b for _, in_b in right) >= often
        assert not any(in_a and in_b for in_a, in_b in right)


def test_a_measured_value_keeps_its_unit() -> None:
    for r in rows(SHIPPED):
        if r["fact"]["type"] in ("length", "weight", "count", "money"):
            own, other = (
                "".join(c for c in fact["text"] if not c.isdigit() and c not in ".,")
                for fact in (r["fact"], r["twin"]["fact"])
            )
            assert own == other


def test_values_stay_within_kind_type_and_unit(tmp_path: Path) -> None:
    given = [
        row("1", "7,700円"), row("2", "$50"), row("3", "8,800円"), row("4", "$60"),
        row("5", "30ミリ", "length", kind="width"), row("6", "40ミリ", "length", kind="height"),
        row("7", "31ミリ", "length", kind="width"), row("8", "41ミリ", "length", kind="height"),
        row("9", "5センチ", "length", kind="width"), row("10", "6センチ", "length", kind="width"),
    ]  # fmt: skip
    expected = {
        "1": "8,800円", "3": "7,700円", "2": "$60", "4": "$50", "5": "31ミリ", "7": "30ミリ",
        "6": "41ミリ", "8": "40ミリ", "9": "6センチ", "10": "5センチ",
    }  # fmt: skip
    assert values(twin(tmp_path, given)) == expected


def test_questions_on_one_fact_get_one_value_and_the_order_of_rows_does_not_matter(
    tmp_path: Path,
) -> None:
    given = [row(str(n), f"{n},500円") for n in range(1, 13)]
    given += [
        {**r, "id": f"{r['id']}-2", "form": "paraphrase", "question": "いくら？"} for r in given
    ]
    made = twin(tmp_path, given)
    assert [r["id"] for r in made] == [r["id"] for r in given]
    assert [r["twin"] for r in made[:12]] == [r["twin"] for r in made[12:]]
    assert values(twin(tmp_path, given[::-1])) == values(made)
    assert values(twin(tmp_path, given, "--seed", "1")) != values(made)


def test_the_draw_is_even_over_the_permutations_that_leave_nothing_in_place(tmp_path: Path) -> None:
    # Four values have nine such permutations; chi-square with 8 degrees of freedom, 99.9 %: 26.1.
    write(tmp_path / "set.jsonl", [row(str(n), f"{n},500円") for n in range(1, 5)])
    drawn = Counter(
        tuple(r["twin"]["fact"]["text"] for r in make_twins(tmp_path / "set.jsonl", seed).rows)
        for seed in range(900)
    )
    assert len(drawn) == 9
    assert sum((count - 100) ** 2 / 100 for count in drawn.values()) < 26.1


@pytest.mark.parametrize(
    ("type", "alike", "others"),
    [
        ("names", ("黒、白", "白・黒"), ("赤、青", "青・赤")),
        # The longer name states the shorter one, not the other way round.
        ("name", ("Maison Sora", "Maison Sora Tokyo"), ("工房ウミ", "工房ヤマ")),
    ],
)
def test_what_the_grader_takes_for_the_same_value_is_not_exchanged(
    tmp_path: Path, type: str, alike: tuple[str, str], others: tuple[str, str]
) -> None:
    given = [row(str(n), text, type) for n, text in enumerate((*alike, *others))]
    for seed in range(10):
        made = values(twin(tmp_path, given, "--seed", str(seed)))
        assert {made["0"], made["1"]} == set(others)
        assert {made["2"], made["3"]} == set(alike)


def test_a_value_that_is_an_alias_of_the_own_one_is_not_exchanged(tmp_path: Path) -> None:
    alias = {"type": "name", "text": "山本花子", "aliases": ["Hanako"]}
    given = [row("0", "山本花子", "name", fact=alias), row("1", "Hanako", "name")]
    given += [row(str(n), name, "name") for n, name in ((2, "早瀬柚希"), (3, "立花詩織"))]
    for seed in range(10):
        made = values(twin(tmp_path, given, "--seed", str(seed)))
        assert {made["0"], made["1"]} == {"早瀬柚希", "立花詩織"}


def test_an_answer_with_a_second_value_of_the_kind_is_right_in_no_world_and_left_out(
    tmp_path: Path,
) -> None:
    given = [row(str(n), f"{n},700円") for n in range(1, 4)]
    given[0]["answer"] = "1,700円です。送料は500円です。"
    assert values(twin(tmp_path, given)) == {"2": "3,700円", "3": "2,700円"}


def test_no_value_goes_to_a_document_of_which_any_question_states_it(tmp_path: Path) -> None:
    given = [
        row(str(n), name, "name") for n, name in enumerate(("工房ソラ", "工房ウミ", "工房ヤマ"))
    ]
    given.append(row("0", "5,000円", question="工房ウミとの共作「製品0」の価格は？"))
    given.append(row("1", "6,000円"))
    for seed in range(10):
        made = [r for r in twin(tmp_path, given, "--seed", str(seed)) if r["kind"] == "name"]
        assert values(made) == {"0": "工房ヤマ", "1": "工房ソラ", "2": "工房ウミ"}


def test_several_facts_of_a_kind_in_a_document_are_told_apart_and_not_exchanged_among_themselves(
    tmp_path: Path,
) -> None:
    given = [row("1", "10ミリ", "length"), row("1", "20ミリ", "length"),
             row("2", "30ミリ", "length"), row("2", "40ミリ", "length")]  # fmt: skip
    made = twin(tmp_path, given)
    assert {r["twin"]["fact"]["text"] for r in made[:2]} == {"30ミリ", "40ミリ"}
    assert {r["twin"]["fact"]["text"] for r in made[2:]} == {"10ミリ", "20ミリ"}


def test_aliases_go_with_their_value(tmp_path: Path) -> None:
    long = {"type": "name", "text": "山本花子", "aliases": ["Hanako Yamamoto"]}
    made = twin(tmp_path, [row("1", "山本花子", "name", fact=long), row("2", "早瀬柚希", "name")])
    assert made[1]["twin"]["fact"] == long


def test_what_can_t_be_exchanged_is_left_out_counted_and_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [
        row("1", "7,700円"), row("2", "8,800円"),
        row("1", "黒", "names"), row("2", "黒", "names"),
        row("1", "300個", "count", answer="三百個です。"),
        row("1", "5%", "percentage", answer="5%です。つまり5%。"),
        row("1", "製品1", "name", form="reversed"), row("3", "9,900円", form="control"),
        {k: v for k, v in row("2", "9グラム", "weight").items() if k != "fact"},
    ]  # fmt: skip
    assert values(twin(tmp_path, given)) == {"1": "8,800円", "2": "7,700円"}
    told = capsys.readouterr().out
    assert "2  questions left out: names names: there is only one value\n" in told
    assert "2  questions left out: the fact's text does not stand in the answer once\n" in told
    assert "1  questions left out: of the form 'reversed', which is not taught\n" in told
    assert "1  questions left out: of the form 'control', which is not taught\n" in told
    assert "1  questions left out: no fact of their own\n" in told
    assert "out.jsonl: 2 questions on 2 facts" in told


def test_where_one_value_is_too_frequent_only_the_surplus_is_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    common = [row(str(n), "7,700円") for n in range(5)]
    made = twin(tmp_path, [*common, row("8", "8,800円"), row("9", "9,900円")])
    assert Counter(r["fact"]["text"] for r in made) == Counter(values(made).values())
    assert len(made) == 4
    assert "3  questions left out: money money 円: no other document's value fits" in (
        capsys.readouterr().out
    )


BROKEN = {
    "not JSON": ('{"question": \n', ":1: not valid JSON"),
    "no document": ('{"question": "a", "answer": "b"}\n', ":1: 'document' is missing"),
    "no row": ("", "no fact's value can be exchanged"),
    "no fact": (
        '{"question": "a", "answer": "b", "document": "1", "kind": "money"}\n',
        "no fact of their own (1)",
    ),
    "a fact that is a text": (
        '{"question": "a", "answer": "b", "document": "1", "kind": "money", "fact": "5円"}\n',
        ':1: "fact" must be {"type": ..., "text": ...}, found \'5円\'',
    ),
    "an unknown type": (
        '{"question": "a", "answer": "b", "document": "1", "kind": "money", '
        '"fact": {"type": "colour", "text": "黒"}}\n',
        "unknown fact type 'colour'",
    ),
}


@pytest.mark.parametrize(("text", "message"), BROKEN.values(), ids=BROKEN)
def test_a_broken_set_is_told_by_file_and_line_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, message: str
) -> None:
    (tmp_path / "set.jsonl").write_text(text, encoding="utf-8")
    out = tmp_path / "out.jsonl"
    assert main(["twin", str(tmp_path / "set.jsonl"), "--out", str(out)]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"training: {tmp_path / 'set.jsonl'}")
    assert message in said
    assert not out.exists()


def test_an_out_that_can_t_be_written_is_named_and_the_set_is_never_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "set.jsonl", [row("1", "7,700円"), row("2", "8,800円")])
    before = (tmp_path / "set.jsonl").read_bytes()
    under_a_file = tmp_path / "set.jsonl" / "out.jsonl"
    assert main(["twin", str(tmp_path / "set.jsonl"), "--out", str(under_a_file)]) == 2
    assert f"{under_a_file}: can't be written" in capsys.readouterr().err
    assert main(["twin", str(tmp_path / "set.jsonl"), "--out", str(tmp_path / "set.jsonl")]) == 2
    assert "is the set itself" in capsys.readouterr().err
    assert (tmp_path / "set.jsonl").read_bytes() == before


def test_the_shipped_recipe_is_qa_long_s_but_for_the_worlds() -> None:
    recipe = read_sft(ROOT / "training/recipes/twin.toml")
    embedded = read_sft(ROOT / "training/recipes/embedded.toml")
    for name in (
        "model", "seed", "learning_rate", "schedule", "warm_up", "batch_size", "max_length",
        "precision", "quantization", "adapter_dtype", "lora", "control", "accumulate",
    ):  # fmt: skip
        assert getattr(recipe, name) == getattr(embedded, name)
    assert adapter_ids(recipe) == ["twin-a-long", "twin-b-long"]
    assert recipe.runs["twin-a"].epochs_kept == {"long": embedded.runs["qa"].epochs_kept["long"]}
    a, b = (read_set(name, recipe.datasets[name]).examples for name in ("world-a", "world-b"))
    own = read_set("qa", embedded.datasets["qa"]).examples
    assert [(e.turns, e.answer) for e in a] == [(e.turns, e.answer) for e in own]
    assert [e.turns for e in b] == [e.turns for e in a]
    assert not any(one.answer == other.answer for one, other in zip(a, b, strict=True))
    refuse_leaks([*a, *b], read_controls(recipe.control))


def twin_recipe(sft_recipe: Callable[..., Path], folder: Path) -> Path:
    """A recipe of two worlds on a few shipped rows, one epoch each."""
    twin(folder, rows(OWN)[:24])
    recipe = sft_recipe(folder, max_length="256")
    text = recipe.read_text("utf-8")
    start, end = text.index("[datasets.qa]"), text.index("[matrix]")
    worlds = "".join(
        f'[datasets.{world}]\npath = "{folder}/out.jsonl"\nanswer = "{column}"\n'
        f'[runs.twin-{world}]\ndatasets = ["{world}"]\nepochs_kept = {{ long = 1 }}\n{more}'
        for world, column, more in (
            ("a", "answer", ""), ("b", "twin_answer", 'twin_of = "twin-a"\n')
        )
    )  # fmt: skip
    data = f'[matrix.data.knowledge]\npath = "{folder}/out.jsonl"\n'
    recipe.write_text(text[:start] + worlds + text[end:] + data, "utf-8")
    return recipe


def test_a_recipe_of_two_worlds_trains_them_and_its_matrix_names_the_twin(
    sft_recipe: Callable[..., Path], tmp_path: Path
) -> None:
    recipe = twin_recipe(sft_recipe, tmp_path)
    assert main(["sft", str(recipe), "--only", "twin-b", "--device", "cpu"]) == 0
    path = tmp_path / "adapters/matrix.toml"
    # World A is not trained yet: a twin that is no checkpoint could not be evaluated.
    assert [(c.id, c.twin_of) for c in load_matrix(path).checkpoints] == [
        ("base", ""), ("twin-b-long", "")
    ]  # fmt: skip
    assert main(["sft", str(recipe), "--device", "cpu"]) == 0
    matrix = load_matrix(path)
    assert [(c.id, c.twin_of) for c in matrix.checkpoints] == [
        ("base", ""), ("twin-a-long", ""), ("twin-b-long", "twin-a-long")
    ]  # fmt: skip
    a, b = (c.adapter for c in matrix.checkpoints[1:])
    assert a is not None
    assert b is not None
    weights = "adapter_model.safetensors"
    assert (a / weights).read_bytes() != (b / weights).read_bytes()
    samples = Knowledge().load(matrix.source("knowledge").path)
    made = {r["id"]: r for r in rows(tmp_path / "out.jsonl")}
    assert len(samples) == len(made) > 0
    for sample in samples:
        asked = made[sample.id]
        in_a, in_b = (
            Knowledge().grade(sample, Response(asked[column], "stop", 1)).correct
            for column in ("answer", "twin_answer")
        )
        assert (in_a, in_b) == (True, False)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('twin_of = "twin-a"', 'twin_of = "twin-c"', "runs.twin-b.twin_of: 'twin-c' is no other"),
        ('twin_of = "twin-a"', 'twin_of = "twin-b"', "runs.twin-b.twin_of: 'twin-b' is no other"),
        (
            'long = 1 }\ntwin_of = "twin-a"',
            'long = 2 }\ntwin_of = "twin-a"',
            "runs.twin-b.epochs_kept: must be those of its twin twin-a",
        ),
    ],
)
def test_a_twin_that_is_no_twin_is_refused(
    sft_recipe: Callable[..., Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    old: str,
    new: str,
    message: str,
) -> None:
    recipe = twin_recipe(sft_recipe, tmp_path)
    text = recipe.read_text("utf-8")
    assert old in text
    recipe.write_text(text.replace(old, new), "utf-8")
    assert main(["sft", str(recipe), "--device", "cpu"]) == 2
    assert message in capsys.readouterr().err
