"""A source on loopback that answers by a function, over HTTP or TLS, and keeps what it was asked."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson
from scripted_platform import Quiet


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query))

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


@dataclass(frozen=True, kw_only=True)
class Said:
    """An answer: `told` as JSON unless there is a `body`; `cut` bytes are missing from its end; `drip` is the pause
    between its bytes, and `promised` what its head says of its length."""

    told: Any = None
    body: bytes | None = None
    status: int = 200
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    cut: int = 0
    drip: float = 0.0


@dataclass(kw_only=True)
class Here:
    """The running source."""

    url: str
    asked: list[Asked] = field(default_factory=list)
    at_once: int = 0
    _now: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def enters(self, step: int) -> None:
        with self._lock:
            self._now += step
            self.at_once = max(self.at_once, self._now)


@contextmanager
def answering(answer: Callable[[Asked], Said], tls: ssl.SSLContext | None = None) -> Iterator[Here]:
    """Serve until the end of the block."""
    here = Here(url="")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked = Asked(method=self.command, target=self.path, headers=dict(self.headers), body=body)
            here.asked.append(asked)
            here.enters(1)
            try:
                self._say(answer(asked))
            finally:
                here.enters(-1)

        do_POST = do_GET  # noqa: N815 - as http.server names it

        def _say(self, said: Said) -> None:
            body = orjson.dumps(said.told) if said.body is None else said.body
            self.send_response_only(said.status)
            for name, value in {"Content-Type": said.kind, "Content-Length": str(len(body)), **said.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            body = body[: len(body) - said.cut]
            for at in range(len(body)) if said.drip else ():
                self.wfile.write(body[at : at + 1])
                self.wfile.flush()
                time.sleep(said.drip)
            if not said.drip:
                self.wfile.write(body)
            self.close_connection = bool(said.cut)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = Quiet(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    here.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield here
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
