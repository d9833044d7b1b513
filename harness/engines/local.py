"""One base model in memory that answers, scores and reads. Requests go out in batches by kind."""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterator, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

from harness.engines import Answer, encoding, reading, scoring
from harness.engines.adapters import AdapterSwitch
from harness.engines.batching import Row, plan, plan_families
from harness.engines.cache import writable
from harness.engines.certainty import Sure, certainty
from harness.engines.kernels import fuse
from harness.engines.loading import (
    device,
    load_tokenizer,
    load_weights,
    plan_no_attention,
    share_cores,
)
from harness.engines.memory import free_memory, keep_freed_blocks, out_of_memory
from harness.engines.moments import OutputLayer
from harness.engines.output import output_layer
from harness.engines.packed import packs, read_prefix
from harness.engines.prefixes import families, preamble
from harness.engines.rendering import end_ids
from harness.engines.writing import Writer
from harness.errors import WeightsError
from harness.records import Checkpoint, Model, Request, Response

# Tokens of one batch, padding and answer included. On 2 cores 8,192 was the fastest or near it for
# generation with 7 M and 24 M parameters (2,048 to 32,768 tried); on a GPU batches fill the chip.
BATCH_TOKENS = {"cpu": 8192, "cuda": 32768}
# Tokens that are decoded before the first that a stop may begin in: characters of several tokens.
_MORE_TOKENS = 8
_PROBE = "2026年の新作について教えてください。 What is new? 1234567890"

Ask = Callable[[Sequence[Row]], list[Answer]]


class LocalEngine:
    """One base model in memory; checkpoints on it are answered by swapping adapters.

    Raises WeightsError for files that can't be loaded, are for another base, or change nothing.
    """

    def __init__(self, model: Model, folder: Path, batch_tokens: int | None = None) -> None:
        share_cores()
        plan_no_attention()
        keep_freed_blocks()
        self.model = model
        self.tokenizer = load_tokenizer(model, folder)
        self.network = load_weights(model, folder)
        self.batch_tokens = batch_tokens or BATCH_TOKENS[device()]
        self.written_tokens = writable(self.network, self.batch_tokens)
        own = self.network.generation_config.eos_token_id
        self.end_ids = end_ids(self.tokenizer, own)
        # transformers' `generate` knows no end of a turn that its configuration does not name.
        self.own_end_ids = end_ids(self.tokenizer, own, of_turns=())
        self._probe: list[int] = self.tokenizer(_PROBE).input_ids
        fuse(self.network, self._probe, model.dtype)
        self.switch = AdapterSwitch(self.network, self._probe, model.dtype)
        self._layers: dict[Path | None, OutputLayer | None] = {}
        self._streams: dict[Path | None, bool] = {}
        self._last: tuple[list[Request], list[Row]] = [], []

    def answer(
        self, checkpoint: Checkpoint, requests: Sequence[Request], skip: Container[Request] = ()
    ) -> Iterator[list[Answer]]:
        """See `Engine.answer`."""
        with self.switch.wearing(checkpoint) as network:
            for of_kind in _by_kind(requests):
                if all(request in skip for request in of_kind):
                    continue
                rows = self._encoded(of_kind)
                expected = sum(request not in skip for request in of_kind)
                ask, batches = self._planned(network, checkpoint, rows, expected)
                for batch in batches:
                    wanted = [rows[index] for index in batch if rows[index].request not in skip]
                    for answers in _halving(ask, wanted):
                        self._refuse_nan(answers)
                        yield answers

    def batches(self, checkpoint: Checkpoint, requests: Sequence[Request]) -> list[list[int]]:
        """See `harness.engines.asked_together`."""
        places = {request: place for place, request in enumerate(requests)}
        found = []
        with self.switch.wearing(checkpoint) as network:
            for of_kind in _by_kind(requests):
                rows = self._encoded(of_kind)
                _, batches = self._planned(network, checkpoint, rows, len(rows))
                found += [[places[rows[index].request] for index in batch] for batch in batches]
        return found

    def close(self) -> None:
        """Drop the weights; memory is free once the caller lets go of this engine."""
        del self.network, self.switch, self._layers
        free_memory()

    def render(self, request: Request) -> list[int]:
        """Token ids of a prompt, as the network gets them."""
        return encoding.prompts(self.tokenizer, self.model.id, [request])[0]

    def _encoded(self, requests: list[Request]) -> list[Row]:
        """Kept until others are asked: the next checkpoint is asked the same."""
        if self._last[0] != requests:
            rows = encoding.encode(self.tokenizer, self.network.config, self.model.id, requests)
            self._last = requests, rows
        return self._last[1]

    def _planned(
        self, network: Any, checkpoint: Checkpoint, rows: Sequence[Row], expected: int
    ) -> tuple[Ask, list[list[int]]]:
        """What answers rows of one kind, and which are asked together. expected: without answers.

        Batches are planned over all rows, also those that have answers: a run that goes on divides
        them as one that was not stopped.
        """
        request, pad = rows[0].request, self.tokenizer.pad_token_id
        lengths = [_length(row) for row in rows]
        budget = self.batch_tokens if request.continuations else self.written_tokens
        batches = plan(lengths, budget)
        if request.per_token == "ids":
            return reading.read_ids, batches
        if request.per_token:
            layer = self._layer(network, checkpoint)
            return partial(reading.read, network, layer=layer, pad=pad), batches
        prefix = None
        if self._packs(network, checkpoint) and not any(row.cut for row in rows):
            prompts = [row.prompt for row in rows]
            size = preamble(prompts)
            prefix = read_prefix(network, prompts[0][:size])
            batches = plan_families(families(prompts, size), lengths, budget)
        if not request.continuations:
            finished = partial(self._finished, request)
            writer = Writer(network, prefix, pad, finished, expected)
            return partial(self._written, writer), batches
        layer = self._layer(network, checkpoint)
        score = partial(scoring.score, network, layer=layer, pad=pad, prefix=prefix)
        return partial(score, budget=self.batch_tokens), batches

    def _packs(self, network: Any, checkpoint: Checkpoint) -> bool:
        """Whether the network reads streams, tried once for each adapter."""
        if checkpoint.adapter not in self._streams:
            pad = self.tokenizer.pad_token_id
            self._streams[checkpoint.adapter] = packs(network, self._probe, pad, self.model.dtype)
        return self._streams[checkpoint.adapter]

    def _refuse_nan(self, answers: Sequence[Answer]) -> None:
        """NaN compares as neither more nor less: a true value would come first of all."""
        for request, response in answers:
            if any(map(math.isnan, response.logprobs)):
                raise WeightsError(
                    f"model {self.model.id}: the likelihood of {request.continuations[0][:60]!r} "
                    f"is not a number: its activations overflow in {self.model.dtype}, or its "
                    'weights are broken. Try dtype = "float32" or "bfloat16".'
                )

    def _layer(self, network: Any, checkpoint: Checkpoint) -> OutputLayer | None:
        """The output layer as `reading` and `scoring` use it, probed once for each adapter."""
        if checkpoint.adapter not in self._layers:
            self._layers[checkpoint.adapter] = output_layer(network, self._probe)
        return self._layers[checkpoint.adapter]

    def _written(self, writer: Writer, rows: Sequence[Row]) -> list[Answer]:
        written = writer.write(rows)
        return [(row.request, self._response(row, ids, sure)) for row, ids, sure in written]

    def _finished(self, request: Request, ids: list[int]) -> bool:
        """Whether an answer that ends with the last of `ids` is complete."""
        if ids[-1] in self._ends_of(request):
            return True
        if not request.stop:
            return False
        # A token stands for a byte at least, so the end of an answer is enough; whole answers
        # decoded at each token would cost the square of their length.
        size = max(len(stop.encode()) for stop in request.stop)
        return self._stopped(request, ids[-size - _MORE_TOKENS :])

    def _ends_of(self, request: Request) -> list[int]:
        return self.own_end_ids if request.joint else self.end_ids

    def _stopped(self, request: Request, ids: list[int]) -> bool:
        """Whether a stop was written; lm-eval's may be special tokens."""
        text = self.tokenizer.decode(ids, skip_special_tokens=not request.joint)
        return any(stop in text for stop in request.stop)

    def _response(self, row: Row, ids: list[int], sure: list[Sure]) -> Response:
        request, ends = row.request, self._ends_of(row.request)
        end = next((i for i, token in enumerate(ids) if token in ends), None)
        text = self.tokenizer.decode(ids[:end], skip_special_tokens=True)
        cuts = [text.find(stop) for stop in request.stop if stop in text]
        tokens = len(ids) if end is None else end + 1
        finished = end is not None or bool(cuts) or self._stopped(request, ids)
        text = text[: min(cuts)] if cuts else text
        return Response(
            text=text,
            finish="stop" if finished else "length",
            tokens=tokens,
            cut=row.cut,
            certainty=certainty(self.tokenizer, ids[:tokens], text, sure[:tokens]),
        )


def _kind(request: Request) -> tuple[bool, str, bool, int, tuple[str, ...], float]:
    """What requests of one batch must share."""
    return (
        request.joint,
        request.per_token,
        bool(request.continuations),
        request.max_new_tokens,
        request.stop,
        request.temperature,
    )


def _by_kind(requests: Sequence[Request]) -> Iterator[list[Request]]:
    """Requests that one batch may hold, in their order."""
    for _, group in groupby(sorted(requests, key=_kind), key=_kind):
        yield list(group)


def _length(row: Row) -> int:
    """Tokens that a request occupies in a batch."""
    if row.tails:
        return scoring.length(row)
    return len(row.prompt) + row.request.max_new_tokens


def _halving(ask: Ask, rows: Sequence[Row]) -> Iterator[list[Answer]]:
    """Ask for rows at once, or in halves where memory does not suffice."""
    if not rows:
        return
    try:
        answers = ask(rows)
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        if len(rows) == 1:
            raise WeightsError(
                "out of memory with a single request of "
                f"{_length(rows[0])} tokens: the model needs a larger device, or quantization."
            ) from error
    else:
        yield answers
        return
    free_memory()
    middle = len(rows) // 2
    yield from _halving(ask, rows[:middle])
    yield from _halving(ask, rows[middle:])
