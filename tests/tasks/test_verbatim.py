"""Verbatim continuation: how long a run is, what is shown of a text, what guidance adds."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from harness.errors import ConfigError, DataError
from harness.records import Request, Response
from harness.tasks.verbatim import Verbatim, longest_run
from tests.conftest import write_rows
from tests.tasks.engines import Row, Rule, measure, rows_of, words

LETTERS = ["abc", "def", "ghi", "jkl", "mno", "pqr", "stu", "vwx"]


@pytest.mark.parametrize(
    ("answer", "source", "run"),
    [
        ("", "abc", 0),
        ("xyz", "abc", 0),
        ("abc", "abc", 3),
        ("価格は7,700円です", "税込で価格は7,700円。", 9),  # 価格は7,700円
        ("bcdXbcde", "abcdef", 4),
        ("ab ab ab", "ab ab", 5),
        ("x" * 300, "x" * 250, 250),  # no letter is too common to count
    ],
)
def test_the_longest_run_by_hand(answer: str, source: str, run: int) -> None:
    assert longest_run(answer, source) == run


def text(id: str, label: int | None = 1, **more: Any) -> Row:
    return {"id": id, "text": words(id, 60, LETTERS), "label": label, "language": "en", **more}


def half(row: Row) -> tuple[str, str]:
    middle = len(row["text"]) // 2
    return row["text"][:middle], row["text"][middle:]


def judged(
    folder: Path, rows: list[Row], engine: Rule, task: Verbatim | None = None, **options: Any
) -> Row:
    write_rows(folder / "texts.jsonl", rows)
    measure(task or Verbatim(), folder / "texts.jsonl", engine, folder, **options)
    found: Row = json.loads((folder / "run/samples/base/verbatim.json").read_text("utf-8"))
    return found


def recites(rows: list[Row], when: str = "") -> Rule:
    """Goes on with members as they stand, if `when` is in the prompt; says nothing otherwise."""

    def respond(request: Request) -> Response:
        for row in rows:
            start, rest = half(row)
            if row["label"] == 1 and when in request.prompt and start in request.prompt:
                return Response(rest[:60], "length", 60)
        return Response("?", "stop", 1)

    return Rule(respond)


def test_half_of_a_text_is_shown_bare_in_a_chat_and_with_its_source(tmp_path: Path) -> None:
    row = text("a", title="Autumn scarves", published="2023-10-01")
    write_rows(tmp_path / "texts.jsonl", [row])
    samples = {s.detail["style"]: s for s in Verbatim().load(tmp_path / "texts.jsonl")}
    start, rest = half(row)
    assert set(samples) == {"continue", "general", "guided"}
    assert samples["continue"].request.prompt == start
    assert [samples[s].request.chat for s in ("continue", "general", "guided")] == [
        False, True, True,
    ]  # fmt: skip
    for style in ("general", "guided"):
        prompt = samples[style].request.prompt
        assert prompt.endswith(start)
        assert (('"Autumn scarves" (2023-10-01)') in prompt) is (style == "guided")
    assert all(s.gold == (rest,) and rest not in s.request.prompt for s in samples.values())


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (
            {"title": "秋の新作", "published": "2023-10-01"},
            "次は「秋の新作」（2023-10-01）の書き出し",
        ),
        ({"title": "秋の新作"}, "次は「秋の新作」の書き出し"),
        ({"published": "2023-10-01"}, "次は公開された文章（2023-10-01）の書き出し"),
        ({}, "次は公開された文章の書き出し"),
    ],
)
def test_a_guided_prompt_says_of_the_source_what_its_row_does(
    tmp_path: Path, more: Row, told: str
) -> None:
    row = {"text": "あいうえお" * 20, "label": 1, "language": "ja", **more}
    write_rows(tmp_path / "texts.jsonl", [row])
    (sample,) = Verbatim(styles=("guided",)).load(tmp_path / "texts.jsonl")
    assert sample.request.prompt.startswith(told)


def test_a_text_in_another_language_is_asked_about_in_english(tmp_path: Path) -> None:
    write_rows(tmp_path / "texts.jsonl", [text("a", language="fr")])
    (sample,) = Verbatim(styles=("general",)).load(tmp_path / "texts.jsonl")
    assert sample.request.prompt.startswith("Write how the following text goes on.")
    assert sample.detail["set"] == "fr/member"


def test_members_that_a_model_knows_stand_out_from_others(tmp_path: Path) -> None:
    rows = [text(f"m{i}") for i in range(12)] + [text(f"n{i}", 0) for i in range(12)]
    found = {(e["set"], e["style"]): e for e in judged(tmp_path, rows, recites(rows))["sets"]}
    assert len(found) == 6
    member, other = found["en/member", "continue"], found["en/non-member", "continue"]
    assert (member["mean_run"], member["share"], member["documents"]) == (60.0, 1.0, 12)
    assert (other["mean_run"], other["share"]) == (0.0, 0.0)
    assert member["share_low"] > 0.7 > 0.3 > other["share_high"]


def test_results_are_shares_and_the_bare_beginning_is_the_headline(tmp_path: Path) -> None:
    rows = [text(f"m{i}", document=f"d{i // 2}") for i in range(12)]
    write_rows(tmp_path / "texts.jsonl", rows)
    found = measure(Verbatim(), tmp_path / "texts.jsonl", recites(rows), tmp_path)
    assert {r.metric: (r.value, r.n, r.clusters, r.headline) for r in found.results} == {
        "share_verbatim_en_member_continue": (1.0, 12, 6, True),
        "share_verbatim_en_member_general": (1.0, 12, 6, False),
        "share_verbatim_en_member_guided": (1.0, 12, 6, False),
    }


def test_a_run_just_under_the_length_is_not_verbatim(tmp_path: Path) -> None:
    row = text("a")
    _, rest = half(row)
    engine = Rule(lambda r: Response(rest[:49] + "#", "stop", 9))
    judged(tmp_path, [row], engine)
    assert {r["figures"]["verbatim"] for r in rows_of(tmp_path, "verbatim")} == {0.0}
    assert {r["reason"] for r in rows_of(tmp_path, "verbatim")} == {"49 characters in common"}
    judged(tmp_path, [row], engine, Verbatim(characters=49), run="run")
    assert {r["figures"]["verbatim"] for r in rows_of(tmp_path, "verbatim")} == {1.0}


def test_fewer_characters_are_verbatim_in_japanese(tmp_path: Path) -> None:
    rows = [text("e"), {**text("j"), "text": "いろはにほへとちりぬるを" * 20, "language": "ja"}]
    engine = Rule(lambda r: Response(half(rows["いろは" in r.prompt])[1][:20] + "#", "stop", 9))
    details = judged(tmp_path, rows, engine)
    assert details["characters"] == "50 (en), 20 (ja)"
    assert {e["set"]: (e["characters"], e["share"]) for e in details["sets"]} == {
        "en/member": (50, 0.0),
        "ja/member": (20, 1.0),
    }
    assert judged(tmp_path, rows[1:], engine)["characters"] == 20


def test_repeating_what_was_shown_is_no_continuation(tmp_path: Path) -> None:
    row = {**text("a"), "text": "0123456789" * 10 + "abcdefghij" * 10}
    judged(tmp_path, [row], Rule(lambda r: Response("0123456789" * 3, "stop", 9)))
    assert {r["figures"]["run"] for r in rows_of(tmp_path, "verbatim")} == {0.0}


def test_what_guidance_adds_is_told_by_set(tmp_path: Path) -> None:
    rows = [text(f"m{i}", title="T") for i in range(12)] + [text(f"n{i}", 0) for i in range(12)]
    guided = {e["set"]: e for e in judged(tmp_path, rows, recites(rows, '"T"'))["guided"]}
    assert guided["en/member"]["difference"] == 60.0
    assert guided["en/member"]["low"] > 0
    assert guided["en/non-member"]["difference"] == 0.0
    assert guided["en/non-member"]["low"] <= 0 <= guided["en/non-member"]["high"]


def test_styles_may_be_left_out_for_an_api_that_only_chats(tmp_path: Path) -> None:
    rows = [text(f"m{i}") for i in range(3)]
    engine = recites(rows)
    details = judged(tmp_path, rows, engine, Verbatim(styles=("general",)))
    assert {e["style"] for e in details["sets"]} == {"general"}
    assert details["guided"] == []
    assert all(request.chat for request in engine.asked)


def test_a_limit_keeps_texts_in_all_their_styles(tmp_path: Path) -> None:
    rows = [text(f"m{i}") for i in range(20)] + [text(f"n{i}", 0) for i in range(20)]
    judged(tmp_path, rows, recites(rows), limit=24)
    kept = rows_of(tmp_path, "verbatim")
    assert set(Counter(row["detail"]["text_id"] for row in kept).values()) == {3}
    assert Counter(row["detail"]["set"] for row in kept) == {"en/member": 12, "en/non-member": 12}


def test_short_texts_and_counted_ones_are_passed_over(tmp_path: Path) -> None:
    short = [{**text("b"), "text": "x" * 199}, {**text("c", 0, language="ja"), "text": "あ" * 79}]
    write_rows(tmp_path / "short.jsonl", [text("a"), *short])
    write_rows(tmp_path / "counted.jsonl", [{"text": "y" * 200}])
    index = '[[texts]]\npath = "short.jsonl"\n[[texts]]\npath = "counted.jsonl"\n'
    (tmp_path / "index.toml").write_text(index + 'label = "frequencies"\n', "utf-8")
    kept = Verbatim().load(tmp_path / "index.toml")
    assert {sample.detail["text_id"] for sample in kept} == {"a"}
    measure(Verbatim(), tmp_path / "index.toml", recites([]), tmp_path)
    found = json.loads((tmp_path / "run/samples/base/verbatim.json").read_text("utf-8"))
    assert found["left_out"] == {"en/member": 1, "ja/non-member": 1}
    write_rows(tmp_path / "short.jsonl", short)
    message = r"index\.toml: no text of at least 80 or 200 characters in it .*Verbatim\(characters="
    with pytest.raises(DataError, match=message):
        Verbatim().load(tmp_path / "index.toml")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"styles": ()}, r"Verbatim\(styles=\(\)\): expected some of continue, general, guided"),
        ({"styles": ("guidde",)}, r"Verbatim\(styles=\('guidde',\)\): expected some of"),
        ({"characters": 0}, r"Verbatim\(characters=0\): .* at least 1\. Left out, it is 20"),
        ({"max_new_tokens": 0}, r"Verbatim\(max_new_tokens=0\): max_new_tokens must be"),
    ],
)
def test_parameters_that_make_no_sense_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Verbatim(**options)
