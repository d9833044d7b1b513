"""Requests that a server would not take: of one question, or of all, which is a mistake."""

from __future__ import annotations

import re
import threading

from harness.engines.complaints import RefusedRequest
from harness.errors import ServiceError
from harness.records import Model, Request, Response
from harness.records.response import UNTAKEN

# What a server says of a question rather than of how it is asked: too long, or against a policy.
_OF_QUESTION = re.compile(
    r"\b413\b|context|too (?:long|large)|length|exceed|half a character"
    r"|filter|polic|flagged|safety|moderat|sensitive",
    re.IGNORECASE,
)
_ALIKE, _MOST = 5, 50  # first requests that are not taken for one reason, and for any


class Refusals:
    """Of the requests of one call; may be used by several threads.

    A question that is not taken is told with its answer, and the others are asked. Where nothing
    but refusals comes, of the first few for one reason or of all, something is wrong with the
    model's settings. resumed: whether some requests of the suite were answered before.
    """

    def __init__(self, host: str, model: Model, resumed: bool) -> None:
        self._host, self._model = host, model
        self._taken = resumed
        self._first: tuple[Request, str] | None = None
        self._reasons: list[str] = []
        self._lock = threading.Lock()

    def taken(self) -> None:
        """A request was answered."""
        self._taken = True

    def add(self, request: Request, error: RefusedRequest) -> Response:
        """What stands for the answer. Raises ServiceError where no request seems to be taken."""
        said = str(error)
        with self._lock:
            self._first = self._first or (request, said)
            self._reasons.append(_reason(said))
            count = len(self._reasons)
            if not self._taken and count >= (_ALIKE if self._alike() else _MOST):
                raise self._none()
        return Response(said, UNTAKEN, 0, usage=error.usage)

    def settle(self) -> None:
        """Raise ServiceError where not a single request was taken."""
        if self._first and not self._taken:
            raise self._none()

    def _alike(self) -> bool:
        """Whether there is one reason for all, and it is not in the questions."""
        assert self._first is not None, "there was one"
        return len(set(self._reasons)) == 1 and not _OF_QUESTION.search(self._first[1])

    def _none(self) -> ServiceError:
        assert self._first is not None, "there was one"
        (request, said), count = self._first, len(self._reasons)
        which, begins = "a request", f", which begins {request.asked[:60]!r}"
        if count > 1 and self._alike():  # in the same words for every suite: it is told once
            which, begins = "any request", ""
        elif count > 1:
            which = f"any of {count} requests"
            begins = f", the first of which begins {request.asked[:60]!r}"
        return ServiceError(
            f"{self._host} would not take {which} to {self._model.id} ({said}){begins}. What was "
            "answered is kept. If it is a parameter that it does not know, name that under omit in "
            f"[models.{self._model.id}.api]."
        )


def _reason(said: str) -> str:
    """Without what differs from one request to the next: numbers, ids, what is quoted."""
    return re.sub(r"\S*\d\S*|(['\"`]).*?\1", "#", said)
