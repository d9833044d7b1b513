from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from training.finetuning.recipe import read_sft
from training.finetuning.sft import sft

Train = Callable[..., list[Path]]


@pytest.fixture
def train() -> Train:
    """Trains by a recipe file on the CPU; returns the adapters' folders."""

    def run(recipe: Path, only: str | None = None, again: bool = False) -> list[Path]:
        return sft(read_sft(recipe), only, again, "cpu", lambda line: None)

    return run


def weights(folder: Path) -> bytes:
    return (folder / "adapter_model.safetensors").read_bytes()


def card(folder: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((folder / "training.json").read_text("utf-8"))
    return read
