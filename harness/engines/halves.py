"""Half-precision products on CPUs that have no instructions for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any


@contextmanager
def fast_halves(network: Any) -> Iterator[None]:
    """Within it, linear layers in half precision on such a CPU multiply in float32.

    Their results are rounded to half precision as before: a product of halves is exact in float32,
    and summed up there in any case, so only the order of the sum is another. Without AVX-512
    instructions for it torch's own product of bfloat16 matrices took 4.5 ms a token with 19 M
    weights on one core, this 0.6 ms. Attention's products likewise.
    """
    with _mode() if _lacks_instructions(network) else nullcontext():
        yield


def _lacks_instructions(network: Any) -> bool:
    import torch

    if network.device.type != "cpu" or not hasattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported"):
        return False
    if network.dtype == torch.bfloat16:
        return not torch.ops.mkldnn._is_mkldnn_bf16_supported()
    if network.dtype == torch.float16:
        return not torch.ops.mkldnn._is_mkldnn_fp16_supported()
    return False


def _mode() -> Any:
    import torch
    from torch.nn.functional import linear, scaled_dot_product_attention
    from torch.overrides import TorchFunctionMode

    halves = (torch.bfloat16, torch.float16)

    class InFloat32(TorchFunctionMode):
        def __torch_function__(
            self, function: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            kwargs = kwargs or {}
            known = function is linear or function is scaled_dot_product_attention
            if not known or args[0].dtype not in halves:
                return function(*args, **kwargs)
            wide = [_wide(value) for value in args]
            named = {name: _wide(value) for name, value in kwargs.items()}
            return function(*wide, **named).to(args[0].dtype)

    def _wide(value: Any) -> Any:
        return value.float() if getattr(value, "dtype", None) in halves else value

    return InFloat32()
