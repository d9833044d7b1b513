"""Membership on texts: what the verdict rests on, what is asked, what is said of own documents."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.errors import ConfigError, DataError
from harness.membership.attacks import attack_scores, count_tokens, window
from harness.records import Reading, Request, Response
from harness.tasks import membership
from harness.tasks.membership import Membership
from harness.tasks.texts import load_texts
from tests.conftest import write_rows
from tests.tasks.engines import Row, Rule, measure, read, rows_of, words

SYLLABLES = ("かの", "さく", "lum", "neva", "とり", "ほし")
VOCABULARY = [one + two for one in SYLLABLES for two in SYLLABLES]
PLAIN = [one + two for one in ("lum", "neva", "tor", "sil") for two in ("a", "or", "ist", "en")]
BLIND = {"ngrams", "dates", "length"}


def texts(
    n: int, label: int | None, vocabulary: Sequence[str] = VOCABULARY, **more: Any
) -> list[Row]:
    """n texts of some 170 characters, all out of one vocabulary."""
    ids = [f"{more.get('language', '')}{label}-{i}" for i in range(n)]
    return [{"id": id, "text": words(id, 40, vocabulary), "label": label, **more} for id in ids]


def pair(**more: Any) -> list[Row]:
    return [*texts(40, 1, **more), *texts(40, 0, **more)]


def reader(rows: Sequence[Row], delta: float) -> Rule:
    """Reads members by `delta` nats a token more easily than all other texts."""
    known = {row["text"] for row in rows if row.get("label") == 1}
    return Rule(lambda r: read(r, -3.0 + delta * (r.continuations[0] in known)))


def judged(
    folder: Path,
    rows: Sequence[Row],
    delta: float = 0.0,
    task: Membership | None = None,
    **options: Any,
) -> Row:
    """The details of the item, by language."""
    write_rows(folder / "texts.jsonl", list(rows))
    engine = options.pop("engine", None) or reader(rows, delta)
    measure(task or Membership(), folder / "texts.jsonl", engine, folder, **options)
    return details_of(folder)


def details_of(folder: Path) -> Row:
    details = json.loads(
        (folder / "run/samples/base/membership.json").read_text("utf-8"),
        parse_constant=lambda word: pytest.fail(f"{word} is no JSON"),
    )
    return {entry["language"]: entry for entry in details["languages"]}


def test_an_engine_that_reads_members_easily_is_found_out(tmp_path: Path) -> None:
    rows = [*pair(), *pair(language="en", vocabulary=PLAIN)]
    known = {row["text"] for row in rows if row["label"] == 1 and "language" not in row}
    engine = Rule(lambda r: read(r, -3.0 + 0.7 * (r.continuations[0] in known)))
    write_rows(tmp_path / "texts.jsonl", rows)
    found = measure(Membership(), tmp_path / "texts.jsonl", engine, tmp_path)
    details = details_of(tmp_path)
    assert (details["ja"]["verdict"], details["ja"]["band"]) == ("works", 128)
    assert details["ja"]["sentence"].startswith("works: ")
    assert (details["en"]["verdict"], details["en"]["band"]) == ("no power", 128)
    assert details["en"]["sentence"].startswith("no power here: ")
    attack = details["ja"]["attack"]
    best = next(r for r in found.results if r.metric == f"auroc_{attack}_ja")
    assert best.value > 0.9
    assert [r.metric for r in found.results if r.headline and r.metric.endswith("_ja")] == [
        best.metric
    ]
    by_name = {r.metric: r.value for r in found.results}
    evidence = by_name[f"auroc_{attack}_ja"] - by_name["blind_ja"]
    assert by_name["evidence_ja"] == pytest.approx(evidence)
    assert set(details["ja"]["blind"]) == BLIND


@pytest.mark.parametrize(
    ("confound", "delta"), [("dates", 0.0), ("dates", 3.0), ("topics", 3.0), ("length", 3.0)]
)
def test_a_pair_told_apart_without_the_model_is_refused_whatever_the_attack_finds(
    tmp_path: Path, confound: str, delta: float
) -> None:
    others = texts(40, 0)
    members = texts(40, 1)
    if confound == "dates":
        members = [{**row, "published": "2019-05-01"} for row in members]
        others = [{**row, "published": "2024-05-01"} for row in others]
    elif confound == "topics":
        members = texts(40, 1, vocabulary=["さけ", "ビール", "ワイン", *VOCABULARY])
    else:
        members = [{**row, "text": row["text"] + " さくさく" * 20} for row in members]
    entry = judged(tmp_path, [*members, *others], delta)["ja"]
    assert entry["verdict"] == "invalid"
    assert entry["sentence"].startswith("pair invalid: told apart without the model (AUROC: ")
    expected = {"topics": "ngrams"}.get(confound, confound)
    assert expected in entry["reason"]
    assert entry["asked"] is None
    if delta:
        assert entry["bands"][-1]["attacks"]["loss"]["auroc"] > 0.95


def test_texts_count_in_the_bands_that_they_reach(tmp_path: Path) -> None:
    rows = pair()
    for row in rows[:6] + rows[40:52]:
        row["text"] = row["text"][:100]
    entry = judged(tmp_path, rows, 0.7)["ja"]
    sizes = {band["tokens"]: (band["members"], band["others"]) for band in entry["bands"]}
    assert sizes == {32: (40, 40), 64: (40, 40), 128: (34, 28)}
    # 28 of 40 are fewer than four fifths: the verdict is on the longest band that most reach.
    assert entry["band"] == 64
    figures = {row["id"]: row["figures"] for row in rows_of(tmp_path, "membership")}
    assert figures["1-0"]["tokens"] == 100
    assert "64/loss" in figures["1-0"]
    assert "128/loss" not in figures["1-0"]


def test_the_scores_of_a_band_are_those_of_its_first_tokens(tmp_path: Path) -> None:
    rows = pair()
    judged(tmp_path, rows)
    row = rows_of(tmp_path, "membership")[0]
    request = Request("", chat=False, continuations=(rows[0]["text"],), window=128)
    reading = read(request, -3.0).reading
    assert reading is not None
    part = window(reading, 64)
    assert part is not None
    for name, score in attack_scores(part, rows[0]["text"]).items():
        assert row["figures"][f"64/{name}"] == pytest.approx(score, abs=1e-9)


def test_texts_too_short_for_every_band_are_told_as_such(tmp_path: Path) -> None:
    rows = [{**row, "text": row["text"][:20]} for row in pair()]
    entry = judged(tmp_path, [*rows, *texts(5, None)])["ja"]
    assert (entry["verdict"], entry["band"]) == ("too few", None)
    assert entry["sentence"] == (
        "too few texts: 0 of 40 members and 0 of 40 non-members have 32 tokens; 80% of either are "
        "needed"
    )


def test_own_documents_alone_are_no_pair(tmp_path: Path) -> None:
    entry = judged(tmp_path, texts(30, None))["ja"]
    assert (entry["verdict"], entry["band"]) == ("too few", None)


def test_figures_say_how_many_texts_and_documents_are_behind_them(tmp_path: Path) -> None:
    rows = [{**row, "document": f"{row['label']}/{i // 2}"} for i, row in enumerate(pair())]
    write_rows(tmp_path / "texts.jsonl", rows)
    found = measure(Membership(), tmp_path / "texts.jsonl", reader(rows, 0.7), tmp_path)
    assert {(r.n, r.clusters) for r in found.results} == {(80, 40)}


def test_own_documents_like_others_are_flagged_about_as_often_as_those(tmp_path: Path) -> None:
    entry = judged(tmp_path, [*texts(60, 1), *texts(200, 0), *texts(200, None)], 0.7)["ja"]
    asked = entry["asked"]
    assert (asked["n"], asked["short"], asked["fpr"]) == (200, 0, 0.05)
    # 5 % of 200 are 10; the threshold, set by 200 others, has an error of its own.
    assert asked["flagged"] <= 22
    assert asked["low"] <= 0.05
    assert len(asked["documents"]) == asked["flagged"]
    figures = {row["id"]: row["figures"] for row in rows_of(tmp_path, "membership")}
    key = f"{entry['band']}/{asked['attack']}"
    above = [
        id for id in figures if id.startswith("None") and figures[id][key] > asked["threshold"]
    ]
    assert asked["documents"] == above


def test_own_documents_that_were_read_are_flagged(tmp_path: Path) -> None:
    rows = [*pair(), *texts(20, None), {**texts(1, None)[0], "id": "short", "text": "かの" * 20}]
    known = {row["text"] for row in rows if row["label"] != 0}
    engine = Rule(lambda r: read(r, -3.0 + 1.5 * (r.continuations[0] in known)))
    asked = judged(tmp_path, rows, engine=engine)["ja"]["asked"]
    assert (asked["n"], asked["flagged"], asked["short"]) == (20, 20, 1)
    assert "short" not in asked["documents"]


def test_own_documents_are_not_judged_where_the_method_does_not_work(tmp_path: Path) -> None:
    entry = judged(tmp_path, [*pair(), *texts(20, None)], 0.0)["ja"]
    assert (entry["verdict"], entry["asked"]) == ("too few", None)
    assert entry["needed"] > 40


def frequency_index(folder: Path, rows: Sequence[Row], counted: Sequence[Row]) -> Path:
    write_rows(folder / "texts.jsonl", list(rows))
    write_rows(folder / "counted.jsonl", list(counted))
    entries = '[[texts]]\npath = "texts.jsonl"\n[[texts]]\npath = "counted.jsonl"\n'
    (folder / "index.toml").write_text(entries + 'label = "frequencies"\n', "utf-8")
    return folder / "index.toml"


def test_dc_pdd_is_there_for_languages_with_text_to_count_in(tmp_path: Path) -> None:
    rows = [*pair(), *pair(language="en", vocabulary=PLAIN)]
    counted = [{"text": words(f"counted {i % 9}", 40, VOCABULARY)} for i in range(10)]
    path = frequency_index(tmp_path, rows, counted)
    engine = reader(rows, 0.7)
    found = measure(Membership(), path, engine, tmp_path)
    metrics = {result.metric for result in found.results}
    assert "auroc_dc_pdd_ja" in metrics
    assert "auroc_dc_pdd_en" not in metrics
    of_counted = [r for r in engine.asked if r.continuations[0] in {c["text"] for c in counted}]
    assert {r.per_token for r in of_counted} == {"ids"}  # split into tokens, never read
    assert len(of_counted) == 9  # the same text is split once
    assert {r.per_token for r in engine.asked[len(of_counted) :]} == {"likelihoods"}
    readings = [read(Request("", continuations=(c["text"],), per_token="ids"), 0) for c in counted]
    frequencies = count_tokens(r.reading for r in readings if r.reading)
    assert found.identity["frequencies"] == {"ja": frequencies.total}
    engine.asked.clear()
    measure(Membership(), path, engine, tmp_path)
    assert engine.asked == []


def test_a_reference_gives_its_own_attack(tmp_path: Path) -> None:
    rows = pair()

    def reference(requests: Sequence[Request]) -> Mapping[Request, Response]:
        return {request: read(request, -3.0) for request in requests}

    # What texts differ by in themselves both read alike: only the delta is left.
    entry = judged(tmp_path, rows, 0.2, reference=reference)["ja"]
    figures = entry["bands"][-1]["attacks"]
    assert entry["attack"] == "reference"
    assert figures["reference"]["auroc"] > 0.99
    assert figures["loss"]["auroc"] < 0.9
    alone = judged(tmp_path, rows, 0.2)["ja"]
    assert "reference" not in alone["bands"][-1]["attacks"]
    reasons = {missing["attack"]: missing["reason"] for missing in alone["not_run"]}
    assert reasons["reference"] == "not run: no reference model"
    assert "frequencies" in reasons["dc_pdd"]
    assert "; reference not run: no reference model" in alone["sentence"]
    assert [missing["attack"] for missing in entry["not_run"]] == ["dc_pdd"]


def test_other_bands_with_the_same_longest_ask_nothing_more(tmp_path: Path) -> None:
    rows = pair()
    engine = reader(rows, 0.7)
    judged(tmp_path, rows, task=Membership(bands=(32, 128)), engine=engine)
    assert {(r.prompt, r.chat, r.window) for r in engine.asked} == {("", False, 128)}
    assert len(engine.asked) == 80
    found = judged(tmp_path, rows, task=Membership(bands=(64, 100, 128)), engine=engine)
    assert len(engine.asked) == 80
    assert [band["tokens"] for band in found["ja"]["bands"]] == [64, 100, 128]


def test_a_killed_item_goes_on_and_ends_as_an_undisturbed_one(tmp_path: Path) -> None:
    rows = [*pair(), *texts(10, None)]
    counted = [{"text": words(f"counted {i}", 40, VOCABULARY)} for i in range(6)]
    path = frequency_index(tmp_path, rows, counted)
    engine, killed = reader(rows, 0.7), reader(rows, 0.7)

    def dies(request: Request) -> Response:
        if len(killed.asked) > 30:
            raise KeyboardInterrupt
        return engine.respond(request)

    killed.respond = dies
    with pytest.raises(KeyboardInterrupt):
        measure(Membership(), path, killed, tmp_path)
    measure(Membership(), path, engine, tmp_path)
    assert 0 < len(engine.asked) < 96
    other = tmp_path / "undisturbed"
    measure(Membership(), path, reader(rows, 0.7), other)
    for name in ("membership.jsonl", "membership.json"):
        place = Path("run/samples/base") / name
        assert (tmp_path / place).read_bytes() == (other / place).read_bytes()


def test_a_limit_takes_from_both_sides_and_the_own_documents(tmp_path: Path) -> None:
    judged(tmp_path, [*pair(), *texts(40, None)], limit=30)
    labels = [row["detail"]["label"] for row in rows_of(tmp_path, "membership")]
    assert {label: labels.count(label) for label in labels} == {
        "member": 10,
        "non-member": 10,
        "asked": 10,
    }


def test_an_engine_that_does_not_read_token_by_token_is_told(tmp_path: Path) -> None:
    deaf = Rule(lambda r: Response("", "scored", 1, (-1.0,)))
    with pytest.raises(DataError, match="does not read texts token by token"):
        judged(tmp_path, pair(), engine=deaf)
    counted = [{"text": "かぞえる"}]
    with pytest.raises(DataError, match="does not read texts token by token"):
        measure(Membership(), frequency_index(tmp_path, pair(), counted), deaf, tmp_path)


def test_the_texts_are_read_once_an_item(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []
    monkeypatch.setattr(
        membership, "load_texts", lambda path: read.append(path) or load_texts(path)
    )
    path = frequency_index(tmp_path, pair(), [{"text": "かぞえる"}])
    measure(Membership(bands=(32,)), path, reader(pair(), 0.7), tmp_path)
    assert read == [path]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bands": ()}, r"Membership\(bands=\(\)\): at least one length.*\(32, 64, 128\)"),
        ({"bands": (32, 32)}, r"Membership\(bands=\(32, 32\)\): .* none twice"),
        ({"bands": (0,)}, r"Membership\(bands=0\): bands must be a whole number, at least 1"),
        ({"fpr": 5}, r"Membership\(fpr=5\): fpr must be between 0 and 1\. It is a share"),
    ],
)
def test_parameters_that_make_no_sense_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Membership(**options)


def test_one_answer_alone_has_the_attacks_and_no_blind_score(tmp_path: Path) -> None:
    write_rows(tmp_path / "texts.jsonl", texts(1, 1))
    (sample,) = Membership(bands=(8,)).load(tmp_path / "texts.jsonl")
    reading = Reading((1,) * 9, tuple(range(1, 10)), (-2.0,) * 9, (-3.0,) * 9, (1.0,) * 9)
    grade = Membership(bands=(8,)).grade(sample, Response("x", "scored", 9, (-18.0,), reading))
    assert grade.figures["8/loss"] == -2.0
    assert grade.figures["8/min_k_plus_plus_20"] == pytest.approx(1.0)
    assert not any(name.startswith("blind") for name in grade.figures)
