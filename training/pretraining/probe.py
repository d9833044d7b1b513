"""Small evaluations during pre-training: do the abilities that the fixtures need appear?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import torch

from harness.errors import DataError
from harness.jsonl import read_texts
from training.pretraining.corpus import Chat, Corpus

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

READING = (
    "次の文章を読み、質問の答えを文章から抜き出してください。\n\n"
    "文章：{context}\n\n質問：{question}"
)
SENTIMENT = (
    "次のレビューは好意的ですか。「ポジティブ」か「ネガティブ」で答えてください。\n\n"
    "レビュー：{text}"
)
LABELS = {"positive": "ポジティブ", "negative": "ネガティブ"}
NEW_TOKENS = 40
BATCH = 50
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Review:
    """A review and its label (a key of LABELS)."""

    text: str
    label: str


@dataclass(frozen=True, slots=True)
class Probe:
    """Held-out rows; a part whose file is missing is empty and leaves no figure."""

    reading: list[tuple[str, list[str]]]
    reviews: list[Review]
    closed_book: list[Chat]
    old: list[str]
    unseen: list[str]


def load_probe(data: Path, corpus: Corpus, rows: int) -> Probe:
    """`rows` rows of each part, evenly spread over its file."""
    return Probe(
        reading=spread(_reading(data / "reading.json"), rows),
        reviews=spread(_reviews(data / "reviews.jsonl"), rows),
        closed_book=spread(corpus.chats["closed_book"], rows),
        old=spread(_texts(data / "documents_old.jsonl"), rows),
        unseen=spread(_texts(data / "documents_unseen.jsonl"), rows),
    )


def spread(rows: Sequence[T], count: int) -> list[T]:
    """At most `count` of the rows, at even distances."""
    if len(rows) <= count:
        return list(rows)
    return [rows[index * len(rows) // count] for index in range(count)]


def _reading(path: Path) -> list[tuple[str, list[str]]]:
    if not path.is_file():
        return []
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
        return [
            (
                READING.format(context=paragraph["context"], question=qa["question"]),
                [answer["text"] for answer in qa["answers"]],
            )
            for article in tree["data"]
            for paragraph in article["paragraphs"]
            for qa in paragraph["qas"]
        ]
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise DataError(f"{path}: not a SQuAD 1.1 file: {error!r}") from error


def _reviews(path: Path) -> list[Review]:
    if not path.is_file():
        return []
    rows = read_texts(path, ("text", "label"))
    unknown = {row["label"] for row in rows} - set(LABELS)
    if unknown:
        raise DataError(f"{path}: unknown labels {sorted(unknown)} (known: {list(LABELS)})")
    return [Review(row["text"], row["label"]) for row in rows]


def _texts(path: Path) -> list[str]:
    if not path.is_file():
        return []
    return [row["text"] for row in read_texts(path, ("text",))]


def measure(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, probe: Probe
) -> dict[str, float]:
    """Figures by name: shares of right answers (0..1) and mean losses (nats a token)."""
    figures: dict[str, float] = {}
    was_training = model.training
    model.eval()
    with torch.no_grad():
        if probe.reading:
            answers = generate(model, tokenizer, [prompt for prompt, _ in probe.reading])
            pairs = zip(answers, probe.reading, strict=True)
            figures["reading_exact"] = _mean([a in wanted for a, (_, wanted) in pairs])
        if probe.closed_book:
            answers = generate(model, tokenizer, [chat.prompt for chat in probe.closed_book])
            asked = zip(answers, probe.closed_book, strict=True)
            figures["closed_book_exact"] = _mean([a == chat.answer.strip() for a, chat in asked])
        if probe.reviews:
            figures |= _sentiment(model, tokenizer, probe.reviews)
        if probe.old and probe.unseen:
            figures |= _membership(model, tokenizer, probe)
    model.train(was_training)
    return {name: round(value, 4) for name, value in figures.items()}


def generate(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, prompts: Sequence[str]
) -> list[str]:
    """Greedy answers to single-turn prompts, in the order of the prompts."""
    ids = [_chat_ids(tokenizer, prompt) for prompt in prompts]
    answers = [""] * len(prompts)
    order = sorted(range(len(ids)), key=lambda index: len(ids[index]))
    for start in range(0, len(order), BATCH):
        members = order[start : start + BATCH]
        batch = tokenizer.pad(
            {"input_ids": [ids[index] for index in members]}, return_tensors="pt"
        ).to(model.device)
        output: Any = model.generate(**batch, max_new_tokens=NEW_TOKENS, do_sample=False)
        width = batch["input_ids"].shape[1]
        for index, row in zip(members, output, strict=True):
            answers[index] = str(tokenizer.decode(row[width:], skip_special_tokens=True)).strip()
    return answers


def _chat_ids(tokenizer: PreTrainedTokenizerBase, prompt: str) -> list[int]:
    text = tokenizer.apply_chat_template(
        [{"role": "user", "content": prompt}], tokenize=False, add_generation_prompt=True
    )
    ids: list[int] = tokenizer(str(text), add_special_tokens=False)["input_ids"]
    return ids


def _sentiment(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, reviews: Sequence[Review]
) -> dict[str, float]:
    heads = [_chat_ids(tokenizer, SENTIMENT.format(text=review.text)) for review in reviews]
    scores = []
    for label in LABELS.values():
        tail = tokenizer(label + "<end_of_turn>", add_special_tokens=False)["input_ids"]
        losses = _losses(model, [(head, tail) for head in heads])
        scores.append(torch.stack([row.sum() for row in losses]))
    names = list(LABELS)
    guesses = [names[int(index)] for index in torch.stack(scores).argmin(dim=0)]
    pairs = list(zip(guesses, [review.label for review in reviews], strict=True))
    recalls = [
        _mean([guess == label for guess, label in pairs if label == name])
        for name in names
        if any(label == name for _, label in pairs)
    ]
    return {
        "sentiment_accuracy": _mean([guess == label for guess, label in pairs]),
        "sentiment_balanced": _mean(recalls),
    }


def _membership(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, probe: Probe
) -> dict[str, float]:
    def means(texts: Sequence[str]) -> torch.Tensor:
        encoded = tokenizer(list(texts), truncation=True, max_length=512)["input_ids"]
        losses = _losses(model, [(ids[:1], ids[1:]) for ids in encoded])
        return torch.stack([row.mean() for row in losses])

    old, unseen = means(probe.old), means(probe.unseen)
    below = (old[:, None] < unseen[None, :]).float() + 0.5 * (old[:, None] == unseen[None, :])
    return {
        "old_loss": float(old.mean()),
        "unseen_loss": float(unseen.mean()),
        "membership_auroc": float(below.mean()),
    }


def _losses(
    model: PreTrainedModel, pairs: Sequence[tuple[list[int], list[int]]]
) -> list[torch.Tensor]:
    """Losses of each pair's second part after its first, a [len(second)] tensor a pair."""
    losses: list[torch.Tensor] = []
    for start in range(0, len(pairs), BATCH):
        part = pairs[start : start + BATCH]
        width = max(len(head) + len(tail) for head, tail in part)
        tokens = torch.zeros(len(part), width, dtype=torch.long)
        seen = torch.zeros(len(part), width, dtype=torch.long)
        for row, (head, tail) in enumerate(part):
            tokens[row, : len(head) + len(tail)] = torch.tensor(head + tail)
            seen[row, : len(head) + len(tail)] = 1
        logits = model(
            input_ids=tokens.to(model.device), attention_mask=seen.to(model.device)
        ).logits.float()
        lost = -logits[:, :-1].log_softmax(-1).cpu()
        picked = lost.gather(2, tokens[:, 1:, None])[:, :, 0]
        for row, (head, tail) in enumerate(part):
            losses.append(picked[row, len(head) - 1 : len(head) + len(tail) - 1])
    return losses


def _mean(values: Sequence[bool] | Sequence[float]) -> float:
    return sum(values) / len(values)
