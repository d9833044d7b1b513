"""Batches of packed rows, mixed from the tasks by their shares, and the loss on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch

from training.pretraining.packing import ANSWER, KINDS, PROMPT, RAW, Rows
from training.pretraining.recipe import LossWeights

Step = Callable[["Batch"], tuple[torch.Tensor, torch.Tensor, torch.Tensor]]


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one step: all [rows, row_length] but `tasks` [rows] (index of the row's task)."""

    tokens: torch.Tensor
    kinds: torch.Tensor
    items: torch.Tensor
    positions: torch.Tensor
    tasks: torch.Tensor


class Mixer:
    """Draws batches: each task's rows in a new seeded order every pass.

    All rows lie on `device` from the start, so that a step waits for no copy. A share that
    makes no whole number of rows is carried over to the next step.
    """

    def __init__(
        self,
        packed: Mapping[str, Rows],
        shares: Mapping[str, float],
        rows: int,
        seed: int,
        device: torch.device,
    ) -> None:
        self.names = list(packed)
        total = sum(shares[name] for name in self.names)
        self._quota = [rows * shares[name] / total for name in self.names]
        self._debt = [0.0] * len(self.names)
        self._rows = rows
        self._sizes = [len(packed[name].tokens) for name in self.names]
        self._starts = [sum(self._sizes[:index]) for index in range(len(self.names))]
        self._orders: list[torch.Tensor] = [torch.empty(0, dtype=torch.long) for _ in self.names]
        self._random = torch.Generator().manual_seed(seed)
        self.drawn = [0] * len(self.names)

        def join(field: str) -> torch.Tensor:
            parts = [torch.from_numpy(getattr(packed[name], field)) for name in self.names]
            return torch.cat(parts).to(device)

        self._all = Batch(
            tokens=join("tokens"),
            kinds=join("kinds"),
            items=join("items"),
            positions=join("positions"),
            tasks=torch.arange(len(self.names))
            .repeat_interleave(torch.tensor(self._sizes))
            .to(device),
        )

    def passes(self) -> dict[str, float]:
        """How often each task's rows have been seen, on average."""
        return {
            name: drawn / size
            for name, drawn, size in zip(self.names, self.drawn, self._sizes, strict=True)
        }

    def next(self) -> Batch:
        """The next batch, always `rows` rows."""
        chosen = torch.cat([self._draw(task, count) for task, count in enumerate(self._counts())])
        index = chosen.to(self._all.tokens.device, non_blocking=True)
        return Batch(
            tokens=self._all.tokens[index].long(),
            kinds=self._all.kinds[index].long(),
            items=self._all.items[index],
            positions=self._all.positions[index].long(),
            tasks=self._all.tasks[index],
        )

    def _counts(self) -> list[int]:
        wanted = [debt + quota for debt, quota in zip(self._debt, self._quota, strict=True)]
        counts = [max(int(value), 0) for value in wanted]
        order = sorted(range(len(wanted)), key=lambda task: counts[task] - wanted[task])
        for task in order[: self._rows - sum(counts)]:
            counts[task] += 1
        self._debt = [value - count for value, count in zip(wanted, counts, strict=True)]
        return counts

    def _draw(self, task: int, count: int) -> torch.Tensor:
        self.drawn[task] += count
        order = self._orders[task]
        while len(order) < count:
            fresh = torch.randperm(self._sizes[task], generator=self._random)
            order = torch.cat([order, fresh + self._starts[task]])
        self._orders[task] = order[count:]
        return order[:count]


def make_step(model: torch.nn.Module, tasks: int, weights: LossWeights, bf16: bool) -> Step:
    """A function from a batch to (loss, [tasks, kinds] loss sums, [tasks, kinds] counts).

    The loss is, for each task, the weighted sum of its mean losses by kind (document, prompt,
    answer), averaged over the tasks by their rows. Means and not sums: in a reading task one
    token in fifty is an answer, and a sum over tokens would hardly train it.
    """
    by_kind = torch.zeros(KINDS)
    by_kind[RAW], by_kind[PROMPT], by_kind[ANSWER] = weights.raw, weights.prompt, weights.answer

    def step(batch: Batch) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        length = batch.tokens.shape[1]
        same = batch.items[:, :, None] == batch.items[:, None, :]
        causal = torch.ones(length, length, dtype=torch.bool, device=same.device).tril()
        with torch.autocast(same.device.type, dtype=torch.bfloat16, enabled=bf16):
            logits = model(
                input_ids=batch.tokens,
                attention_mask=(same & causal)[:, None],
                position_ids=batch.positions,
                use_cache=False,
            ).logits
        losses = torch.nn.functional.cross_entropy(
            logits[:, :-1].flatten(0, 1).float(), batch.tokens[:, 1:].flatten(), reduction="none"
        )
        groups = (batch.tasks[:, None] * KINDS + batch.kinds[:, 1:]).flatten()
        counts = losses.new_zeros(tasks * KINDS).index_add_(0, groups, torch.ones_like(losses))
        rows = losses.new_zeros(tasks).index_add_(
            0, batch.tasks, torch.ones_like(batch.tasks, dtype=losses.dtype)
        )
        share = (rows / rows.sum()).repeat_interleave(KINDS)
        factor = share * by_kind.to(losses.device).repeat(tasks) / counts.clamp(min=1)
        loss = (losses * factor[groups]).sum()
        sums = losses.new_zeros(tasks * KINDS).index_add_(0, groups, losses.detach())
        return loss, sums.view(tasks, KINDS), counts.view(tasks, KINDS)

    return step
