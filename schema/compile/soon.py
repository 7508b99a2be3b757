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

from schema.compile.lines import Postgresql, StatementFailed
from schema.compile.reader import Published, Reader
from schema.errors import TookTooLong


class SoonReader:
    """Runs compiled statements for one event loop at a time."""

    def __init__(self, reader: Reader, lines: int) -> None:
        self._reader = reader
        self._room = lines  # connections that may still be opened
        self._free: list[_Line] = []
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def read(
        self, sql: str, bind: Callable[[Published], Sequence[Any]], seconds: float
    ) -> tuple[bytes, Published]:
        """As `Reader.read`."""
        deadline = time.monotonic() + seconds
        line = await self._taken()
        try:
            while True:
                known = self._reader.published
                values = bind(known)
                self._reader.heard("before_cursor_execute", sql, values)
                told, number = await line.row(sql, values, seconds)
                self._reader.heard("after_cursor_execute", sql, values)
                if int(number or 0) != known.number:
                    await asyncio.get_running_loop().run_in_executor(None, self._reader.look)
                    continue
                if time.monotonic() > deadline:
                    raise TookTooLong
                return told, known
        finally:
            self._given_back(line)

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
        self._loop: asyncio.AbstractEventLoop | None = None
        self._answer: asyncio.Future[Any] | None = None
        self._found: Any = None
        self.lost = False

    async def row(self, sql: str, values: Sequence[Any], seconds: float) -> Sequence[Any]:
        """The one row of a statement. Raises TookTooLong, StatementFailed."""
        loop = asyncio.get_running_loop()
        try:
            name = self._line.named(sql, seconds)
            if self._loop is not loop:
                loop.add_reader(self._line.pg.socket, self._readable)
                self._loop = loop
            self._answer, self._found = loop.create_future(), None
            self._line.pg.send_query_prepared(name, values)
        except psycopg.Error:
            self.lost = True
            raise StatementFailed("") from None
        except StatementFailed as failed:
            self.lost = not failed.state
            raise
        try:
            found = await self._answer
        except BaseException:
            self.lost = True
            raise
        finally:
            self._answer = None
        return self._line.values(found)

    def _readable(self) -> None:
        pg, answer = self._line.pg, self._answer
        try:
            pg.consume_input()
            while answer is not None and not pg.is_busy():
                found = pg.get_result()
                if found is None:
                    if not answer.done():
                        answer.set_result(self._found)
                    return
                self._found = found
        except psycopg.Error:
            self.lost = True
            self.close()
            if answer is not None and not answer.done():
                answer.set_exception(StatementFailed(""))

    def close(self) -> None:
        """Close the connection."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.remove_reader(self._line.pg.socket)
        self._loop = None
        self._line.close()
