"""Workers, nodes and drivers that die: every answer comes, and none is asked for again."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

from tests.cluster.conftest import POISON, Fire, TwoNodes, alive
from tests.plugin.helpers import figures, forget_asked, latest, sample_files

pytestmark = pytest.mark.slow
pytest.importorskip("ray")


def locally(fire: Fire) -> tuple[Any, Any]:
    """Figures and sample files of a run in one process, which is then forgotten."""
    code, said = fire.run()
    assert code == 0, said
    found = figures(latest(fire.project)), sample_files(latest(fire.project))
    (fire.project.path / "reports").rename(fire.project.path / "before")
    (fire.project.path / "asked.log").unlink()
    return found


def test_a_cluster_of_ones_own_gives_what_one_process_gives(fire: Fire) -> None:
    expected = locally(fire)
    code, said = fire.run("--eval-engine=ray", "--eval-ray-cores=1")
    assert code == 0, said
    assert (figures(latest(fire.project)), sample_files(latest(fire.project))) == expected
    assert set(fire.stored().values()) == set(fire.asked().values()) == {1}
    assert sum(fire.stored().values()) == 400
    assert "cluster: 400 requests answered" in said


def test_two_nodes_give_what_one_process_gives(fire: Fire, two_nodes: TwoNodes) -> None:
    expected = locally(fire)
    code, said = fire.run(f"--eval-engine=ray://{two_nodes.address}")
    assert code == 0, said
    assert (figures(latest(fire.project)), sample_files(latest(fire.project))) == expected
    assert set(fire.stored().values()) == set(fire.asked().values()) == {1}


def test_a_worker_that_is_killed_costs_what_it_was_at(fire: Fire) -> None:
    process = fire.start("--eval-engine=ray", "--eval-ray-cores=1", SLOW="0.1")
    fire.wait_for(lambda: len(fire.asked()) > 100)
    os.kill(fire.workers()[-1], signal.SIGKILL)
    said = process.communicate(timeout=120)[0]
    assert process.returncode == 0, said
    assert sum(fire.stored().values()) == 400
    assert set(fire.stored().values()) == {1}
    assert sum(fire.asked().values()) <= 404  # a batch of four was being answered
    (lost,) = [e for e in fire.events if e["event"] == "lost"]
    assert "died" in lost["text"]
    assert "given out again" in lost["text"]
    assert "workers that died at work, which was given out again: 1" in said


def test_a_node_that_is_lost_costs_what_it_was_at(fire: Fire, two_nodes: TwoNodes) -> None:
    process = fire.start(f"--eval-engine=ray://{two_nodes.address}")
    fire.wait_for(lambda: len(fire.asked()) > 40)
    two_nodes.tell("lose")
    said = process.communicate(timeout=180)[0]
    assert process.returncode == 0, said
    assert sum(fire.stored().values()) == 400
    assert set(fire.stored().values()) == {1}
    assert sum(fire.asked().values()) <= 408
    assert any(e["event"] == "gone" for e in fire.events)
    assert "nodes that were lost: 1" in said


def test_a_node_that_comes_later_gets_work(fire: Fire, two_nodes: TwoNodes) -> None:
    two_nodes.tell("lose")
    process = fire.start(f"--eval-engine=ray://{two_nodes.address}")
    fire.wait_for(lambda: len(fire.asked()) > 40)
    two_nodes.tell("add")
    said = process.communicate(timeout=180)[0]
    assert process.returncode == 0, said
    nodes = [e["text"] for e in fire.events if e["event"] == "node"]
    workers = [e["text"] for e in fire.events if e["event"] == "worker"]
    latest_node = nodes[-1].partition(":")[0].removeprefix("node ")
    assert f"on {latest_node} is there" in workers[-1]
    assert set(fire.stored().values()) == set(fire.asked().values()) == {1}


def test_a_driver_that_is_killed_goes_on_where_it_was(fire: Fire) -> None:
    process = fire.start("--eval-engine=ray", "--eval-ray-cores=1", SLOW="0.1")
    fire.wait_for(lambda: sum(fire.stored().values()) > 100)
    process.kill()
    process.communicate(timeout=60)
    fire.wait_for(lambda: not any(map(alive, fire.workers())))  # they outlive it by some seconds
    kept = set(fire.stored())
    assert 100 < len(kept) < 400
    forget_asked(fire.project)
    code, said = fire.run("--eval-engine=ray", "--eval-ray-cores=1")
    assert code == 0, said
    assert sum(fire.stored().values()) == 400
    assert set(fire.stored().values()) == {1}
    assert sum(fire.asked().values()) == 400 - len(kept)


def test_a_request_that_kills_its_workers_is_found_and_is_no_wrong_answer(fire: Fire) -> None:
    code, said = fire.run(
        "--eval-engine=ray", "--eval-ray-cores=1", "-k", "base and knowledge", POISON=POISON
    )
    assert code == 3, said
    assert sum(fire.stored().values()) == 99
    assert "1 of 100 requests end the process of every worker" in said
    assert POISON in said
    assert "Traceback" not in said
    assert [e["event"] for e in fire.events].count("poison") == 1
    code, said = fire.run("-k", "base and knowledge")  # whoever can answer it is asked that alone
    assert code == 0, said
    assert sum(fire.stored().values()) == 100


def test_a_worker_whose_engine_died_ends_and_says_of_what(fire: Fire) -> None:
    code, said = fire.run(
        "--eval-engine=ray", "--eval-ray-cores=1", "-k", "base and knowledge", BREAKS=POISON
    )
    assert code == 3, said
    assert sum(fire.stored().values()) == 99
    assert "RuntimeError: CUDA error" in said
    workers = fire.workers()
    assert len(set(workers)) == len(workers) > 3  # a new process each time
