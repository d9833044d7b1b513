from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from harness.errors import DataError
from harness.review.events import event_from_row
from harness.review.rubric import read_rubric
from tests.review.making import row


def test_without_a_file_the_built_in_rubric_holds_in_both_languages(tmp_path: Path) -> None:
    rubric = read_rubric(tmp_path / "nowhere")
    assert rubric.version == "default/2"
    assert "正解の基準" in rubric.text
    assert "What counts as right" in rubric.text


def test_the_text_of_a_version_is_never_changed(tmp_path: Path) -> None:
    """Grades name the version: another text needs another number."""
    digest = hashlib.sha256(read_rubric(tmp_path).text.encode()).hexdigest()[:8]
    assert (read_rubric(tmp_path).version, digest) == ("default/2", "6a40aa32")


def test_a_teams_own_rubric_replaces_it_under_the_hash_of_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "rubric.md").write_bytes("税込価格のみ正解\n".encode())
    rubric = read_rubric(tmp_path)
    assert rubric.text == "税込価格のみ正解\n"
    # printf '税込価格のみ正解\n' | sha256sum
    assert rubric.version == "rubric.md/21b07d40"
    assert event_from_row(row(rubric=rubric.version), "here").rubric == rubric.version


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff", b"x" * 30_000])
def test_a_rubric_that_nobody_can_go_by_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "rubric.md").write_bytes(content)
    with pytest.raises(DataError, match=r"rubric\.md: "):
        read_rubric(tmp_path)
