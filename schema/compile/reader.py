"""Connections on which compiled statements run: each statement is an answer of its own, outside any transaction.

1. One statement sees one state of the store, so it needs no transaction, and one exchange with the database is enough.
2. The connections are read-only; a statement is cancelled when its time is up. PostgreSQL's write dates as ISO and
   compile nothing just in time (that takes longer than any of these statements).
3. What depends on the publication (the first day of its benefit year) is remembered and checked by each statement.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg.adapt import Loader
from sqlalchemy import event

from hub import store
from hub.store import publication
from schema.errors import TookTooLong
from schema.read.snapshot import STEPS
from schema.read.times import Known, resolve

SESSION = "-c default_transaction_read_only=on -c jit=off -c datestyle=ISO"
TIMEOUT = "statement_timeout"  # seconds, as the session has it


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A publication and the first day of its benefit year."""

    number: int = 0
    since: date = date.max


class Reader:
    """Runs compiled statements; safe to share between threads."""

    def __init__(self, engine: sa.Engine) -> None:
        self._postgresql = engine.dialect.name == "postgresql"
        self._engine = store.connect(
            engine.url.render_as_string(hide_password=False),
            isolation_level="AUTOCOMMIT",
            pool_reset_on_return=None,
            connect_args={"options": SESSION} if self._postgresql else {},
        )
        event.listen(self._engine, "connect", _as_bytes)
        self._published = Published()

    @property
    def dialect(self) -> sa.Dialect:
        """The dialect that statements are written in."""
        return self._engine.dialect

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    def publication(self, known: Known) -> tuple[int, date]:
        """The publication that a caller names, and the first day of its benefit year. Raises BadRequest."""
        with self._engine.connect() as connection:
            return resolve(connection, known)

    def read(self, sql: str, bind: Callable[[Published], Any], seconds: float) -> tuple[bytes, Published]:
        """The text that a statement yields, and the publication that it shows. Raises TookTooLong.

        The statement yields the text and the latest publication's number.
        """
        deadline = time.monotonic() + seconds
        with self._engine.connect() as connection:
            self._limit(connection, seconds, deadline)
            while True:
                known = self._published
                try:
                    told, number = connection.exec_driver_sql(sql, bind(known)).one()
                    current = (number or 0) == known.number
                    if not current:
                        self._published = self._latest(connection)
                except sa.exc.OperationalError as error:
                    if time.monotonic() > deadline:
                        raise TookTooLong from None
                    raise error
                if time.monotonic() > deadline:
                    raise TookTooLong
                if current:
                    return told, known

    def _limit(self, connection: sa.Connection, seconds: float, deadline: float) -> None:
        """Have the database cancel what takes longer."""
        if not self._postgresql:
            driver: Any = connection.connection.driver_connection
            driver.set_progress_handler(lambda: time.monotonic() > deadline, STEPS)
        elif connection.info.get(TIMEOUT) != seconds:
            connection.exec_driver_sql(f"SET statement_timeout = {max(1, int(seconds * 1000))}")
            connection.info[TIMEOUT] = seconds

    @staticmethod
    def _latest(connection: sa.Connection) -> Published:
        query = sa.select(publication.c.publication, publication.c.month)
        row = connection.execute(query.order_by(publication.c.publication.desc())).first()
        return Published(number=row.publication, since=date(int(row.month[:4]), 1, 1)) if row else Published()


class _Bytes(Loader):
    """PostgreSQL's text as it came."""

    def load(self, data: Any) -> bytes:
        return bytes(data)


def _as_bytes(driver: Any, _record: Any) -> None:
    """An answer is UTF-8 from the database to the caller: it is never decoded. SQLite is told to be read-only."""
    if isinstance(driver, psycopg.Connection):
        driver.adapters.register_loader("text", _Bytes)
    else:
        driver.execute("PRAGMA query_only = ON")
        driver.text_factory = bytes
