"""The server that grades are sent to, from outside."""

from __future__ import annotations

import http.client
import json
import random
import resource
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from harness.commands.server import LONGEST, open_server
from harness.errors import ConfigError
from harness.jsonl import encode
from harness.review.files import append, read_grades
from tests.harness.serving import BARE, Served, body_of, served
from tests.review.making import event, row


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("review") / "grades"


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Served]:
    """One for all tests that it survives."""
    with served(folder) as running:
        yield running


def test_the_page_is_at_an_address_that_nobody_can_guess(server: Served) -> None:
    status, content, headers = server.ask("GET", f"/{server.token}/?x=1")

    assert (status, content) == (200, b"<title>page</title>")
    assert len(server.token) >= 43  # 32 bytes in base 64
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    for path in ("/", "/index.html", f"/{server.token[:-1]}/", f"/{server.token}/x", "/..%2f"):
        status, content, _ = server.ask("GET", path)
        assert (status, b"page</title>" in content) == (403, False)


def test_every_answer_carries_the_headers_of_safety(server: Served) -> None:
    asked = [
        server.ask("GET", f"/{server.token}/"),
        server.ask("GET", "/"),
        server.ask("GET", "/grades", X_Michi_Token=server.token),
        server.ask("OPTIONS", "/grades"),
        server.ask("POST", "/grades", b"{}"),
    ]
    assert [status for status, _, _ in asked] == [200, 403, 200, 501, 403]
    for _, _, headers in asked:
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Content-Security-Policy"] == "frame-ancestors 'none'"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert not {name for name in headers if name.startswith("Access-Control")}
        assert "Python" not in headers["Server"]


def test_grades_are_acknowledged_kept_and_given_back(server: Served, folder: Path) -> None:
    first, second = event(note="価格\ud800"), event(author="../太郎", verdict="cleared")

    status, text = server.send([first, second])
    again, repeated = server.send([first])

    assert (status, json.loads(text)) == (200, {"accepted": [first.event, second.event]})
    assert (again, json.loads(repeated)) == (200, {"accepted": [first.event]})
    assert {first, second} <= set(read_grades(folder))
    held = {e["event"]: e for e in server.grades()}
    assert held[first.event]["note"] == "価格\ud800"
    assert held[second.event]["verdict"] == "cleared"


def test_of_one_author_the_latest_is_given_back(server: Served, folder: Path) -> None:
    times = ("2026-11-26T03:00:00Z", "2026-11-26T02:00:00Z")
    late, early = (event(author="latest", time=time) for time in times)
    append(folder, [late])  # another process's, or a pull's

    assert server.send([early])[0] == 200

    assert [e["event"] for e in server.grades() if e["author"] == "latest"] == [late.event]


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Michi_Token": "x"},
        {"X_Michi_Token": ""},
        {"X_Michi_Token": None},
        {"X_Michi_Token": "\xe9" * 43},
        {"Host": "evil.example:{port}"},
        {"Host": "127.0.0.1"},
        {"Host": "127.0.0.1:1"},
        {"Host": "127.0.0.1.evil.example:{port}"},
        {"Host": "0.0.0.0:{port}"},
        {"Host": None},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "https://127.0.0.1:{port}"},
        {"Origin": "http://localhost:{port}"},  # of another origin than the host that is asked
    ],
    ids=str,
)
def test_a_wrong_token_host_or_origin_is_refused(
    server: Served, folder: Path, headers: dict[str, Any]
) -> None:
    before = read_grades(folder)
    given = {k: v and v.replace("{port}", str(server.port)) for k, v in headers.items()}

    assert server.post(body_of([row()]), **given)[0] == 403
    token = {"X_Michi_Token": server.token}
    status, content, _ = server.ask("GET", "/grades", **{**token, **given})
    assert (status, b"events" in content) == (403, False)
    if "X_Michi_Token" not in headers:
        assert server.ask("GET", f"/{server.token}/", **given)[0] == 403
    assert read_grades(folder) == before


def test_a_header_that_is_there_twice_is_refused(server: Served) -> None:
    for name in ("Host", "Origin", "X-Michi-Token"):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        connection.putrequest("GET", "/grades", skip_host=True)
        values = {"Host": f"127.0.0.1:{server.port}", "X-Michi-Token": server.token,
                  "Origin": f"http://127.0.0.1:{server.port}"}  # fmt: skip
        for header, value in values.items():
            connection.putheader(header, value)
        connection.putheader(name, values[name])
        connection.endheaders()
        assert connection.getresponse().status == 403
        connection.close()


def test_localhost_is_as_good_a_name(server: Served) -> None:
    host = f"localhost:{server.port}"
    assert server.ask("GET", f"/{server.token}/", Host=host)[0] == 200
    assert server.post(body_of([row()]), Host=host, Origin=f"http://{host}")[0] == 200
    assert server.post(body_of([row()]), Origin=None)[0] == 200  # a program of the user's own


@pytest.mark.parametrize(
    ("body", "headers", "status", "says"),
    [
        (b"{}", {"Content_Type": "text/plain"}, 415, "application/json"),
        (b"{}", {"Content_Type": "application/x-www-form-urlencoded"}, 415, "application/json"),
        (b"{}", {"Content_Type": None}, 415, "application/json"),
        (b"{}", {"Content_Length": None}, 411, "Content-Length"),
        (b"{}", {"Content_Length": "-2"}, 411, "Content-Length"),
        (b"{}", {"Content_Length": "1e3"}, 411, "Content-Length"),
        (b"2\r\n{}\r\n0\r\n\r\n", {"Transfer_Encoding": "chunked"}, 411, "Content-Length"),
        (b" " * (LONGEST + 1), {}, 413, "at most 1,000,000"),
        (b" " * (5 * LONGEST), {}, 413, "at most 1,000,000"),
        (b" " * LONGEST, {}, 400, "not valid JSON"),
        (b"", {}, 400, "not valid JSON"),
        (b"\xff", {}, 400, "not UTF-8"),
        (b"[" * 200_000, {}, 400, "too deep"),
        (b"[]", {}, 400, '{"events": [...]}'),
        (b'{"events": {}}', {}, 400, '{"events": [...]}'),
        (b'{"events": [], "force": true}', {}, 400, '{"events": [...]}'),
        (body_of([1]), {}, 400, "events[0]: expected a grade as a JSON object"),
        (body_of([row(), row(verdict="good")]), {}, 400, "events[1]: 'verdict' is 'good'"),
        (body_of([row(), row(author="\0")]), {}, 400, "events[1]: 'author' is"),
        (body_of([row(), row(note="\ud800" * 2_001)]), {}, 400, "2,001 characters"),
        (
            body_of([row(event="0" * 32), row(event="0" * 32, note="x")]),
            {},
            409,
            "grade 2: event 000",
        ),
    ],
    ids=lambda value: None if isinstance(value, bytes) else str(value)[:40],
)
def test_what_is_no_grade_is_refused_with_the_reason_and_keeps_nothing(
    server: Served, folder: Path, body: bytes, headers: dict[str, Any], status: int, says: str
) -> None:
    before = read_grades(folder)
    answered, text = server.post(body, **headers)
    assert answered == status
    assert says in text
    assert read_grades(folder) == before


def test_a_body_that_ends_early_keeps_nothing(server: Served, folder: Path) -> None:
    before = read_grades(folder)
    body = body_of([row()])
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as raw:
        raw.sendall(
            f"POST /grades HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Type: application/json\r\n"
            f"X-Michi-Token: {server.token}\r\nContent-Length: {len(body) + 1}\r\n\r\n".encode()
            + body
        )
        raw.shutdown(socket.SHUT_WR)
        assert b" 400 " in raw.recv(100)
    assert read_grades(folder) == before


@pytest.mark.parametrize("path", ["/", "/grades/", "/grades?x", "/x"])
def test_grades_go_to_one_place(server: Served, path: str) -> None:
    headers = {"X_Michi_Token": server.token, "Content_Type": "application/json"}
    assert server.ask("POST", path, body_of([row()]), **headers)[0] == 404


def test_bytes_that_are_no_request_do_not_stop_it(server: Served) -> None:
    for raw in (
        b"\0\xff\n\n",
        b"GET\r\n\r\n",
        b"GET /x HTTP/9.9\r\n\r\n",
        b"A" * 100_000 + b"\r\n\r\n",
    ):
        with (
            suppress(OSError),  # it may have hung up before all was said
            socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection,
        ):
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65_536):
                pass
    assert server.send([event()])[0] == 200


def test_only_this_machine_can_reach_it(server: Served) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing; says by which address it would go
        except OSError:
            pytest.skip("this machine has no address but its own")
        outside = probe.getsockname()[0]
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((outside, server.port), timeout=5).close()


def test_a_broken_grade_file_is_told_and_hides_no_new_grade(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        (tmp_path / "broken.jsonl").write_bytes(b"<<<<<<< HEAD\n" + encode(row()))
        assert server.send([event(author="aki")])[0] == 200
        status, content, _ = server.ask("GET", "/grades", X_Michi_Token=server.token)
        assert status == 500
        assert b"broken.jsonl:1: a mark that a git merge left" in content


def test_a_full_disk_is_told_and_nothing_is_acknowledged(tmp_path: Path) -> None:
    """A limit on the size of files stands in for a disk."""
    limited = f"import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (2_000, {resource.RLIM_INFINITY}))\n"
    command = (sys.executable, "-c", limited + BARE, str(tmp_path), "0")
    with served(tmp_path, command=command) as server:
        kept = event(author="aki")
        assert server.send([kept])[0] == 200

        status, text = server.send([event(author="aki", note="x" * 1_900)])

        assert status == 507
        assert "can't be written" in text
        assert "accepted" not in text
        assert read_grades(tmp_path) == [kept]
        assert server.send([event(author="aki")])[0] == 200


def _grade_until_gone(server: Served, outbox: list[Any], acknowledged: set[str]) -> None:
    """As the page does: what was not acknowledged is sent again, with what is new."""
    while True:
        outbox.extend(event(author=author, note="長" * 300) for author in ("aki", "花子"))
        try:
            status, text = server.send(outbox[:50])
        except (OSError, http.client.HTTPException):
            return
        assert status == 200, text
        accepted = set(json.loads(text)["accepted"])
        acknowledged |= accepted
        outbox[:] = [e for e in outbox if e.event not in accepted]


def test_a_server_killed_ten_times_loses_nothing_that_it_acknowledged(tmp_path: Path) -> None:
    acknowledged: set[str] = set()
    outbox: list[Any] = []
    dice, port, tokens = random.Random(6), 0, set()
    for _ in range(10):
        before = len(acknowledged)
        with served(tmp_path, port) as server:
            port = server.port
            tokens.add(server.token)
            client = threading.Thread(target=_grade_until_gone, args=(server, outbox, acknowledged))
            client.start()
            while len(acknowledged) < before + 10 and client.is_alive():
                time.sleep(0.005)
            time.sleep(dice.uniform(0, 0.02))
            server.process.send_signal(signal.SIGKILL)
            client.join(timeout=30)
        assert len(acknowledged) >= before + 10
        assert acknowledged <= {e.event for e in read_grades(tmp_path)}
    with served(tmp_path, port) as server:
        assert server.send(outbox[:50])[0] == 200

    lines = [line for path in tmp_path.iterdir() for line in path.read_bytes().splitlines()]
    identifiers = [json.loads(line)["event"] for line in lines]
    assert len(identifiers) == len(set(identifiers))
    assert set(identifiers) == acknowledged | {e.event for e in outbox}
    assert len(tokens) == 10


def test_the_default_port_gives_way_to_who_has_it(tmp_path: Path) -> None:
    with open_server(b"", tmp_path) as first, open_server(b"", tmp_path) as second:
        assert 8765 <= first.server_port < second.server_port
        assert first.token != second.token
        with pytest.raises(ConfigError, match=f"port {first.server_port} .*--port"):
            open_server(b"", tmp_path, first.server_port)
