"""What was asked and answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field


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
    schema: a JSON schema, as text, that the answer is to hold to; a server that can is told so,
    local weights are not. joint: as lm-eval asks: continuations are split into tokens together
    with the prompt, and a prompt that is too long is cut on the left (`harness.engines.joint`).
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
    schema: str = ""
    joint: bool = False

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
class Certainty:
    """How sure a model was of each token that it wrote, what ended the answer included; aligned.

    ends: characters of the answer up to each token's end. logprobs: natural-log probability of the
    token. entropies: of the model's distribution there, in nats. margins: log-probability of the
    likeliest token less that of the second. Of an API's answer entropies are (), and margins where
    its server does not tell them.
    """

    ends: tuple[int, ...]
    logprobs: tuple[float, ...]
    entropies: tuple[float, ...]
    margins: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Usage:
    """What a server counted for one answer: tokens in and out, and the snapshot that answered."""

    prompt_tokens: int
    answer_tokens: int
    model: str = ""


UNTAKEN = "untaken"
UNANSWERED = ("refused", UNTAKEN)
BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Response:
    """What came back for one request.

    text: the generated text without the stop; for scored continuations the likeliest one.
    finish: "stop" | "length" | "scored" | "refused" (the model, or a filter, would not answer) |
    "untaken" (the server would not take the request; it is asked again in the next run) | "broken"
    (no answer, but what was paid for one that broke off; it is counted and nothing else). Of the
    last two `text` says in what words.
    tokens: generated tokens (the end token included), or those of the scored continuations.
    logprobs: natural-log probability of each continuation, summed over its tokens.
    reading: where tokens were asked for one by one. usage: of an API's answer.
    greedy: of joint requests, whether each continuation is what greedy decoding would write. cut:
    tokens of the prompt that were left out because the model takes no more. certainty: of a written
    answer, where the engine tells it: weights on this machine do, servers that are asked to may.
    """

    text: str
    finish: str
    tokens: int
    logprobs: tuple[float, ...] = ()
    reading: Reading | None = None
    usage: Usage | None = None
    greedy: tuple[bool, ...] = ()
    cut: int = 0
    certainty: Certainty | None = field(default=None, compare=False)  # varies with the batch

    @property
    def unanswered(self) -> bool:
        """Whether there is no answer, but only what stands in its place."""
        return self.finish in UNANSWERED


# Has requests answered: by whom and from where is not the asker's to know.
Ask = Callable[[Sequence[Request]], Mapping[Request, Response]]
