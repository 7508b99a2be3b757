"""Writing the log: each caller waits until the transaction that holds its row is committed; one serves many callers.

1. Who comes first commits at once, so nobody waits alone. Those who come meanwhile stand in line; the first of them
   commits for all of them when the one before is done (group commit).
2. A batch is one statement on a connection of the log's own, outside any other transaction: it is written whole, or
   not at all. Then every caller in it gets the failure, and the connection is thrown away.
3. On PostgreSQL the statement takes the append lock before it draws a seq, and the lock is held until the commit is
   visible. So rows become visible in order of seq, whoever looks and however many processes write: what a reader sees
   is always a prefix. SQLite has one writer.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult

from hub import store
from hub.errors import StoreFailed
from hub.log.entry import Entry, Row, row_of

APPEND_LOCK = 0x61696467  # one appender at a time on PostgreSQL
MOST = 64  # rows of one statement
PATIENCE = 30  # seconds for the lock, as SQLite's busy_timeout is
COLUMNS = Row._fields
EPOCH, MICROSECOND = datetime(2000, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
EDITION, EDITION_TYPES = ("publication", "erasure"), ("bigint", "bigint")
OF_EDITION = (
    "WHERE entry.publication IS NULL OR (entry.publication, entry.erasure) = ("
    "(SELECT coalesce(max(publication), 0) FROM publication), (SELECT coalesce(max(seq), 0) FROM erasure)) "
)
TYPES = ("timestamptz", "text", "text", "text", "text", "bytea", "bytea", "bytea")

Edition = tuple[int, int]  # of the store: its latest publication, its latest erasure; 0 where there is none


class Writer:
    """Appends entries; safe to share between threads. Close it."""

    def __init__(self, engine: sa.Engine) -> None:
        self._connection: _Connection = (Postgresql if engine.dialect.name == "postgresql" else _Sqlite)(engine)
        self._lock = threading.Lock()
        self._line: list[_Place] = []
        self._led = False

    def append(self, entry: Entry) -> int:
        """Write one entry, durably; returns its seq. Any exception means: there is no entry to rely on."""
        place = _Place(row_of(entry))
        with self._lock:
            self._line.append(place)
            leads, self._led = not self._led, True
        if not leads:
            place.turn.acquire()
        if place.seq is None and place.error is None:
            self._lead()
        if place.seq is None:
            names = (getattr(place.error, name, None) for name in ("sqlite_errorname", "sqlstate"))
            kind = next(filter(None, names), type(place.error).__name__)
            raise StoreFailed(
                f"The access log could not be written ({kind})",
                remedy="Check the store's database and its disk; nothing is read without the log",
            ) from place.error
        return place.seq

    def _lead(self) -> None:
        """Commit for the first in line, who calls this, and for those behind it; then the next in line leads."""
        with self._lock:
            batch, self._line = self._line[:MOST], self._line[MOST:]
        error: BaseException | None = RuntimeError("interrupted")
        try:
            seqs = self._connection.write([place.row for place in batch])
            for place, seq in zip(batch, seqs, strict=True):
                place.seq = seq
            error = None
        except Exception as failure:  # noqa: BLE001  each of those who wait raises it
            error = failure
        finally:
            if error is not None:
                self._connection.close()
            with self._lock:
                self._led = bool(self._line)
                following = self._line[:1]
            for place in batch:
                if error is not None:
                    place.seq, place.error = None, error
            for place in (*following, *batch[1:]):
                place.turn.release()

    def close(self) -> None:
        """Close the connection; a later entry opens another."""
        self._connection.close()


class _Place:
    """A caller's place in line; `turn` is released when its row is written, has failed, or when it shall lead."""

    __slots__ = ("error", "row", "seq", "turn")

    def __init__(self, row: Row) -> None:
        self.row = row
        self.seq: int | None = None
        self.error: BaseException | None = None
        self.turn = threading.Lock()
        self.turn.acquire()


class _Connection:
    """A connection of the log's own, opened when it is needed; one thread at a time."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = store.connect(engine.url.render_as_string(hide_password=False), poolclass=sa.NullPool)
        self._open: Any = None

    def write(self, rows: Sequence[Row]) -> Sequence[int]:
        """Commit the rows as one statement; their seqs."""
        self._ready()
        values = [value for row in rows for value in row]
        return self._write(self._open.driver_connection, values, len(rows))

    def _ready(self) -> None:
        if self._open is None:
            self._open = self._engine.raw_connection()
            self._prepare(self._open.driver_connection)

    def close(self) -> None:
        if self._open is not None:
            with contextlib.suppress(Exception):  # it may be broken already
                self._open.invalidate()
            self._open = None

    def _prepare(self, driver: Any) -> None:
        raise NotImplementedError

    def _write(self, driver: Any, values: list[Any], count: int) -> Sequence[int]:
        raise NotImplementedError


class Postgresql(_Connection):
    """One exchange a batch, below psycopg's cursor: libpq waits without Python, at a third of the CPU."""

    def _prepare(self, driver: psycopg.Connection[Any]) -> None:
        driver.rollback()
        driver.autocommit = True
        driver.execute("SET client_encoding = 'UTF8'")
        driver.execute(f"SET lock_timeout = '{PATIENCE}s'")
        if driver.execute("SHOW synchronous_commit").fetchone() == ("off",):
            driver.execute("SET synchronous_commit = on")  # an entry outlives a crash, whatever the default
        self._prepared: set[bytes] = set()

    def _write(self, driver: psycopg.Connection[Any], values: list[Any], count: int) -> Sequence[int]:
        name = self.named(count)
        sent = [_binary(value) for value in values]
        done = self.done(driver.pgconn.exec_prepared(name, sent, [1] * len(sent), 1))
        seqs = (done.get_value(row, 0) for row in range(done.ntuples))
        return [int.from_bytes(seq, "big") for seq in seqs if seq is not None]

    def opened(self) -> PGconn:
        """The connection, opened where it is not."""
        self._ready()
        pg: PGconn = self._open.driver_connection.pgconn
        return pg

    def named(self, count: int, *, of_edition: bool = False) -> bytes:
        """The statement that writes so many rows, prepared; `of_edition`: each with an edition, or none."""
        name = b"access_log_of_edition_%d" % count if of_edition else b"access_log_%d" % count
        if name not in self._prepared:
            self.done(self.opened().prepare(name, _locked_insert(count, of_edition=of_edition), None))
            self._prepared.add(name)
        return name

    def values(self, rows: Sequence[Row]) -> list[bytes]:
        """What the statement binds, in binary."""
        return [_binary(value) for row in rows for value in row]

    def values_of_edition(self, rows: Sequence[tuple[Row, Edition | None]]) -> list[bytes | None]:
        """What the statement `of_edition` binds, in binary."""
        found: list[bytes | None] = []
        for row, edition in rows:
            found += self.values([row])
            found += [None, None] if edition is None else [number.to_bytes(8, "big", signed=True) for number in edition]
        return found

    @staticmethod
    def done(result: PGresult) -> PGresult:
        """A result that is one. Raises psycopg's error."""
        if result.status not in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
            raise psycopg.errors.error_from_result(result)
        return result


def _binary(value: Any) -> bytes:
    """A column's value as PostgreSQL's binary protocol has it: a moment is microseconds since 2000."""
    if isinstance(value, str):
        return value.encode()
    return value if isinstance(value, bytes) else ((value - EPOCH) // MICROSECOND).to_bytes(8, "big", signed=True)


class _Sqlite(_Connection):
    def _prepare(self, driver: Any) -> None:
        driver.isolation_level = None

    def _write(self, driver: Any, values: list[Any], count: int) -> Sequence[int]:
        for n in range(0, len(values), len(COLUMNS)):
            values[n] = values[n].strftime("%Y-%m-%d %H:%M:%S.%f")  # as SQLAlchemy writes it
        last = driver.execute(_insert(count), values).lastrowid
        return range(last - count + 1, last + 1)


@lru_cache(MOST)
def _insert(count: int) -> str:
    row = f"({', '.join('?' * len(COLUMNS))})"
    return f"INSERT INTO access_log ({', '.join(COLUMNS)}) VALUES {', '.join([row] * count)}"


def _locked_insert(count: int, *, of_edition: bool = False) -> bytes:
    """One statement that takes the lock, then draws the seqs: `held` has its row only once the lock is there.

    `of_edition`: each row comes with a publication and an erasure, and is written only if they are the latest that the
    statement sees; or with none.
    """
    types, names = (TYPES, COLUMNS) if not of_edition else ((*TYPES, *EDITION_TYPES), (*COLUMNS, *EDITION))
    place = (f"${n}::{kind}" for n, kind in enumerate(types * count, 1))
    rows = ", ".join(f"({', '.join(row)})" for row in zip(*[place] * len(types), strict=True))
    return (
        f"WITH held AS MATERIALIZED (SELECT pg_advisory_xact_lock({APPEND_LOCK})) "
        f"INSERT INTO access_log ({', '.join(COLUMNS)}) "
        f"SELECT {', '.join(f'entry.{name}' for name in COLUMNS)} "
        f"FROM held, (VALUES {rows}) AS entry ({', '.join(names)}) "
        f"{OF_EDITION if of_edition else ''}RETURNING seq, leaf_hash"
    ).encode()


def append_in(connection: sa.Connection, entry: Entry) -> int:
    """Write one entry inside the caller's transaction, as its last statement; it is there once that has committed."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(APPEND_LOCK)))
    values = row_of(entry)._asdict()
    (seq,) = connection.execute(sa.insert(store.access_log).values(values)).inserted_primary_key or (0,)
    return int(seq)


def append(engine: sa.Engine, entry: Entry) -> int:
    """Write one entry on a connection of its own. Raises StoreFailed."""
    writer = Writer(engine)
    try:
        return writer.append(entry)
    finally:
        writer.close()
