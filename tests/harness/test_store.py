from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import DataError, StorageError
from harness.jsonl import append_rows, read_rows, read_whole_rows
from harness.records import Certainty, Reading, Request, Response
from harness.store import Store, request_key

ASKED = Request("質問")
ANSWER = Response("答え\ud800", "stop", 3)  # models do emit lone surrogates


def test_an_answer_is_found_again_by_its_request_and_weights(tmp_path: Path) -> None:
    Store(tmp_path).add("weights-a", [(ASKED, ANSWER)])
    assert Store(tmp_path).load("weights-a") == {request_key(ASKED): ANSWER}
    assert Store(tmp_path).load("weights-b") == {}


def test_a_fresh_store_looks_nothing_up_but_keeps_what_is_new(tmp_path: Path) -> None:
    Store(tmp_path).add("w", [(ASKED, ANSWER)])
    fresh = Store(tmp_path, fresh=True)
    assert fresh.load("w") == {}
    fresh.add("w", [(ASKED, Response("new", "stop", 1))])
    assert Store(tmp_path).load("w")[request_key(ASKED)].text == "new"


def test_a_fresh_run_may_look_up_what_it_has_answered_itself(tmp_path: Path) -> None:
    Store(tmp_path).add("w", [(ASKED, ANSWER)])
    fresh = Store(tmp_path, fresh=True)
    own = fresh.since_now()
    assert own.load("w") == {}
    new = Response("new", "stop", 1)
    fresh.add("w", [(ASKED, new)])
    own.add("other", [(ASKED, new)])
    assert own.load("w") == own.load("other") == {request_key(ASKED): new}
    assert fresh.load("w") == {}
    assert Store(tmp_path).since_now().load("w") == {request_key(ASKED): new}


READING = Reading(
    ids=(0, 255999),
    ends=(1, 3),
    logprobs=(-0.0, -17.123456789012345),
    means=(-1e-5, -2.5),
    deviations=(0.0, 1.0),
)


@pytest.mark.parametrize("reading", [READING, Reading((1, 2), (1, 2)), Reading((), ())])
def test_a_reading_comes_back_as_it_was(tmp_path: Path, reading: Reading) -> None:
    """To the last digit: scores of a resumed run are those of an undisturbed one."""
    asked = Request("", chat=False, continuations=("文",), per_token="likelihoods", window=64)
    answer = Response("文", "scored", 2, (-17.0,), reading)
    Store(tmp_path).add("w", [(asked, answer), (ASKED, ANSWER)])
    found = Store(tmp_path).load("w")
    assert found == {request_key(asked): answer, request_key(ASKED): ANSWER}
    again = found[request_key(asked)].reading
    assert again is not None
    assert repr(again) == repr(reading)


def test_rows_and_keys_from_before_there_were_readings_are_still_valid(tmp_path: Path) -> None:
    # Written by 9438586, before texts were read token by token: neither the key nor the row says "reading".
    key = "833c356c2feb37372368d299f12e99ff"
    (tmp_path / "w.jsonl").write_text(
        f'{{"key": "{key}", "text": "7,700円", "finish": "stop", "tokens": 5, "logprobs": []}}\n',
        "utf-8",
    )
    assert request_key(Request("「灯」の価格は？", max_new_tokens=48, stop=("\n",))) == key
    assert Store(tmp_path).load("w") == {key: Response("7,700円", "stop", 5)}
    Store(tmp_path).add("w", [(ASKED, ANSWER)])
    assert '"reading"' not in (tmp_path / "w.jsonl").read_text("utf-8")


@pytest.mark.parametrize(
    "other",
    [
        Request("質問?"),
        Request("質問", chat=False),
        Request("質問", max_new_tokens=31),
        Request("質問", stop=("\n",)),
        Request("質問", continuations=("a", "b")),
        Request("質問", per_token="ids"),
        Request("質問", per_token="likelihoods"),
        Request("質問", window=64),
    ],
)
def test_everything_that_an_answer_depends_on_is_in_the_key(other: Request) -> None:
    assert request_key(other) != request_key(ASKED)


def test_half_a_line_left_by_a_kill_is_passed_over_and_mended(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.add("w", [(ASKED, ANSWER)])
    file = tmp_path / "w.jsonl"
    file.write_bytes(file.read_bytes() + b'{"key": "torn", "te')
    assert len(store.load("w")) == 1
    store.add("w", [(Request("next"), ANSWER)])
    assert set(store.load("w")) == {request_key(ASKED), request_key(Request("next"))}


def test_rows_that_cannot_be_written_say_where_and_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"rows\.jsonl: can't be written.*--eval-run-dir"):
        append_rows(tmp_path / "file" / "rows.jsonl", [{"a": 1}])


def test_a_full_disk_is_told_as_such() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full on this system")
    with pytest.raises(StorageError, match="No space left"):
        append_rows(full, [{"a": 1}])


def test_a_broken_line_is_named_with_its_number(tmp_path: Path) -> None:
    file = tmp_path / "data.jsonl"
    file.write_text('{"a": 1}\n\n{"a": \n', "utf-8")
    with pytest.raises(DataError, match=r"data\.jsonl:3: not valid JSON"):
        list(read_rows(file))
    file.write_text("[1]\n")
    with pytest.raises(DataError, match=r"data\.jsonl:1: expected a JSON object, found list"):
        list(read_rows(file))
    file.write_bytes(b'{"a": "\xff"}\n')
    with pytest.raises(DataError, match="not UTF-8"):
        list(read_rows(file))
    with pytest.raises(DataError, match="can't be read: No such file"):
        list(read_rows(tmp_path / "absent.jsonl"))


def test_reading_what_is_not_there_yet_gives_nothing(tmp_path: Path) -> None:
    assert read_whole_rows(tmp_path / "absent.jsonl") == []


@pytest.mark.parametrize("margins", [(0.5, 2.25), ()])
def test_how_sure_a_model_was_comes_back_as_it_was(
    tmp_path: Path, margins: tuple[float, ...]
) -> None:
    """Of an API: entropies are never told, margins not by every server."""
    told = Certainty((1, 3), (-0.1235, -1e4), (), margins)
    Store(tmp_path).add("w", [(ASKED, Response("答え", "stop", 2, certainty=told))])
    assert Store(tmp_path).load("w")[request_key(ASKED)].certainty == told


def test_a_store_finds_what_another_process_appended_meanwhile(tmp_path: Path) -> None:
    store, other = Store(tmp_path), Store(tmp_path)
    store.add("w", [(ASKED, ANSWER)])
    assert len(store.load("w")) == 1
    later = Request("別の質問")
    other.add("w", [(later, Response("別", "stop", 1)), (ASKED, Response("新", "stop", 1))])

    assert store.load("w")[request_key(later)].text == "別"
    assert store.load("w")[request_key(ASKED)].text == "新"
    assert store.keys("w") == {request_key(later), request_key(ASKED)}


def test_answers_of_many_checkpoints_are_found_one_after_another(tmp_path: Path) -> None:
    """More than a store keeps the index of; those that are kept no more can still be read."""
    store = Store(tmp_path)
    names = [f"w{n}" for n in range(9)]
    for name in names:
        store.add(name, [(ASKED, Response(name, "stop", 1))])
    loaded = [store.load(name) for name in names]

    assert [found[request_key(ASKED)].text for found in loaded] == names


def test_what_a_store_has_stands_before_what_is_behind_it(tmp_path: Path) -> None:
    behind, later = Store(tmp_path / "behind"), Request("別の質問")
    behind.add("w", [(ASKED, ANSWER), (later, Response("別", "stop", 1))])
    store = Store(tmp_path / "own", behind=behind)
    store.add("w", [(ASKED, Response("新", "stop", 1))])

    assert store.load("w")[request_key(ASKED)].text == "新"
    assert store.load("w")[request_key(later)].text == "別"
    assert store.keys("w") == {request_key(ASKED), request_key(later)}
