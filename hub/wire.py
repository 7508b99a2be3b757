"""A PostgreSQL connection on an event loop, at libpq's level: one prepared statement at a time, and no thread waits."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg.pq.abc import PGconn, PGresult


class Lost(Exception):
    """The connection is gone, or its answer was not waited for: it is of no more use."""


class Wire:
    """`pg` on whichever loop asks; it is registered there until another loop asks, or it is closed."""

    def __init__(self, pg: PGconn) -> None:
        self.pg = pg
        self.lost = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._answer: asyncio.Future[PGresult] | None = None
        self._found: Any = None
        self._socket = -1

    async def ask(
        self, name: bytes, values: Sequence[bytes | None], formats: Sequence[int] | None = None, result: int = 0
    ) -> PGresult:
        """The last result of a prepared statement. Raises Lost."""
        loop = asyncio.get_running_loop()
        if self._answer is not None:
            self.lost = True
        if self.lost:
            raise Lost
        try:
            if self._loop is not loop:
                self._socket = self.pg.socket  # libpq closes it of itself where the connection is lost
                loop.add_reader(self._socket, self._readable)
                self._loop = loop
            self._answer, self._found = loop.create_future(), None
            self.pg.send_query_prepared(name, values, formats, result)
            return await self._answer
        except psycopg.Error:
            self.lost = True
            raise Lost from None
        except BaseException:
            self.lost = True
            raise
        finally:
            self._answer = None

    def _readable(self) -> None:
        answer = self._answer
        try:
            self.pg.consume_input()
            while answer is not None and not self.pg.is_busy():
                found = self.pg.get_result()
                if found is None:
                    if not answer.done():
                        answer.set_result(self._found)
                    return
                self._found = found
        except psycopg.Error:
            self.lost = True
            self.close()
            if answer is not None and not answer.done():
                answer.set_exception(Lost())

    def close(self) -> None:
        """Leave the loop."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.remove_reader(self._socket)
        self._loop = None
