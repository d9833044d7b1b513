"""The date rule: what is not shown to be younger than the model is named, and why."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest

from harness.errors import ConfigError, DataError
from harness.tasks.dates import Dates
from tests.conftest import write_rows
from tests.tasks.engines import Evaluation, Rule, measure, rows_of

RELEASED = datetime.date(2025, 4, 1)


def nobody(request: Any) -> Any:
    raise AssertionError(f"asked: {request}")


def judged(folder: Path, rows: list[dict[str, Any]], margin: int = 0) -> Evaluation:
    write_rows(folder / "documents.jsonl", rows)
    return measure(Dates(RELEASED, margin), folder / "documents.jsonl", Rule(nobody), folder)


def test_documents_that_are_not_younger_are_named_with_their_reason(tmp_path: Path) -> None:
    found = judged(
        tmp_path,
        [
            {"id": "after", "published": "2025-04-02"},
            {"id": "same-day", "published": "2025-04-01"},
            {"id": "before", "published": "2024-12-31"},
            {"id": "undated", "title": "No date"},
            {"id": "blank", "published": " "},
            {"id": "ill-dated", "published": "April 2025"},
            {"id": "no-such-day", "published": "2025-06-31"},
        ],
    )
    assert found.wrong() == [
        "same-day: published 2025-04-01, not after 2025-04-01",
        "before: published 2024-12-31, not after 2025-04-01",
        "undated: no date",
        "blank: no date",
        "ill-dated: 'April 2025' is no date (YYYY-MM-DD)",
        "no-such-day: '2025-06-31' is no date (YYYY-MM-DD)",
    ]
    assert found.value("share_after_release") == pytest.approx(1 / 7)


def test_nothing_is_asked_and_the_sample_file_holds_each_document(tmp_path: Path) -> None:
    found = judged(tmp_path, [{"id": "a", "date": "2025-05-01T09:00", "title": "A", "url": "u"}])
    assert (found.asked, found.stored, found.fingerprint) == (0, 1, "print")
    (row,) = rows_of(tmp_path, "dates")
    assert (row["id"], row["outcome"], row["reason"]) == ("a", "correct", "")
    assert row["detail"] == {"published": "2025-05-01T09:00", "evidence": "u", "title": "A"}
    assert row["figures"] == {"days_after": 30}
    assert not (tmp_path / "store").exists()


def test_a_margin_is_days_that_must_lie_between(tmp_path: Path) -> None:
    rows = [{"id": day, "published": f"2025-05-{day}"} for day in ("01", "02")]
    found = judged(tmp_path, rows, margin=30)
    assert found.wrong() == ["01: published 2025-05-01, not after 2025-04-01 by more than 30 days"]
    assert found.identity["margin"] == 30


def test_the_share_with_evidence_counts_any_note(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"published": "2025-05-01", "evidence": "press archive"},
        {"published": "2025-05-01", "url": "https://example.org"},
        {"published": "2025-05-01", "source": "feed"},
        {"published": "2025-05-01", "evidence": ""},
    ]
    assert judged(tmp_path, rows).value("share_with_evidence") == 0.75


def test_documents_of_one_title_are_documents_apart(tmp_path: Path) -> None:
    rows = [
        {"id": "a", "title": "News", "published": "2025-05-01"},
        {"id": "b", "title": "News", "published": "2025-01-01"},
    ]
    assert judged(tmp_path, rows).value("share_after_release") == 0.5


def test_an_id_used_twice_and_a_file_without_documents_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"documents\.jsonl:2: id 'a' was used before, at 1"):
        judged(tmp_path, [{"id": "a"}, {"id": "a"}])
    with pytest.raises(DataError, match=r"documents\.jsonl: no samples in it"):
        judged(tmp_path, [])


def test_an_id_of_0_is_an_id(tmp_path: Path) -> None:
    found = judged(tmp_path, [{"id": 0, "published": "2025-01-01"}])
    assert [reason.partition(":")[0] for reason in found.wrong()] == ["0"]


def test_a_margin_before_the_release_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"Dates\(margin=-1\): margin must be a whole number"):
        Dates(datetime.date(2025, 4, 1), margin=-1)
