"""Which workers nodes have room for, and what a driver may connect to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.cluster.connect import refuse_unready
from harness.cluster.nodes import Node, Share, nodes_of, share_on
from harness.cluster.opening import gpus_each
from harness.config import load_matrix
from harness.errors import ConfigError
from tests.conftest import make_world


def row(id: str, host: str, alive: bool = True, **resources: float) -> dict[str, Any]:
    return {"NodeID": id, "NodeManagerHostname": host, "Alive": alive, "Resources": resources}


def test_nodes_on_one_host_are_told_apart_and_keep_their_names() -> None:
    names: dict[str, str] = {}
    both = [row("x", "host", CPU=4.0), row("y", "host", CPU=4.0), row("z", "gpu", GPU=8.0)]
    assert [n.name for n in nodes_of(both, names)] == ["host", "host#2", "gpu"]
    left = [row("x", "host", alive=False), row("y", "host", CPU=4.0)]
    assert nodes_of(left, names) == [Node("y", "host#2", 0, 4)]


@pytest.mark.parametrize(
    ("node", "group", "cores", "on_gpus", "expected"),
    [
        (Node("a", "a", 8, 64), 1, 0, True, (Share(1, 1), 8)),
        (Node("a", "a", 8, 64), 4, 0, True, (Share(4, 1), 2)),
        (Node("head", "head", 0, 16), 1, 0, True, (Share(1, 1), 0)),  # no GPU, no worker
        (Node("c", "c", 0, 16), 1, 0, False, (Share(0, 16), 1)),
        (Node("c", "c", 0, 16), 1, 6, False, (Share(0, 6), 2)),
        (Node("c", "c", 0, 2), 1, 6, False, (Share(0, 2), 1)),
        (Node("c", "c", 0, 0), 1, 0, False, (Share(0, 0), 0)),
    ],
)
def test_a_worker_has_a_gpu_or_a_group_of_them_or_cores(
    node: Node, group: int, cores: int, on_gpus: bool, expected: tuple[Share, int]
) -> None:
    assert share_on(node, group, cores, on_gpus) == expected


@pytest.mark.parametrize("given", ['"--tensor-parallel-size", "4"', '"--tensor-parallel-size=4"'])
def test_a_model_over_several_gpus_makes_groups_of_them(tmp_path: Path, given: str) -> None:
    path = make_world(tmp_path)
    text = path.read_text("utf-8").replace(
        'weights = "./two"', f'weights = "./two"\nengine = "vllm"\nvllm = [{given}]'
    )
    path.write_text(text, "utf-8")
    assert gpus_each(load_matrix(path)) == 4


def test_a_cluster_of_others_is_joined_with_a_token_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ray")
    for name in ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    refuse_unready("")  # one of our own has a token made for it
    with pytest.raises(ConfigError, match="with a token only"):
        refuse_unready("head:6379")
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    with pytest.raises(ConfigError, match="RAY_AUTH_TOKEN_PATH"):
        refuse_unready("head:6379")
    (tmp_path / "token").write_text("secret")
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "token"))
    refuse_unready("head:6379")
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    with pytest.raises(ConfigError):
        refuse_unready("head:6379")


def test_without_ray_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"pip install 'pytest-michi\[ray\]'"):
        refuse_unready("")
