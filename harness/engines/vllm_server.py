"""A vLLM server of our own: a process on this machine that lives as long as its engine does.

On loopback, behind a key made for it, with nothing fetched and no usage reported. Adapters are
loaded under a hash of their content: reloaded under a used name, vLLM may answer from what it
cached of the one before (vllm issue 42125).
Routes: https://docs.vllm.ai/en/stable/features/lora/ (dynamically serving LoRA adapters).
"""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.errors import ServiceError, UnavailableError, WeightsError
from harness.records import Model

KEY_VARIABLE = "MICHI_VLLM_KEY"
# The ranks that vLLM 0.25 has kernels for (its MaxLoRARanks).
_RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
_START, _END, _PAUSE = 900.0, 20.0, 0.5  # seconds: to start, to end, between two looks
_LOAD = 300.0  # for an adapter
_SHOWN = 15  # lines of its log that a failure quotes


class VllmServer:
    """Starts a server for a model; `address` is its OpenAI-compatible API.

    rank: of the largest adapter that it will be given, 0 for none. adapters: that it has at a time.
    arguments: more of `vllm serve`.
    Raises UnavailableError where vLLM is not installed, WeightsError where it does not start.
    """

    def __init__(
        self, model: Model, folder: Path, rank: int, adapters: int, arguments: Sequence[str]
    ) -> None:
        self._model = model
        self._key = os.environ[KEY_VARIABLE] = secrets.token_urlsafe(24)
        port = _free_port()
        self.address = f"http://127.0.0.1:{port}/v1"
        self._log = tempfile.NamedTemporaryFile(prefix="michi-vllm-", suffix=".log", delete=False)  # noqa: SIM115
        command = [
            *(sys.executable, "-m", "vllm.entrypoints.openai.api_server"),
            *("--model", str(folder), "--served-model-name", model.id),
            # Else it samples as the model's own configuration says, penalties included.
            *("--generation-config", "vllm"),
            *("--host", "127.0.0.1", "--port", str(port), "--dtype", model.dtype),
            *(_for_adapters(model, rank, adapters) if rank else ()),
            *(("--chat-template", str(model.chat_template)) if model.chat_template else ()),
            *(("--trust-remote-code",) if model.trust_remote_code else ()),
            *arguments,
        ]
        environment = {
            **os.environ,
            "VLLM_API_KEY": self._key,
            "VLLM_ALLOW_RUNTIME_LORA_UPDATING": "True",
            "VLLM_NO_USAGE_STATS": "1",
            "DO_NOT_TRACK": "1",
            "HF_HUB_OFFLINE": "1",
        }
        self._process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # with its own workers, so that all of them can be ended
        )
        try:
            self._wait()
        except BaseException:
            self.close()
            raise

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def load(self, name: str, adapter: Path) -> None:
        """Load an adapter under a name that no other had. Raises WeightsError and ServiceError."""
        status, told = self._post(
            "load_lora_adapter", {"lora_name": name, "lora_path": str(adapter)}
        )
        if status != 200:
            raise WeightsError(
                f"vLLM would not load the adapter {adapter}: {told}. What it asks of adapters: "
                "LoRA on layers that it knows, and no part of them kept whole (modules_to_save)."
            )

    def unload(self, name: str) -> None:
        """Forget an adapter. Raises ServiceError."""
        self._post("unload_lora_adapter", {"lora_name": name})

    def close(self) -> None:
        """End the server and what it started."""
        for sign, patience in ((signal.SIGTERM, _END), (signal.SIGKILL, _END)):
            if not self.alive:
                break
            try:
                os.killpg(self._process.pid, sign)
                self._process.wait(patience)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue
        self._log.close()
        Path(self._log.name).unlink(missing_ok=True)

    def died(self) -> ServiceError:
        """What to say of a server that is no longer there."""
        return ServiceError(
            f"the vLLM server of {self._model.id} ended ({self._process.poll()}). What was "
            f"answered is kept; run the same command again. Its last words:\n{self._last_words()}"
        )

    def _wait(self) -> None:
        until = time.monotonic() + _START
        while time.monotonic() < until:
            if not self.alive:
                words = self._last_words()
                if re.search("No module named '?vllm", words):
                    raise UnavailableError(
                        "vLLM is not installed here: pip install vllm, which brings a torch of its "
                        'own, or leave engine = "vllm" out.'
                    )
                raise WeightsError(f"vLLM did not start for {self._model.id}:\n{words}")
            if self._get("health") == 200:
                return
            time.sleep(_PAUSE)
        raise WeightsError(
            f"vLLM did not answer for {self._model.id} within {_START:.0f} s:\n{self._last_words()}"
        )

    def _last_words(self) -> str:
        text = Path(self._log.name).read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-_SHOWN:])

    def _get(self, route: str) -> int:
        try:
            with urllib.request.urlopen(
                self.address.replace("/v1", f"/{route}"), timeout=5
            ) as done:
                return int(done.status)
        except OSError:
            return 0

    def _post(self, route: str, body: dict[str, Any]) -> tuple[int, str]:
        request = urllib.request.Request(
            f"{self.address}/{route}",
            json.dumps(body).encode(),
            {"Content-Type": "application/json", "Authorization": f"Bearer {self._key}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=_LOAD) as done:
                return int(done.status), ""
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(errors="replace")[:500]
        except OSError as error:
            raise (
                ServiceError(f"the vLLM server: {error}") if self.alive else self.died()
            ) from error


def _for_adapters(model: Model, rank: int, adapters: int) -> list[str]:
    fitting = next((known for known in _RANKS if known >= rank), None)
    if fitting is None:
        raise WeightsError(
            f"an adapter on {model.id} has rank {rank}; vLLM takes {_RANKS[-1]} at most."
        )
    return [
        *("--enable-lora", "--max-lora-rank", str(fitting)),
        *("--max-loras", str(adapters), "--max-cpu-loras", str(adapters)),
    ]


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
