"""Content hashes: what makes two checkpoints, or two data files, the same.

A checkpoint's fingerprint covers the bytes of everything that its answers depend on: weights,
tokenizer, chat template and adapter files, with dtype and quantization. Names and places do not
count: weights moved elsewhere keep their answers, others at the same place do not get them.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import struct
import threading
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from harness.errors import ConfigError, UnavailableError, WeightsError
from harness.records import Api, Checkpoint, Model

_MODEL_FILES = (
    "*.safetensors",
    "config.json",
    "*.index.json",
    "tokenizer*",
    "special_tokens*",
    "*.jinja",
    "generation_config.json",
    "vocab*",
    "merges*",
    "*.py",
)
_ADAPTER_FILES = ("adapter_config.json", "*.safetensors")
_DATED = re.compile(r"-\d{4}-?\d{2}-?\d{2}$")  # gpt-4o-2024-08-06 is a gpt-4o


class FileHashes:
    """SHA-256 of files, remembered on disk by path, size and time of change.

    A 7B model is 17 GB, about a minute of reading; an unchanged file is read once, also where two
    threads ask for it.
    """

    def __init__(self, memory: Path | None = None) -> None:
        self._memory = memory
        self._known: dict[str, str] = {}
        self._reading: dict[str, threading.Lock] = {}
        self._noting = threading.Lock()
        if memory is not None and memory.exists():
            try:
                self._known = json.loads(memory.read_text(encoding="utf-8"))
            except ValueError:  # half-written by a killed process: hash again
                self._known = {}

    def of(self, path: Path) -> str:
        """Hex digest of a file's content."""
        stat = path.stat()
        key = f"{path.resolve()}:{stat.st_size}:{stat.st_mtime_ns}"
        with self._reading.setdefault(key, threading.Lock()):
            if key not in self._known:
                with path.open("rb") as file:
                    digest = hashlib.file_digest(file, "sha256").hexdigest()
                with self._noting:
                    self._known[key] = digest
                    self._remember()
        return self._known[key]

    def _remember(self) -> None:
        if self._memory is None:
            return
        partial = self._memory.with_name(f"{self._memory.name}.{os.getpid()}.partial")
        try:
            self._memory.parent.mkdir(parents=True, exist_ok=True)
            partial.write_text(json.dumps(self._known, indent=0), encoding="utf-8")
            os.replace(partial, self._memory)
        except OSError:  # only a convenience: the run folder will report a full disk
            return


def sha256_of(paths: Iterable[Path]) -> str:
    """Hex digest of the files' bytes one after another, in the order given."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def weights_folder(model: Model) -> Path:
    """The folder of a local model's files; a hub id is looked up in, or brought to, the hub cache.

    Raises ConfigError for a missing folder.
    """
    if model.is_folder:
        folder = Path(model.weights)
        if not folder.is_dir():
            raise ConfigError(f"model {model.id}: no folder {folder}. Mend its weights = ... path.")
        return folder
    from huggingface_hub import snapshot_download

    try:
        return Path(
            snapshot_download(
                model.weights,
                revision=model.revision,
                allow_patterns=list(_MODEL_FILES),
                ignore_patterns=None if model.trust_remote_code else ["*.py"],
            )
        )
    except Exception as error:  # the hub raises many kinds: offline, gated, unknown, interrupted
        raise ConfigError(
            f"model {model.id}: {model.weights} is neither in the local hub cache nor could it be "
            f"fetched ({type(error).__name__}). Download it first (hf download {model.weights}; a "
            "gated model needs its licence accepted and hf auth login), or give a folder."
        ) from error


def checkpoint_fingerprint(checkpoint: Checkpoint, hashes: FileHashes) -> str:
    """Hash of all that a checkpoint's answers depend on. Reads files, imports no model library.

    An API's bytes are not to be seen: there it covers the server, the name that is asked for, and
    what is sent with every request. What the server says answered is in each response's usage.
    Raises ConfigError where a part is missing and WeightsError where a safetensors file is cut off.
    """
    model = checkpoint.model
    if not model.here:
        return _api_fingerprint(checkpoint)
    parts = _folder_parts(weights_folder(model), _MODEL_FILES, hashes)
    if model.chat_template is not None:
        parts.append(("template", hashes.of(model.chat_template)))
    if checkpoint.adapter is not None:
        if not (checkpoint.adapter / "adapter_config.json").is_file():
            raise ConfigError(
                f"checkpoint {checkpoint.id}: no adapter at {checkpoint.adapter} "
                "(adapter_config.json is missing). Mend its adapter = ... path, or train it first."
            )
        parts += [
            ("adapter " + name, digest)
            for name, digest in _folder_parts(checkpoint.adapter, _ADAPTER_FILES, hashes)
        ]
    by = ["vllm", vllm_version(), *model.vllm] if model.engine == "vllm" else []
    content = json.dumps([model.dtype, model.quantization, parts, *by])
    return hashlib.sha256(content.encode()).hexdigest()[:32]


def adapter_hash(adapter: Path) -> str:
    """Of an adapter's files. Raises ConfigError and WeightsError."""
    parts = _folder_parts(adapter, _ADAPTER_FILES, FileHashes())
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def vllm_version() -> str:
    """Of the vLLM that is installed. Raises UnavailableError."""
    try:
        return version("vllm")
    except PackageNotFoundError as error:
        raise UnavailableError(
            "vLLM is not installed here: pip install vllm, which brings a torch of its own, or "
            'ask with engine = "local".'
        ) from error


def same_weights(one: Model, other: Model, hashes: FileHashes) -> bool:
    """Whether two models are the same weights, in whatever precision or by whatever name.

    Behind an API: the same name, a snapshot's date aside. Folders are compared by their files; hub
    ids by their names, since nothing is fetched for this.
    """
    if one.here != other.here:
        return False
    if not one.here:
        return _DATED.sub("", one.weights) == _DATED.sub("", other.weights)
    if one.weights == other.weights:
        return one.revision == other.revision
    if not (one.is_folder and other.is_folder):
        return False
    files = [sorted(Path(model.weights).glob("*.safetensors")) for model in (one, other)]
    sizes = [[file.stat().st_size for file in of_model] for of_model in files]
    # Sizes first: hashing takes a minute for 17 GB.
    return (
        bool(files[0])
        and sizes[0] == sizes[1]
        and _digests(files[0], hashes) == _digests(files[1], hashes)
    )


def _digests(files: Iterable[Path], hashes: FileHashes) -> list[str]:
    return [hashes.of(file) for file in files]


def _api_fingerprint(checkpoint: Checkpoint) -> str:
    api = checkpoint.model.api or Api()
    name = checkpoint.served_as or checkpoint.model.weights
    content = json.dumps(["api", api.base_url, name, api.extra_body, api.omit])
    return hashlib.sha256(content.encode()).hexdigest()[:32]


def _folder_parts(
    folder: Path, patterns: tuple[str, ...], hashes: FileHashes
) -> list[tuple[str, str]]:
    files = sorted({file for pattern in patterns for file in folder.glob(pattern)})
    weights = [file for file in files if file.suffix == ".safetensors"]
    if not weights:
        raise ConfigError(
            f"{folder}: no *.safetensors file. Only safetensors weights are read (pickle files can "
            "run code); convert others first."
        )
    for file in weights:
        check_safetensors(file)
    return [(file.name, hashes.of(file)) for file in files]


def check_safetensors(path: Path) -> dict[str, list[int]]:
    """Tensor names and shapes of a safetensors file, after checking that it is whole.

    Raises WeightsError for a file that is cut off or is no safetensors file. Format: an 8-byte
    little-endian header length, a JSON header, then the data (safetensors README).
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else size
        if 8 + length > size:
            raise _damaged(path, size, "its header is cut off")
        try:
            header = json.loads(file.read(length))
            tensors = {k: v for k, v in header.items() if k != "__metadata__"}
            end = max((v["data_offsets"][1] for v in tensors.values()), default=0)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise _damaged(path, size, "its header is not safetensors'") from error
    if 8 + length + end != size:
        raise _damaged(path, size, f"{8 + length + end:,} are announced")
    return {name: list(tensor["shape"]) for name, tensor in tensors.items()}


def _damaged(path: Path, size: int, what: str) -> WeightsError:
    return WeightsError(
        f"{path}: damaged: it has {size:,} bytes, {what}. Copy or download it again."
    )
