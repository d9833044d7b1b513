"""`python -m harness compare` as it is called."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from harness.__main__ import main
from harness.report.terminal import text_width
from tests.comparison import writers as write
from tests.report import builder as build


@pytest.fixture
def logs(tmp_path: Path) -> tuple[str, str]:
    """Two folders of lm-eval: of 200 answers 20 are lost and 2 won."""
    sides = []
    for side in "ab":
        rows = []
        for n in range(200):
            right = (n >= 2) if side == "a" else not 2 <= n < 22
            answer = "正解\nです" if right else "不正解" * 30
            rows.append(write.lm_eval_row(n, answer, exact_match=float(right)))
        write.write_lm_eval(tmp_path / side / f"model_{side}", rows)
        sides.append(str(tmp_path / side))
    return sides[0], sides[1]


def _json(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert main(["compare", *arguments, "--format", "json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_exit_codes_tell_a_regression(logs: tuple[str, str]) -> None:
    a, b = logs

    assert main(["compare", a, b]) == 0
    assert main(["compare", a, b, "--fail-on", "regressed"]) == 1
    assert main(["compare", a, a, "--fail-on", "inconclusive"]) == 0
    assert main(["compare", a, b, "--fail-on", "regressed", "--margin", "0.5"]) == 0


def test_documents_that_nobody_shares_fail_a_gate(tmp_path: Path) -> None:
    for side, numbers in (("a", (1, 2)), ("b", (3, 4))):
        rows = [write.lm_eval_row(n, exact_match=1.0) for n in numbers]
        write.write_lm_eval(tmp_path / side, rows)

    sides = [str(tmp_path / "a"), str(tmp_path / "b")]
    assert main(["compare", *sides]) == 0
    assert main(["compare", *sides, "--fail-on", "regressed"]) == 1


def test_bad_input_is_one_message_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", str(tmp_path / "absent"), str(tmp_path)]) == 2

    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "absent: there is no such file or folder" in said.err


@pytest.mark.parametrize("margin", ["0", "-0.1", "1.5", "nan", "much"])
def test_a_margin_that_is_none_is_refused(margin: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["compare", "a", "b", f"--margin={margin}"])

    assert ended.value.code == 2
    assert f"--margin: {margin!r} is no share above 0" in capsys.readouterr().err


def test_the_terminal_shows_figures_and_the_first_flips(
    logs: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    main(["compare", *logs])

    lines = capsys.readouterr().out.splitlines()
    assert max(text_width(line) for line in lines) <= 100
    figures = next(line for line in lines if "regressed" in line)
    assert figures.split()[:6] == ["quiz", "exact_match", "200", "99.0", "90.0", "-9.0"]
    assert sum("worse" in line and "不正解" in line for line in lines) == 3
    assert sum("better" in line and "正解 です" in line for line in lines) == 2
    assert lines[-1] == "1 regressed."


def test_json_holds_every_flip(logs: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    document = _json(capsys, *logs)

    (row,) = document["rows"]
    assert (row["n"], row["verdict"]) == (200, "regressed")
    assert row["difference"] == pytest.approx(-0.09)
    assert [flip["id"] for flip in row["lost"]] == [str(n) for n in range(2, 22)]
    assert row["won"][0] == {
        "id": "0",
        "score_a": 0.0,
        "score_b": 1.0,
        "answer_a": "不正解" * 30,
        "answer_b": "正解\nです",
    }


def test_markdown_goes_to_a_file(logs: tuple[str, str], tmp_path: Path) -> None:
    out = tmp_path / "new" / "comparison.md"

    assert main(["compare", *logs, "--format", "markdown", "--out", str(out)]) == 0

    text = out.read_text("utf-8")
    assert text.startswith("**1 regressed.**")
    assert "| quiz | exact\\_match | 200 | 99.0 | 90.0 |" in text


def test_a_file_that_cannot_be_written_is_told(
    logs: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", *logs, "--out", str(tmp_path)]) == 2
    assert "Name another file with --out" in capsys.readouterr().err


def test_a_lone_surrogate_in_an_answer_survives(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for side, value in (("a", 0.0), ("b", 1.0)):
        row = write.lm_eval_row(0, exact_match=value)
        path = write.write_lm_eval(tmp_path / side, [row])
        path.write_text(json.dumps({**row, "filtered_resps": ["\ud800"]}), "ascii")

    document = _json(capsys, str(tmp_path / "a"), str(tmp_path / "b"))

    assert document["rows"][0]["won"][0]["answer_b"] == "\ud800"


def test_logs_of_inspect_compare(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sides = []
    for side, value in (("a", "C"), ("b", "I")):
        samples = [write.inspect_sample(f"s{n}", value if n < 30 else "C") for n in range(90)]
        log = write.inspect_log(samples)
        log["eval"]["model"] = f"model/{side}"
        sides.append(str(write.write_inspect(tmp_path / f"{side}.json", log)))

    (row,) = _json(capsys, *sides)["rows"]

    assert (row["checkpoint_a"], row["checkpoint_b"]) == ("model/a", "model/b")
    assert (row["metric"], row["n"], row["verdict"]) == ("match", 90, "regressed")
    assert row["mcnemar"] == pytest.approx(2 * 0.5**30)


def test_runs_compare_checkpoint_by_checkpoint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for side, f1 in (("a", 0.9), ("b", 0.5)):
        folder = build.start(tmp_path / side, [build.BASE, build.QA])
        for name in ("base", "qa-e3"):
            scores = {f"q{n}": f1 if name == "qa-e3" else 0.9 for n in range(300)}
            build.measure_jsquad(folder, name, scores)

    rows = _json(capsys, str(tmp_path / "a"), str(tmp_path / "b"))["rows"]

    assert {row["checkpoint_a"]: (row["metric"], row["verdict"]) for row in rows} == {
        "base": ("f1", "passed"),
        "qa-e3": ("f1", "regressed"),
    }
    assert {row["clusters"] for row in rows} == {150}


def test_runs_on_other_data_are_incomparable(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for side, samples in (("a", "0123"), ("b", "4567")):
        folder = build.start(tmp_path / side, [build.BASE])
        build.measure_jsquad(folder, "base", {"q1": 0.5, "q2": 1.0}, {"samples": samples})

    main(["compare", str(tmp_path / "a"), str(tmp_path / "b")])

    assert "jsquad f1: measured otherwise: samples." in capsys.readouterr().out


@pytest.mark.parametrize("form", ["terminal", "markdown", "json"])
def test_what_files_hold_does_not_steer_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    hostile = "\x1b[2J\x1b]0;title\x07\x9b31m\x7f\r赤"
    for side, score in (("a", 1.0), ("b", 0.0)):
        rows = [
            write.lm_eval_row(n, hostile, filter=hostile, doc_id=f"{n}{hostile}", exact_match=score)
            for n in range(3)
        ]
        write.write_lm_eval(tmp_path / side, rows)

    main(["compare", str(tmp_path / "a"), str(tmp_path / "b"), "--format", form])
    assert main(["compare", str(tmp_path / "a"), str(tmp_path / hostile)]) == 2
    shown = "".join(capsys.readouterr())
    assert "赤" in shown
    assert not {c for c in shown if unicodedata.category(c) == "Cc"} - {"\n"}


def test_how_many_samples_would_tell_stands_in_the_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for side, right in (("a", 10), ("b", 9)):
        for task in ("one", "two"):
            rows = [write.lm_eval_row(n, exact_match=float(n < right)) for n in range(20)]
            write.write_lm_eval(tmp_path / side, rows, task)

    main(["compare", str(tmp_path / "a"), str(tmp_path / "b")])
    lines = capsys.readouterr().out.splitlines()
    needed = _json(capsys, str(tmp_path / "a"), str(tmp_path / "b"))["rows"][0]["needed"]
    told = [line.split() for line in lines if "inconclusive" in line][:2]
    assert [(row[0], row[-1]) for row in told] == [("one", f"{needed:,}"), ("two", f"{needed:,}")]
    assert sum("to tell" in line for line in lines) == 2  # the column and its note


def test_ids_that_are_texts_do_not_fill_the_screen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for side, score in (("a", 1.0), ("b", 0.0)):
        rows = [write.lm_eval_row(n, doc_id="長い名" * 100, exact_match=score) for n in range(3)]
        write.write_lm_eval(tmp_path / side, rows)

    main(["compare", str(tmp_path / "a"), str(tmp_path / "b")])
    assert len(capsys.readouterr().out.splitlines()) < 50


def test_figures_in_which_nothing_changed_are_counted_not_tested(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for side, right in (("a", 10), ("b", 9)):
        rows = [write.lm_eval_row(n, exact_match=float(n < right), f1=1.0) for n in range(20)]
        write.write_lm_eval(tmp_path / side, rows)

    main(["compare", str(tmp_path / "a"), str(tmp_path / "b")])
    tests = capsys.readouterr().out.partition("Is there a difference?")[2]
    assert "exact_match" in tests
    assert " f1 " not in tests
    assert "without any sample that changed: 1." in tests


def test_scores_that_are_no_shares_are_shown_as_they_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for side, length in (("a", 12.0), ("b", 9.5)):
        rows = [write.lm_eval_row(n, f1=length) for n in range(4)]
        write.write_lm_eval(tmp_path / side, rows)

    main(["compare", str(tmp_path / "a"), str(tmp_path / "b")])

    shown = capsys.readouterr().out
    line = next(line for line in shown.splitlines() if line.split()[1:3] == ["f1", "4"])
    assert line.split()[3:6] == ["12", "9.5", "-2.5000"]
    assert "scores outside 0 to 1, as they are" in shown
