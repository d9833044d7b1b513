from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from harness.errors import DataError, StorageError
from harness.jsonl import encode
from harness.review.events import GradeEvent, event_row
from harness.review.files import append, grade_file, grade_sizes, read_events, read_grades
from tests.review.making import event

AKI, KEN = event(author="aki"), event(author="ken", verdict="wrong", note="価格\ud800")


def _line(one: GradeEvent) -> bytes:
    return encode(event_row(one))


def test_a_folder_that_is_not_there_has_no_grades(tmp_path: Path) -> None:
    assert read_grades(tmp_path / "grades") == []


def test_what_is_appended_is_read_again(tmp_path: Path) -> None:
    folder = tmp_path / "reports" / "grades"

    first, second = append(folder, [AKI, KEN]), append(folder, [event(author="aki")])

    assert first.accepted == (AKI.event, KEN.event)
    assert first.written == {folder / "aki.jsonl": 1, folder / "ken.jsonl": 1}
    assert second.written == {folder / "aki.jsonl": 1}
    assert read_grades(folder)[0] == AKI
    assert read_grades(folder)[2] == KEN


def test_an_event_that_comes_twice_is_accepted_twice_and_written_once(tmp_path: Path) -> None:
    append(tmp_path, [AKI])
    again = append(tmp_path, [AKI, KEN, KEN])
    assert again.accepted == (AKI.event, KEN.event)
    assert again.written == {tmp_path / "ken.jsonl": 1}
    assert read_grades(tmp_path) == [AKI, KEN]


def test_an_event_is_known_in_whatever_file_it_lies(tmp_path: Path) -> None:
    (tmp_path / "merged.jsonl").write_bytes(_line(AKI).replace(b", ", b" ,\t"))
    assert append(tmp_path, [AKI]).written == {}
    assert read_grades(tmp_path) == [AKI]


def test_an_id_in_a_note_is_no_event(tmp_path: Path) -> None:
    append(tmp_path, [event(author="aki", note=f'"event": "{KEN.event}"')])
    assert append(tmp_path, [KEN]).written == {tmp_path / "ken.jsonl": 1}


def test_an_event_is_never_changed(tmp_path: Path) -> None:
    append(tmp_path, [AKI])
    with pytest.raises(DataError, match="another content"):
        append(tmp_path, [KEN, event(event=AKI.event, author="mallory")])
    with pytest.raises(DataError, match=r"grade 2: event .* says something else than at grade 1"):
        append(tmp_path, [KEN, event(event=KEN.event)])
    assert read_grades(tmp_path) == [AKI]


@pytest.mark.parametrize("length", [1, 20, 150, -2])
def test_half_a_line_of_a_killed_writer_is_passed_over_and_taken_away(
    tmp_path: Path, length: int
) -> None:
    file = tmp_path / "ken.jsonl"
    file.write_bytes(_line(event(author="ken")) + _line(KEN)[:length])

    assert len(read_grades(tmp_path)) == 1
    append(tmp_path, [KEN])

    assert read_grades(tmp_path)[1:] == [KEN]
    assert len(file.read_bytes().splitlines()) == 2


def test_a_tail_of_zeros_after_a_power_cut_is_half_a_line(tmp_path: Path) -> None:
    (tmp_path / "aki.jsonl").write_bytes(_line(AKI) + b"\0" * 4096)
    assert read_grades(tmp_path) == [AKI]
    append(tmp_path, [event(author="aki")])
    assert len(read_grades(tmp_path)) == 2


def test_a_whole_line_without_its_end_counts_and_stays(tmp_path: Path) -> None:
    (tmp_path / "aki.jsonl").write_bytes(_line(AKI).rstrip(b"\n"))
    assert read_grades(tmp_path) == [AKI]
    append(tmp_path, [later := event(author="aki")])
    assert read_grades(tmp_path) == [AKI, later]


def test_lines_that_editors_and_merges_leave_are_read(tmp_path: Path) -> None:
    lines = _line(AKI) + b"\n" + _line(KEN).replace(b"\n", b"\r\n") + _line(AKI)
    (tmp_path / "merged.jsonl").write_bytes(b"\xef\xbb\xbf" + lines)
    assert read_grades(tmp_path) == [AKI, KEN]


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (b'{"schema": 1, "event\n', "not valid JSON"),
        (b"<<<<<<< HEAD\n", "a mark that a git merge left"),
        (b"\xff\xfe\n", "not UTF-8"),
        (b"[" * 100_000 + b"\n", "not valid JSON"),
        (b"[" + b"1" * 10_000 + b"]\n", "not valid JSON"),
        (b"[]\n", "expected a grade as a JSON object, found list"),
        (b"{}\n", "'schema' is None"),
    ],
)
def test_a_broken_line_elsewhere_is_named(tmp_path: Path, broken: bytes, says: str) -> None:
    file = tmp_path / "aki.jsonl"
    file.write_bytes(_line(AKI) + broken + _line(event()))
    with pytest.raises(DataError, match=f"aki.jsonl:2: .*{says}"):
        read_grades(tmp_path)


def test_two_events_of_one_id_are_an_error_that_names_both(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(_line(AKI))
    (tmp_path / "b.jsonl").write_bytes(_line(KEN) + _line(event(event=AKI.event)))
    with pytest.raises(DataError, match=r"b\.jsonl:2: .* than at .*a\.jsonl:1"):
        read_grades(tmp_path)


def test_a_file_that_is_handed_over_must_be_whole(tmp_path: Path) -> None:
    file = tmp_path / "grades.jsonl"
    file.write_bytes(_line(AKI) + _line(KEN)[:-20])
    with pytest.raises(DataError, match=r"grades\.jsonl:2: not valid JSON"):
        read_events(file)
    file.write_bytes(b"\n")
    with pytest.raises(DataError, match="no grades in it"):
        read_events(file)


def test_a_folder_that_is_a_file_is_said_to_be_one(tmp_path: Path) -> None:
    (tmp_path / "grades").write_text("")
    with pytest.raises(DataError, match="expected a folder of grades"):
        read_grades(tmp_path / "grades")
    with pytest.raises(StorageError, match="can't be written"):
        append(tmp_path / "grades", [AKI])


def test_on_a_full_disk_nothing_of_several_files_is_kept(tmp_path: Path) -> None:
    """A limit on the size of files stands in for a disk: writes go as far as it and then fail."""
    append(tmp_path, [AKI, KEN])
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    many = [event(author=author) for author in ("aki", *["ken"] * 20, "zoe")]
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, hard))
    try:
        with pytest.raises(StorageError, match=r"ken\.jsonl: can't be written: .*None of"):
            append(tmp_path, many)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert {p: p.read_bytes() for p in tmp_path.iterdir() if p.stat().st_size} == before
    assert append(tmp_path, many).accepted == tuple(e.event for e in many)
    assert len(read_grades(tmp_path)) == 24


WRITER = """
import sys
from pathlib import Path
from harness.review.files import append
from tests.review.making import event
for number in range(60):
    ours = [event(author="shared", note="長" * 1_500), event(author=sys.argv[2])]
    ours.append(event(event=f"{number:032x}", author="common"))  # the same of each writer
    assert len(append(Path(sys.argv[1]), ours).accepted) == 3
"""


def test_writers_at_once_lose_nothing_and_mix_no_lines(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), name], cwd=root)
        for name in ("one", "two", "three")
    ]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0, 0]
    assert len(read_grades(tmp_path)) == 3 * 60 * 2 + 60
    assert len(grade_file(tmp_path, "common").read_bytes().splitlines()) == 60
    shared = grade_file(tmp_path, "shared").read_bytes().splitlines()
    assert len(shared) == len({json.loads(line)["event"] for line in shared}) == 180


def test_no_author_can_lock_another_out_for_good(tmp_path: Path) -> None:
    """Two writers that want the same two files, in unlike orders."""
    flipped = WRITER.replace(", ours)", ", ours[::-1])")
    root = Path(__file__).parents[2]
    writers = [
        subprocess.Popen([sys.executable, "-c", text, str(tmp_path), "other"], cwd=root)
        for text in (WRITER, flipped)
    ]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0]
    assert len(read_grades(tmp_path)) == 2 * 60 * 2 + 60


def test_what_was_there_at_a_moment_can_be_read_later(tmp_path: Path) -> None:
    append(tmp_path, [first := event()])
    sizes = grade_sizes(tmp_path)
    append(tmp_path, [event(verdict="wrong"), event(author="太郎")])

    assert read_grades(tmp_path, sizes) == [first]
    assert len(read_grades(tmp_path)) == 3
    assert read_grades(tmp_path, {}) == []
    assert grade_sizes(tmp_path / "nowhere") == {}
