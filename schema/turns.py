"""Whose turn it is: no client has more than its share of the operations that run at once; the rest of its own wait.

One client that asks without a pause, over however many connections, leaves threads for the others.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from schema.errors import Busy


@dataclass(slots=True)
class _Line:
    """Of one client: how many run, and who waits."""

    running: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)


class Turns:
    """`share` operations of a client run at once, and at most `waiting` of them stand in its line. On one loop only."""

    def __init__(self, *, share: int, waiting: int) -> None:
        self._share = share
        self._most = waiting
        self._lines: dict[str, _Line] = {}

    @asynccontextmanager
    async def of(self, client: str) -> AsyncIterator[None]:
        """Run when it is the client's turn. Raises Busy where its line is full."""
        line = self._lines.setdefault(client, _Line())
        if line.running < self._share:
            line.running += 1
        elif len(line.waiting) >= self._most:
            raise Busy
        else:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            line.waiting.append(turn)
            try:
                await turn  # whoever ends hands over its place
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._next(client, line)
                raise
        try:
            yield
        finally:
            self._next(client, line)

    def _next(self, client: str, line: _Line) -> None:
        while line.waiting:
            turn = line.waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        line.running -= 1
        if not line.running:
            self._lines.pop(client, None)
