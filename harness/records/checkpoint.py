"""Who is asked: models, what reaches them, and checkpoints on them."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Api:
    """How a model behind an OpenAI-compatible server is reached and what it costs.

    base_url: OpenAI's own where "". key_variable: the environment's variable that holds the key; ""
    for OPENAI_API_KEY, which goes to OpenAI and to this machine and to nobody else (`key_name`).
    concurrency: requests under way at most. timeout: seconds for one. retries: of one request.
    prompt_logprobs: whether the server tells how likely a given text is (vLLM does; OpenAI does
    not): without it questions of likelihood are asked in words. logprobs: whether it is asked how
    likely each token of its answers was (OpenAI, vLLM, llama.cpp).
    price: US dollars a million tokens, in and out. max_cost: dollars that a run may spend on this
    model. extra_body: a JSON object sent with every request. omit: names of parameters that the
    server refuses ("temperature", "seed").
    """

    base_url: str = ""
    key_variable: str = ""
    concurrency: int = 8
    timeout: float = 120.0
    retries: int = 6
    prompt_logprobs: bool = False
    logprobs: bool = False
    price: tuple[float, float] | None = None
    max_cost: float | None = None
    extra_body: str = "{}"
    omit: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        """Where requests go."""
        return self.base_url or "https://api.openai.com/v1"

    @property
    def key_name(self) -> str:
        """The variable that is read."""
        return self.key_variable or "OPENAI_API_KEY"


@dataclass(frozen=True, slots=True)
class Model:
    """Base weights with a public release date.

    weights: a folder, a hub id, or (engine "api") the name that the API knows. engine: "local" (by
    transformers here) | "vllm" (a vLLM server that is started here) | "api".
    api: how an API's model is reached; None for weights of our own.
    dtype: "float32" | "bfloat16" | "float16". quantization: None | "nf4".
    chat_template: a Jinja file for tokenizers that bring none (base models); None takes theirs.
    release_evidence: a URL or a note that says where the release date is from. vllm: more
    arguments of that server.
    """

    id: str
    weights: str
    released: datetime.date
    engine: str = "local"
    api: Api | None = None
    dtype: str = "float32"
    quantization: str | None = None
    revision: str | None = None
    chat_template: Path | None = None
    trust_remote_code: bool = False
    note: str = ""
    release_evidence: str = ""
    vllm: tuple[str, ...] = ()

    @property
    def here(self) -> bool:
        """Whether its weights are on this machine, whoever answers for them."""
        return self.engine != "api"

    @property
    def is_folder(self) -> bool:
        """Whether the weights are a folder on this machine rather than a hub id or an API name."""
        return self.here and Path(self.weights).is_absolute()


@dataclass(frozen=True, slots=True)
class Embedding:
    """What turns texts into vectors.

    model: a sentence-transformers folder, or the name that an API knows. api: how that is reached;
    None for a folder. query_prefix, passage_prefix: what stands before a question and a passage;
    None for the folder's own prompts. query_body, passage_body: JSON objects sent to an API with
    either. dimensions: how many of a vector's numbers are taken; None for all. batch: texts at a
    time.
    """

    model: str
    api: Api | None = None
    query_prefix: str | None = None
    passage_prefix: str | None = None
    query_body: str = "{}"
    passage_body: str = "{}"
    dimensions: int | None = None
    batch: int = 32


@dataclass(frozen=True, slots=True)
class Retrieval:
    """What looks up passages before a question is asked.

    name: of its table. kind: "bm25" | "embeddings" | "hybrid" (both) | "gold" (the document that
    the question is about). documents: JSON Lines with id, title and text. top_k: passages shown.
    passage_size: characters of a passage at most; longer documents are split. k1, b: BM25's.
    prompt: with {passages} and {question}; passage: how each stands there, with {text}, {title},
    {number}; "" for the usual. embedding: of "embeddings" and "hybrid", None of the others.
    """

    name: str
    kind: str
    documents: Path
    top_k: int = 5
    passage_size: int = 400
    # Anserini's for passages (Yang et al., SIGIR 2017). For 4,442 questions of JSQuAD over their
    # 1,145 paragraphs these found 90.1 % at once and 97.2 % among five, 1.5 and 0.75 89.0 and 96.8.
    k1: float = 0.9
    b: float = 0.4
    prompt: str = ""
    passage: str = ""
    embedding: Embedding | None = None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is evaluated: a model alone, or with a LoRA adapter; it knows its data and epochs.

    served_as: the name by which an API's server knows it (vLLM: of the LoRA module); "" for the
    model's own. retrieval: what it may look up; None for closed-book.
    twin_of: id of the checkpoint that learnt the same questions in the other world, where facts
    have other values ("" for none). reference: id of the checkpoint whose likelihoods those of this
    one are held against ("" for the model's own checkpoint without an adapter, if there is one).
    """

    id: str
    model: Model
    adapter: Path | None = None
    served_as: str = ""
    retrieval: Retrieval | None = None
    dataset: str = ""
    epochs: float | None = None
    baseline: bool = False
    twin_of: str = ""
    reference: str = ""

    @property
    def bare(self) -> bool:
        """Whether it is a model as it was released: nothing trained on it, nothing looked up."""
        return not self.tuned and self.retrieval is None

    @property
    def tuned(self) -> bool:
        """Whether it is more than its model: an adapter, here or on a server."""
        return self.adapter is not None or bool(self.served_as)
