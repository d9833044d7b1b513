"""The review server as a process of its own, spoken to as any program can."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.review.events import GradeEvent, event_row

ROOT = Path(__file__).parents[2]
# Without a run and its report, which take longer to read than a server to start.
BARE = """
import sys
from pathlib import Path
from harness.commands.server import open_server
with open_server(b"<title>page</title>", Path(sys.argv[1]), int(sys.argv[2])) as server:
    print(server.address, flush=True)
    server.serve_forever()
"""


@dataclass(frozen=True)
class Served:
    """A server that runs."""

    process: subprocess.Popen[str]
    port: int
    token: str

    def ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, bytes, Mapping[str, str]]:
        """One request; header names are given with _ for -, and None leaves one out."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            given = {"Host": f"127.0.0.1:{self.port}", **headers}
            if body is not None:
                given = {"Content_Length": str(len(body)), **given}
            for name, value in given.items():
                if value is not None:
                    connection.putheader(name.replace("_", "-"), value)
            connection.endheaders(body)
            answer = connection.getresponse()
            return answer.status, answer.read(), dict(answer.getheaders())
        finally:
            connection.close()

    def post(self, body: bytes, **headers: str) -> tuple[int, str]:
        """POST /grades as the page does; returns status and text."""
        given = {
            "Content_Type": "application/json",
            "X_Michi_Token": self.token,
            "Origin": f"http://127.0.0.1:{self.port}",
            **headers,
        }
        status, text, _ = self.ask("POST", "/grades", body, **given)
        return status, text.decode()

    def send(self, events: Sequence[GradeEvent]) -> tuple[int, str]:
        """Events as the page sends them."""
        return self.post(body_of([event_row(event) for event in events]))

    def grades(self) -> list[dict[str, Any]]:
        """GET /grades."""
        status, text, _ = self.ask("GET", "/grades", X_Michi_Token=self.token)
        assert status == 200, text
        return list(json.loads(text)["events"])


def body_of(rows: Sequence[Any]) -> bytes:
    return json.dumps({"events": list(rows)}).encode()


@contextmanager
def served(grades: Path, port: int = 0, command: Sequence[str] = ()) -> Iterator[Served]:
    """A server on `port`, killed at the end if it still runs."""
    line = command or (sys.executable, "-c", BARE, str(grades), str(port))
    process = subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:"), address
        host, token = address.removeprefix("http://").strip("/").split("/")
        yield Served(process, int(host.split(":")[1]), token)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
