"""A connection for compiled statements, at its driver's own level: a statement is prepared once, then named.

Nothing stands between a statement and the driver, since that would cost more than most of these statements do.
PostgreSQL's takes values as text and yields bytes as they came; SQLite's keeps its statements itself.
"""

from __future__ import annotations

import sqlite3
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg.pq import ConnStatus, ExecStatus

from schema.compile.tree import NotCompiled
from schema.errors import TookTooLong
from schema.read.snapshot import STEPS

# read-only; nothing is compiled just in time (that takes longer than these statements); dates as ISO; planned once, as
# each is run again and again; a page that is not the next one costs little more, as it does where the store is cached
SESSION = (
    "-c default_transaction_read_only=on -c jit=off -c datestyle=ISO"
    " -c plan_cache_mode=force_generic_plan -c random_page_cost=1.1"
)
STATEMENTS = 200  # prepared on a connection; the one that was not used for longest is let go
CANCELLED = "57014"


class StatementFailed(Exception):
    """The database refused a statement; `state` is its reason, without values."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


class Line:
    """One connection; one thread at a time."""

    def __init__(self, connection: sa.PoolProxiedConnection) -> None:
        self._connection = connection

    def row(self, sql: str, values: Sequence[Any], seconds: float) -> Sequence[Any]:
        """The one row of a statement, its text as bytes. Raises TookTooLong, StatementFailed."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the connection."""
        self._connection.invalidate()


class Postgresql(Line):
    def __init__(self, connection: sa.PoolProxiedConnection) -> None:
        super().__init__(connection)
        driver: Any = connection.driver_connection
        driver.rollback()
        self.pg: psycopg.pq.abc.PGconn = driver.pgconn
        self._prepared: OrderedDict[str, bytes] = OrderedDict()
        self._made = 0
        self._seconds = 0.0

    def row(self, sql: str, values: Sequence[Any], seconds: float) -> Sequence[Any]:
        return self.values(self.pg.exec_prepared(self.named(sql, seconds), values))

    def named(self, sql: str, seconds: float) -> bytes:
        """The name of a statement, prepared and given its time. Raises TookTooLong, StatementFailed."""
        if seconds != self._seconds:
            self._done(self.pg.exec_(f"SET statement_timeout = {max(1, int(seconds * 1000))}".encode()))
            self._seconds = seconds
        name = self._prepared.get(sql)
        if name is None:
            return self._prepare(sql)
        self._prepared.move_to_end(sql)
        return name

    def values(self, found: psycopg.pq.abc.PGresult) -> Sequence[Any]:
        """The one row of a result. Raises TookTooLong, StatementFailed."""
        if found.status != ExecStatus.TUPLES_OK or found.ntuples != 1:
            self._done(found)
            raise StatementFailed("rows")
        return [found.get_value(0, place) for place in range(found.nfields)]

    def _prepare(self, sql: str) -> bytes:
        self._made += 1
        name = f"c{self._made}".encode()
        self._done(self.pg.prepare(name, sql.encode()))
        self._prepared[sql] = name
        if len(self._prepared) > STATEMENTS:
            _, former = self._prepared.popitem(last=False)
            self._done(self.pg.exec_(b"DEALLOCATE " + former))
        return name

    def _done(self, found: psycopg.pq.abc.PGresult) -> None:
        if found.status in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
            return
        state = (found.error_field(psycopg.pq.DiagnosticField.SQLSTATE) or b"").decode()
        if state == CANCELLED:
            raise TookTooLong
        if self.pg.status != ConnStatus.OK:
            state = ""
        raise StatementFailed(state)


class _Sqlite(Line):
    def __init__(self, connection: sa.PoolProxiedConnection) -> None:
        super().__init__(connection)
        driver: Any = connection.driver_connection
        driver.isolation_level = None
        driver.execute("PRAGMA query_only = ON")
        driver.text_factory = bytes
        self._driver = driver
        self._deadline = 0.0
        driver.set_progress_handler(lambda: time.monotonic() > self._deadline, STEPS)

    def row(self, sql: str, values: Sequence[Any], seconds: float) -> Sequence[Any]:
        self._deadline = time.monotonic() + seconds
        try:
            found: Sequence[Any] = self._driver.execute(sql, values).fetchone()
        except sqlite3.Error as error:
            if time.monotonic() > self._deadline:
                raise TookTooLong from None
            raise StatementFailed(getattr(error, "sqlite_errorname", "")) from None
        return found


def opened(engine: sa.Engine) -> Line:
    """A new line to an engine's database."""
    connection = engine.raw_connection()
    return (Postgresql if engine.dialect.name == "postgresql" else _Sqlite)(connection)


def as_text(value: Any) -> bytes | None:
    """A value as PostgreSQL reads it from text. Raises NotCompiled."""
    if value is None:
        return None
    if isinstance(value, bool):
        return b"t" if value else b"f"
    if isinstance(value, int):
        return str(value).encode()
    if isinstance(value, date):
        return value.isoformat().encode()
    if isinstance(value, bytes | memoryview):  # as the type's processor gives it
        return b"\\x" + bytes(value).hex().encode()
    try:
        text = str.encode(value)
    except (TypeError, UnicodeEncodeError):
        raise NotCompiled from None
    if b"\0" in text:  # a text would end there
        raise NotCompiled
    return text


def same(value: Any) -> Any:
    """A value as SQLite's driver takes it."""
    return value


WIRE: dict[str, Callable[[Any], Any]] = {"postgresql": as_text, "sqlite": same}
