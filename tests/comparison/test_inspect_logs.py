from __future__ import annotations

from pathlib import Path

import pytest

from harness.comparison.inspect_logs import read_inspect
from harness.comparison.sources import read_source
from harness.errors import ConfigError, DataError, MichiError
from tests.comparison import writers as write


def test_letters_count_as_inspect_counts_them(tmp_path: Path) -> None:
    values = {"c": "C", "p": "P", "i": "I", "n": "N", "half": 0.5, "yes": True}
    log = write.inspect_log([write.inspect_sample(name, v) for name, v in values.items()])

    scores = read_inspect(write.write_inspect(tmp_path / "log.json", log))

    assert (scores.checkpoint, scores.task) == ("mockllm/model", "quiz")
    assert [s.scores["match"] for s in scores.samples] == [1, 0.5, 0, 0, 0.5, 1]


def test_what_was_not_scored_has_no_score(tmp_path: Path) -> None:
    samples = [
        write.inspect_sample("nan", float("nan")),
        write.inspect_sample("text", "unclear"),
        write.inspect_sample("failed", 1, scores=None),
    ]

    scores = read_inspect(write.write_inspect(tmp_path / "log.json", write.inspect_log(samples)))

    assert [s.scores for s in scores.samples] == [{}, {}, {}]


def test_epochs_are_averaged(tmp_path: Path) -> None:
    values = {1: "C", 2: "I", 3: "C", 4: "C"}
    log = write.inspect_log([write.inspect_sample("a", v, epoch) for epoch, v in values.items()])

    (sample,) = read_inspect(write.write_inspect(tmp_path / "log.json", log)).samples

    assert sample.scores == {"match": 0.75}
    assert sample.response == "answer 1"


def test_a_score_of_several_figures_gives_each(tmp_path: Path) -> None:
    log = write.inspect_log([write.inspect_sample("a", {"rubric": {"tone": 0.2, "facts": "C"}})])

    (sample,) = read_inspect(write.write_inspect(tmp_path / "log.json", log)).samples

    assert sample.scores == {"rubric/tone": 0.2, "rubric/facts": 1.0}


def test_messages_pair_by_what_they_say_not_by_their_ids(tmp_path: Path) -> None:
    def key(message_id: str, content: str) -> str:
        turns = [{"id": message_id, "role": "user", "content": content}]
        log = write.inspect_log([write.inspect_sample("a", "C", input=turns)])
        return read_inspect(write.write_inspect(tmp_path / "log.json", log)).samples[0].key

    assert key("x1", "値段は？") == key("y2", "値段は？")
    assert key("x1", "値段は？") != key("x1", "長さは？")


def test_the_document_in_the_metadata_is_the_cluster(tmp_path: Path) -> None:
    samples = [write.inspect_sample(n, "C", metadata={"document": "梅雨"}) for n in "ab"]

    scores = read_inspect(write.write_inspect(tmp_path / "log.json", write.inspect_log(samples)))

    assert [s.cluster for s in scores.samples] == ["梅雨", "梅雨"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"version": 2, "eval": ', r"log.json:1: not valid JSON"),
        ("[]", "no log of inspect_ai"),
        ("[" * 100_000, "nested too deep"),
        ('{"results": {}, "configs": {}}', "no log of inspect_ai"),
        ('{"version": 3, "eval": {}, "plan": {}, "samples": [1]}', "log version 3, this reads 2"),
        ('{"version": 2, "eval": {}, "plan": {}, "status": "error"}', "no samples in it"),
        ('{"version": 2, "eval": {}, "plan": {}, "samples": [{}]}', "not as inspect_ai writes"),
    ],
)
def test_a_file_that_is_no_log_is_refused(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "log.json"
    path.write_text(content, "utf-8")

    with pytest.raises(DataError, match=said):
        read_source(path)


def test_the_binary_format_is_answered_with_how_to_convert_it(tmp_path: Path) -> None:
    path = tmp_path / "log.eval"
    path.write_bytes(b"PK\x03\x04")

    with pytest.raises(MichiError, match=r"inspect log convert .*log.eval --to json"):
        read_source(path)


@pytest.mark.parametrize("name", ["notes.txt", "absent.json"])
def test_what_is_no_measurement_at_all_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "notes.txt").write_text("n", "utf-8")

    with pytest.raises(ConfigError, match=name):
        read_source(tmp_path / name)
