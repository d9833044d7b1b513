from __future__ import annotations

from pathlib import Path

import pytest

from harness.config import load_matrix
from harness.config.fit import EASY, HARD, Demands, Fit
from harness.errors import ConfigError
from harness.fingerprint import FileHashes
from harness.manifest import describe

GOOD = '[models.m]\nweights = "./m"\nreleased = 2025-01-01\n[checkpoints.c]\nmodel = "m"\n'


def load(tmp_path: Path, text: str):
    (tmp_path / "matrix.toml").write_text(GOOD + text, "utf-8")
    return load_matrix(tmp_path / "matrix.toml")


def test_what_a_matrix_leaves_out_is_the_usual(tmp_path: Path) -> None:
    assert load(tmp_path, "").fit == Fit(EASY, HARD)
    found = load(tmp_path, "[fit.easy]\naccuracy = 0.7\ndamaged = 0\n[fit.hard]\ndamaged = 0\n").fit
    assert found.easy == Demands(0.7, 0.0, 0.1, 0.05, 0.8)
    assert found.hard == Demands(0.8, 0.0, 0.02, 0.01, 0.95)


def test_a_hard_domain_asks_for_more_by_each_usual_threshold() -> None:
    assert HARD.accuracy > EASY.accuracy
    assert HARD.abstained_unanswerable > EASY.abstained_unanswerable
    assert HARD.damaged < EASY.damaged
    assert HARD.hallucinated_trained < EASY.hallucinated_trained
    assert HARD.confidently_wrong < EASY.confidently_wrong


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[fit.eazy]\naccuracy = 0.5\n", r"\[fit\]: unknown key 'eazy'. Did you mean 'easy'"),
        (
            "[fit.easy]\nacuracy = 0.5\n",
            r"\[fit\.easy\]: unknown key 'acuracy'. Did you mean 'accuracy'",
        ),
        ("[fit]\neasy = 0.5\n", r"\[fit\]: easy = 0.5: expected a table"),
        ("[fit.easy]\naccuracy = 60\n", r"accuracy = 60: expected a share from 0 to 1"),
        ("[fit.easy]\naccuracy = nan\n", r"accuracy = nan: expected a share from 0 to 1"),
        ('[fit.easy]\naccuracy = "0.6"\n', r"accuracy = '0.6': expected a number"),
        (
            "[fit.easy]\naccuracy = 0.9\n",
            r"\[fit\.hard\]: accuracy = 0.8 asks for less than \[fit\.easy\], 0.9",
        ),
        ("[fit.hard]\ndamaged = 0.06\n", r"\[fit\.hard\]: damaged = 0.06 asks for less"),
    ],
)
def test_mistakes_are_named_with_table_and_key(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as error:
        load(tmp_path, text)
    assert "matrix.toml" in str(error.value)


def test_the_manifest_holds_all_thresholds(tmp_path: Path) -> None:
    matrix = load(tmp_path, "[fit.hard]\naccuracy = 0.9\n")
    hashes = FileHashes(tmp_path / "hashes.json")
    said = describe(tmp_path / "run", matrix, (), tmp_path, tmp_path / "reports", hashes)["fit"]
    assert said["easy"] == {
        "accuracy": 0.5, "damaged": 0.05, "hallucinated_trained": 0.1, "confidently_wrong": 0.05,
        "abstained_unanswerable": 0.8,
    }  # fmt: skip
    assert said["hard"]["accuracy"] == 0.9
