"""LoRA adapters on one loaded base: swapped, checked against the base, and probed.

A harness that silently evaluates the base under an adapter's name has happened to others (lm-eval
issue 2432). So before an adapter's answers count, a probe shows that it changes the output and that
the base, with the adapter disabled, still gives what it gave before.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from harness.engines.folding import folded
from harness.engines.likeness import alike
from harness.engines.loading import first_line, quiet
from harness.errors import WeightsError
from harness.fingerprint import check_safetensors
from harness.records import Checkpoint

# Largest difference of probe logits between the base before and after an adapter was attached.
# In float32 it measures 0.0; the half-precision bounds leave room for another kernel being chosen.
_TOLERANCE = {"float32": 1e-4, "bfloat16": 0.25, "float16": 0.05}


class AdapterSwitch:
    """A base network that can put on one adapter at a time."""

    def __init__(self, network: Any, probe_ids: list[int], dtype: str) -> None:
        self._network = network  # becomes a PeftModel with the first adapter
        self._dtype = dtype
        self._probe_ids = probe_ids
        self._active: Path | None = None
        self._folds = False
        self._loaded = 0
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
        with quiet():
            from peft import PeftModel

        check_fits(self._network, checkpoint, folder)
        name = f"adapter{self._loaded}"
        self._active = None
        # Without it peft draws random factors first, for Gemma-7B's shape and rank 64 in 3 s.
        only_read = {"local_files_only": True, "low_cpu_mem_usage": True}
        try:
            with quiet():
                if self._loaded == 0:
                    self._network = PeftModel.from_pretrained(
                        self._network, str(folder), adapter_name=name, **only_read
                    )
                else:
                    self._network.load_adapter(str(folder), name, **only_read)
                    self._network.set_adapter(name)
                    self._network.delete_adapter(f"adapter{self._loaded - 1}")
        except Exception as error:  # peft raises whatever the files lead to
            raise WeightsError(
                f"checkpoint {checkpoint.id}: adapter {folder} can't be loaded: {first_line(error)}"
            ) from error
        self._loaded += 1
        if missing := [name for name, factor in self._network.named_parameters() if factor.is_meta]:
            raise WeightsError(
                f"checkpoint {checkpoint.id}: adapter {folder} is not whole: its files lack "
                f"{missing[0]} and {len(missing) - 1} more."
            )
        self._network.eval().requires_grad_(False)
        self._check_effect(checkpoint, folder)
        self._folds = self._same_folded()
        self._active = folder

    def _same_folded(self) -> bool:
        """Whether the adapter as `folding` multiplies it says what peft's own code says."""
        apart = self._probe()
        with folded(self._network, always=True):
            among = self._probe()
        with folded(self._network):
            beside = self._probe()
        return alike(apart, among, self._dtype) and alike(apart, beside, self._dtype)

    def _check_effect(self, checkpoint: Checkpoint, folder: Path) -> None:
        import torch

        worn = self._probe()
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
    modules = dict(_base(network).named_modules())
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


def _base(network: Any) -> Any:
    return network.get_base_model() if hasattr(network, "get_base_model") else network


def _lora_shapes(folder: Path) -> dict[str, list[int]]:
    shapes: dict[str, list[int]] = {}
    for file in sorted(folder.glob("*.safetensors")):
        shapes.update(check_safetensors(file))
    return {key: shape for key, shape in shapes.items() if ".lora_" in key}
