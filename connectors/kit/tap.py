"""A tap on the wire: a loopback server that passes a connector's requests on and notes what the answers are like.

It knows nothing of pages or envelopes, so any connector that speaks HTTP can be looked at as it really asks. What is
kept of an answer is its time, size, type, compression and the source's own clock. In what passes, the source's address
becomes the tap's, so that a next page named by its address is asked for here too. A connector that signs the host it
speaks to cannot be tapped: its source refuses.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import httpx

from connectors.base import Connection
from connectors.kit.shapes import Request

HOP_BY_HOP = {"connection", "host", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer"}
HOP_BY_HOP |= {"content-length", "content-encoding"}  # of what is passed on, not of what came
MOST = 256 * 1024 * 1024  # bytes of an answer that are passed on


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its answer. `skew`: seconds by which the source's clock is before ours; None where untold."""

    status: int
    seconds: float
    size: int
    kind: str
    encoding: str
    skew: float | None


@dataclass(slots=True, kw_only=True)
class Tap:
    """The connection to use instead of the source's own, and what has passed so far."""

    connection: Connection
    exchanges: list[Exchange] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A connector that hangs up has had enough; that is its right."""


@contextmanager
def tap(connection: Connection) -> Iterator[Tap]:
    """Stand between a connector and the `url` of its connection."""
    target = urlsplit(connection.url or "")
    here = Tap(connection=connection)
    origin = f"{target.scheme}://{target.netloc}"
    client = httpx.Client(base_url=origin, timeout=connection.timeout, trust_env=False, verify=_tls(connection))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._pass()

        def do_POST(self) -> None:
            self._pass()

        def _pass(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            here.requests.append(Request(method=self.command, path=self.path, body=body))
            given = [(name, value) for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP]
            began = time.monotonic()
            try:
                with client.stream(self.command, self.path, headers=given, content=body) as answer:
                    self._answer(answer, began)
            except httpx.HTTPError:
                self.close_connection = True  # the connector sees a broken connection, as it would without the tap

        def _answer(self, answer: httpx.Response, began: float) -> None:
            body = bytearray()
            for chunk in answer.iter_bytes():
                body += chunk
                if len(body) > MOST:
                    raise httpx.ReadError("the answer does not end", request=answer.request)
            whole = bytes(body).replace(origin.encode(), own.encode())
            here.exchanges.append(
                Exchange(
                    status=answer.status_code,
                    seconds=time.monotonic() - began,
                    size=answer.num_bytes_downloaded,
                    kind=answer.headers.get("content-type", "").partition(";")[0].strip().lower(),
                    encoding=answer.headers.get("content-encoding", "").lower(),
                    skew=_skew(answer.headers.get("date")),
                )
            )
            self.send_response_only(answer.status_code)
            for name, value in answer.headers.items():
                if name.lower() not in HOP_BY_HOP:
                    self.send_header(name, value.replace(origin, own))
            self.send_header("Content-Length", str(len(whole)))
            self.end_headers()
            self.wfile.write(whole)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = _Server(("127.0.0.1", 0), Handler)
    own = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    here.connection = replace(connection, url=own + target.path)
    try:
        yield here
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        client.close()


def _tls(connection: Connection) -> ssl.SSLContext | bool:
    """The source's own CA and the hub's certificate, where the connection has them."""
    ca, certificate, key = (getattr(connection, name, None) for name in ("ca", "certificate", "certificate_key"))
    if not (ca or certificate):
        return True
    context = ssl.create_default_context(cafile=ca)
    if certificate:
        context.load_cert_chain(certificate, key)
    return context


def _skew(date: str | None) -> float | None:
    if not date:
        return None
    try:
        return (parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return None
