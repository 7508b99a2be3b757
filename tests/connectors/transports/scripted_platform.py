"""A scripted platform on loopback: each request gets the next prepared answer, and what was asked is kept."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson

from connectors.base import Connection


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the platform says: `cut` bytes are missing from the end of the body."""

    body: bytes = b""
    status: int = 200
    kind: str = "application/json;charset=UTF-8"
    headers: dict[str, str] = field(default_factory=dict)
    cut: int = 0


def page(rows: list[dict[str, Any]], *, count: int, pages: int, name: str = "baseinfo", **more: Any) -> Answer:
    """A good page of the envelope; `more` overrides its parts."""
    reply = {
        "infcode": 0,
        "inf_refmsgid": "1",
        "respond_time": "20251031220000123",
        "err_msg": "",
        "output": {name: rows, "recordCounts": count, "pages": pages},
    }
    return Answer(body=orjson.dumps(reply | more))


@dataclass(kw_only=True)
class Platform:
    """The running server: `asked` holds each request's body, headers and the client's port."""

    url: str
    answers: list[Answer]
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    ports: set[int] = field(default_factory=set)

    @property
    def connection(self) -> Connection:
        return Connection(url=self.url, token="t0ken", timeout=5)


class Quiet(ThreadingHTTPServer):
    """A client that hangs up is part of the test."""

    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def platform(*answers: Answer) -> Iterator[Platform]:
    """Serve the answers in order; the last one is repeated."""
    here = Platform(url="", answers=list(answers))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            here.asked.append(orjson.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            here.headers.append(dict(self.headers))
            here.ports.add(self.client_address[1])
            answer = here.answers.pop(0) if len(here.answers) > 1 else here.answers[0]
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", answer.kind)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body[: len(answer.body) - answer.cut])
            self.close_connection = bool(answer.cut)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = Quiet(("127.0.0.1", 0), Handler)
    here.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield here
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
