"""The page for grading, served to this machine's browsers; a grade is acknowledged on the disk.

    GET  /TOKEN/   the report page, which may send grades
    GET  /grades   {"events": [the latest of each author on each answer]}
    POST /grades   {"events": [...]} is answered with {"accepted": [their ids]}

The second and third need the header X-Michi-Token. Any page in the same browser can send requests
to 127.0.0.1, and by a name of its own that it points here (DNS rebinding) read the answers, too: so
Host, Origin and a token that is new at every start are checked before anything else.
"""

from __future__ import annotations

import dataclasses
import errno
import hmac
import json
import os
import secrets
import socketserver
import sys
import threading
from collections import Counter
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from harness.comparison.rated import to_grade_again
from harness.comparison.within import comparisons
from harness.errors import ConfigError, DataError, StorageError
from harness.report.document import document
from harness.report.page import page
from harness.review.events import event_from_row, event_row, parse_json
from harness.review.files import append, read_grades
from harness.review.judgement import judgements, latest
from harness.review.rubric import read_rubric
from harness.runs import read_run

HOST = "127.0.0.1"
PORT = 8765
LONGEST = 1_000_000  # bytes of a body
_TRIED = 20  # ports
_DISCARDED = 8 * LONGEST
_BODY = 'A body is {"events": [...]}.'
_HEADERS = {
    "Cache-Control": "no-store",
    # What the page may load stands in the page; frames can only be forbidden here.
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def review_page(run_folder: Path, grades: Path) -> bytes:
    """A run's report page as it is served, with what people said so far and by which rubric.

    Raises ConfigError for a folder that is no run, DataError for grades that can't be read.
    """
    events = read_grades(grades)
    run = read_run(run_folder)
    now = {
        "rubric": dataclasses.asdict(read_rubric(grades)),
        "to_grade_again": to_grade_again(run, events),
    }
    run = dataclasses.replace(run, manifest={**run.manifest, **now})
    report = document(run, comparisons(run))
    # As in files: a lone surrogate has no UTF-8, and its escape is right inside JSON.
    return page(run, report, judgements(events), serving=True).encode("utf-8", "backslashreplace")


def open_server(content: bytes, grades: Path, port: int | None = None) -> ReviewServer:
    """Listen on `port`, or by default on the first free one from PORT on. Raises ConfigError.

    The port is the same at every start if it can be: a browser keeps grades that were not sent yet
    by address and port.
    """
    for candidate in range(PORT, PORT + _TRIED) if port is None else (port,):
        try:
            return ReviewServer(candidate, content, grades)
        except OSError as error:
            if port is not None or error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise ConfigError(
                    f"port {candidate} of {HOST} can't be used: {error.strerror}. "
                    "Name another one with --port."
                ) from error
    raise ConfigError(f"no port from {PORT} to {PORT + _TRIED - 1} is free. Name one with --port.")


class ReviewServer(ThreadingHTTPServer):
    """Serves one page and appends to one folder. written: how many grades went into which file."""

    daemon_threads = True  # browsers hold connections open that they may never use
    allow_reuse_address = os.name != "nt"  # there a second process could take the port as well

    def __init__(self, port: int, content: bytes, grades: Path) -> None:
        self.content = content
        self.grades = grades
        self.token = secrets.token_urlsafe(32)
        self.written: Counter[Path] = Counter()
        self._appending = threading.Lock()
        super().__init__((HOST, port), _Handler)

    def server_bind(self) -> None:
        """Bind without the base class's look-up of the host's name, which can take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://{HOST}:{self.server_port}/{self.token}/"

    @property
    def hosts(self) -> tuple[str, ...]:
        """What a browser that means this server calls it."""
        return f"{HOST}:{self.server_port}", f"localhost:{self.server_port}"

    def keep(self, rows: list[Any]) -> list[str]:
        """Bring events to the disk; returns their ids. Raises as `event_from_row` and `append`."""
        events = [event_from_row(row, f"events[{place}]") for place, row in enumerate(rows)]
        with self._appending:
            try:
                appended = append(self.grades, events)
            except DataError as error:
                raise _Refused(HTTPStatus.CONFLICT, str(error)) from error
            self.written.update(appended.written)
        return list(appended.accepted)

    def server_close(self) -> None:
        """Listen no more, and let an append that is under way end."""
        super().server_close()
        with self._appending:
            pass

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that went away before they had their answer."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Refused(Exception):
    """A request that is answered with an error. The text says what is wrong."""

    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.status = status


class _Handler(BaseHTTPRequestHandler):
    server: ReviewServer
    timeout = 30  # seconds that a client may be silent
    unread = 0  # bytes of the body

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(self._post)

    def _answer(self, respond: Any) -> None:
        """Answer with what `respond` returns, or with why not."""
        try:
            self._check_sender()
            kind, content = respond()
            status = HTTPStatus.OK
        except _Refused as error:
            status, text = error.status, str(error)
        except StorageError as error:
            status, text = HTTPStatus.INSUFFICIENT_STORAGE, str(error)
        except DataError as error:
            status, text = HTTPStatus.BAD_REQUEST, str(error)
        if status != HTTPStatus.OK:
            kind, content = "text/plain; charset=utf-8", text.encode("utf-8", "backslashreplace")
            self._discard()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _get(self) -> tuple[str, bytes]:
        path = self.path.split("?")[0].strip("/")
        if path == "grades":
            self._check_token()
            try:
                events = latest(read_grades(self.server.grades))
            except DataError as error:
                raise _Refused(HTTPStatus.INTERNAL_SERVER_ERROR, str(error)) from error
            return _json({"events": [event_row(event) for event in events]})
        if not _same(path, self.server.token):
            raise _Refused(
                HTTPStatus.FORBIDDEN,
                "Nothing here. Open the address that `python -m harness review` printed; it is "
                "another one at each start.",
            )
        return "text/html; charset=utf-8", self.server.content

    def _post(self) -> tuple[str, bytes]:
        self.unread = self._length()
        self._check_token()
        if self.path != "/grades":
            raise _Refused(HTTPStatus.NOT_FOUND, "Grades go to /grades.")
        kind = self._header("Content-Type").split(";")[0].strip().lower()
        if kind != "application/json":
            raise _Refused(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"{kind or 'no type'}: send application/json."
            )
        if self.unread > LONGEST:
            raise _Refused(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"{self.unread:,} bytes, at most {LONGEST:,} are taken: send fewer grades at once.",
            )
        length, self.unread = self.unread, 0
        body = self.rfile.read(length)
        if len(body) < length:
            raise _Refused(HTTPStatus.BAD_REQUEST, "The body is shorter than its Content-Length.")
        content = parse_json(body, "body", _BODY)
        if not isinstance(content, dict) or set(content) != {"events"}:
            raise _Refused(HTTPStatus.BAD_REQUEST, _BODY)
        if not isinstance(content["events"], list):
            raise _Refused(HTTPStatus.BAD_REQUEST, _BODY)
        return _json({"accepted": self.server.keep(content["events"])})

    def _check_sender(self) -> None:
        host = self._header("Host").lower()
        if host not in self.server.hosts:
            raise _Refused(HTTPStatus.FORBIDDEN, "This server is only for 127.0.0.1.")
        # Left out by programs, and by browsers where a page reads what is its own.
        if "Origin" in self.headers and self._header("Origin").lower() != f"http://{host}":
            raise _Refused(HTTPStatus.FORBIDDEN, "Only the page of this server may ask.")

    def _check_token(self) -> None:
        if not _same(self._header("X-Michi-Token"), self.server.token):
            raise _Refused(
                HTTPStatus.FORBIDDEN,
                "The token is not this server's: it was started again. Open the address that it "
                "printed; grades that were not sent yet are still in the browser.",
            )

    def _header(self, name: str) -> str:
        """A header that is there once, else ""."""
        values = self.headers.get_all(name, [])
        return str(values[0]).strip() if len(values) == 1 else ""

    def _length(self) -> int:
        text = self._header("Content-Length")
        if "Transfer-Encoding" in self.headers or not (text.isascii() and text.isdigit()):
            raise _Refused(HTTPStatus.LENGTH_REQUIRED, "Say the body's length: Content-Length.")
        return int(text[:12])

    def _discard(self) -> None:
        """Read what is left of the body: a client that is still sending hears no answer."""
        left = min(self.unread, _DISCARDED)
        while left > 0 and (piece := self.rfile.read(min(left, 1 << 16))):
            left -= len(piece)

    def end_headers(self) -> None:
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def version_string(self) -> str:
        return "michi"

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: a request's path holds the token."""


def _json(document: Any) -> tuple[str, bytes]:
    return "application/json", json.dumps(document).encode()  # ASCII: surrogates have no UTF-8


def _same(given: str, secret: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode())
