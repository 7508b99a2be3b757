"""Writing the log from an event loop (PostgreSQL): what comes while a batch is being written is written next, together.

The same statement on the same kind of connection as hub/log/writer.py has, and the same promise: whoever is answered
has an entry that is committed; where a batch fails, each in it gets the failure and the connection is thrown away.

A commit costs more than all else about an entry, so a batch waits for the entries of what is being read just then, but
never longer than LINGER; who is alone waits for nobody.

An entry of an answer that was kept (schema/kept.py) comes with the edition that the answer is of, and the statement
writes it only if the store is of that edition still. So to look at the edition costs no exchange of its own, and an
answer that is out of date is neither given nor told of as if it had been.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from hub.errors import StoreFailed
from hub.log.entry import Entry, Row, row_of
from hub.log.writer import MOST, Edition, Postgresql
from hub.wire import Wire

LINGER = 0.001  # seconds that an entry waits for others


class _Place(NamedTuple):
    """A caller's place in line; `done` tells it whether its row is there."""

    row: Row
    edition: Edition | None
    done: asyncio.Future[bool]


class SoonWriter:
    """Appends entries for one event loop at a time. Close it."""

    def __init__(self, engine: sa.Engine) -> None:
        self._connection = Postgresql(engine)
        self._wire: Wire | None = None
        self._line: list[_Place] = []
        self._writing: asyncio.Task[None] | None = None
        self._coming = 0  # entries of what is being read
        self._awaited: asyncio.Future[None] | None = None

    def coming(self) -> None:
        """Somebody begins to read what an entry will be of, and says when it has ended: `came`."""
        self._coming += 1

    def came(self) -> None:
        """A reading has ended; if an entry is to follow, it is appended before the loop goes on."""
        self._coming -= 1
        if not self._coming:
            self._go()

    def _go(self) -> None:
        awaited = self._awaited
        if awaited is not None and not awaited.done() and not awaited.get_loop().is_closed():
            awaited.set_result(None)

    async def _together(self) -> None:
        """Wait for the entries that are coming, a little."""
        loop = asyncio.get_running_loop()
        self._awaited = loop.create_future()
        enough = loop.call_later(LINGER, self._go)
        try:
            await self._awaited
        finally:
            enough.cancel()

    async def append(self, entry: Entry, edition: Edition | None = None) -> bool:
        """Come back when the entry is durable. Any exception means: there is no entry to rely on.

        False: it tells of an answer of an edition that the store no longer is, and was not written.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[bool] = loop.create_future()
        self._line.append(_Place(row_of(entry), edition, done))
        if self._writing is None or self._writing.done() or self._writing.get_loop() is not loop:
            self._writing = loop.create_task(self._write_all())
        return await done

    async def _write_all(self) -> None:
        while self._line:
            if self._coming:
                await self._together()
            batch, self._line = self._line[:MOST], self._line[MOST:]
            error: Exception | None = None
            written: frozenset[bytes | None] = frozenset()
            try:
                written = await self._write(batch)
            except Exception as failure:  # noqa: BLE001  each of those who wait raises it
                self.close()
                error = StoreFailed(
                    f"The access log could not be written ({type(failure).__name__})",
                    remedy="Check the store's database and its disk; nothing is read without the log",
                )
                error.__cause__ = failure
            for row, _, done in batch:
                if done.done() or done.get_loop().is_closed():
                    continue
                if error is None:
                    done.set_result(row.leaf_hash in written)
                else:
                    done.set_exception(error)

    async def _write(self, batch: Sequence[_Place]) -> frozenset[bytes | None]:
        """Write what may be written; the hashes of the rows that are there now."""
        if self._wire is None:
            self._wire = Wire(await asyncio.to_thread(self._connection.opened))
        of_edition = any(place.edition is not None for place in batch)
        values: list[bytes | None]
        if of_edition:
            values = self._connection.values_of_edition([(place.row, place.edition) for place in batch])
        else:
            values = [*self._connection.values([place.row for place in batch])]
        name = self._connection.named(len(batch), of_edition=of_edition)
        done = self._connection.done(await self._wire.ask(name, values, [1] * len(values), 1))
        return frozenset(done.get_value(row, 1) for row in range(done.ntuples))

    def close(self) -> None:
        """Close the connection; a later entry opens another."""
        if self._wire is not None:
            self._wire.close()
            self._wire = None
        self._connection.close()
