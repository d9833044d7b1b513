"""The frozen base of a fine-tuning, and the adapter written beside it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.corpus import InputError
from training.recipe import SftRecipe

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel


def base_folder(model: str) -> Path:
    """The folder of the base's weights: `model` itself, or a hub id's local snapshot."""
    folder = Path(model)
    if not folder.is_dir():
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import (
            HfHubHTTPError,
            HFValidationError,
            LocalEntryNotFoundError,
        )

        try:
            folder = Path(snapshot_download(model))
        except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
            raise InputError(f"{model}: neither a folder nor a hub id in reach") from error
    if not any(folder.glob("*.safetensors")):
        raise InputError(f"{folder}: no .safetensors file")
    return folder


def load_base(recipe: SftRecipe, base: Path, device: str) -> PreTrainedModel:
    """The frozen base in the recipe's precision, its weights in NF4 where it says so."""
    import torch
    from transformers import AutoModelForCausalLM

    dtype = torch.bfloat16 if recipe.precision == "bf16" else torch.float32
    extra: dict[str, Any] = {}
    if recipe.quantization == "nf4":
        extra = {"quantization_config": _nf4(dtype), "device_map": {"": device}}
    model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(str(base), dtype=dtype, **extra)
    if recipe.quantization == "nf4" and device == "cpu":
        from bitsandbytes.nn import Linear4bit

        # bitsandbytes repacks these on the CPU in the first forward without gradients, for a
        # kernel that has no backward pass: later gradients would be silently wrong.
        for module in model.modules():
            if isinstance(module, Linear4bit):
                module.support_avx512bf16_for_cpu = False
    return model


def _nf4(dtype: Any) -> Any:
    from importlib.util import find_spec

    from transformers import BitsAndBytesConfig

    if find_spec("bitsandbytes") is None:
        raise InputError("quantization nf4 needs the package bitsandbytes, which is not installed")
    return BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=dtype
    )


def save_adapter(model: PeftModel, folder: Path, base_name: str) -> None:
    """Writes adapter_config.json and bf16 adapter_model.safetensors, and nothing else."""
    import torch
    from safetensors.torch import load_file, save_file

    if folder.exists():
        shutil.rmtree(folder)
    model.peft_config["default"].base_model_name_or_path = base_name
    model.save_pretrained(str(folder), save_embedding_layers=False)
    (folder / "README.md").unlink(missing_ok=True)
    _sort_targets(folder / "adapter_config.json")
    weights = folder / "adapter_model.safetensors"
    halved = {name: tensor.to(torch.bfloat16) for name, tensor in load_file(weights).items()}
    save_file(halved, weights, metadata={"format": "pt"})
    weights.chmod(0o644)  # written for its owner alone


def _sort_targets(path: Path) -> None:
    """peft keeps module names in a set; sorted, two runs write the same file."""
    config = json.loads(path.read_text(encoding="utf-8"))
    if isinstance(config["target_modules"], list):
        config["target_modules"].sort()
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
