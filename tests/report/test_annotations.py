from __future__ import annotations

from harness.records import Verdict
from harness.report.annotations import github_annotations
from harness.runs import Item
from tests.report import builder as build


def _item(name: str, verdict: Verdict, reason: str = "fell") -> Item:
    result = build.result(name, "marc_ja", "accuracy", 0.5, verdict=verdict, reason=reason)
    return Item(name, "marc_ja", "x", "failed", results=(result,))


def test_a_failed_gate_is_an_error_and_one_that_can_not_tell_a_warning() -> None:
    items = [
        _item("a", Verdict.REGRESSED),
        _item("b", Verdict.INCONCLUSIVE),
        _item("c", Verdict.PASSED),
        _item("d", Verdict.MEASURED),
    ]
    assert github_annotations(items, strict=False) == [
        "::error title=regressed%3A a::marc_ja accuracy fell",
        "::warning title=inconclusive%3A b::marc_ja accuracy fell",
    ]
    # It failed its item, so the page must say why the job is red.
    assert github_annotations(items, strict=True)[1].startswith("::error title=inconclusive")


def test_texts_are_escaped_as_github_unescapes_them() -> None:
    # actions/toolkit, packages/core/src/command.ts, escapeData and escapeProperty, by hand.
    name, reason = "a:b,c\r\n::stop-commands::x%", "100 % → 80 %,\r\n::set-env name=X::y\x1b[31m"
    (line,) = github_annotations([_item(name, Verdict.REGRESSED, reason)], strict=False)
    assert line == (
        "::error title=regressed%3A a%3Ab%2Cc%0D%0A%3A%3Astop-commands%3A%3Ax%25"
        "::marc_ja accuracy 100 %25 → 80 %25,%0D%0A::set-env name=X::y [31m"
    )


def test_ten_of_a_kind_are_shown_and_the_last_counts_the_others() -> None:
    items = [_item(f"c{n}", Verdict.REGRESSED) for n in range(13)]
    items += [_item(f"w{n}", Verdict.INCONCLUSIVE) for n in range(10)]
    lines = github_annotations(items, strict=False)
    errors = [line for line in lines if line.startswith("::error ")]
    assert len(errors) == 10
    assert errors[-1] == "::error title=michi::and 4 more: see the report"
    assert [line[:20] for line in lines[10:]] == ["::warning title=inco"] * 10
