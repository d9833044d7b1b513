from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.openai_server import ScriptedServer, completion
from tests.training.questions.server import document_of, good_pairs
from training.questions.documents import Document, read_documents

ROOT = Path(__file__).parents[3]
SHIPPED = ROOT / "fixtures/data/documents_new.jsonl"


def eight_facts() -> list[Document]:
    """Shipped documents that have at least eight facts which rules can ask for."""
    return [d for d in read_documents(SHIPPED) if len(good_pairs(d)["pairs"]) == 8]


@pytest.fixture
def server(openai_server: ScriptedServer) -> ScriptedServer:
    openai_server.behaviour = lambda asked: completion(good_pairs(document_of(asked)))
    return openai_server


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    """A documents file of ten shipped documents."""
    path = tmp_path / "documents.jsonl"
    write(path, [d.row() for d in eight_facts()[:10]])
    return path


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), "utf-8")


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]
