"""Prompts and continuations as one stream of tokens, in which what rows begin with stands once.

The rows are a tree of tokens (SpecInfer, arXiv 2305.09781): a token sees what stands before it in
its row, whoever put it into the stream. Nothing is padded, and an instruction, examples or a text
with several questions are computed once for all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.engines.prefixes import alike

# How much larger the padded rows of one attention call may be than what they hold.
_LOOSE = 1.25


@dataclass(frozen=True, slots=True)
class Block:
    """What one row added to the stream: the rest of its prompt, then its continuations.

    before: where the row's tokens stand that were there already. start: its own first token.
    branches: for each own token 0 in the prompt, else the number of its continuation.
    """

    before: list[int]
    start: int
    branches: list[int]


@dataclass(slots=True)
class Stream:
    """Tokens, where in their rows they stand, and per row: its block, the places of its prompt's
    tokens, and of the tokens that predict those of its continuations.

    Places are counted from what was read before: the first token of the stream has place `offset`.
    """

    offset: int = 0
    ids: list[int] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    prompts: list[list[int]] = field(default_factory=list)
    predicting: list[list[int]] = field(default_factory=list)


def pack(
    prompts: Sequence[list[int]],
    tails: Sequence[Sequence[Sequence[int]]] = (),
    offset: int = 0,
) -> Stream:
    """The stream of prompts, each at least a token longer than `offset`, and their continuations.

    offset: tokens that all prompts begin with and that are read already. A continuation's last
    token predicts nothing, and is left out.
    """
    size = len(prompts)
    stream = Stream(offset)
    blocks: dict[int, Block] = {}
    stream.prompts = [[] for _ in range(size)]
    stream.predicting = [[] for _ in range(size)]
    last: list[int] = []
    path: list[int] = list(range(offset))
    for row in sorted(range(size), key=lambda row: prompts[row]):
        prompt = prompts[row]
        common = max(offset, alike(last, prompt))
        start = offset + len(stream.ids)
        own = len(prompt) - common
        path = [*path[:common], *range(start, start + own)]
        stream.ids.extend(prompt[common:])
        stream.positions.extend(range(common, len(prompt)))
        branches = [0] * own
        for number, tail in enumerate(tails[row] if tails else (), 1):
            first = offset + len(stream.ids)
            inner = tail[:-1]
            stream.predicting[row].extend(
                [path[-1], *range(first, first + len(inner))][: len(tail)]
            )
            stream.ids.extend(inner)
            stream.positions.extend(range(len(prompt), len(prompt) + len(inner)))
            branches.extend([number] * len(inner))
        blocks[row] = Block(path[:common], start, branches)
        stream.prompts[row] = path
        last = prompt
    stream.blocks = [blocks[row] for row in range(size)]
    return stream


def groups(blocks: Sequence[Block]) -> list[list[Block]]:
    """Blocks that attend together, padded to the longest: of like size, so little is padded."""
    found: list[list[Block]] = []
    own = before = used = 0  # of the group: longest own part, longest part before, what it holds
    for block in sorted(blocks, key=lambda block: (-len(block.branches), -len(block.before))):
        size, wider = len(block.branches), max(before, len(block.before))
        area = size * (len(block.before) + size)
        if found and (len(found[-1]) + 1) * own * (wider + own) <= _LOOSE * (used + area):
            found[-1].append(block)
            before, used = wider, used + area
        else:
            found.append([block])
            own, before, used = size, len(block.before), area
    return found
