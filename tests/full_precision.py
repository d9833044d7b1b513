"""A process as in an installation without the extra `nf4`: what it runs is not quantized.

Where bitsandbytes is, peft imports it, and torch's compiler with it: 5 of the 12 seconds that a
process takes to load a model of 7 M parameters. As a plugin: `-p tests.full_precision`; before
another command: `python -m tests.full_precision training ...`.
"""

from __future__ import annotations

import runpy
import sys

# As if it were not installed. None but processes of their own import this module.
sys.modules["bitsandbytes"] = None  # type: ignore[assignment]

if __name__ == "__main__":
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
