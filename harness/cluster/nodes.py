"""Which workers a cluster's nodes have room for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Node:
    """A machine of the cluster. id: Ray's. name: for people, unlike any other's."""

    id: str
    name: str
    gpus: int
    cores: int


@dataclass(frozen=True, slots=True)
class Share:
    """What one worker has for itself."""

    gpus: int
    cores: int


def nodes_of(rows: Iterable[Mapping[str, Any]], names: dict[str, str]) -> list[Node]:
    """The nodes that live, from what `ray.nodes` tells.

    names: by id, as given before; new ones are added, with "#2" for a second on a host.
    """
    found = []
    for row in rows:
        if row["Alive"]:
            name = names.setdefault(row["NodeID"], _name(row["NodeManagerHostname"], names))
            has = row["Resources"]
            found.append(Node(row["NodeID"], name, int(has.get("GPU", 0)), int(has.get("CPU", 0))))
    return found


def share_on(node: Node, group: int, cores: int, on_gpus: bool) -> tuple[Share, int]:
    """What each worker on a node gets, and how many there are.

    A worker for each group of so many GPUs; where no node of the cluster has any, for each group of
    so many cores, of all with 0. Beside GPUs none works on cores alone: its figures would be those
    of another arithmetic, and late.
    """
    if on_gpus:
        return Share(group, 1), node.gpus // group
    cores = min(cores, node.cores) or node.cores
    return Share(0, cores), node.cores // cores if cores else 0


def _name(host: str, names: Mapping[str, str]) -> str:
    same = sum(name.partition("#")[0] == host for name in names.values())
    return f"{host}#{same + 1}" if same else host
