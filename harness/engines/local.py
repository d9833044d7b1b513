"""Local weights through transformers and peft: generation and log-likelihoods."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

from harness.engines import Answer
from harness.engines.adapters import AdapterSwitch
from harness.engines.batching import plan
from harness.engines.generation import generate, likeliest
from harness.engines.loading import device, load_tokenizer, load_weights, share_cores
from harness.engines.memory import free_memory, keep_freed_blocks, out_of_memory
from harness.engines.rendering import end_ids, prompt_text, token_ids
from harness.engines.sampling import sampler
from harness.errors import WeightsError
from harness.records import Checkpoint, Model, Request, Response

# Tokens of one batch, padding and answer included. On 2 cores 8,192 was the fastest or near it for
# generation with 7 M and 24 M parameters (2,048 to 32,768 tried); on a GPU batches fill the chip.
BATCH_TOKENS = {"cpu": 8192, "cuda": 32768}
_PROBE = "2026年の新作について教えてください。 What is new? 1234567890"

Row = tuple[Request, list[int], list[list[int]]]  # request, prompt ids, ids of each continuation


class LocalEngine:
    """One base model in memory; checkpoints on it are answered by swapping adapters.

    Raises WeightsError for files that can't be loaded, are for another base, or change nothing.
    """

    def __init__(self, model: Model, folder: Path, batch_tokens: int | None = None) -> None:
        share_cores()
        keep_freed_blocks()
        self.model = model
        self.tokenizer = load_tokenizer(model, folder)
        self.network = load_weights(model, folder)
        self.batch_tokens = batch_tokens or BATCH_TOKENS[device()]
        self.end_ids = end_ids(self.tokenizer, self.network.generation_config.eos_token_id)
        probe = self.tokenizer(_PROBE).input_ids
        self.switch = AdapterSwitch(self.network, probe, model.dtype)

    def answer(
        self, checkpoint: Checkpoint, requests: Sequence[Request], skip: Container[Request] = ()
    ) -> Iterator[list[Answer]]:
        """See `Engine.answer`."""
        kinds = sorted(requests, key=_kind)
        with self.switch.wearing(checkpoint) as network:
            for _, group in groupby(kinds, key=_kind):
                rows = [self._encode(request) for request in group]
                batches = plan([_length(row) for row in rows], self.batch_tokens)
                for batch in batches:
                    wanted = [rows[index] for index in batch if rows[index][0] not in skip]
                    if wanted:
                        ask = self._score if wanted[0][0].continuations else self._generate
                        yield from _halving(partial(ask, network), wanted)

    def close(self) -> None:
        """Drop the weights; memory is free once the caller lets go of this engine."""
        del self.network, self.switch
        free_memory()

    def render(self, request: Request) -> list[int]:
        """Token ids of a prompt, with exactly one BOS where the model uses one."""
        text = request.prompt
        if request.chat:
            turns = [{"role": "user", "content": text}]
            text = prompt_text(self.tokenizer, turns, f"model {self.model.id}")
        return token_ids(self.tokenizer, text)

    def _encode(self, request: Request) -> Row:
        prompt = self.render(request)
        encode = self.tokenizer
        tails = [encode(text, add_special_tokens=False).input_ids for text in request.continuations]
        limit = getattr(self.network.config, "max_position_embeddings", None)
        row = (request, prompt, tails)
        if limit and _length(row) > limit:
            raise WeightsError(
                f"model {self.model.id} takes {limit} tokens; this prompt and its answer need "
                f"{_length(row)}: {request.prompt[:60]!r}…"
            )
        return row

    def _generate(self, network: Any, rows: list[Row]) -> list[Answer]:
        import torch

        request = rows[0][0]
        choose = sampler([row[0] for row in rows]) if request.temperature else likeliest
        ids, mask = self._pad([prompt for _, prompt, _ in rows])
        with torch.inference_mode():
            tails = generate(
                network, ids, mask, request.max_new_tokens, partial(self._finished, request), choose
            )
        return [
            (row[0], self._response(row[0], tail)) for row, tail in zip(rows, tails, strict=True)
        ]

    def _finished(self, request: Request, ids: list[int]) -> bool:
        """Whether an answer that ends with the last of `ids` is complete."""
        if ids[-1] in self.end_ids:
            return True
        if not request.stop:
            return False
        text = self.tokenizer.decode(ids, skip_special_tokens=True)
        return any(stop in text for stop in request.stop)

    def _response(self, request: Request, ids: list[int]) -> Response:
        end = next((i for i, token in enumerate(ids) if token in self.end_ids), None)
        text = self.tokenizer.decode(ids[:end], skip_special_tokens=True)
        cuts = [text.find(stop) for stop in request.stop if stop in text]
        tokens = len(ids) if end is None else end + 1
        finished = end is not None or bool(cuts)
        return Response(
            text=text[: min(cuts)] if cuts else text,
            finish="stop" if finished else "length",
            tokens=tokens,
        )

    def _score(self, network: Any, rows: list[Row]) -> list[Answer]:
        import torch

        pairs = [(prompt, tail) for _, prompt, tails in rows for tail in tails]
        ids, mask = self._pad([prompt + tail for prompt, tail in pairs])
        keep = max(len(tail) for _, tail in pairs) + 1
        positions = (mask.cumsum(-1) - 1).clamp(min=0)
        with torch.inference_mode():
            # The output layer only where a continuation is predicted: over Gemma's 256,000 words
            # logits for a whole prompt would be the largest tensor of all.
            logits = network(
                input_ids=ids,
                attention_mask=mask,
                position_ids=positions,
                use_cache=False,
                logits_to_keep=keep,
            ).logits
            logprobs = logits[:, :-1].float().log_softmax(-1)
            taken = logprobs.gather(-1, ids[:, -keep + 1 :, None]).squeeze(-1).cpu()
        sums = iter([taken[i, -len(tail) :].sum().item() for i, (_, tail) in enumerate(pairs)])
        answers = []
        for request, _, tails in rows:
            values = tuple(next(sums) for _ in tails)
            best = max(range(len(values)), key=values.__getitem__)
            size = sum(len(tail) for tail in tails)
            answers.append((request, Response(request.continuations[best], "scored", size, values)))
        return answers

    def _pad(self, rows: list[list[int]]) -> tuple[Any, Any]:
        """Left-padded ids and mask, [rows, longest]."""
        import torch

        longest = max(len(row) for row in rows)
        fill = self.tokenizer.pad_token_id
        ids = torch.tensor([[fill] * (longest - len(row)) + row for row in rows])
        mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in rows])
        return ids.to(self.network.device), mask.to(self.network.device)


def _kind(request: Request) -> tuple[bool, int, tuple[str, ...], float]:
    """What requests of one batch must share."""
    return (
        bool(request.continuations),
        request.max_new_tokens,
        request.stop,
        request.temperature,
    )


def _length(row: Row) -> int:
    """Tokens that a request occupies in a batch."""
    request, prompt, tails = row
    if tails:
        return sum(len(prompt) + len(tail) for tail in tails)
    return len(prompt) + request.max_new_tokens


def _halving(ask: Callable[[list[Row]], list[Answer]], rows: list[Row]) -> Iterator[list[Answer]]:
    """Ask for rows at once, or in halves where memory does not suffice."""
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
