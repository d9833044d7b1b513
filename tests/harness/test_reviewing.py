"""`python -m harness review` as it is called."""

from __future__ import annotations

import argparse
import re
import signal
import socket
import sys
from pathlib import Path

import pytest

from harness.__main__ import main
from harness.commands.review import review
from harness.commands.server import ReviewServer
from harness.jsonl import encode
from harness.review.events import event_row, sample_key
from harness.review.files import append, read_grades
from harness.review.judgement import Judgement, Opinion, plain
from tests.harness.serving import served
from tests.report import builder as build
from tests.review.making import event, row


def _save(path: Path, rows: list[object]) -> Path:
    path.write_bytes(b"".join(encode(r) for r in rows))  # type: ignore[arg-type]
    return path


def test_grading_from_the_command_to_the_file(run_folder: Path, tmp_path: Path) -> None:
    grades = tmp_path / "grades"
    known = event(author="太郎", note="値が違う")
    append(grades, [known])
    (grades / "rubric.md").write_text("税込価格のみ</script>", "utf-8")
    command = [sys.executable, "-m", "harness", "review", str(run_folder), "--grades", str(grades)]
    with served(grades, command=[*command, "--no-browser", "--port", "0"]) as server:
        status, content, _ = server.ask("GET", f"/{server.token}/")
        html = content.decode()
        assert status == 200
        assert "connect-src 'self'" in html
        assert "値が違う" not in html  # no answer of this run has that key
        assert "税込価格のみ\\u003c/script\\u003e" in html
        assert re.search(r'"version":"rubric\.md/[0-9a-f]{8}"', html)
        assert server.send([event(author="aki"), event(author="aki"), known])[0] == 200

        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(timeout=20) == 0
        assert server.process.stdout is not None
        told = server.process.stdout.read()

    assert told.splitlines()[-2:] == [
        f"Grades given or changed: 2 to {grades / 'aki.jsonl'}.",
        "`pytest evals` counts them; nothing is asked again for that.",
    ]
    assert "Ctrl-C" in told
    assert len(read_grades(grades)) == 3
    assert not (run_folder / "report.html").exists()  # the run is left as it was


def test_what_people_said_is_in_the_page(run_folder: Path, tmp_path: Path) -> None:
    key = sample_key("knowledge", "new-1/price/seen", "質問 new-1/price/seen", "7,700円")
    append(tmp_path / "grades", [event(sample=key, note="税抜の値")])
    command = [sys.executable, "-m", "harness", "review", str(run_folder), "--no-browser", "--port"]
    with served(tmp_path, command=[*command, "0", "--grades", str(tmp_path / "grades")]) as server:
        _, content, _ = server.ask("GET", f"/{server.token}/")
    assert key in content.decode()
    assert "税抜の値" in content.decode()


def test_an_import_takes_over_all_and_says_what_was_new(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grades = tmp_path / "grades"
    append(grades, [known := event(author="aki")])
    new = [event(author="aki"), event(author="花子")]
    source = _save(tmp_path / "saved.jsonl", [event_row(e) for e in [known, *new, new[0]]])

    assert main(["review", "--import", str(source), "--grades", str(grades)]) == 0
    told = capsys.readouterr().out
    assert f"1 to {grades / 'aki.jsonl'}, 1 to {grades}/花子-" in told
    assert "Known already: 1." in told
    assert "`pytest evals` counts them" in told

    assert main(["review", "--import", str(source), "--grades", str(grades)]) == 0
    assert capsys.readouterr().out == "No new grades. Known already: 3.\n"
    assert {e.event for e in read_grades(grades)} == {known.event, *(e.event for e in new)}


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (row(verdict="good"), "saved.jsonl:3: 'verdict' is 'good'"),
        (row(schema=2), "saved.jsonl:3: 'schema' is 2"),
        (row(event="0" * 32, note="x"), "saved.jsonl:3: event 0000"),
        (row(event="1" * 32, note="x"), "Save it again from the page, or delete that line"),
    ],
)
def test_of_an_import_with_one_wrong_line_nothing_is_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], wrong: object, says: str
) -> None:
    grades = tmp_path / "grades"
    append(grades, [event(event="1" * 32, author="aki")])
    before = {path: path.read_bytes() for path in grades.iterdir()}
    source = _save(tmp_path / "saved.jsonl", [row(event="0" * 32), row(author="zoe"), wrong])

    assert main(["review", "--import", str(source), "--grades", str(grades)]) == 2

    assert says in capsys.readouterr().err
    assert {path: path.read_bytes() for path in grades.iterdir()} == before


def test_a_download_that_was_cut_off_is_not_taken_in_part(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = _save(tmp_path / "saved.jsonl", [row(), row()])
    source.write_bytes(source.read_bytes()[:-30])
    assert main(["review", "--import", str(source), "--grades", str(tmp_path / "g")]) == 2
    assert "saved.jsonl:2: not valid JSON" in capsys.readouterr().err
    assert not (tmp_path / "g").exists()


def test_nothing_is_added_to_grades_that_cannot_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "g").mkdir()
    (tmp_path / "g" / "aki.jsonl").write_bytes(b"<<<<<<< HEAD\n" + encode(row()))
    source = _save(tmp_path / "saved.jsonl", [row()])
    assert main(["review", "--import", str(source), "--grades", str(tmp_path / "g")]) == 2
    assert "aki.jsonl:1: a mark that a git merge left" in capsys.readouterr().err
    assert len(list((tmp_path / "g").iterdir())) == 1


def test_an_import_says_which_grades_are_of_a_run(
    run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    item = "new-1/price/seen"
    key = sample_key("knowledge", item, f"質問 {item}", "わかりません")
    rows = [
        row(item=item, sample=key),
        row(item=item, sample="0" * 16),
        row(item=item, sample="1" * 16),
        row(item=item, suite="other"),
        row(item="elsewhere"),
    ]
    source = _save(tmp_path / "saved.jsonl", list(rows))
    command = ["review", str(run_folder), "--import", str(source), "--grades", str(tmp_path / "g")]
    assert main(command) == 0
    told = capsys.readouterr().out.splitlines()[1]
    assert told == (
        f"Of answers in {run_folder}: 1. Of its questions, but of answers that have changed: 2. "
        "Of neither: 2."
    )


def test_a_folder_that_is_no_run_is_told_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = _save(tmp_path / "saved.jsonl", [row()])
    command = ["review", str(tmp_path), "--grades", str(tmp_path / "g")]
    for arguments in (command, [*command, "--import", str(source)]):
        assert main(arguments) == 2
        assert "not a run folder" in capsys.readouterr().err
    assert not (tmp_path / "g").exists()


def test_the_command_says_what_it_needs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["review"]) == 2
    assert "name a run folder" in capsys.readouterr().err
    for port in ("65536", "-1", "x", "٣"):
        with pytest.raises(SystemExit):
            main(["review", "x", f"--port={port}"])
        assert "is no port" in capsys.readouterr().err


def test_grades_are_not_asked_of_a_broken_folder(
    run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build.measure_knowledge(run_folder, "base", 0.2)
    (tmp_path / "g").mkdir()
    (tmp_path / "g" / "aki.jsonl").write_bytes(b"{}\n")
    assert main(["review", str(run_folder), "--grades", str(tmp_path / "g"), "--no-browser"]) == 2
    assert "aki.jsonl:1: 'schema' is None" in capsys.readouterr().err


def test_making_reports_again_says_how_many_grades_they_are_without(
    run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    item = "new-1/price/seen"
    key = sample_key("knowledge", item, f"質問 {item}", "わかりません")
    early, late = "2026-11-26T01:00:00Z", "2026-11-26T02:00:00Z"
    kept = plain(Judgement({"aki": Opinion("wrong", time=early)}))
    counted = build.row("q2", people={"verdict": "wrong", "opinions": kept})
    build.measure(run_folder, "qa-e3", "other", [], [counted])
    of_q2 = sample_key("other", "q2", counted["prompt"], counted["response"])
    command = ["report", str(run_folder), "--grades", str(tmp_path / "g")]

    append(tmp_path / "g", [event(sample=of_q2, author="aki", verdict="wrong", time=early)])
    assert main(command) == 0
    assert capsys.readouterr().err == ""

    new = [event(sample=key), event(sample=key, author="aki"), event(sample="0" * 16)]
    append(tmp_path / "g", [*new, event(sample=of_q2, author="aki", verdict="cleared", time=late)])
    assert main(command) == 0
    assert capsys.readouterr().err.startswith("3 grades are not in these figures yet: run")


def test_a_page_on_another_port_than_ever_says_where_unsent_grades_are(
    run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ReviewServer, "serve_forever", lambda _: None)
    options = argparse.Namespace(
        source=None, run=run_folder, grades=tmp_path, port=None, no_browser=True
    )
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for module in ("harness.commands.server", "harness.commands.review"):
            monkeypatch.setattr(f"{module}.PORT", port)
        told = list(review(options))
    assert told[1].startswith(f"Port {port} is taken: this page has port ")
    assert "--port" in told[1]
