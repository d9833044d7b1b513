"""Who may import whom (docs/design.md), read from the code."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = {"torch", "transformers", "peft", "datasets", "openai", "lm_eval", "sklearn", "bitsandbytes",
         "trl", "numpy", "scipy", "statsmodels", "pandas", "rapidfuzz", "huggingface_hub",
         "bm25s", "sudachipy", "sentence_transformers", "ray"}  # fmt: skip
PURE = {"records", "errors", "jsonl"}
# Room or module of harness -> what of harness it may import at its top or inside.
ALLOWED = {
    "errors": set(),
    "records": set(),
    "jsonl": {"errors"},
    "grading": PURE | {"grading"},
    "statistics": PURE | {"statistics"},
    "hallucination": PURE | {"grading", "statistics", "hallucination"},
    "membership": PURE | {"statistics", "membership"},
    "toml": PURE,
    "config": PURE | {"toml"},
    "selection": PURE,
    "runs": PURE,
    "keyed": set(),
    "store": PURE | {"keyed"},
    "fingerprint": PURE,
    "engines": PURE | {"fingerprint", "scrub", "engines"},
    "embedding": PURE | {"embedding", "engines", "fingerprint", "ledger"},
    "retrieval": PURE | {"grading", "retrieval"},
    "tasks": PURE
    | {"grading", "hallucination", "membership", "retrieval", "selection", "statistics"}
    | {"tasks", "toml"},
    "review": PURE | {"review"},
    "judging": PURE | {"judging", "statistics"},
    "scrub": set(),
    "ledger": PURE | {"scrub"},
    "evaluate": PURE
    | {"config", "engines", "fingerprint", "grading", "judging", "ledger", "retrieval", "review"}
    | {"runs", "selection", "statistics", "store", "tasks"},
    "comparison": PURE
    | {"config", "grading", "hallucination", "judging", "membership", "review", "runs"}
    | {"statistics", "toml"},
    "lm_eval": PURE
    | {"comparison", "config", "lm_eval", "statistics", "tasks", "toml", "versions"},
    "planning": PURE
    | {"config", "evaluate", "keyed", "ledger", "lm_eval", "planning", "runs", "settings"}
    | {"store", "tasks"},
    "cluster": PURE
    | {"cluster", "config", "engines", "fingerprint", "opened", "planning", "settings", "store"}
    | {"versions"},
    "commands": PURE
    | {"commands", "comparison", "judging", "ledger", "manifest", "planning", "report", "review"}
    | {"runs"},
    "report": PURE
    | {
        "grading",
        "hallucination",
        "keyed",
        "ledger",
        "membership",
        "planning",
        "review",
        "runs",
        "statistics",
        "comparison",
        "report",
    },
}


# Rooms of training; none of them imports another.
TRAINING = {"questions", "finetuning", "pretraining"}


def modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def imports(path: Path, top_only: bool = False) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    nodes = tree.body if top_only else ast.walk(tree)
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def room(path: Path) -> str:
    return path.relative_to(ROOT / "harness").parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", modules("harness"), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_go_one_way(path: Path) -> None:
    used = {name.split(".")[1] for name in imports(path) if name.startswith("harness.")}
    allowed = ALLOWED.get(room(path))
    if allowed is not None:
        assert used <= allowed | {room(path)}
    assert not {n.split(".")[0] for n in imports(path)} & {"evals", "training", "fixtures", "tests"}


@pytest.mark.parametrize("path", modules("training"), ids=lambda p: str(p.relative_to(ROOT)))
def test_the_rooms_of_training_keep_apart(path: Path) -> None:
    used = {name.split(".")[1] for name in imports(path) if name.startswith("training.")}
    own = path.relative_to(ROOT / "training").parts[0]
    if own in TRAINING:
        assert not used & (TRAINING - {own})


@pytest.mark.parametrize("path", modules("harness"), ids=lambda p: str(p.relative_to(ROOT)))
def test_only_the_plugin_side_knows_pytest(path: Path) -> None:
    knows = {n.split(".")[0] for n in imports(path)} & {"pytest", "xdist", "_pytest"}
    assert not knows or room(path) == "plugin"


@pytest.mark.parametrize("path", modules("harness"), ids=lambda p: str(p.relative_to(ROOT)))
def test_only_the_cluster_knows_ray(path: Path) -> None:
    knows = "ray" in {n.split(".")[0] for n in imports(path)}
    assert not knows or room(path) == "cluster"


@pytest.mark.parametrize(
    "path", [*modules("harness"), *modules("evals")], ids=lambda p: str(p.relative_to(ROOT))
)
def test_heavy_libraries_are_imported_where_they_are_used(path: Path) -> None:
    assert not {n.split(".")[0] for n in imports(path, top_only=True)} & HEAVY


@pytest.mark.parametrize(
    "path", [*modules("harness"), *modules("training")], ids=lambda p: str(p.relative_to(ROOT))
)
def test_modules_stay_small(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 300


def test_collecting_the_suites_imports_nothing_heavy() -> None:
    code = (
        f"HEAVY = {HEAVY!r}\n"
        "import sys, pytest\n"
        "class Spy:\n"
        "    def pytest_collection_finish(self, session):\n"
        "        print('HEAVY', sorted(set(sys.modules) & HEAVY), len(session.items))\n"
        "sys.exit(pytest.main(['evals', '--co', '-q', '-p', 'no:cacheprovider'], plugins=[Spy()]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "HEAVY [] 47" in done.stdout
