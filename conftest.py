"""Project policy. The plugin itself is found by its entry point."""

from __future__ import annotations

import os

# Nothing here reaches the network by itself: a hub id in a matrix is looked up in the local cache.
# Someone who wants it fetched says HF_HUB_OFFLINE=0.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
