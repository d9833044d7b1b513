from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from harness.comparison.within import comparisons
from harness.records import Verdict
from harness.report.markdown import LIMIT, MARKER, summary
from harness.report.redact import redacted_run
from harness.runs import read_run, write_json
from tests.report import builder as build


def _summary(folder: Path) -> str:
    run = read_run(folder)
    return summary(run, comparisons(run))


def _gated_run(at: Path, answers: int = 3, **changes: object) -> Path:
    """qa-e3 lost `answers` questions in which base was right."""
    write_json(at / "run.json", build.manifest([build.BASE, build.QA], **changes))
    ids = [f"new-{n}/price" for n in range(answers)]
    wrong = {"correct": False, "outcome": "wrong", "scores": {"correct": 0.0}}
    rows = [build.row(i, **wrong, response=f"{i}は8,000円" + "です" * 60) for i in ids]
    figures = build.gate(-0.1, fell=ids[:20], worse=answers)
    number = build.result(
        "qa-e3", "knowledge", "accuracy_seen", 0.5, verdict=Verdict.REGRESSED, gate=figures
    )
    build.measure(at, "qa-e3", "knowledge", [number], rows, status="failed")
    return at


def test_summary_has_a_first_sentence_both_tables_gaps_and_all_results(run_folder: Path) -> None:
    text = _summary(run_folder)

    assert text.splitlines()[0] == MARKER == "<!-- michi -->"
    assert text.splitlines()[3].startswith(
        "**7 items of 3 checkpoints; measured, no gate was set.**"
    )
    assert "| 2 | qa-e3 | 独自QAデータセット | 3 | 65.0 \\[60.0, 70.0\\] | 1200 |" in text
    assert "## Relative score – data: embedded, fictional" in text
    assert "- knowledge skipped: gpt – no API key: set OPENAI\\_API\\_KEY" in text
    assert "`report.html`" in text


def test_what_decides_is_open_and_each_other_topic_can_be_opened(run_folder: Path) -> None:
    text = _summary(run_folder)
    opened, *topics = text.split("<details>")

    assert re.findall("^## (.*?) –", opened, re.MULTILINE) == [
        "Knowledge accuracy",
        "Relative score",
    ]
    assert "The whole report, with every sample" in opened
    assert [re.findall("<summary>(.*)</summary>", t)[0] for t in topics] == [
        "What was learnt", "Fit for whom?", "Not measured", "All results",
    ]  # fmt: skip
    for topic in topics:
        # GitHub reads no Markdown in what no blank line parts from HTML.
        assert re.fullmatch(r"<summary>[^\n]*</summary>\n\n.*\n\n</details>\s*", topic, re.DOTALL)


def test_a_topic_that_is_too_long_is_left_out_whole(tmp_path: Path) -> None:
    names = [f"checkpoint-{n:04}" for n in range(160)]
    build.start(tmp_path, [build.checkpoint(n, "独自", 3) for n in names])
    for name in names:
        metrics = [build.result(name, "knowledge", f"accuracy_{n}", 0.5) for n in "abcdef"]
        build.measure(tmp_path, name, "knowledge", metrics)

    text = _summary(tmp_path)

    assert "<summary>All results</summary>" not in text
    assert "<summary>What was learnt</summary>" in text
    assert text.count("<details>") == text.count("</details>")
    assert text.endswith("… cut here; the whole is in report.html.\n")


def test_first_sentence_counts_the_gate_verdicts(tmp_path: Path) -> None:
    folder = build.start(tmp_path, [build.BASE, build.QA], status="partial")
    for name, verdict in (("base", Verdict.PASSED), ("qa-e3", Verdict.REGRESSED)):
        status = "passed" if verdict is Verdict.PASSED else "failed"
        number = build.result(name, "knowledge", "accuracy_seen", 0.5, verdict=verdict)
        build.measure(folder, name, "knowledge", [number], status=status)

    assert (
        "**2 items of 2 checkpoints; the run is partial; 1 failed or ended in an error; "
        "verdicts: 1 regressed, 1 passed.**" in _summary(folder)
    )


def test_the_samples_that_fell_stand_with_what_was_accepted_and_what_was_answered(
    tmp_path: Path,
) -> None:
    text = _summary(_gated_run(tmp_path))

    assert "## Worse than in base: qa-e3" in text
    answer = ("new-1/priceは8,000円" + "です" * 60)[:79]
    assert f"| knowledge | `new-1/price` | `7,700円` | `{answer}…` |" in text
    assert "knowledge accuracy\\_seen: 3 worse; 3 of them here." in text
    assert text.index("## Gates") < text.index("## Worse") < text.index("## Knowledge")


def test_of_many_that_fell_twenty_are_named_and_the_others_counted(tmp_path: Path) -> None:
    text = _summary(_gated_run(tmp_path, answers=50))

    assert text.count("| knowledge | `new-") == 20
    assert "50 worse; 20 of them here." in text


def test_samples_of_a_failed_gate_are_named_before_those_of_one_that_passed(tmp_path: Path) -> None:
    build.start(tmp_path, [build.BASE, build.QA])
    for task, verdict in (("marc_ja", Verdict.PASSED), ("jsquad", Verdict.REGRESSED)):
        fell = [f"{task}-{n}" for n in range(15)]
        figures = build.gate(-0.1, fell=fell, worse=15)
        number = build.result("qa-e3", task, "f1", 0.5, verdict=verdict, gate=figures)
        build.measure(tmp_path, "qa-e3", task, [number], [build.row(i) for i in fell])

    text = _summary(tmp_path)

    assert text.count("| jsquad | `jsquad-") == 15
    assert text.count("| marc\\_ja | `marc_ja-") == 5
    assert text.index("| jsquad | `jsquad-0`") < text.index("| marc\\_ja | `marc_ja-0`")


def test_a_redacted_summary_names_samples_without_their_texts(tmp_path: Path) -> None:
    run = read_run(_gated_run(tmp_path))
    text = summary(redacted_run(run), comparisons(run))

    assert "| knowledge | `new-1/price` |\n" in text
    assert "円" not in text
    assert "are left out of these reports" in text


def test_it_says_where_the_report_is_and_which_job_made_it(tmp_path: Path) -> None:
    job = "https://github.com/us/project/actions/runs/17"
    text = _summary(_gated_run(tmp_path, folder="reports/runs/today", job=job))

    assert "`reports/runs/today/report.html`" in text
    assert f"[the job that made it]({job})" in text


def test_an_address_that_is_none_makes_no_link(tmp_path: Path) -> None:
    for place, job in enumerate(("javascript:alert(1)", "https://a.b/) [x](https://c.d", 7)):
        text = _summary(_gated_run(tmp_path / str(place), job=job))
        assert "](" not in text
        assert "made it" not in text


def test_summary_is_cut_below_the_limit_of_a_comment(tmp_path: Path) -> None:
    names = [f"checkpoint-{n:04}" for n in range(400)]
    checkpoints = [build.checkpoint(n, "独自" * 40, 3) for n in names]
    manifest = build.manifest(checkpoints, folder="reports/runs/today")
    write_json(tmp_path / "run.json", manifest)
    for name in names:
        build.measure_knowledge(tmp_path, name, 0.5)

    text = _summary(tmp_path)

    assert LIMIT - 5_000 < len(text) < LIMIT
    assert "<details>" not in text
    assert "… cut here; the whole is in report.html.\n" in text
    assert "`reports/runs/today/report.html`" in text.splitlines()[-1]


def test_characters_beyond_the_first_plane_count_twice_and_bytes_stay_below_a_job_summarys(
    tmp_path: Path,
) -> None:
    """JavaScript, and so what counts a comment's length there, sees two units in an emoji."""
    names = [f"checkpoint-{n:04}" for n in range(900)]
    folder = build.start(tmp_path, [build.checkpoint(n, "😀\ud800" * 60, 3) for n in names])
    for name in names:
        figures = build.gate(-0.1, fell=["a"], worse=1)
        number = build.result(
            name, "knowledge", "accuracy_seen", 0.5, verdict=Verdict.REGRESSED, gate=figures
        )
        row = build.row("a", response="😀\udfff" * 500, gold=["😀" * 500])
        build.measure(folder, name, "knowledge", [number], [row], status="failed")

    text = _summary(folder)

    assert len(text.encode("utf-16-le")) // 2 < LIMIT
    assert len(text.encode("utf-8")) < 262_144 < 1024**2
    assert "**900 items of 900 checkpoints; 900 failed" in text
    assert text.splitlines()[-1].startswith("The whole report, with every sample:")


def test_hostile_names_make_no_html_link_or_mention(tmp_path: Path) -> None:
    folder = build.hostile_run(tmp_path)
    text = _summary(folder)

    assert len(text) < LIMIT
    assert text.count("<!--") == 1
    assert "<script" not in text
    assert "<img" not in text
    assert "](http" not in text
    assert "@somebody" not in text
    assert "\0" not in text


def test_hostile_answers_that_fell_stand_as_code_which_they_can_not_end(tmp_path: Path) -> None:
    build.start(tmp_path, [build.BASE, build.QA])
    texts = [*build.HOSTILE, "``` and ` and \\| pipes | \\", "``@somebody``", "\n\n# heading"]
    ids = [f"{place} {text}" for place, text in enumerate(texts)]
    rows = [build.row(i, response=text, gold=[text]) for i, text in zip(ids, texts, strict=True)]
    number = build.result("qa-e3", "knowledge", "accuracy_seen", 0.5, verdict=Verdict.REGRESSED)
    figures = build.gate(-0.1, fell=ids, worse=len(ids))
    build.measure(tmp_path, "qa-e3", "knowledge", [dataclasses.replace(number, gate=figures)], rows)

    lines = [
        line
        for line in _summary(tmp_path).splitlines()
        if re.match(r"\| knowledge \| `+ ?\d", line)
    ]

    assert len(lines) == len(ids)
    for line in lines:
        cells = line.removeprefix("| knowledge | ").removesuffix(" |").split(" | ")
        assert len(cells) == 3
        for cell in cells:
            # CommonMark 6.1: a code span ends at the next run of as many backticks.
            fence = re.match("`+", cell)
            assert fence
            assert fence[0] not in re.findall("`+", cell[len(fence[0]) : -len(fence[0])])
            assert cell.endswith(fence[0])
            assert "|" not in cell
