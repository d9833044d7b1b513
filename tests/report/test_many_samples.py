"""A run whose samples are too many for one file: pages of them beside a first page that stays small."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.report import pages
from harness.report.columns import gathered, spread
from harness.report.parts import packed_task
from harness.report.write import write_reports
from harness.runs import read_run
from tests.report import builder as build
from tests.report.synthetic import synthetic_run
from tests.report.visiting import Visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser

LIMIT = 460_000
SUITES = {"knowledge": 400, "jsquad": 200, "marc_ja": 200}
BLOCK = re.compile(r'<script type="application/json" id="data">(.*?)</script>', re.DOTALL)


def _data(path: Path) -> Any:
    found = BLOCK.search(path.read_text("utf-8"))
    assert found
    return json.loads(found[1])


def _parts(folder: Path, task: str) -> list[Path]:
    return sorted((folder / pages.FOLDER / task).glob("0*.html"))


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """800 questions to seven checkpoints, with a limit that they are too many for."""
    folder = synthetic_run(tmp_path_factory.mktemp("large"), samples=800)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "LIMIT", LIMIT)
        write_reports(folder)
    return folder


def test_a_run_that_fits_is_one_file(run_folder: Path) -> None:
    write_reports(run_folder)

    assert not (run_folder / pages.FOLDER).exists()
    assert _data(run_folder / "report.html")["elsewhere"] == {}


def test_no_page_is_larger_than_the_limit(large: Path) -> None:
    every = [large / "report.html", *(large / pages.FOLDER).rglob("*.html")]

    assert len(every) > 8
    assert max(page.stat().st_size for page in every) <= LIMIT


def test_every_sample_is_on_one_page_and_in_its_list(large: Path) -> None:
    run, elsewhere = read_run(large), _data(large / "report.html")["elsewhere"]
    assert elsewhere.keys() == SUITES.keys()
    for task, count in SUITES.items():
        whole = packed_task(run, task)
        parts = [_data(path) for path in _parts(large, task)]
        ids = [[q[0] for q in part["samples"][task]["questions"]] for part in parts]
        listed = _data(large / elsewhere[task]["list"])

        assert elsewhere[task] == {
            "list": f"report_samples/{task}/index.html", "questions": count, "pages": len(parts),
        }  # fmt: skip
        every = [identifier for of_part in ids for identifier in of_part]
        assert every == [q[0] for q in whole["questions"]]
        assert every == [q[0] for q in listed["samples"][task]["questions"]]
        starts = [sum(map(len, ids[:i])) for i in range(len(ids))]
        assert listed["place"]["starts"] == starts
        assert [part["place"] for part in parts] == [
            {"page": n, "last": n == len(parts)} for n in range(1, len(parts) + 1)
        ]


def test_a_page_says_of_its_samples_what_one_file_would(large: Path) -> None:
    whole = packed_task(read_run(large), "knowledge")
    by_id = {q[0]: q for q in whole["questions"]}
    for path in _parts(large, "knowledge"):
        packed = _data(path)["samples"]["knowledge"]
        for identifier, _, _, gold, _, others, answers, keys, _ in packed["questions"]:
            _, _, _, same_gold, _, same_others, same, same_keys, _ = by_id[identifier]
            assert (gold, others, keys) == (same_gold, same_others, same_keys)
            for answer, one in zip(answers, same, strict=True):
                assert _told(packed, answer) == _told(whole, one)


def _told(packed: dict[str, Any], answer: list[int]) -> tuple[Any, ...]:
    text, outcome, score, reason, author = (answer + [0] * 5)[:5]
    return (
        text, packed["outcomes"][outcome], score, packed["reasons"][reason],
        packed["authors"][author],
    )  # fmt: skip


def test_the_list_tells_how_many_were_right(tmp_path: Path, monkeypatch: Any) -> None:
    folder = build.start(tmp_path, [build.BASE, build.QA])
    wrong = {"correct": False, "outcome": "wrong"}
    open_ = {"correct": False, "outcome": "ungraded"}
    build.measure(folder, "base", "knowledge", [], [build.row("a"), build.row("b", **open_)])
    build.measure(
        folder, "qa-e3", "knowledge", [], [build.row("a", **wrong), build.row("b", **open_)]
    )
    monkeypatch.setattr(pages, "LIMIT", 1)
    write_reports(folder)

    listed = _data(folder / pages.FOLDER / "knowledge" / "index.html")
    assert listed["place"] == {"page": 0, "starts": [0, 1], "shares": [0.5, None]}


def test_small_suites_stay_in_the_first_page(tmp_path: Path, monkeypatch: Any) -> None:
    folder = synthetic_run(tmp_path, samples=400)
    build.measure(folder, "base", "dates", [], [build.row("d1")])
    monkeypatch.setattr(pages, "LIMIT", 440_000)
    write_reports(folder)

    data = _data(folder / "report.html")
    assert "knowledge" in data["elsewhere"]
    assert "dates" not in data["elsewhere"]
    assert len(data["samples"]["dates"]["questions"]) == 1


def test_pages_of_a_report_before_do_not_stay(tmp_path: Path, monkeypatch: Any) -> None:
    folder = synthetic_run(tmp_path, count=2, samples=40)
    monkeypatch.setattr(pages, "LIMIT", 1)
    write_reports(folder)
    assert _parts(folder, "knowledge")
    monkeypatch.undo()
    write_reports(folder)

    assert not (folder / pages.FOLDER).exists()


def test_a_redacted_run_has_no_text_on_any_page(tmp_path: Path, monkeypatch: Any) -> None:
    folder = synthetic_run(tmp_path, count=2, samples=40)
    monkeypatch.setattr(pages, "LIMIT", 1)
    write_reports(folder, redact=True)
    texts = [
        text
        for row in read_run(folder).samples("base", "knowledge")
        for text in (row["prompt"], row["response"], *row["gold"])
    ]
    written = [path.read_text("utf-8") for path in (folder / "redacted").rglob("*.html")]
    assert len(written) > 8
    assert not [text for text in texts for page in written if text in page]


def test_no_hostile_text_leaves_the_data_of_a_page(tmp_path: Path, monkeypatch: Any) -> None:
    folder = build.hostile_run(tmp_path)
    monkeypatch.setattr(pages, "LIMIT", 1)
    write_reports(folder)
    shown = []
    for path in _parts(folder, "knowledge"):
        html = path.read_text("utf-8")
        block = BLOCK.search(html)
        assert block
        assert not set("<>&\u2028\u2029\0") & set(block[1])
        assert html.count("<script") == 2
        shown += [q[0] for q in json.loads(block[1])["samples"]["knowledge"]["questions"]]
    assert shown == [*(f"{i} {t}" for i, t in enumerate(build.HOSTILE)), "long"]


def test_the_first_page_of_many_gates_stays_small(tmp_path: Path) -> None:
    """A hundred checkpoints on ten suites, a gate for each, without any samples."""
    names = [build.BASE, *(build.checkpoint(f"c{n:03}", "own QA", n) for n in range(1, 100))]
    folder = build.start(tmp_path, names)
    identity = {"prompt": "次の文章を読み、質問に答えてください。" * 9, "n": 10_000}
    for place, checkpoint in enumerate(names):
        for suite in range(10):
            value = (place * 10 + suite) / 1_000 / 3
            fell = [f"doc-{n:04}/price/{n:05}" for n in range(20)]
            gate = build.gate(-value, fell=fell, worse=300 + place)
            results = [
                build.result(checkpoint.id, f"suite_{suite}", f"metric_{n}", value / (n + 1),
                             gate=gate if n == 0 and place else {}, identity=identity)
                for n in range(12)
            ]  # fmt: skip
            build.measure(folder, checkpoint.id, f"suite_{suite}", results)
    write_reports(folder)

    assert (folder / "report.html").stat().st_size < 2_000_000
    report = json.loads((folder / "report.json").read_text("utf-8"))
    assert (
        spread(_data(folder / "report.html")["report"])["results"][300]["value"]
        == (report["results"][300]["value"])
    )
    assert sum("fell" in result["gate"] for result in report["results"]) == 990


RECORDS: list[Any] = [
    [],
    {},
    [{"a": 1, "b": [1.5, None]}] * 5,
    [{"a": n, "long name": "the same text for all"} for n in range(9)],
    [{"a": n} if n % 2 else {"b": n} for n in range(9)],
    [{"b": 1, "a": 2}, {"a": 1, "b": 2}] * 4,
    {f"c{n}": {"value": n / 3, "n": 5, "of": {"deep": [{"x": n}] * 4}} for n in range(6)},
    {"§table": ["a"], "of": [[1]]},
    [{"§pool": [1], "at": [0, 0]}] * 6,
    {"§plain": 1, "§": None},
    [{}] * 9,
    [[{"a": 1}] * 4, "text", 7, True, None],
    {str(n): {"__proto__": n, "constructor": "x"} for n in range(4)},
]


@pytest.mark.parametrize("value", RECORDS, ids=lambda v: str(v)[:20])
def test_records_in_columns_come_back_as_they_were(value: Any) -> None:
    packed = json.loads(json.dumps(gathered(value)))

    assert spread(packed) == value
    assert json.dumps(spread(packed)) == json.dumps(value)  # in their order


def test_alike_records_are_named_once() -> None:
    packed = gathered([{"metric": "accuracy of something", "n": n} for n in range(100)])

    assert json.dumps(packed).count("metric") == 1
    assert json.dumps(packed).count("accuracy of something") == 1


@pytest.mark.browser
def test_the_page_reads_columns_as_they_were_written(browser: Browser) -> None:
    page = browser.new_page()
    source = (Path(pages.__file__).parent / "assets" / "columns.js").read_text("utf-8")
    page.evaluate("s => { window.spread = new Function(s + '; return spread;')() }", source)
    for value in RECORDS:
        text = json.dumps(gathered(value))
        found = page.evaluate("text => JSON.stringify(spread(JSON.parse(text)))", text)
        assert json.loads(found) == value
    page.close()


@pytest.mark.browser
def test_a_far_sample_is_reached_by_links(large: Path, visit: Visit) -> None:
    page = visit.open(large, "#samples")
    rows = read_run(large).samples("base", "knowledge")
    page.click("text=Knowledge >> nth=-1")
    page.wait_for_url("**/report_samples/knowledge/index.html*")
    assert page.locator(".found").inner_text().startswith("400 of 400")
    page.fill("#search", rows[-1]["id"])
    page.wait_for_selector("tbody tr:first-child:nth-last-child(1)")
    page.click(f"text={rows[-1]['id']}")
    page.wait_for_selector("article")
    assert page.url.split("#")[0].endswith(_parts(large, "knowledge")[-1].name)
    said = page.locator("article .said").first.evaluate(
        "said => { said.querySelectorAll('del').forEach((e) => e.remove()); return said.textContent }"
    )
    assert said == rows[-1]["response"]
    page.click("nav[aria-label='Evaluation report'] >> text=Overview")
    page.wait_for_url("**/report.html#overview")


@pytest.mark.browser
@pytest.mark.parametrize("place", ["report.html", "report_samples/jsquad/index.html"])
def test_the_address_of_a_sample_leads_to_its_page(large: Path, visit: Visit, place: str) -> None:
    last = read_run(large).samples("base", "jsquad")[-1]
    visit.page.goto((large / place).as_uri() + f"#sample/jsquad/{last['id']}")
    visit.page.wait_for_selector("article")

    assert last["prompt"] in visit.page.locator(".prompt").text_content()
    assert _parts(large, "jsquad")[-1].name in visit.page.url


@pytest.mark.browser
def test_what_is_asked_of_a_list_goes_on_to_its_pages(large: Path, visit: Visit) -> None:
    visit.page.goto(
        (large / "report.html").as_uri() + "#samples?task=knowledge&checkpoint=qa-e3&outcome=wrong"
    )
    visit.page.wait_for_url("**/report_samples/knowledge/index.html*")
    visit.page.click("nav.pages >> text=2")
    visit.page.wait_for_url("**/0002.html*")
    visit.page.wait_for_selector("#filter-outcome")

    assert visit.page.input_value("#filter-outcome") == "wrong"
    assert visit.page.input_value("#filter-checkpoint") == "qa-e3"
    marks = visit.page.locator("tbody .mark").evaluate_all("all => all.map((m) => m.title)")
    assert set(marks) == {"wrong"}


@pytest.mark.browser
def test_a_list_is_ordered_by_how_many_were_right(large: Path, visit: Visit) -> None:
    page = visit.page
    page.goto((large / "report_samples/knowledge/index.html").as_uri() + "#samples?sort=outcome")
    page.wait_for_selector("tbody tr")
    first = page.locator("tbody tr th").first.inner_text()

    run = read_run(large)
    rights: dict[str, list[bool]] = {}
    for checkpoint in run.checkpoints:
        for row in run.samples(str(checkpoint["id"]), "knowledge"):
            rights.setdefault(row["id"], []).append(row["correct"])
    assert sum(rights[first]) == min(map(sum, rights.values()))
