"""LoRA adapters on one loaded base: swapped, checked against the base, and probed.

A harness that silently evaluates the base under an adapter's name has happened to others (lm-eval
issue 2432). So before an adapter's answers count, a probe shows that it changes the output and that
the base, with the adapter disabled, still gives what it gave before.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from harness.engines.folding import folded
from harness.engines.likeness import alike
from harness.engines.loading import first_line, importing, quiet
from harness.engines.output import bare
from harness.errors import WeightsError
from harness.fingerprint import check_safetensors
from harness.records import Checkpoint

# Largest difference of probe logits between the base before and after an adapter was attached.
# In float32 it measures 0.0; the half-precision bounds leave room for another kernel being chosen.
_TOLERANCE = {"float32": 1e-4, "bfloat16": 0.25, "float16": 0.05}
# Settings of an adapter that change no figure.
_NAMES = {"base_model_name_or_path", "revision", "inference_mode", "peft_version"}


class AdapterSwitch:
    """A base network that can put on one adapter at a time."""

    def __init__(self, network: Any, probe_ids: list[int], dtype: str) -> None:
        self._network = network  # becomes a PeftModel with the first adapter
        self._dtype = dtype
        self._probe_ids = probe_ids
        self._active: Path | None = None
        self._folds = False
        self._loaded = 0
        self._build: object = None  # settings and shapes of the adapter that is loaded
        self._base_logits = self._probe()

    @contextmanager
    def wearing(self, checkpoint: Checkpoint) -> Iterator[Any]:
        """The network as this checkpoint. Raises WeightsError if the adapter fails its probe."""
        if checkpoint.adapter is not None:
            if checkpoint.adapter != self._active:
                self._attach(checkpoint, checkpoint.adapter)
            with folded(self._network) if self._folds else nullcontext():
                yield self._network
        elif self._loaded:
            with self._network.disable_adapter():
                yield self._network
        else:
            yield self._network

    def _attach(self, checkpoint: Checkpoint, folder: Path) -> None:
        check_fits(self._network, checkpoint, folder)
        self._active = None
        try:
            with quiet():
                if not self._swapped(folder):
                    self._load(folder)
        except Exception as error:  # peft raises whatever the files lead to
            raise WeightsError(
                f"checkpoint {checkpoint.id}: adapter {folder} can't be loaded: {first_line(error)}"
            ) from error
        if missing := [name for name, factor in self._network.named_parameters() if factor.is_meta]:
            raise WeightsError(
                f"checkpoint {checkpoint.id}: adapter {folder} is not whole: of its factors "
                f"{len(missing)} are in no file, {missing[0]} first of all."
            )
        self._network.eval().requires_grad_(False)
        worn = self._probe()
        self._check_effect(checkpoint, folder, worn)
        self._folds = self._same_folded(worn)
        self._active = folder

    def _load(self, folder: Path) -> None:
        with importing():
            from peft import PeftModel

        name = f"adapter{self._loaded}"
        # Without it peft draws random factors first: 3 s for Gemma-7B's shape and rank 64.
        only_read = {"local_files_only": True, "low_cpu_mem_usage": True}
        if self._loaded == 0:
            self._network = PeftModel.from_pretrained(
                self._network, str(folder), adapter_name=name, **only_read
            )
        else:
            self._network.load_adapter(str(folder), name, **only_read)
            self._network.set_adapter(name)
            self._network.delete_adapter(f"adapter{self._loaded - 1}")
        self._loaded += 1
        self._build = _build(folder)

    def _swapped(self, folder: Path) -> bool:
        """Whether an adapter could be put into the modules of the one before.

        Of the same shape and settings, as those of one matrix are: the network need not be
        rebuilt, which takes ten times as long (0.7 s for six layers of Gemma-7B's).
        """
        if self._loaded == 0 or _build(folder) != self._build:
            return False
        from peft.utils.hotswap import hotswap_adapter

        name = f"adapter{self._loaded - 1}"
        hotswap_adapter(self._network, str(folder), name, torch_device=str(self._network.device))
        return True

    def _same_folded(self, apart: Any) -> bool:
        """Whether the adapter as `folding` multiplies it says what peft's own code says."""
        with folded(self._network, always=True):
            among = self._probe()
        with folded(self._network):
            beside = self._probe()
        return alike(apart, among, self._dtype) and alike(apart, beside, self._dtype)

    def _check_effect(self, checkpoint: Checkpoint, folder: Path, worn: Any) -> None:
        import torch

        with self._network.disable_adapter():
            bare = self._probe()
        if not torch.isfinite(worn).all():
            raise WeightsError(
                f"checkpoint {checkpoint.id}: with adapter {folder} the output is not finite."
            )
        if torch.equal(worn, bare):
            raise WeightsError(
                f"checkpoint {checkpoint.id}: adapter {folder} changes nothing: the probe's logits "
                "equal the base's. Was it saved before training, or for other layers?"
            )
        drift = (bare - self._base_logits).abs().max().item()
        if drift > _TOLERANCE[self._dtype]:
            raise WeightsError(
                f"checkpoint {checkpoint.id}: with adapter {folder} disabled the base does not "
                f"come back (logits differ by {drift:.2g}): their figures would not compare."
            )

    def _probe(self) -> Any:
        import torch

        ids = torch.tensor([self._probe_ids], device=self._network.device)
        with torch.inference_mode():
            return self._network(input_ids=ids, use_cache=False).logits.float().cpu()


def check_fits(network: Any, checkpoint: Checkpoint, folder: Path) -> None:
    """Raise WeightsError unless each LoRA pair fits a layer of the network by name and shape."""
    modules = dict(bare(network).named_modules())
    for key, shape in _lora_shapes(folder).items():
        name, _, side = key.partition(".lora_")
        module: Any = modules.get(name.removeprefix("base_model.model."))
        layer = getattr(module, "base_layer", module)
        if not hasattr(layer, "in_features"):
            continue  # embeddings, convolutions: peft itself checks those
        expected = layer.in_features if side.startswith("A") else layer.out_features
        found = shape[-1] if side.startswith("A") else shape[0]
        if found != expected:
            raise WeightsError(
                f"checkpoint {checkpoint.id}: adapter {folder} is for another base: {name} has "
                f"{expected} features in {checkpoint.model.weights}, the adapter {found}."
            )


def _build(folder: Path) -> object:
    """What two adapters must have in common to be swapped: settings and shapes, not names."""
    settings = json.loads((folder / "adapter_config.json").read_text("utf-8"))
    return {key: settings[key] for key in settings if key not in _NAMES}, _lora_shapes(folder)


def _lora_shapes(folder: Path) -> dict[str, list[int]]:
    shapes: dict[str, list[int]] = {}
    for file in sorted(folder.glob("*.safetensors")):
        shapes.update(check_safetensors(file))
    return {key: shape for key, shape in shapes.items() if ".lora_" in key}
