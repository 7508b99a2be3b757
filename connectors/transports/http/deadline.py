"""A connection on which an answer must be whole by its deadline, head and body, however slowly they drip.

httpx limits each silence, not an answer: a head of one byte every few seconds would hold a pull for ever.
"""

from __future__ import annotations

import ssl
import threading
import time
from typing import Any

import httpcore
import httpx


class Deadline(threading.local):
    """When the answer that this thread waits for must have come; `time.monotonic` seconds, None: whenever."""

    at: float | None = None

    def left(self, timeout: float | None) -> float | None:
        """The longest that may be waited now. Raises httpcore.ReadTimeout where nothing is left."""
        if self.at is None:
            return timeout
        left = self.at - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the answer drips")
        return left if timeout is None else min(timeout, left)


class Transport(httpx.HTTPTransport):
    """httpx's own, over connections that keep to `deadline`."""

    def __init__(self, *, verify: ssl.SSLContext, limits: httpx.Limits, deadline: Deadline) -> None:
        super().__init__(verify=verify, limits=limits, trust_env=False)
        self._pool.close()
        self._pool = httpcore.ConnectionPool(
            ssl_context=verify,
            max_connections=limits.max_connections,
            max_keepalive_connections=limits.max_keepalive_connections,
            keepalive_expiry=limits.keepalive_expiry,
            network_backend=_Backend(deadline),
        )


class _Backend(httpcore.SyncBackend):
    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline

    def connect_tcp(self, *arguments: Any, **named: Any) -> httpcore.NetworkStream:
        return _Stream(super().connect_tcp(*arguments, **named), self._deadline)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(self, *arguments: Any, **named: Any) -> httpcore.NetworkStream:
        return _Stream(self._stream.start_tls(*arguments, **named), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def context(verify: ssl.SSLContext | bool) -> ssl.SSLContext:
    """What checks the source's certificate."""
    return verify if isinstance(verify, ssl.SSLContext) else httpx.create_ssl_context(verify=verify, trust_env=False)
