"""Whose turn it is: no client has more than its share of the operations that run at once; the rest of its own wait.

One client that asks without a pause, over however many connections, leaves threads for the others.
"""

from __future__ import annotations

import asyncio
from collections import deque
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

    def of(self, client: str) -> _Turn:
        """Runs when it is the client's turn. To enter raises Busy where its line is full."""
        return _Turn(self, client)

    async def take(self, client: str) -> None:
        """Come back when it is the client's turn. Raises Busy where its line is full."""
        line = self._lines.setdefault(client, _Line())
        if line.running < self._share:
            line.running += 1
            return
        if len(line.waiting) >= self._most:
            raise Busy
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        line.waiting.append(turn)
        try:
            await turn  # whoever ends hands over its place
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give(client)
            raise

    def give(self, client: str) -> None:
        """The turn is over: the next in the client's line has it."""
        line = self._lines[client]
        while line.waiting:
            turn = line.waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        line.running -= 1
        if not line.running:
            self._lines.pop(client, None)


class _Turn:
    """One turn; a context manager, since a generator's would cost more than what it does."""

    __slots__ = ("_client", "_turns")

    def __init__(self, turns: Turns, client: str) -> None:
        self._turns = turns
        self._client = client

    async def __aenter__(self) -> None:
        await self._turns.take(self._client)

    async def __aexit__(self, *_: object) -> None:
        self._turns.give(self._client)
