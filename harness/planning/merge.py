"""Shards put together: their answers into one store, where an ordinary run finds them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import ConfigError
from harness.jsonl import append_lines, read_whole_rows
from harness.keyed import KeyedFile
from harness.planning.plan import KEY
from harness.planning.shard import ANSWERS, Planned, ShardFolder

# What batches may change in a continuation's log-likelihood: docs/performance.md has 2e-5 in
# float32 and .17 to .29 in bfloat16.
_NOISE = {"float32": 1e-3}
_COARSE = 0.5


@dataclass(frozen=True, slots=True)
class Merged:
    """What came of it. added, known: answers that the store did not have, and had.

    missing: what no shard has answered, a line each.
    """

    added: int
    known: int
    checkpoints: int
    missing: tuple[str, ...]


def merge(shards: Sequence[ShardFolder], store: Path) -> Merged:
    """Add the answers of all shards to the store in a folder. Nothing is written before all fit.

    Raises ConfigError for shards of unlike plans and for two answers to one request, and
    StorageError.
    """
    refuse_unlike(shards)
    dtypes = {print_: item.dtype for item in shards[0].items for print_ in item.fingerprints}
    names = {print_: item.checkpoint for item in shards[0].items for print_ in item.fingerprints}
    files = sorted({file.name for s in shards for file in (s.folder / ANSWERS).glob("*.jsonl")})
    wanting = _Wanting(shards)
    for print_ in sorted({*dtypes, *(file.removesuffix(".jsonl") for file in files)}):
        noise = _NOISE.get(dtypes.get(print_, ""), _COARSE)
        with _answers(print_, shards, store) as answers:
            wanting.found(print_, _united(answers, names.get(print_, print_), noise))
    added = known = 0
    for file in files:
        with _answers(file.removesuffix(".jsonl"), shards, store) as (held, *given):
            last = {key: answers for answers in given for key in answers}
            new = [answers.line(key) for key, answers in last.items() if key not in held]
        append_lines(store / file, new)
        added, known = added + len(new), known + len(last) - len(new)
    checkpoints = {item.checkpoint for item in shards[0].items}
    return Merged(added, known, len(checkpoints), tuple(wanting.lines()))


def refuse_unlike(shards: Sequence[ShardFolder]) -> None:
    """Raise ConfigError where two shards are not of one plan: other data, weights or selection."""
    first = shards[0]
    for other in shards[1:]:
        if other.shards != first.shards:
            raise ConfigError(
                f"{first.folder} is {first.name} and {other.folder} {other.name}: they cut "
                "differently. Merge shards of one number."
            )
        ours, theirs = ({item.nodeid: item for item in s.items} for s in (first, other))
        only = sorted(set(ours) ^ set(theirs))
        if only:
            where = first if only[0] in ours else other
            raise ConfigError(
                f"unlike selections: {only[0]} is in {where.folder} alone"
                f"{f', and {len(only) - 1} more' if len(only) > 1 else ''}. Select the same with "
                "-k, --eval-matrix and --eval-limit in all shards."
            )
        for nodeid, item in ours.items():
            if item != theirs[nodeid]:
                raise ConfigError(
                    f"unlike shards: {nodeid} {_difference(item, theirs[nodeid])} in "
                    f"{first.folder} and {other.folder}. Run one of them again with what the other "
                    "had."
                )


def _difference(one: Planned, other: Planned) -> str:
    if one.fingerprints != other.fingerprints or one.dtype != other.dtype:
        return "was asked of other weights"
    if one.requests != other.requests:
        return f"asks {one.requests} and {other.requests} requests"
    return "asks other questions (data or prompts differ)"


@contextmanager
def _answers(
    fingerprint: str, shards: Sequence[ShardFolder], store: Path
) -> Iterator[list[KeyedFile]]:
    """The answers of one checkpoint: those of the store, then those of each shard."""
    name = f"{fingerprint}.jsonl"
    places = [store / name, *(shard.folder / ANSWERS / name for shard in shards)]
    files = [KeyedFile(path) for path in places]
    try:
        yield files
    finally:
        for file in files:
            file.close()


def _united(answers: Sequence[KeyedFile], name: str, noise: float) -> set[str]:
    """The keys that have an answer. Raises ConfigError where one has two that differ."""
    found: dict[str, KeyedFile] = {}
    for file in answers:
        for key in file:
            known = found.setdefault(key, file)
            if known is not file and _differ(known[key], file[key], noise):
                raise ConfigError(
                    f"two answers of {name} to one request ({key}): {_short(known[key])} in "
                    f"{known.path}, {_short(file[key])} in {file.path}. Nothing was merged: leave "
                    "one of the two out, or remove that file."
                )
    return set(found)


def _differ(one: Mapping[str, Any], other: Mapping[str, Any], noise: float) -> bool:
    if any(one[name] != other[name] for name in ("text", "finish", "tokens")):
        return True
    if len(one["logprobs"]) != len(other["logprobs"]):
        return True
    pairs = zip(one["logprobs"], other["logprobs"], strict=True)
    return any(abs(a - b) > noise for a, b in pairs)


def _short(row: Mapping[str, Any]) -> str:
    return repr(row["text"][:40]) + (f" {row['logprobs'][:3]}" if row["logprobs"] else "")


class _Wanting:
    """What shards were to answer and did not, and which shards there are not."""

    def __init__(self, shards: Sequence[ShardFolder]) -> None:
        self._shards = shards
        self._counts: Counter[tuple[int, str]] = Counter()

    def found(self, fingerprint: str, keys: set[str]) -> None:
        """All answers that there are of these weights: what else was to be answered is missing."""
        known = {key[: 2 * KEY] for key in keys}
        for place, shard in enumerate(self._shards):
            for nodeid, own in shard.own.items():
                if own is not None and fingerprint in own:
                    missing = sum(key not in known for key in own[fingerprint])
                    self._counts[place, nodeid] += missing

    def lines(self) -> Iterator[str]:
        """A line each: shards that were not given, then requests by item."""
        given = {shard.shard for shard in self._shards}
        total = self._shards[0].shards
        if absent := [n for n in range(1, total + 1) if n not in given]:
            yield f"{'shard' if len(absent) == 1 else 'shards'} {_ranges(absent)} of {total}"
        for place, shard in enumerate(self._shards):
            ended = Counter(
                row["nodeid"]
                for row in read_whole_rows(shard.folder / "results.jsonl")
                if row["status"] == "answered"
            )
            for nodeid, own in shard.own.items():
                if own is None:
                    if not ended[nodeid]:
                        yield f"{nodeid}: all of it ({shard.name}, {shard.folder})"
                elif wanting := self._counts[place, nodeid]:
                    asked = sum(map(len, own.values()))
                    yield (
                        f"{nodeid}: {wanting:,} of {asked:,} requests ({shard.name}, "
                        f"{shard.folder})"
                    )


def _ranges(numbers: Sequence[int]) -> str:
    """1, 2, 3, 7 as "1-3, 7"."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ", ".join(f"{p[0]}-{p[-1]}" if len(p) > 1 else str(p[0]) for p in parts)
