"""The tap passes on what it hears, and a next page named by its address comes through it too."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from connectors.base import Connection
from connectors.kit.tap import Tap, tap


class Department(BaseHTTPRequestHandler):
    """Answers with its own address, packed, and a body of the request's own."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        own = f"http://{self.headers['Host']}"
        asked = self.rfile.read(int(self.headers["Content-Length"]))
        body = gzip.compress(f"{own}{self.path} {self.headers['X-Key']} ".encode() + asked)
        self.send_response(200)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Link", f'<{own}/base/2>; rel="next"')
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self.close_connection = True  # no answer at all

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def wire() -> Iterator[Tap]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Department)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    with tap(Connection(url=f"http://127.0.0.1:{server.server_address[1]}/base", timeout=5)) as found:
        yield found
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_request_and_its_answer_pass_through(wire: Tap) -> None:
    here = wire.connection.url
    answer = httpx.post(f"{here}/rows?page=1", content=b"{}", headers={"X-Key": "k"}, trust_env=False)
    assert answer.text == f"{here}/rows?page=1 k {{}}"
    assert answer.headers["link"] == f'<{here}/2>; rel="next"'
    (exchange,) = wire.exchanges
    assert (exchange.status, exchange.kind, exchange.encoding) == (200, "application/json", "gzip")
    assert 0 < exchange.size < 200
    assert exchange.skew is not None
    assert abs(exchange.skew) < 30
    assert (wire.requests[0].path, wire.requests[0].body) == ("/base/rows?page=1", b"{}")


def test_an_answer_that_never_came_is_a_broken_connection_here_too(wire: Tap) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"{wire.connection.url}/rows", trust_env=False)
    assert wire.exchanges == []
