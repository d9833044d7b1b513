"""Keys and values stay each row's own when others leave."""

from __future__ import annotations

import pytest

from harness.engines.cache import growing_cache
from tests.engines.networks import network


@pytest.mark.parametrize("rows", [[0, 5, 2, 4], [0, 1, 2, 3, 4], [5], [3, 4]])
def test_rows_that_stay_keep_what_was_read_and_go_on(rows: list[int]) -> None:
    import torch

    cache = growing_cache(network("Gemma"), room=3)
    torch.manual_seed(3)
    read, more = torch.randn(2, 6, 2, 5, 8), torch.randn(2, len(rows), 2, 1, 8)
    layer = cache.layers[0]
    layer.update(read[0].clone(), read[1].clone())
    layer.batch_select_indices(torch.tensor(rows))
    keys, values = layer.update(more[0], more[1])
    assert torch.equal(keys, torch.cat([read[0][rows], more[0]], dim=2))
    assert torch.equal(values, torch.cat([read[1][rows], more[1]], dim=2))


def test_memory_is_free_when_most_rows_have_left() -> None:
    import torch

    cache = growing_cache(network("Gemma"), room=3)
    layer = cache.layers[0]
    layer.update(torch.zeros(6, 2, 5, 8), torch.zeros(6, 2, 5, 8))
    layer.batch_select_indices(torch.tensor([0, 1]))
    assert layer.keys.untyped_storage().nbytes() == 4 * 2 * 2 * (5 + 3) * 8
