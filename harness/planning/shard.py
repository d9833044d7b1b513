"""A shard's own folder: what it was to answer, and its answers. `merge` reads several of them.

shard.json               which shard of how many, the plan of all, the keys that are this one's
answers/FINGERPRINT.jsonl   as in the store
run.json, costs.jsonl    as in any run folder
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import ConfigError, DataError
from harness.jsonl import read_json
from harness.planning.plan import Part, Portion
from harness.runs import write_json

FILE, ANSWERS = "shard.json", "answers"
_SCHEMA = 1
_ANEW = "Name a folder that pytest --eval-shard wrote, or run the shard again."


@dataclass(frozen=True, slots=True)
class Planned:
    """One item as every shard of a plan has it.

    fingerprints: of the checkpoint, and of its reference where texts are read beside one. requests:
    that are known before anything is asked; None where the item goes whole, to one shard. digest:
    of them all.
    """

    nodeid: str
    task: str
    checkpoint: str
    fingerprints: tuple[str, ...]
    dtype: str
    requests: int | None
    digest: str


@dataclass(frozen=True, slots=True)
class ShardFolder:
    """A shard's folder as read. own: by item, by fingerprint, keys in hex; None for all of it."""

    folder: Path
    shard: int
    shards: int
    items: tuple[Planned, ...]
    own: Mapping[str, Mapping[str, Sequence[str]] | None]

    @property
    def name(self) -> str:
        """As a person reads it."""
        return f"shard {self.shard}/{self.shards}"


def write_shard(
    folder: Path, shard: int, shards: int, portions: Sequence[Portion], own: Sequence[Part]
) -> None:
    """Write what a shard is to answer. Raises StorageError."""
    content = {
        "schema": _SCHEMA,
        "shard": shard,
        "shards": shards,
        "items": [_planned(portion) for portion in portions],
        "own": {part.portion.nodeid: _keys(part) for part in own},
    }
    write_json(folder / FILE, content)


def read_shard(folder: Path) -> ShardFolder:
    """Read what a shard was to answer. Raises ConfigError for a folder that is none."""
    try:
        content = read_json(folder / FILE, _ANEW)
        if content["schema"] != _SCHEMA:
            raise ConfigError(
                f"{folder / FILE}: schema {content['schema']!r}, this version reads {_SCHEMA}."
            )
        items = tuple(
            Planned(**{**item, "fingerprints": tuple(item["fingerprints"])})
            for item in content["items"]
        )
        return ShardFolder(folder, content["shard"], content["shards"], items, content["own"])
    except (DataError, KeyError, TypeError) as error:
        raise ConfigError(f"{folder}: no folder of a shard ({error}). {_ANEW}") from error


def _planned(portion: Portion) -> dict[str, Any]:
    model = portion.checkpoint.model
    return {
        "nodeid": portion.nodeid,
        "task": portion.task,
        "checkpoint": portion.checkpoint.id,
        "fingerprints": [group.fingerprint for group in portion.groups],
        "dtype": model.dtype if model.here else "",
        "requests": None if portion.whole else sum(len(group.keys) for group in portion.groups),
        "digest": portion.digest,
    }


def _keys(part: Part) -> dict[str, list[str]] | None:
    if part.keys is None:
        return None
    return {name: sorted(key.hex() for key in own) for name, own in part.keys.items()}
