"""One consistent view of the store for one request: every level of an answer is read from the same publication."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import sqlalchemy as sa

from hub.feedback import LOCK
from hub.store import publication
from schema.errors import TookTooLong

STEPS = 10_000  # SQLite looks at the clock after so many of its own instructions


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """An open view: the publication it shows, and the first day of that publication's benefit year."""

    connection: sa.Connection
    publication: int
    since: date
    deadline: float  # on the monotonic clock

    def renewed(self, seconds: float) -> Snapshot:
        """The same view with new time; the statements of the old one have their own no longer."""
        deadline = time.monotonic() + seconds
        if self.connection.dialect.name != "postgresql":  # whose time is for each statement
            driver: Any = self.connection.connection.driver_connection
            driver.set_progress_handler(lambda: time.monotonic() > deadline, STEPS)
        return replace(self, deadline=deadline)

    def execute(self, query: sa.Select[Any], parameters: dict[str, Any]) -> sa.CursorResult[Any]:
        """Run a statement unless the time is up. Raises TookTooLong."""
        if time.monotonic() > self.deadline:
            raise TookTooLong
        try:
            return self.connection.execute(query, parameters)
        except sa.exc.OperationalError as error:
            if time.monotonic() > self.deadline:
                raise TookTooLong from None
            raise error


@contextmanager
def snapshot(engine: sa.Engine, seconds: float) -> Iterator[Snapshot]:
    """A read-only view that ends with the block; statements are cancelled by the database when the time is up."""
    deadline = time.monotonic() + seconds
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(
                "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;"
                f"SET LOCAL statement_timeout = {max(1, int(seconds * 1000))}"
            )
        else:
            driver.set_progress_handler(lambda: time.monotonic() > deadline, STEPS)
            connection.exec_driver_sql("BEGIN")
        try:
            yield _view(connection, deadline)
        finally:
            if connection.dialect.name != "postgresql":
                driver.set_progress_handler(None, 0)
            connection.rollback()


@contextmanager
def writing(engine: sa.Engine, seconds: float) -> Iterator[Snapshot]:
    """A view inside a transaction that writes what departments say; what the block does not commit is undone.

    One at a time: it holds hub.feedback's lock, so that of two words on a case one sees the other.
    """
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SET LOCAL statement_timeout = {max(1, int(seconds * 1000))}")
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
        else:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            yield _view(connection, time.monotonic() + seconds)
        finally:
            connection.rollback()


def _view(connection: sa.Connection, deadline: float) -> Snapshot:
    latest = connection.execute(
        sa.select(publication.c.publication, publication.c.month).order_by(publication.c.publication.desc())
    ).first()
    return Snapshot(
        connection=connection,
        publication=latest.publication if latest else 0,
        since=date(int(latest.month[:4]), 1, 1) if latest else date.max,
        deadline=deadline,
    )
