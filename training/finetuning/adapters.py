"""An adapter's folder: weights, configuration, and the card that says how it came about."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import WeightsError

if TYPE_CHECKING:
    from peft import PeftModel

CARD = "training.json"


def save_adapter(model: PeftModel, folder: Path, base_name: str, dtype: str | None) -> None:
    """Write adapter_config.json and adapter_model.safetensors, whole or not at all.

    dtype: "fp32" or "bf16"; None keeps what was trained. Raises WeightsError for an adapter that
    changes nothing, as LoRA's second matrices, zero at first, still are.
    """
    import torch
    from safetensors.torch import load_file, save_file

    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    model.peft_config["default"].base_model_name_or_path = base_name
    model.save_pretrained(str(partial), save_embedding_layers=False)
    (partial / "README.md").unlink(missing_ok=True)
    _sort_targets(partial / "adapter_config.json")
    weights = partial / "adapter_model.safetensors"
    tensors = load_file(weights)
    if not any(tensor.any() for name, tensor in tensors.items() if ".lora_B" in name):
        shutil.rmtree(partial)
        raise WeightsError(
            f"{folder.name}: the adapter changes nothing: its second matrices are still zero. Is "
            "the learning rate too small, or the warm-up longer than the training?"
        )
    if dtype is not None:
        wanted = {"fp32": torch.float32, "bf16": torch.bfloat16}[dtype]
        tensors = {name: tensor.to(wanted) for name, tensor in tensors.items()}
        save_file(tensors, weights, metadata={"format": "pt"})
    weights.chmod(0o644)  # written for its owner alone
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(partial, folder)


def _sort_targets(path: Path) -> None:
    """peft keeps module names in a set; sorted, two runs write the same file."""
    config = json.loads(path.read_text(encoding="utf-8"))
    if isinstance(config["target_modules"], list):
        config["target_modules"].sort()
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def write_card(folder: Path, card: dict[str, Any]) -> None:
    """Put the card into an adapter's folder: from now on it counts as finished."""
    text = json.dumps(card, indent=1, ensure_ascii=False) + "\n"
    (folder / CARD).write_text(text, encoding="utf-8")


def read_card(folder: Path) -> dict[str, Any] | None:
    """The card of a finished adapter; None where there is no whole one."""
    try:
        card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    whole = isinstance(card, dict) and (folder / "adapter_model.safetensors").is_file()
    return card if whole else None
