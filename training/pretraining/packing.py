"""Rows of fixed length for pre-training: whole items packed, nothing cut in two."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from training.pretraining.corpus import Chat, Corpus
from training.pretraining.tokenizer import BOS, EOS, PAD

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

# What a token is to the loss. UNSCORED: padding and every <bos>, which nothing predicts.
UNSCORED, RAW, PROMPT, ANSWER = range(4)
KINDS = 4


@dataclass(frozen=True, slots=True)
class Item:
    """One document or chat: token ids, and for each token its kind (RAW, PROMPT, ANSWER)."""

    tokens: list[int]
    kinds: list[int]


@dataclass(frozen=True, slots=True)
class Rows:
    """Packed rows of one task; all arrays are [rows, row_length].

    `items` numbers the items inside a row from 0 (-1 on padding), `positions` counts each
    item's tokens from 0. `dropped` chats were longer than a row.
    """

    tokens: npt.NDArray[np.int16]
    kinds: npt.NDArray[np.uint8]
    items: npt.NDArray[np.int16]
    positions: npt.NDArray[np.int16]
    dropped: int


def pack_corpus(
    corpus: Corpus, tokenizer: PreTrainedTokenizerBase, tasks: Iterable[str], length: int, seed: int
) -> dict[str, Rows]:
    """Rows for each task that has any item; tokenised once, here."""
    packed: dict[str, Rows] = {}
    for task in tasks:
        if task in corpus.documents:
            items = document_items(corpus.documents[task], tokenizer, length)
        else:
            items = chat_items(corpus.chats[task], tokenizer)
        if items:
            packed[task] = pack(items, length, seed)
    return packed


def document_items(
    texts: Sequence[str], tokenizer: PreTrainedTokenizerBase, length: int
) -> list[Item]:
    """`<bos> text <eos>` of each text; a text longer than a row goes on in a further item."""
    items = []
    for ids in _encode(tokenizer, texts):
        whole = [*ids, EOS]
        for start in range(0, len(whole), length - 1):
            part = whole[start : start + length - 1]
            items.append(Item([BOS, *part], [UNSCORED] + [RAW] * len(part)))
    return items


def chat_items(chats: Sequence[Chat], tokenizer: PreTrainedTokenizerBase) -> list[Item]:
    """Chats rendered by the tokenizer's template; the answer's kind includes its end token."""
    heads, tails = [], []
    for chat in chats:
        user = {"role": "user", "content": chat.prompt}
        model = {"role": "assistant", "content": chat.answer}
        head = tokenizer.apply_chat_template([user], tokenize=False, add_generation_prompt=True)
        whole = tokenizer.apply_chat_template([user, model], tokenize=False)
        heads.append(str(head))
        tails.append(str(whole)[len(str(head)) :])
    items = []
    for head_ids, tail_ids in zip(
        _encode(tokenizer, heads), _encode(tokenizer, tails), strict=True
    ):
        kinds = [UNSCORED] + [PROMPT] * (len(head_ids) - 1) + [ANSWER] * len(tail_ids)
        items.append(Item(head_ids + tail_ids, kinds))
    return items


def _encode(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> list[list[int]]:
    if not texts:
        return []
    encoded: list[list[int]] = tokenizer(list(texts), add_special_tokens=False)["input_ids"]
    return encoded


def pack(items: Sequence[Item], length: int, seed: int) -> Rows:
    """Best fit by length: each row takes the longest items that still fit, in seeded order."""
    buckets: dict[int, list[int]] = {}
    order = list(range(len(items)))
    random.Random(seed).shuffle(order)
    dropped = 0
    for index in order:
        size = len(items[index].tokens)
        if size > length:
            dropped += 1
        else:
            buckets.setdefault(size, []).append(index)
    plan = _plan(buckets, length)
    shape = (len(plan), length)
    tokens = np.full(shape, PAD, dtype=np.int16)
    kinds = np.full(shape, UNSCORED, dtype=np.uint8)
    numbers = np.full(shape, -1, dtype=np.int16)
    positions = np.zeros(shape, dtype=np.int16)
    for row, members in enumerate(plan):
        start = 0
        for number, index in enumerate(members):
            item = items[index]
            place = slice(start, start + len(item.tokens))
            tokens[row, place] = item.tokens
            kinds[row, place] = item.kinds
            numbers[row, place] = number
            positions[row, place] = range(len(item.tokens))
            start += len(item.tokens)
    return Rows(tokens, kinds, numbers, positions, dropped)


def _plan(buckets: dict[int, list[int]], length: int) -> list[list[int]]:
    sizes = sorted(buckets)
    plan: list[list[int]] = []
    while sizes:
        room, members = length, []
        while (place := bisect_right(sizes, room)) > 0:
            size = sizes[place - 1]
            members.append(buckets[size].pop())
            room -= size
            if not buckets[size]:
                del sizes[place - 1]
        plan.append(members)
    return plan
