"""The page in Japanese holds no English but names, code and what data and models wrote."""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections import Counter
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.report import builder as build
from tests.report.evidence import evidence_run
from tests.report.grading import gradeable_run
from tests.report.synthetic import synthetic_run
from tests.report.unknown import unknown_run
from tests.report.visiting import Visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# Text in a row, whatever elements it stands in, without names, code, and texts of data and models.
# A table's cells and a list's items stand apart.
_TEXTS = """root => {
  const own = 'bdi, code, time, .name, .said, .prompt, [lang=en], script, style, option';
  const texts = [];
  const walk = (node) => {
    if (node.nodeType === Node.TEXT_NODE) { texts.push(node.data); return; }
    if (node.nodeType !== Node.ELEMENT_NODE) return;
    if (node.matches(own)) { texts.push('\\n'); return; }
    for (const name of ['title', 'aria-label']) if (node.hasAttribute(name)) texts.push(`\\n${node.getAttribute(name)}\\n`);
    const inline = node.matches('span, strong, a, em');
    if (!inline) texts.push('\\n');
    node.childNodes.forEach(walk);
    if (!inline) texts.push('\\n');
  };
  walk(root);
  return texts.join('');
}"""
_ENGLISH = re.compile(r"[A-Za-z][a-z’']+(?:[ ,;:\u00a0]+[A-Za-z][a-z’']+){2,}")


_JAPANESE = r"[ぁ-んァ-ヶー一-龠々、。：）]"


@pytest.fixture
def japanese(browser: Browser) -> Visit:
    return Visit(browser, locale="ja-JP")


# Between a label and its figure a space may stand, between Japanese words none.
_SPACED = re.compile(rf".{{0,12}}{_JAPANESE}[ \u00a0]+{_JAPANESE}.{{0,12}}")


def _said(visit: Visit, folder: Path, address: str = "") -> str:
    page = visit.open(folder, address)
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true })")
    return str(page.locator("body").evaluate(_TEXTS))


@pytest.mark.browser
def test_no_three_english_words_stand_in_a_row_and_no_space_in_japanese(
    japanese: Visit, tmp_path: Path
) -> None:
    places = {
        evidence_run(tmp_path / "evidence"): (
            "", "#samples?task=knowledge", "#sample/knowledge/d0%2Fseen", "#grade", "#run",
        ),
        unknown_run(tmp_path / "unknown"): ("",),
        synthetic_run(tmp_path / "many", 3, 60): ("",),
        gradeable_run(tmp_path / "graded", 20): (
            "#grade", "#grade?suite=knowledge&a=base&blind=0", "#samples", "#overview",
        ),
    }  # fmt: skip
    for folder, addresses in places.items():
        for address in addresses:
            said = _said(japanese, folder, address)
            assert len(said) > 200
            assert _ENGLISH.findall(said) == []
            assert _SPACED.findall(said) == []


@pytest.mark.browser
def test_what_a_run_wrote_in_english_is_marked_as_english(japanese: Visit, tmp_path: Path) -> None:
    folder = build.start(tmp_path, [build.BASE, build.QA])
    build.measure_knowledge(
        folder, "base", 0.5, [build.row("q", stratum="seen", reason="no such thing as a price")]
    )
    error = "CUDA out of memory while reading"
    build.measure(folder, "qa-e3", "knowledge", [], status="error", message=error)
    page = japanese.open(folder)

    assert page.locator("#gaps ~ .scroll [lang=en]").all_inner_texts() == [error]
    assert page.locator("section:has(> #accuracy) .notes [lang=en]").all_inner_texts() == [error]
    page.evaluate("location.hash = '#sample/knowledge/q'")
    page.wait_for_selector("#sample")
    assert page.locator(".answer [lang=en]").all_inner_texts() == ["no such thing as a price"]
    page.click(".language")
    page.wait_for_selector("html[lang=en]")
    assert page.locator("main [lang=en]").count() == 0


@pytest.mark.browser
def test_reasons_and_methods_of_fixed_shape_are_told_in_japanese(
    japanese: Visit, tmp_path: Path
) -> None:
    reasons = {
        "0 of 1 stated; also 4.5ミリ": "正解1件のうち0件を回答。ほかの値：4.5ミリ",
        "should have abstained": "回答を控えるべき質問",
        "jsquad: prompt, shots not as in the baseline": "JSQuAD：基準と異なる設定：prompt、shots",
        "82.0 → 74.0 % against base: -8.0 points [-12.0, -4.0], margin 3, n 240, 21 worse, "
        "2 better, p 1e-04; must not break, and broke: q1, q2 and 3 more": "baseとの比較：82.0 → 74.0%、"
        "差 −8.0ポイント(区間 −12.0～−4.0)、許容幅 3、n 240、悪化21、改善2、p 1e-04。"
        "正解を維持すべきなのに不正解：q1、q2ほか3件",
        "the answer is wrong: a note": "the answer is wrong: a note",  # a person's
    }
    methods = {
        "delta method on log r": "log rのデルタ法",
        "DeLong on the logit, clustered t, 1.5 × variance, 99.2 %": "ロジットのDeLong法、クラスタt、"
        "分散1.5倍、99.2%",
        "cluster bootstrap, 2000 resamples": "クラスタブートストラップ、再標本2000回",
    }
    folder = build.start(tmp_path, [build.BASE, build.QA])
    build.measure(folder, "qa-e3", "marc_ja", [
        dataclasses.replace(build.result("qa-e3", "marc_ja", f"m{n}", 0.5, reason=reason),
                            interval=method)
        for n, (reason, method) in enumerate(itertools.zip_longest(reasons, methods, fillvalue=""))
    ])  # fmt: skip
    page = japanese.open(folder)

    told = page.locator("section:has(> #all) .notes li").all_inner_texts()
    assert [line.split(" – ")[1] for line in told[1:]] == list(reasons.values())
    for method in methods.values():
        assert method in told[0]


def test_no_text_is_defined_twice() -> None:
    assets = resources.files("harness.report") / "assets"
    keys: dict[str, list[str]] = {"en": [], "ja": []}
    for name in ("texts", "texts_page", "texts_unknown", "texts_grading"):
        script = (assets / f"{name}.js").read_text("utf-8")
        for language in ("en", "ja"):
            keys[language] += _keys(script, language)

    for language, found in keys.items():
        assert len(found) > 300
        assert [key for key, times in Counter(found).items() if times > 1] == [], language
    assert set(keys["en"]) == set(keys["ja"])


def _keys(script: str, language: str) -> list[str]:
    """The keys of the object of texts, by their depth: strings, functions and lists are set aside."""
    begin = re.search(
        rf"Object\.assign\(TEXTS\.{language}, \{{|^  {language}: \{{", script, re.MULTILINE
    )
    assert begin is not None
    code = re.sub(r"'(?:[^'\\]|\\.)*'", "''", script[begin.end() :])
    depth, keys, word = 0, [], ""
    i = 0
    while depth >= 0:
        char = code[i]
        if char == "`":
            i = _after_template(code, i)
            continue
        depth += (char in "{([") - (char in "})]")
        if depth == 0 and (found := re.match(r"(\w+):", code[i:])) and not word:
            keys.append(found[1])
        word = char if re.match(r"\w", char) else ""
        i += 1
    return keys


def _after_template(code: str, start: int) -> int:
    """Where a template string ends, with those within it."""
    i, depth = start + 1, 0
    while not (code[i] == "`" and depth == 0):
        if code[i] == "`":
            i = _after_template(code, i)
            continue
        depth += code.startswith("${", i) - (depth > 0 and code[i] == "}")
        i += 1
    return i + 1
