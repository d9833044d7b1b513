from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from training.pretraining import tokenizer as tokenizers
from training.pretraining.batches import Batch, Mixer, make_step
from training.pretraining.corpus import Chat
from training.pretraining.packing import (
    ANSWER,
    RAW,
    UNSCORED,
    Item,
    Rows,
    chat_items,
    document_items,
    pack,
)
from training.pretraining.pretrain import build_model
from training.pretraining.recipe import LossWeights, read_base


def items_of(sizes: list[int]) -> list[Item]:
    return [
        Item([2] + [100 + n] * (size - 1), [UNSCORED] + [RAW] * (size - 1))
        for n, size in enumerate(sizes)
    ]


def test_every_item_stays_whole_and_positions_restart() -> None:
    rows = pack(items_of([6, 5, 4, 3, 2]), length=10, seed=1)
    found = []
    for row in range(len(rows.tokens)):
        for number in range(rows.items[row].max() + 1):
            inside = rows.items[row] == number
            assert rows.positions[row][inside].tolist() == list(range(inside.sum()))
            found.append(rows.tokens[row][inside].tolist())
    assert sorted(found) == sorted(item.tokens for item in items_of([6, 5, 4, 3, 2]))
    assert len(rows.tokens) == 2  # 20 tokens fit exactly: 6 + 4 and 5 + 3 + 2
    assert (rows.items >= 0).all()


def test_a_chat_longer_than_a_row_is_left_out_and_counted() -> None:
    rows = pack(items_of([4, 11]), length=10, seed=1)
    assert rows.dropped == 1
    assert len(rows.tokens) == 1


def test_a_long_document_goes_on_in_further_items(trained: Path) -> None:
    tokenizer = tokenizers.load(trained / "model")
    text = "白い皿です。" * 20
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    items = document_items([text], tokenizer, length=16)
    assert all(len(item.tokens) <= 16 and item.tokens[0] == 2 for item in items)
    assert [token for item in items for token in item.tokens[1:]] == [*ids, 1]


def test_an_answer_is_scored_with_its_end_token_and_bos_is_not(trained: Path) -> None:
    tokenizer = tokenizers.load(trained / "model")
    (item,) = chat_items([Chat("価格は？", "330円です。")], tokenizer)
    answer = [token for token, kind in zip(item.tokens, item.kinds, strict=True) if kind == ANSWER]
    assert tokenizer.decode(answer) == "330円です。<end_of_turn>"
    assert item.kinds[0] == UNSCORED
    assert item.tokens.count(2) == 1


def test_shares_hold_over_many_steps_and_every_row_is_seen_in_each_pass() -> None:
    packed = {"a": pack(items_of([10] * 7), 10, 1), "b": pack(items_of([10] * 5), 10, 1)}
    mixer = Mixer(packed, {"a": 0.7, "b": 0.3}, rows=5, seed=3, device=torch.device("cpu"))
    batches = [mixer.next() for _ in range(20)]
    assert all(batch.tokens.shape == (5, 10) for batch in batches)
    assert mixer.drawn == [70, 30]
    of_a = torch.cat([batch.tokens[batch.tasks == 0][:, 1] for batch in batches])
    counts = np.unique(of_a.numpy(), return_counts=True)[1]
    assert counts.tolist() == [10] * 7


def test_packed_items_get_the_losses_they_have_alone(trained: Path) -> None:
    model = build_model(read_base(trained / "base.toml").model, seed=3)
    generator = torch.Generator().manual_seed(1)
    pieces = [torch.randint(6, 600, (size,), generator=generator).tolist() for size in (7, 9)]
    items = [Item(ids, [UNSCORED] + [RAW] * (len(ids) - 1)) for ids in pieces]
    rows = pack(items, length=20, seed=1)
    step = make_step(model, 1, LossWeights(1.0, 0.1, 1.0), bf16=False)
    loss, sums, counts = step(batch_of(rows))
    alone = []
    for ids in pieces:
        tokens = torch.tensor([ids])
        logits = model(input_ids=tokens).logits[0, :-1]
        alone.append(torch.nn.functional.cross_entropy(logits, tokens[0, 1:], reduction="sum"))
    assert counts[0, RAW] == 14
    torch.testing.assert_close(sums[0, RAW], alone[0] + alone[1])
    torch.testing.assert_close(loss, (alone[0] + alone[1]) / 14)


def batch_of(rows: Rows) -> Batch:
    return Batch(
        tokens=torch.from_numpy(rows.tokens).long(),
        kinds=torch.from_numpy(rows.kinds).long(),
        items=torch.from_numpy(rows.items),
        positions=torch.from_numpy(rows.positions).long(),
        tasks=torch.zeros(len(rows.tokens), dtype=torch.long),
    )
