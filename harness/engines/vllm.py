"""Local weights answered by vLLM: a server of our own, asked through the API engine.

Base once, adapters loaded by content as they are needed. Log-likelihoods count only where they
agree with those of the local engine on a probe: prompt log-probabilities with adapters were wrong
in some versions (vllm issue 29955). Its answers are others than the local engine's in the last
digits and now and then in a word, so its version is part of every checkpoint's identity.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Container, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from harness.engines import Answer, parity
from harness.engines.api import ApiEngine
from harness.engines.vllm_server import KEY_VARIABLE, VllmServer
from harness.errors import ServiceError, UnavailableError, WeightsError
from harness.fingerprint import adapter_hash
from harness.records import Api, Checkpoint, Model, Request

_CONCURRENCY = 256  # vLLM's own batch (max_num_seqs)
_ADAPTERS = 4  # held at a time; each takes a slot of the largest one's size on the GPU


class VllmEngine:
    """A base model in a vLLM server. adapters: of all checkpoints on it, for their ranks.

    Raises UnavailableError without vLLM, WeightsError where it does not start.
    """

    def __init__(self, model: Model, folder: Path, adapters: Sequence[Path]) -> None:
        self.model = model
        self._probes, self._expected, end_ids = _told_here(model, folder)
        rank = max(map(rank_of, adapters), default=0)
        self._slots = max(1, min(_ADAPTERS, len(set(adapters))))
        self._server = VllmServer(model, folder, rank, self._slots, model.vllm)
        api = Api(
            base_url=self._server.address,
            key_variable=KEY_VARIABLE,
            concurrency=_CONCURRENCY,
            timeout=600.0,
            retries=1,
            prompt_logprobs=True,
            logprobs=True,
            # A base model's own configuration does not name the end of the turn that it was taught.
            extra_body=json.dumps({"stop_token_ids": end_ids}),
        )
        self._served = replace(model, engine="api", weights=model.id, api=api)
        self._api = ApiEngine(self._served)
        self._loaded: list[str] = []  # the oldest first
        self._loading = threading.Lock()
        self._apart: float | None = None  # from the local engine, once it was found out

    def answer(
        self, checkpoint: Checkpoint, requests: Sequence[Request], skip: Container[Request] = ()
    ) -> Iterator[list[Answer]]:
        """See `Engine.answer`.

        Raises UnavailableError where likelihoods are asked for and are not those of the local
        engine, WeightsError for an adapter that vLLM can't load or that changes nothing.
        """
        if not self._server.alive:
            raise self._server.died()
        if any(request.continuations for request in requests if request not in skip):
            self._refuse_apart()
        named = self._wearing(checkpoint)
        try:
            for answers in self._api.answer(named, requests, skip):
                yield [(request, replace(response, usage=None)) for request, response in answers]
        except Exception as error:
            if not self._server.alive:
                raise self._server.died() from error
            raise

    def close(self) -> None:
        """End the server."""
        self._api.close()
        self._server.close()

    def _wearing(self, checkpoint: Checkpoint) -> Checkpoint:
        """The checkpoint as the server knows it, its adapter loaded and seen to do something."""
        name = adapter_hash(checkpoint.adapter) if checkpoint.adapter else self.model.id
        named = replace(checkpoint, model=self._served, served_as=name)
        if checkpoint.adapter is None:
            return named
        with self._loading:
            if name not in self._loaded:
                if len(self._loaded) == self._slots:
                    self._server.unload(self._loaded.pop(0))
                self._server.load(name, checkpoint.adapter)
                self._refuse_idle(checkpoint, named)
                self._loaded.append(name)
        return named

    def _refuse_idle(self, checkpoint: Checkpoint, named: Checkpoint) -> None:
        """Raise WeightsError for an adapter that was loaded and changes nothing."""
        bare = replace(named, served_as=self.model.id)
        raw = parity.probes(chat=False)
        ours, base = (parity.likelihoods(self._api, one, raw) for one in (named, bare))
        if parity.farthest(ours, base) == 0.0:
            raise WeightsError(
                f"checkpoint {checkpoint.id}: adapter {checkpoint.adapter} changes nothing in "
                "vLLM: the likelihoods of a probe equal the base's."
            )

    def _refuse_apart(self) -> None:
        if self._apart is None:
            base = Checkpoint(self.model.id, self._served, served_as=self.model.id)
            try:
                told = parity.likelihoods(self._api, base, self._probes)
            except ServiceError as error:
                if not self._server.alive:
                    raise
                raise UnavailableError(
                    f"vLLM tells no log-likelihoods of answers by {self.model.id}: {error}"
                ) from error
            self._apart = parity.farthest(told, self._expected)
        if not self._apart <= parity.TOLERANCE[self.model.dtype]:
            raise UnavailableError(
                f"vLLM's log-likelihoods for {self.model.id} are {self._apart:.2g} away from the "
                f"local engine's on a probe (at most {parity.TOLERANCE[self.model.dtype]:g} may "
                'be): suites that score are left out. Ask with engine = "local" for them.'
            )


def rank_of(adapter: Path) -> int:
    """The largest rank in an adapter, also where layers have their own. Raises WeightsError."""
    path = adapter / "adapter_config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        return int(max([config["r"], *(config.get("rank_pattern") or {}).values()]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WeightsError(f"{path}: no rank of a LoRA adapter in it ({error}).") from error


def _told_here(
    model: Model, folder: Path
) -> tuple[list[Request], list[tuple[float, ...]], list[int]]:
    """A probe as the model is asked, what the local engine says of it, and what ends an answer.

    Before the server takes the GPU's memory.
    """
    from harness.engines.local import LocalEngine

    engine = LocalEngine(replace(model, engine="local"), folder)
    try:
        bare = Checkpoint(model.id, engine.model)
        asked = parity.probes(chat=engine.tokenizer.chat_template is not None)
        return asked, parity.likelihoods(engine, bare, asked), sorted(engine.end_ids)
    finally:
        engine.close()
