"""What an application looks after between operations: every second or so, by whichever request comes then.

1. A look takes place beside the loop, and the request that came then waits for it; nobody else does.
2. Where no look has succeeded for long, nothing is answered: what was revoked meanwhile is not known.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

import sqlalchemy as sa
import structlog

from schema.errors import Busy

EVERY = 1.0  # seconds between looks
LONGEST = 30  # times as long without one that succeeded, before nothing is answered
logger = structlog.get_logger("aidgraph.care")


class Care:
    """Runs `looks` one after another, `every` so many seconds. `clock` gives seconds."""

    def __init__(
        self, looks: Sequence[Callable[[], None]], clock: Callable[[], float] = time.monotonic, every: float = EVERY
    ) -> None:
        self._looks = looks
        self._every = every
        self._clock = clock
        self._next = self._seen = float("-inf")

    def look(self) -> None:
        """Look now; a store that does not answer is told in the hub's own log."""
        began = self._clock()
        self._next = began + self._every
        try:
            for look in self._looks:
                look()
        except sa.exc.SQLAlchemyError as error:
            logger.error("the store does not answer", error=type(error).__name__)
        else:
            self._seen = began

    async def due(self) -> None:
        """Look where it is time. Raises Busy where no look has succeeded for long."""
        if self._clock() >= self._next:
            self._next = self._clock() + self._every
            await asyncio.to_thread(self.look)
        if self._clock() - self._seen > LONGEST * self._every:
            raise Busy
