"""The connections of the server: what a request may hold before its body, and how an answer leaves.

Uvicorn's own protocol bounds a request's head for h11 only.
"""

from __future__ import annotations

import asyncio
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from schema.together import Together

MOST = 65_536  # bytes of the request line and all headers
REFUSED = b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Heads(HttpToolsProtocol):
    """Ends a connection whose request line and headers do not come to an end."""

    _length = 0
    _inside = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Write through one that sends an answer's parts together."""
        together = Together(cast(asyncio.Transport, transport), self.loop)
        super().connection_made(cast(asyncio.Transport, together))

    def data_received(self, data: bytes) -> None:
        """Count while a head is under way."""
        if self._inside:
            self._length += len(data)
        super().data_received(data)
        if self._inside and self._length > MOST and not self.transport.is_closing():
            self.transport.write(REFUSED)
            self.transport.close()

    def on_headers_complete(self) -> None:
        """The head has ended."""
        self._inside = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The next head begins."""
        super().on_message_complete()
        self._inside, self._length = True, 0
