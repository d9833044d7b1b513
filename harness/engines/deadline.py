"""A time by which an answer must be there as a whole.

A client's timeout is of one read: a server that sends a blank a second while it works, to keep the
connection, is never late by it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from importlib import import_module
from typing import Any

_UNTIL = "michi_until"  # where a request keeps it


def begin(request: Any, seconds: float) -> None:
    """Of an httpx request that is about to be sent."""
    request.extensions[_UNTIL] = time.monotonic() + seconds


def hold(response: Any) -> None:
    """Let reading an httpx response raise ReadTimeout once its request's time is over."""
    # Some versions of the openai package bring httpx under the name httpx2.
    http: Any = import_module(type(response).__module__.partition(".")[0])
    stream, request = response.stream, response.request

    class Held(http.SyncByteStream):  # type: ignore[misc]
        def __iter__(self) -> Iterator[bytes]:
            for part in stream:
                if time.monotonic() > request.extensions[_UNTIL]:
                    raise http.ReadTimeout("the answer was not whole in time", request=request)
                yield part

        def close(self) -> None:
            stream.close()

    response.stream = Held()
