"""The words of the project as frozen records. Knows nobody.

`Model` and `Checkpoint` say who is asked; `Request` and `Response` what was asked and answered;
`Sample`, `Grade`, `Result` and `Verdict` what was made of it. Everything that is written to disk is
one of these through `dataclasses.asdict`.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Model:
    """Base weights with a public release date.

    weights: a folder, a hub id, or (engine "api") the name that the API knows.
    dtype: "float32" | "bfloat16" | "float16". quantization: None | "nf4".
    chat_template: a Jinja file for tokenizers that bring none (base models); None takes theirs.
    release_evidence: a URL or a note that says where the release date is from.
    """

    id: str
    weights: str
    released: datetime.date
    engine: str = "local"
    dtype: str = "float32"
    quantization: str | None = None
    revision: str | None = None
    chat_template: Path | None = None
    trust_remote_code: bool = False
    note: str = ""
    release_evidence: str = ""

    @property
    def is_folder(self) -> bool:
        """Whether the weights are a folder on this machine rather than a hub id or an API name."""
        return self.engine == "local" and Path(self.weights).is_absolute()


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is evaluated: a model alone, or with a LoRA adapter; it knows its data and epochs.

    twin_of: id of the checkpoint that learnt the same questions in the other world, where facts
    have other values ("" for none). reference: id of the checkpoint whose likelihoods those of this
    one are held against ("" for the model's own checkpoint without an adapter, if there is one).
    """

    id: str
    model: Model
    adapter: Path | None = None
    dataset: str = ""
    epochs: float | None = None
    baseline: bool = False
    twin_of: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """One thing to ask an engine.

    prompt: the user's turn, put through the tokenizer's chat template (`chat`), or raw text.
    continuations: texts to score after the prompt; empty means: generate.
    max_new_tokens, stop: what ends a generation besides the model's own end-of-turn tokens.
    temperature: 0 takes the likeliest token, above it tokens are sampled. draw: which of several
    samples of one prompt this is; the same draw gives the same answer.
    per_token: "likelihoods" reads the one continuation token by token, "ids" only splits it into
    tokens; "" does neither. window: how many of its first tokens are read; 0 for all.
    """

    prompt: str
    chat: bool = True
    continuations: tuple[str, ...] = ()
    max_new_tokens: int = 32
    stop: tuple[str, ...] = ()
    temperature: float = 0.0
    draw: int = 0
    per_token: str = ""
    window: int = 0

    @property
    def asked(self) -> str:
        """The question as a reader sees it: the prompt, or the text that is read without one."""
        return self.prompt or "".join(self.continuations[:1])


@dataclass(frozen=True, slots=True)
class Reading:
    """A text read token by token; prompt, BOS and chat template are no part of it.

    ids: of the tokens. ends: characters of the text up to each token's end. logprobs: natural-log
    probability of each token after what stands before it. means, deviations: expectation and
    standard deviation of the log-probability there, over the vocabulary under the model's own
    distribution (Min-K%++, arXiv 2404.02936). All aligned; the last three are empty where only ids
    were asked for. A first token with nothing before it, not even a BOS, is left out.
    """

    ids: tuple[int, ...]
    ends: tuple[int, ...]
    logprobs: tuple[float, ...] = ()
    means: tuple[float, ...] = ()
    deviations: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Response:
    """What came back for one request.

    text: the generated text without the stop; for scored continuations the likeliest one.
    finish: "stop" | "length" | "scored".
    tokens: generated tokens (the end token included), or those of the scored continuations.
    logprobs: natural-log probability of each continuation, summed over its tokens.
    reading: where tokens were asked for one by one.
    """

    text: str
    finish: str
    tokens: int
    logprobs: tuple[float, ...] = ()
    reading: Reading | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """One question of a task, with what counts as right.

    cluster: what samples share that makes them dependent (a document, a JSQuAD paragraph).
    stratum: the group that results are also told apart by ("seen", "control", ...); "" for none.
    gold: accepted answers. detail: whatever the task's grader needs besides (a fact's type ...).
    """

    id: str
    request: Request
    gold: tuple[str, ...]
    cluster: str
    stratum: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


class Outcome(StrEnum):
    """How one answer was judged."""

    CORRECT = "correct"
    WRONG = "wrong"
    CONTRADICTORY = "contradictory"  # the right value, and another of its kind
    ABSTAINED = "abstained"
    PARTIAL = "partial"
    MEASURED = "measured"  # neither right nor wrong: figures are all there is


@dataclass(frozen=True, slots=True)
class Grade:
    """One answer judged.

    scores: named figures of this answer, each in [0, 1] ("correct", "f1", ...): comparisons and
    gates go by them. figures: named figures on scales of their own (log-likelihoods, ranks).
    author: who judged: a rule with its version, a model, a person.
    rule: what the rule said, where a person's verdict took its place. people: what each person said
    of the answer (`harness.review.judgement`), empty where nobody looked.
    """

    outcome: Outcome
    scores: Mapping[str, float]
    author: str
    reason: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)
    rule: Grade | None = None
    people: Mapping[str, Any] = field(default_factory=dict)

    @property
    def correct(self) -> bool:
        """Whether the answer counts as right."""
        return self.outcome is Outcome.CORRECT


@dataclass(frozen=True, slots=True)
class Interval:
    """A two-sided interval, in the units of its figure. method: how it was made."""

    low: float
    high: float
    method: str
    level: float = 0.95


class Verdict(StrEnum):
    """What a gate says of a result; without a gate it is `MEASURED`."""

    PASSED = "passed"
    REGRESSED = "regressed"
    INCONCLUSIVE = "inconclusive"
    INCOMPARABLE = "incomparable"
    MEASURED = "measured"


@dataclass(frozen=True, slots=True)
class Result:
    """One number of one task on one checkpoint.

    value, low, high: in [0, 1] for shares; around 1 for relative scores.
    n: samples; clusters: independent groups among them. headline: shown in the tables.
    identity: what must match for two results to be compared (data hash, prompt, decoding ...).
    gate: what the verdict was made of (against, margin, difference, low, high, n ...), if there is
    one. reason: why the verdict is not "passed".
    """

    checkpoint: str
    task: str
    metric: str
    value: float
    low: float
    high: float
    n: int
    clusters: int
    interval: str
    headline: bool = False
    verdict: Verdict = Verdict.MEASURED
    reason: str = ""
    identity: Mapping[str, Any] = field(default_factory=dict)
    gate: Mapping[str, Any] = field(default_factory=dict)
