"""Cutting what is asked into shards."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.planning.cost import cost
from harness.planning.estimate import estimates
from harness.planning.plan import Line, Portion, key_of, parts
from harness.planning.selected import Selected
from harness.planning.speeds import Speeds
from harness.planning.survey import Asked, Item, lining_up
from harness.records import Checkpoint, Model, Request
from harness.tasks.knowledge import Knowledge
from tests.conftest import write_safetensors

Places = dict[tuple[str, bytes], list[int]]


def model(name: str, folder: Path, megabytes: int = 1) -> Model:
    write_safetensors(folder / name / "model.safetensors", {"w": [megabytes << 18]})
    return Model(name, str(folder / name), datetime.date(2025, 1, 1))


def questions(n: int, start: int = 0) -> list[Request]:
    """Of uneven length, as questions are."""
    return [Request(f"質問{i}" * (1 + i * 7 % 11)) for i in range(start, start + n)]


def lined_up(checkpoint: Checkpoint, counts: dict[str, int]) -> list[Portion]:
    line = Line()
    start = 0
    for name, n in counts.items():
        line.add(name, name, checkpoint, [(checkpoint, "f", questions(n, start))], whole=False)
        start += n
    return line.portions


def places(portions: list[Portion], shards: int) -> Places:
    """Which shards have each request."""
    found: Places = {}
    for shard in range(1, shards + 1):
        for part in parts(portions, shard, shards):
            for fingerprint, keys in (part.keys or {}).items():
                for key in keys:
                    found.setdefault((fingerprint, key), []).append(shard)
    return found


@pytest.mark.parametrize("shards", [1, 2, 3, 7, 16, 200])
def test_every_request_is_in_exactly_one_shard(tmp_path: Path, shards: int) -> None:
    base = Checkpoint("base", model("one", tmp_path))
    found = places(lined_up(base, {"a": 40, "b": 3, "c": 61}), shards)
    assert len(found) == 104
    assert all(len(of) == 1 for of in found.values())


def test_shards_cost_the_same_but_for_a_request(tmp_path: Path) -> None:
    base = Checkpoint("base", model("one", tmp_path))
    portions = lined_up(base, {"a": 400, "b": 30, "c": 610})
    prices = {key_of(request): cost(request) for request in questions(1040)}
    of_shard: Counter[int] = Counter()
    for (_, key), (shard,) in places(portions, 7).items():
        of_shard[shard] += prices[key]
    mean = sum(prices.values()) / 7
    assert all(abs(price - mean) <= max(prices.values()) for price in of_shard.values())


def test_what_is_larger_costs_more(tmp_path: Path) -> None:
    small = Checkpoint("small", model("small", tmp_path, 1))
    large = Checkpoint("large", model("large", tmp_path, 3))
    line = Line()
    line.add("s", "t", small, [(small, "s", questions(90))], whole=False)
    line.add("l", "t", large, [(large, "l", questions(90))], whole=False)
    first = Counter(
        fingerprint for (fingerprint, _), (shard,) in places(line.portions, 2).items() if shard == 1
    )
    # Of 1 + 3 quarters the first shard has two: all of the small one's and a third of the other's.
    assert first["s"] == 90
    assert first["l"] == pytest.approx(30, abs=2)


def test_what_two_items_ask_is_asked_by_the_first(tmp_path: Path) -> None:
    base = Checkpoint("base", model("one", tmp_path))
    line = Line()
    line.add("first", "t", base, [(base, "f", questions(10))], whole=False)
    line.add("second", "t", base, [(base, "f", questions(15))], whole=False)
    assert [len(portion.groups[0].keys) for portion in line.portions] == [10, 5]


def test_a_reference_keeps_what_it_was_asked_for_later_checkpoints(tmp_path: Path) -> None:
    one = model("one", tmp_path)
    base, tuned, other = (Checkpoint(name, one) for name in ("base", "tuned", "other"))
    line = Line()
    for checkpoint in (base, tuned, other):
        asked = [(checkpoint, checkpoint.id, questions(5)), (base, "base", questions(5))]
        line.add(checkpoint.id, "t", checkpoint, asked, whole=False)
    assert [sum(len(g.keys) for g in p.groups) for p in line.portions] == [5, 5, 5]


def test_an_item_that_is_not_known_yet_goes_whole_to_one_shard(tmp_path: Path) -> None:
    base = Checkpoint("base", model("one", tmp_path))
    line = Line()
    line.add("a", "t", base, [(base, "f", questions(50))], whole=False)
    line.add("unknown", "t", base, [(base, "f", questions(50))], whole=True)
    line.add("broken", "t", base, [], whole=True)
    owners = {
        part.portion.nodeid: shard
        for shard in (1, 2, 3)
        for part in parts(line.portions, shard, 3)
        if part.keys is None
    }
    assert set(owners) == {"unknown", "broken"}


def test_other_questions_or_weights_are_another_plan(tmp_path: Path) -> None:
    base = Checkpoint("base", model("one", tmp_path))

    def digest(fingerprint: str, n: int) -> str:
        line = Line()
        line.add("a", "t", base, [(base, fingerprint, questions(n))], whole=False)
        return line.portions[0].digest

    assert digest("f", 5) == digest("f", 5)
    assert len({digest("f", 5), digest("g", 5), digest("f", 6)}) == 3


def test_requests_are_counted_item_by_item_and_not_held_all_at_once(tmp_path: Path) -> None:
    base = Checkpoint("base", model("one", tmp_path))
    tuned = [Checkpoint(f"c{n}", base.model, adapter=tmp_path) for n in range(3)]
    passed: list[str] = []

    def surveyed() -> Iterator[Item]:
        for who in (base, *tuned):
            passed.append(who.id)
            yield Item(_selected(who), (Asked(who, who.id, questions(5)),), True)
            yield Item(_selected(who), (Asked(who, who.id, questions(7)),), True)

    line = Line()
    items = lining_up(surveyed(), line)
    next(items)
    assert passed == ["base"]
    assert len(line.portions) == 1
    told = estimates(items, lambda fingerprint: (), Speeds(tmp_path / "speeds"))

    assert [one.requests for one in told] == [7, 7, 7, 7]  # the first five are asked again
    counts = [sum(len(g.keys) for g in portion.groups) for portion in line.portions]
    assert counts == [5, 2] * 4


def _selected(who: Checkpoint) -> Selected:
    return Selected(f"test[{who.id}]", Knowledge(), who)
