from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from harness.__main__ import main
from harness.errors import ConfigError, StorageError
from harness.report.write import write_reports
from tests.report import builder as build

BLOCK = re.compile(r'<script type="application/json" id="data">(.*?)</script>', re.DOTALL)


def _page(folder: Path) -> str:
    write_reports(folder)
    return (folder / "report.html").read_text("utf-8")


def _block(html: str) -> str:
    found = BLOCK.search(html)
    assert found
    return found[1]


def test_all_reports_are_written_and_nothing_half(run_folder: Path) -> None:
    names = [path.name for path in write_reports(run_folder)]

    assert names == ["report.json", "badge.json", "summary.md", "report.html"]
    assert not list(run_folder.glob("*.partial"))


def test_reports_made_twice_are_equal(run_folder: Path) -> None:
    first = [path.read_bytes() for path in write_reports(run_folder)]

    assert [path.read_bytes() for path in write_reports(run_folder)] == first


def test_the_policy_names_the_hash_of_the_only_script_and_style(run_folder: Path) -> None:
    html = _page(run_folder)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    styles = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)

    assert policy
    assert len(scripts) == len(styles) == 1
    for directive, text in (("script-src", scripts[0]), ("style-src", styles[0])):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}';" in policy[1]
    assert policy[1].startswith("default-src 'none';")
    assert "unsafe" not in policy[1]


def test_the_page_names_no_host_and_parses_no_html(run_folder: Path) -> None:
    html = BLOCK.sub("", _page(run_folder))

    assert set(re.findall(r"https?://[^'\" ]+", html)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\(|fetch\(", html
    )
    assert not re.search(r"<[^>]+\son\w+=", html)


def test_no_hostile_text_leaves_the_data_block(tmp_path: Path) -> None:
    block = _block(_page(build.hostile_run(tmp_path)))

    assert not set("<>&\u2028\u2029\0") & set(block)
    data: dict[str, Any] = json.loads(block)
    shown = [q[0] for q in data["samples"]["knowledge"]["questions"]]
    assert shown == [*(f"{i} {t}" for i, t in enumerate(build.HOSTILE)), "long"]


def test_an_answer_of_a_million_characters_is_cut(tmp_path: Path) -> None:
    html = _page(build.hostile_run(tmp_path))

    assert len(html) < 400_000
    assert "長 … [+996,000]" in html


def test_a_run_that_measured_nothing_has_a_report(tmp_path: Path) -> None:
    folder = build.start(tmp_path, [build.BASE], status="partial", data={}, finished=None)

    assert "measured, no gate was set" in write_reports(folder)[2].read_text("utf-8")


def test_command_prints_what_it_wrote(run_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(run_folder)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == str(run_folder / "report.html")


def test_command_says_what_is_wrong_without_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(tmp_path / "nowhere")]) == 2
    captured = capsys.readouterr()
    assert "not a run folder" in captured.err
    assert "Traceback" not in captured.err
    assert captured.out == ""


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not a run folder"):
        write_reports(tmp_path)


def test_a_report_that_cannot_be_written_is_a_storage_error(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: Path, target: Path) -> None:
        if Path(target).name == "summary.md":
            raise OSError(28, "No space left on device")
        real(source, target)

    real = os.replace
    monkeypatch.setattr(os, "replace", full)

    with pytest.raises(StorageError, match=r"summary\.md: can't be written: No space left"):
        write_reports(run_folder)
    assert not (run_folder / "summary.md").exists()
