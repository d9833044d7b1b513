"""Memory: what to do when it runs out, and how not to hand it back too early."""

from __future__ import annotations

import ctypes
import gc
import sys


def out_of_memory(error: BaseException) -> bool:
    """Whether an error of torch's says that memory did not suffice, on the GPU or the CPU."""
    import torch

    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return "can't allocate memory" in str(error) or "out of memory" in str(error)


def free_memory() -> None:
    """Give back what nothing refers to any more."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def keep_freed_blocks() -> None:
    """Let the C library keep freed blocks for the next tensor instead of returning them.

    On a CPU each layer's output is tens of megabytes, which glibc maps afresh, page by page, and
    unmaps again: without that, 200 reading questions took 6.8 s for 9.6 s on 2 cores, with an
    adapter 8.5 s for 12.5 s. Parameters of mallopt(3); other C libraries go without.
    """
    import torch

    if torch.cuda.is_available() or not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        trim_threshold, mmap_threshold, limit = -1, -3, 1 << 30
        mallopt(trim_threshold, limit)
        mallopt(mmap_threshold, limit)
