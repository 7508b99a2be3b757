"""A client that asks again, keeps to the source's pace, and believes no answer.

1. 429, 5xx and broken connections are tried again with growing, jittered waits, or when Retry-After says.
2. An answer ends: at `most_bytes`, packed or unpacked, and `overall` seconds after it was asked for, however slowly its
   head or its body drips (deadline.py).
3. No redirect is followed, and no address on another host: credentials stay with the host they were given for.
4. A message names stream and request, never an address's query, a header or a body.
"""

from __future__ import annotations

import ssl
import threading
import time
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self

import httpx
import stamina

from connectors.base import Connection
from connectors.errors import SourceError, SourceMalformed, SourceRefused, SourceSettingsError, SourceUnavailable
from connectors.transports.http.answer import SEND_AGAIN, Raw
from connectors.transports.http.deadline import Deadline, Transport, context
from connectors.transports.http.signing import AnyAuth

LONGEST_WAIT = 60.0  # seconds that a Retry-After may ask for
WAIT_MAX = 20.0


class BrokenOff(httpx.RemoteProtocolError):
    """An answer whose head came and whose body ended early."""


class Client:
    """The client of one pull; close it, or use `with`. It may be used from several threads."""

    def __init__(self, connection: Connection, auth: AnyAuth, *, attempts: int, most_bytes: int) -> None:
        base = _base(connection)
        self._overall = connection.overall
        self._attempts = attempts
        self._most = most_bytes
        self._pace = Pace(connection.rate)
        self._deadline = Deadline()
        self._client = httpx.Client(
            base_url=base,
            headers={"Accept": "application/json", "Accept-Encoding": "gzip"},
            timeout=connection.timeout,
            trust_env=False,  # credentials must not pass a proxy that the environment happens to name
            transport=Transport(
                verify=context(_tls(connection)),
                limits=httpx.Limits(max_connections=max(connection.concurrency, 1) + 1),
                deadline=self._deadline,
            ),
        )
        self._signer = auth.signer(connection, lambda request: self._send(request).body)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def ask(self, method: str, url: str, *, where: str, query: Mapping[str, Any], body: bytes | None) -> Raw:
        """An answer. Raises SourceRefused, SourceUnavailable or SourceMalformed."""
        headers = {"Content-Type": "application/json"} if body is not None else {}
        try:
            for attempt in stamina.retry_context(on=_again, attempts=self._attempts, timeout=None, wait_max=WAIT_MAX):
                with attempt:
                    request = self._client.build_request(
                        method, url, params=dict(query) or None, content=body, headers=headers
                    )
                    self._same_host(request.url, where)
                    answer = self._signed(request)
        except httpx.HTTPStatusError as error:
            raise _by_status(error.response.status_code, where) from None
        except BrokenOff:
            raise SourceMalformed(f"{where}: the answer broke off {self._attempts} times", remedy=SEND_AGAIN) from None
        except TooLong:
            raise SourceMalformed(
                f"{where}: the answer is longer than {self._most:,} bytes", remedy="Ask for smaller pages (`page_size`)"
            ) from None
        except httpx.HTTPError as error:
            raise SourceUnavailable(
                f"{where}: no answer ({type(error).__name__})",
                remedy="Check the source's address, and pull again later",
            ) from None
        except SourceError as error:
            raise type(error)(f"{where}: {error.message}", remedy=error.remedy) from None
        kind = answer.kind.partition(";")[0].strip().lower()
        if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
            raise SourceMalformed(
                f"{where}: the answer is not application/json",
                remedy="Check the source's address: a gateway or a sign-in page may have answered instead",
            )
        return answer

    def _signed(self, request: httpx.Request) -> Raw:
        self._signer.sign(request)
        try:
            return self._send(request)
        except httpx.HTTPStatusError as error:
            if error.response.status_code != 401 or not self._signer.renew():
                raise
        self._signer.sign(request)
        return self._send(request)

    def _send(self, request: httpx.Request) -> Raw:
        self._pace.wait()
        self._deadline.at = time.monotonic() + self._overall
        if "timeout" not in request.extensions:
            request.extensions = {**request.extensions, "timeout": self._client.timeout.as_dict()}
        answer = self._client.send(request, stream=True)
        try:
            if not answer.is_success:  # httpx's own error repeats the address, and retries are logged
                raise httpx.HTTPStatusError(f"HTTP {answer.status_code}", request=request, response=answer)
            head = answer.headers
            body = self._body(answer)
        finally:
            answer.close()
        return Raw(
            body=body,
            url=str(request.url.copy_with(query=None)),
            kind=head.get("content-type", ""),
            link=head.get("link"),
            date=head.get("date"),
        )

    def _body(self, answer: httpx.Response) -> bytes:
        packing = answer.headers.get("content-encoding", "identity").strip().lower()
        if packing not in ("identity", "gzip"):
            raise SourceMalformed("the answer is packed in a way that was not asked for", remedy=SEND_AGAIN)
        unpack = zlib.decompressobj(16 + zlib.MAX_WBITS) if packing == "gzip" else None
        parts: list[bytes] = []
        size = 0
        try:
            for chunk in answer.iter_raw():
                part = unpack.decompress(chunk, self._most - size + 1) if unpack else chunk
                size += len(part)
                parts.append(part)
                if size > self._most or answer.num_bytes_downloaded > self._most:
                    raise TooLong("the body does not end", request=answer.request)
        except httpx.RemoteProtocolError:
            raise BrokenOff("the body ended early", request=answer.request) from None
        except zlib.error:
            raise SourceMalformed("the answer cannot be unpacked", remedy=SEND_AGAIN) from None
        if unpack and not unpack.eof:
            raise BrokenOff("the packed body ended early", request=answer.request)
        return b"".join(parts)

    def _same_host(self, url: httpx.URL, where: str) -> None:
        base = self._client.base_url
        if (url.scheme, url.host, url.port) != (base.scheme, base.host, base.port):
            raise SourceRefused(
                f"{where}: the source points to another host for the next page",
                remedy="Ask the department; credentials are not sent to a host that the settings do not name",
            )


class TooLong(httpx.RequestError):
    """An answer that goes on after the most that it may hold."""


class Pace:
    """At most `rate` requests a second, whichever thread sends them; None: no limit."""

    def __init__(self, rate: float | None) -> None:
        self._gap = 1.0 / rate if rate else 0.0
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        if not self._gap:
            return
        with self._lock:
            now = time.monotonic()
            mine = max(self._next, now)
            self._next = mine + self._gap
        time.sleep(mine - now)


def retry_after(value: str | None, *, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks to wait (a number, or an HTTP date), at most LONGEST_WAIT."""
    if not value:
        return None
    if value.strip().isdecimal():
        return min(float(value), LONGEST_WAIT)
    try:
        wait = (parsedate_to_datetime(value) - now).total_seconds()
    except (ValueError, TypeError):
        return None
    return min(max(wait, 0.0), LONGEST_WAIT)


def _again(error: Exception) -> bool | float:
    """Whether to try again, or after how many seconds."""
    if isinstance(error, httpx.HTTPStatusError):
        status = error.response.status_code
        if status != 429 and status < 500:
            return False
        wait = retry_after(error.response.headers.get("retry-after"), now=datetime.now(UTC))
        return True if wait is None else wait
    return isinstance(error, httpx.TransportError)


def _by_status(status: int, where: str) -> SourceRefused | SourceUnavailable:
    if status == 429 or status >= 500:
        return SourceUnavailable(f"{where}: the source answers HTTP {status}", remedy="Pull again later")
    remedy = (
        "Renew the source's token with the department"
        if status in (401, 403)
        else "Check the source's address and the interface's contract"
    )
    return SourceRefused(f"{where}: the source answers HTTP {status}", remedy=remedy)


def _base(connection: Connection) -> httpx.URL:
    try:
        base = httpx.URL(connection.url or "")
    except httpx.InvalidURL:
        base = httpx.URL("")
    if base.scheme not in ("http", "https") or not base.host or base.userinfo:
        raise SourceSettingsError(
            "The source's url is not an http or https address without credentials",
            remedy="Correct `url` in the source's settings; credentials go into token or client_id and secret",
        )
    return base


def _tls(connection: Connection) -> ssl.SSLContext | bool:
    """The source's own CA and the hub's own certificate, where the settings name them."""
    if not (connection.ca or connection.certificate):
        return True
    try:
        context = ssl.create_default_context(cafile=connection.ca)
        if connection.certificate:
            context.load_cert_chain(connection.certificate, connection.certificate_key)
    except (OSError, ValueError):
        raise SourceSettingsError(
            "The source's certificate, certificate_key or ca cannot be read as PEM files",
            remedy="Correct the paths in the source's settings",
        ) from None
    return context
