"""Rows as a tree of tokens: every token once, every row whole."""

from __future__ import annotations

import random

from harness.engines.packing import Stream, groups, pack
from harness.engines.prefixes import alike, families, preamble


def prompts() -> list[list[int]]:
    """Three texts with up to four questions each, after an instruction, in no order."""
    draw = random.Random(4)
    instruction = [draw.randint(1, 9) for _ in range(6)]
    texts = [[draw.randint(10, 19) for _ in range(12 + i)] for i in range(3)]
    asked = [
        [*instruction, *texts[i % 3], *(draw.randint(20, 29) for _ in range(2 + i % 5))]
        for i in range(11)
    ]
    draw.shuffle(asked)
    return asked


def told(stream: Stream, ids: list[int], places: list[int]) -> list[int]:
    """The tokens at places, of what was read before and of the stream."""
    return [([*ids[: stream.offset], *stream.ids])[place] for place in places]


def test_each_row_is_found_whole_and_what_rows_share_stands_once() -> None:
    asked = prompts()
    stream = pack(asked)
    assert [told(stream, [], path) for path in stream.prompts] == asked
    distinct = {tuple(prompt[:i]) for prompt in asked for i in range(1, len(prompt) + 1)}
    assert len(stream.ids) == len(distinct)  # a token for each beginning there is
    assert all(
        stream.positions[place] == i for path in stream.prompts for i, place in enumerate(path)
    )


def test_what_was_read_before_is_not_read_again() -> None:
    asked = prompts()
    stream = pack(asked, offset=preamble(asked))
    assert stream.offset == 6
    assert [told(stream, asked[0], path) for path in stream.prompts] == asked
    assert len(stream.ids) == len(pack(asked).ids) - 6


def test_continuations_follow_their_own_prompt_without_their_last_token() -> None:
    stream = pack([[1, 2, 3], [1, 2, 4]], [[[5, 6], [7], []], [[8, 9, 10]]])
    assert stream.ids == [1, 2, 3, 5, 4, 8, 9]
    assert stream.positions == [0, 1, 2, 3, 2, 3, 4]
    first, second = stream.blocks
    assert (first.before, first.start, first.branches) == ([], 0, [0, 0, 0, 1])
    assert (second.before, second.start, second.branches) == ([0, 1], 4, [0, 1, 1])
    # 5, 6 and 7 are predicted after 3, 3's continuation and 3; nothing is of an empty one.
    assert stream.predicting == [[2, 3, 2], [4, 5, 6]]


def test_a_prompt_that_begins_another_keeps_a_last_token_of_its_own() -> None:
    stream = pack([[1, 2, 3, 4], [1, 2], [1, 2]])
    assert [told(stream, [], path) for path in stream.prompts] == [[1, 2, 3, 4], [1, 2], [1, 2]]
    assert len({path[-1] for path in stream.prompts}) == 3
    assert preamble([[1, 2], [1, 2, 3], [1, 2, 4]]) == 1


def test_a_short_beginning_is_not_worth_a_pass_of_its_own() -> None:
    assert preamble([[1, *range(10 * i, 10 * i + 30)] for i in range(2, 8)]) == 0
    assert preamble([[1, 2, 3]]) == 0


def test_families_are_prompts_that_share_half_of_themselves() -> None:
    asked = [[1, 2, 3, 4, 5], [9, 9, 9], [1, 2, 3, 4, 6], [1, 7, 7, 7, 7], [1, 2, 3, 8, 8]]
    assert sorted(sorted(family) for family in families(asked)) == [[0, 2, 4], [1], [3]]
    assert alike([1, 2, 3], [1, 2, 3]) == 2


def test_groups_hold_every_block_once_and_little_padding() -> None:
    stream = pack(prompts())
    found = groups(stream.blocks)
    assert sorted(block.start for group in found for block in group) == sorted(
        block.start for block in stream.blocks
    )
    for group in found:
        own = max(len(block.branches) for block in group)
        before = max(len(block.before) for block in group)
        used = sum(
            len(block.branches) * (len(block.before) + len(block.branches)) for block in group
        )
        assert len(group) * own * (before + own) <= 1.25 * used
