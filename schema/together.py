"""What is written to a connection in one turn of the loop leaves together: uvicorn writes an answer's head and its body
one after the other, and each would be a packet of its own.

1. What is held leaves when the turn is over, when it is closed, or as soon as it is `MOST` bytes: the connection under
   it says when the receiver is slow, and is to be heard in time.
2. Whatever else is asked of it, the connection does.
"""

from __future__ import annotations

import asyncio
from typing import Any

MOST = 65_536  # bytes


class Together:
    """An asyncio transport over another one."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held: list[bytes] = []
        self._size = 0

    def write(self, data: bytes) -> None:
        """Send this with what else comes in this turn."""
        if not self._held:
            self._loop.call_soon(self._send)
        self._held.append(data)
        self._size += len(data)
        if self._size >= MOST:
            self._send()

    def close(self) -> None:
        """Send what is held, then close."""
        self._send()
        self._transport.close()

    def _send(self) -> None:
        if not self._held:
            return
        held, self._held, self._size = self._held, [], 0
        if not self._transport.is_closing():
            self._transport.write(held[0] if len(held) == 1 else b"".join(held))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
