"""What a run's API answers cost: one file for all processes, and a budget that holds.

costs.jsonl in the run folder has a line a batch of answers: checkpoint, task, model, snapshot,
answers, tokens in and out, US dollars (null without a price), and of how many answers the tokens
are our guess because the server counted none. Answers taken from the store cost nothing and are not
in it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from harness.errors import ConfigError
from harness.jsonl import append_rows, read_whole_rows, whole_rows
from harness.records import Checkpoint, Model, Request, Response, Usage
from harness.records.response import BROKEN
from harness.scrub import scrub

COSTS = "costs.jsonl"
_MILLION = 1e6
_FRAME = 16  # tokens that a chat template adds to a prompt, guessed on the high side


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars a million tokens."""

    prompt: float
    answer: float

    def of(self, prompt_tokens: int, answer_tokens: int) -> float:
        """Dollars for so many tokens."""
        return (prompt_tokens * self.prompt + answer_tokens * self.answer) / _MILLION


class Ledger:
    """The costs of one checkpoint's answers to one task, beside those of the whole run.

    folder: of the run. root: of the project. shards: how many share a budget, each in a folder of
    its own.
    """

    def __init__(
        self, folder: Path, root: Path, checkpoint: Checkpoint, task: str, shards: int = 1
    ) -> None:
        self._path, self._root = folder / COSTS, root
        self._checkpoint, self._task = checkpoint, task
        api = checkpoint.model.api
        self._price = Price(*api.price) if api and api.price else None
        self._limit = api.max_cost / shards if api and api.max_cost is not None else None
        self._read, self._sum = 0, 0.0  # bytes of the file, and dollars in them

    @property
    def limited(self) -> bool:
        """Whether there is a budget, and a price to hold against it."""
        return self._limit is not None and self._price is not None

    def refuse_over(self, requests: Sequence[Request]) -> None:
        """Raise ConfigError where asking would go beyond the model's max_cost."""
        if over := self.over(requests, f"{self._task} on {self._checkpoint.id}"):
            raise ConfigError(over)

    def over(self, requests: Sequence[Request], what: str) -> str:
        """Why these may not be asked; "" where they may. what: that asks them."""
        if self._limit is None or self._price is None:
            return ""
        prompt, answer = estimate(requests)
        spent, expected = self._spent(), self._price.of(prompt, answer)
        if spent + expected <= self._limit:
            return ""
        return (
            f"{what}: {len(requests):,} requests may cost ${expected:.2f} ({prompt:,} tokens in, "
            f"at most {answer:,} out); ${spent:.2f} of this run's ${self._limit:.2f} for "
            f"{self._checkpoint.model.id} are spent. Nothing of it was asked. Raise max_cost, or "
            "ask less with --eval-limit or -k."
        )

    def enter(self, answers: Iterable[tuple[Request, Response]]) -> None:
        """Add answers that came to what is spent. Raises StorageError."""
        by_snapshot: dict[str, list[_Counted]] = defaultdict(list)
        for request, response in answers:
            if response.usage is not None:
                entry = _counted(request, response, response.usage)
                by_snapshot[response.usage.model].append(entry)
        append_rows(self._path, [self._row(name, used) for name, used in by_snapshot.items()])

    def add(self, answers: Iterable[tuple[Request, Response]]) -> None:
        """Enter answers, and raise ConfigError once more than max_cost is spent."""
        self.enter(answers)
        self.refuse_spent()

    def refuse_spent(self) -> None:
        """Raise ConfigError where more than max_cost is spent."""
        if self._limit is not None and (spent := self._spent()) > self._limit:
            raise ConfigError(
                f"{self._task} on {self._checkpoint.id}: ${spent:.2f} are spent on "
                f"{self._checkpoint.model.id}, more than max_cost = {self._limit:g}: stopped. What "
                "was answered is kept; raise max_cost and run again for the rest."
            )

    def _row(self, snapshot: str, used: Sequence[_Counted]) -> dict[str, Any]:
        prompt = sum(counted.usage.prompt_tokens for counted in used)
        answer = sum(counted.usage.answer_tokens for counted in used)
        return {
            "checkpoint": self._checkpoint.id,
            "task": self._task,
            "model": self._checkpoint.model.id,
            "snapshot": scrub(snapshot, self._root),  # a server of one's own may say a path
            "answers": sum(counted.whole for counted in used),
            "prompt_tokens": prompt,
            "answer_tokens": answer,
            "guessed": sum(counted.guessed for counted in used),
            "usd": round(self._price.of(prompt, answer), 8) if self._price else None,
        }

    def _spent(self) -> float:
        """Of all processes. What was read is not read again: answers come one by one."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._read)
                whole = file.read().rpartition(b"\n")[0]
        except FileNotFoundError:
            return 0.0
        own = self._checkpoint.model.id
        self._read += len(whole)
        self._sum += sum(row["usd"] or 0.0 for row in whole_rows(whole) if row["model"] == own)
        return self._sum


class _Counted(NamedTuple):
    """Tokens of an answer. guessed: by us. whole: not of one that broke off."""

    usage: Usage
    guessed: bool
    whole: bool


def _counted(request: Request, response: Response, usage: Usage) -> _Counted:
    """What the server counted; where it counted nothing our guess."""
    whole = response.finish != BROKEN
    if usage.prompt_tokens or usage.answer_tokens:
        return _Counted(usage, False, whole)
    prompt, answer = estimate([request])
    if not request.continuations:
        answer = tokens_of(response.text)
    return _Counted(Usage(prompt, answer, usage.model), True, whole)


def price_of(model: Model, requests: Sequence[Request]) -> float | None:
    """Dollars that these may cost at most; None for a model without a price."""
    if model.api is None or model.api.price is None:
        return None
    return Price(*model.api.price).of(*estimate(requests))


def read_costs(folder: Path) -> list[Mapping[str, Any]]:
    """The rows of a run's costs; none where no API was asked."""
    return list(read_whole_rows(folder / COSTS))


def estimate(requests: Iterable[Request]) -> tuple[int, int]:
    """Tokens in and out at most: prompts guessed on the high side, answers as long as allowed.

    A scored continuation is sent with its prompt, and the prompt once by itself.
    """
    prompt = answer = 0
    for request in requests:
        alone = tokens_of(request.prompt) + _FRAME
        prompt += alone + sum(alone + tokens_of(text) for text in request.continuations)
        answer += len(request.continuations) or request.max_new_tokens
    return prompt, answer


def tokens_of(text: str) -> int:
    """A guess on the high side: a token a character, or four characters where they are ASCII."""
    ascii_ = sum(character.isascii() for character in text)
    return len(text) - ascii_ + -(-ascii_ // 4)
