"""Clusters that are started and joined: who reaches them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.cluster.conftest import Fire, TwoNodes

pytestmark = pytest.mark.slow
pytest.importorskip("ray")

LISTENING = """
import os, pathlib
from harness.cluster.connect import connect
connect("")
import ray
ray.get(ray.remote(lambda: 1).remote())
tables = [open(f"/proc/net/{name}").readlines()[1:] for name in ("tcp", "tcp6")]
rows = [line.split() for lines in tables for line in lines]
def above(process):
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
parents = {int(p.name): above(p) for p in pathlib.Path("/proc").glob("[0-9]*")}
ours = {os.getpid()}
while more := {p for p, parent in parents.items() if parent in ours} - ours:
    ours |= more
sockets = set()
for process in ours:
    try:
        sockets |= {os.readlink(file) for file in pathlib.Path(f"/proc/{process}/fd").iterdir()}
    except OSError:
        continue
for row in rows:
    if row[3] == "0A" and f"socket:[{row[9]}]" in sockets:  # a listening socket of Ray's
        print("LISTENS", row[1].partition(":")[0])
"""
# 127.0.0.1 as Linux writes it in /proc/net/tcp, and as an IPv6 address that stands for it.
LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F"}


def test_a_cluster_of_ones_own_listens_on_loopback_only(token: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LISTENING], capture_output=True, text=True, timeout=120, check=False
    )
    ours = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("LISTENS")]
    assert len(ours) >= 4, done.stdout + done.stderr
    assert set(ours) <= LOOPBACK


def test_a_cluster_that_lets_everybody_in_is_not_joined(
    fire: Fire, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    cluster = TwoNodes()
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    try:
        code, said = fire.run(f"--eval-engine=ray://{cluster.address}")
    finally:
        cluster.end()
    assert code == 4, said
    assert "lets in whoever comes without a token" in said
    assert fire.asked() == {}


def test_a_wrong_token_is_said(
    fire: Fire, two_nodes: TwoNodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, said = fire.run(f"--eval-engine=ray://{two_nodes.address}", RAY_AUTH_TOKEN="0" * 64)
    assert code == 4, said
    assert "can't be joined" in said
    assert "Traceback" not in said


def test_files_that_are_others_on_a_node_are_refused(fire: Fire) -> None:
    add = "import harness.cluster.worker as w; w.checkpoint_fingerprint = lambda *_: 'other'"
    site = fire.project.path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(
        f"import sys\nif 'default_worker.py' in ' '.join(sys.orig_argv):\n    {add}\n"
    )
    code, said = fire.run("--eval-engine=ray", PYTHONPATH=str(site))
    assert code == 4, said
    assert "its files are others than on the machine that pytest runs on" in said
