"""Compiled statements on the server's own event loop (PostgreSQL): no thread waits for the database's answer.

1. So many connections as threads would have; who finds none free stands in line, first come first served.
2. A connection whose reader was cancelled, or that was lost, is closed; another is opened when it is needed.
3. Preparing a statement waits for the database; that happens once a statement and connection.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import psycopg

from hub.wire import Lost, Wire
from schema.compile.lines import Postgresql, StatementFailed
from schema.compile.reader import Found, Published, Reader
from schema.errors import TookTooLong

EDITION = "SELECT (SELECT max(publication) FROM publication), (SELECT max(seq) FROM erasure)"


class SoonReader:
    """Runs compiled statements for one event loop at a time."""

    def __init__(self, reader: Reader, lines: int) -> None:
        self._reader = reader
        self._room = lines  # connections that may still be opened
        self._free: list[_Line] = []
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def read(self, sql: str, bind: Callable[[Published], Sequence[Any]], seconds: float) -> Found:
        """As `Reader.read`."""
        deadline = time.monotonic() + seconds
        line = await self._taken()
        try:
            while True:
                known = self._reader.published
                values = bind(known)
                self._reader.heard("before_cursor_execute", sql, values)
                *texts, number, erased = await line.row(sql, values, seconds)
                self._reader.heard("after_cursor_execute", sql, values)
                if int(number or 0) != known.number:
                    await asyncio.get_running_loop().run_in_executor(None, self._reader.look)
                    continue
                if time.monotonic() > deadline:
                    raise TookTooLong
                return Found(texts=texts, published=known, erasure=int(erased or 0))
        finally:
            self._given_back(line)

    async def edition(self, seconds: float) -> tuple[int, int]:
        """The latest publication and the latest erasure. Raises TookTooLong, StatementFailed."""
        line = await self._taken()
        try:
            number, erased = await line.row(EDITION, (), seconds)
        finally:
            self._given_back(line)
        return int(number or 0), int(erased or 0)

    def close(self) -> None:
        """Close the connections."""
        while self._free:
            self._free.pop().close()
            self._room += 1

    async def _taken(self) -> _Line:
        while not self._free and not self._room:
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            await turn
        if self._free:
            return self._free.pop()
        self._room -= 1
        try:
            opened = await asyncio.get_running_loop().run_in_executor(None, self._reader.opened)
        except BaseException:
            self._room += 1
            raise
        return _Line(opened)

    def _given_back(self, line: _Line) -> None:
        if line.lost:
            line.close()
            self._room += 1
        else:
            self._free.append(line)
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done() and not turn.get_loop().is_closed():
                turn.set_result(None)
                break


class _Line:
    """A connection on a loop."""

    def __init__(self, line: Any) -> None:
        self._line: Postgresql = line
        self._wire = Wire(self._line.pg)

    @property
    def lost(self) -> bool:
        """Whether it is of no more use."""
        return self._wire.lost

    async def row(self, sql: str, values: Sequence[Any], seconds: float) -> Sequence[Any]:
        """The one row of a statement. Raises TookTooLong, StatementFailed."""
        try:
            name = self._line.named(sql, seconds)
            found = await self._wire.ask(name, values)
        except (Lost, psycopg.Error):
            self._wire.lost = True
            raise StatementFailed("") from None
        return self._line.values(found)

    def close(self) -> None:
        """Close the connection."""
        self._wire.close()
        self._line.close()
