"""Writing the log from an event loop (PostgreSQL): what comes while a batch is being written is written next, together.

The same statement on the same kind of connection as hub/log/writer.py has, and the same promise: whoever is answered
has an entry that is committed; where a batch fails, each in it gets the failure and the connection is thrown away.
"""

from __future__ import annotations

import asyncio

import sqlalchemy as sa

from hub.errors import StoreFailed
from hub.log.entry import Entry, Row, row_of
from hub.log.writer import MOST, Postgresql
from hub.wire import Wire


class SoonWriter:
    """Appends entries for one event loop at a time. Close it."""

    def __init__(self, engine: sa.Engine) -> None:
        self._connection = Postgresql(engine)
        self._wire: Wire | None = None
        self._line: list[tuple[Row, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def append(self, entry: Entry) -> None:
        """Come back when the entry is durable. Any exception means: there is no entry to rely on."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        self._line.append((row_of(entry), done))
        if self._writing is None or self._writing.done() or self._writing.get_loop() is not loop:
            self._writing = loop.create_task(self._write_all())
        await done

    async def _write_all(self) -> None:
        while self._line:
            batch, self._line = self._line[:MOST], self._line[MOST:]
            error: Exception | None = None
            try:
                await self._write([row for row, _ in batch])
            except Exception as failure:  # noqa: BLE001  each of those who wait raises it
                self.close()
                error = StoreFailed(
                    f"The access log could not be written ({type(failure).__name__})",
                    remedy="Check the store's database and its disk; nothing is read without the log",
                )
                error.__cause__ = failure
            for _, done in batch:
                if done.done() or done.get_loop().is_closed():
                    continue
                if error is None:
                    done.set_result(None)
                else:
                    done.set_exception(error)

    async def _write(self, rows: list[Row]) -> None:
        if self._wire is None:
            self._wire = Wire(await asyncio.to_thread(self._connection.opened))
        name, values = self._connection.named(len(rows)), self._connection.values(rows)
        self._connection.done(await self._wire.ask(name, values, [1] * len(values), 1))

    def close(self) -> None:
        """Close the connection; a later entry opens another."""
        if self._wire is not None:
            self._wire.close()
            self._wire = None
        self._connection.close()
