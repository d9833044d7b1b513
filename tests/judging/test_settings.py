"""[judge] in a matrix file, and when two models are one and the same."""

from __future__ import annotations

import dataclasses
import datetime
from pathlib import Path

import pytest

from harness.config import load_matrix
from harness.errors import ConfigError
from harness.fingerprint import FileHashes, same_weights
from harness.records import Model
from tests.conftest import write_safetensors


def with_judge(world: Path, text: str) -> Path:
    world.write_text(f'{world.read_text("utf-8")}\n[judge]\nmodel = "two"\n{text}', "utf-8")
    return world


@pytest.mark.parametrize(
    ("text", "repeats", "temperature"),
    [
        ("", 1, 0.0),
        ("repeats = 3", 3, 0.7),
        ("repeats = 5\ntemperature = 1.0", 5, 1.0),
        ("temperature = 0.2", 1, 0.2),
    ],
)
def test_repeats_are_sampled_and_one_time_is_greedy(
    world: Path, text: str, repeats: int, temperature: float
) -> None:
    judge = load_matrix(with_judge(world, text)).judge
    assert judge is not None
    assert (judge.repeats, judge.temperature, judge.when) == (repeats, temperature, "unsure")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("repeats = 0", "repeats = 0: expected 1 to 25"),
        ("repeats = 3\ntemperature = 0.0", "would say the same each time"),
        ("temperature = -1.0", "temperature = -1"),
        ('when = "never"', "when = 'never': expected one of unsure, always"),
        ('rubrik = "x.md"', "unknown key 'rubrik'"),
    ],
)
def test_what_makes_no_sense_is_refused(world: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load_matrix(with_judge(world, text))
    assert message in str(raised.value)


def test_the_same_files_under_another_name_are_the_same_weights(tmp_path: Path) -> None:
    models = []
    for name, fill in (("a", b"\1"), ("b", b"\1"), ("c", b"\2")):
        write_safetensors(tmp_path / name / "model.safetensors", {"w": [2, 2]}, fill)
        models.append(Model(name, str(tmp_path / name), datetime.date(2025, 1, 1)))
    one, copy, other = models
    hashes = FileHashes()
    assert same_weights(one, dataclasses.replace(copy, dtype="bfloat16"), hashes)
    assert not same_weights(one, other, hashes)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("gpt-4o", "gpt-4o", True),
        ("gpt-4o", "gpt-4o-2024-08-06", True),
        ("claude-x-20250101", "claude-x", True),
        ("gpt-4o", "gpt-4o-mini", False),
    ],
)
def test_a_model_behind_an_api_is_known_by_its_name(one: str, other: str, same: bool) -> None:
    first, second = (
        Model(name, name, datetime.date(2025, 1, 1), engine="api") for name in (one, other)
    )
    assert same_weights(first, second, FileHashes()) is same
    local = Model("l", "owner/gpt-4o", datetime.date(2025, 1, 1))
    assert not same_weights(first, local, FileHashes())
