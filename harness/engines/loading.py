"""From files to a model and a tokenizer, with nothing fetched and no foreign code run unasked."""

from __future__ import annotations

import gc
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.errors import ConfigError, WeightsError
from harness.records import Model


@contextmanager
def quiet() -> Iterator[None]:
    """Without the libraries' warnings about each other, which a user of ours can't mend."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", FutureWarning)
        yield


@contextmanager
def importing() -> Iterator[None]:
    """While libraries are imported, nothing is looked through for garbage, of which there is none.

    torch, transformers and peft took 8.8 s so far and 7.1 s so (2 cores, three times each).
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def device() -> str:
    """The accelerator if there is one."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def share_cores() -> None:
    """Give each xdist worker its share of the cores: torch takes them all in every process.

    OMP_NUM_THREADS has the last word: two threads on one core that another program shares wait for
    each other at every layer (960 questions took 331 s so, and 20 s with one thread).
    """
    with importing():
        import torch

    if os.environ.get("OMP_NUM_THREADS"):
        return
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    torch.set_num_threads(max(1, cores() // workers))


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def plan_no_attention() -> None:
    """Keep cuDNN out of attention: it plans anew for every shape, and each new token is one.

    On an H200 with Gemma-7B's shape, 512 prompts × 32 tokens took 23.6 s with it and 11.8 s with
    the other kernels, scoring 768 texts 10.0 and 7.8 s.
    """
    import torch

    torch.backends.cuda.enable_cudnn_sdp(False)


def load_tokenizer(model: Model, folder: Path) -> Any:
    """The tokenizer with left padding and a chat template. Raises WeightsError."""
    with importing():
        from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(
            str(folder), local_files_only=True, trust_remote_code=model.trust_remote_code
        )
    except Exception as error:  # transformers raises whatever the broken file leads to
        raise WeightsError(
            f"{folder}: the tokenizer can't be loaded: {first_line(error)}"
        ) from error
    if model.chat_template is not None:
        tokenizer.chat_template = model.chat_template.read_text(encoding="utf-8")
    tokenizer.padding_side = "left"
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def load_weights(model: Model, folder: Path, place: str | None = None) -> Any:
    """The causal language model in evaluation mode, frozen, on `place` or the accelerator.

    Safetensors only. Raises WeightsError, and ConfigError for NF4 without bitsandbytes.
    """
    with quiet(), importing():
        import torch
        from transformers import AutoModelForCausalLM
        from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    place = place or device()
    options: dict[str, Any] = {}
    if model.quantization == "nf4":
        options = {"quantization_config": _nf4(model), "device_map": {"": place}}
    try:
        # The model's own module is imported here.
        with quiet(), importing():
            network = AutoModelForCausalLM.from_pretrained(
                str(folder),
                dtype=getattr(torch, model.dtype),
                use_safetensors=True,
                local_files_only=True,
                trust_remote_code=model.trust_remote_code,
                **options,
            )
    except Exception as error:  # as above
        raise WeightsError(f"{folder}: the weights can't be loaded: {first_line(error)}") from error
    if model.quantization == "nf4":
        _keep_unpacked(network, place)
    else:
        network.to(place)
    return network.eval().requires_grad_(False)


def _nf4(model: Model) -> Any:
    try:
        import bitsandbytes  # noqa: F401
    except ImportError as error:
        raise ConfigError(
            f'model {model.id}: quantization = "nf4" needs bitsandbytes: '
            "pip install 'pytest-michi[nf4]'."
        ) from error
    import torch
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=getattr(torch, model.dtype),
    )


def _keep_unpacked(network: Any, place: str) -> None:
    """Forbid bitsandbytes 0.50's repacking on CPUs with AVX512-BF16.

    It asserts that widths are multiples of 32, and leaves gradients wrong for a later training.
    """
    if place != "cpu":
        return
    for module in network.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False


def first_line(error: Exception) -> str:
    """What a library's error says, without the pages that may follow."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else 'no message'}"
