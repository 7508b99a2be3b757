"""What a request may hold before its body: uvicorn's own protocol bounds it for h11 only."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST = 65_536  # bytes of the request line and all headers
REFUSED = b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Heads(HttpToolsProtocol):
    """Ends a connection whose request line and headers do not come to an end."""

    _length = 0
    _inside = True

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
