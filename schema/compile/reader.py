"""Where compiled statements run: each statement is an answer of its own, outside any transaction.

1. One statement sees one state of the store, so it needs no transaction, and one exchange with the database is enough.
2. Each thread has a connection of its own, read-only; a statement is cancelled when its time is up.
3. Who listens to the engine's statements (SQLAlchemy's cursor events) hears these too.
4. What depends on the publication (the first day of its benefit year) is remembered and checked by each statement.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import psycopg

from hub import store
from hub.store import publication
from schema.compile.lines import SESSION, Line, StatementFailed, opened
from schema.errors import TookTooLong
from schema.read.times import Known, resolve


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A publication and the first day of its benefit year."""

    number: int = 0
    since: date = date.max


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a statement yields: texts, the publication that it shows, the latest erasure in it."""

    texts: Sequence[bytes]
    published: Published
    erasure: int


class Reader:
    """Runs compiled statements; safe to share between threads."""

    def __init__(self, engine: sa.Engine) -> None:
        self._store = engine
        self.postgresql = postgresql = engine.dialect.name == "postgresql"
        self._engine = store.connect(
            engine.url.render_as_string(hide_password=False),
            poolclass=sa.NullPool,
            connect_args={"options": SESSION} if postgresql else {"check_same_thread": False},
        )
        written: Any = psycopg.dialect
        self.dialect: sa.Dialect = written(paramstyle="numeric_dollar") if postgresql else self._engine.dialect
        self._local = threading.local()
        self._lines: list[Line] = []
        self._lock = threading.Lock()
        self.published = Published()

    @property
    def engine(self) -> sa.Engine:
        """Of the connections that it reads on."""
        return self._engine

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            while self._lines:
                self._lines.pop().close()
        self._local = threading.local()

    def publication(self, known: Known) -> tuple[int, date]:
        """The publication that a caller names, and the first day of its benefit year. Raises BadRequest."""
        with self._store.connect() as connection:
            return resolve(connection, known)

    def read(self, sql: str, bind: Callable[[Published], Sequence[Any]], seconds: float) -> Found:
        """What a statement yields: texts, the latest publication's number, the latest erasure's.

        Raises TookTooLong, StatementFailed.
        """
        deadline = time.monotonic() + seconds
        line = self._line()
        while True:
            known = self.published
            values = bind(known)
            try:
                self.heard("before_cursor_execute", sql, values)
                *texts, number, erased = line.row(sql, values, seconds)
                self.heard("after_cursor_execute", sql, values)
            except StatementFailed as failed:
                if not failed.state:
                    self._drop(line)
                raise
            if int(number or 0) != known.number:
                self.look()
                continue
            if time.monotonic() > deadline:
                raise TookTooLong
            return Found(texts=texts, published=known, erasure=int(erased or 0))

    def heard(self, event: str, sql: str, values: Sequence[Any]) -> None:
        """Tell those who listen to the engine's statements."""
        for listener in getattr(self._engine.dispatch, event):
            listener(None, None, sql, values, None, False)

    def opened(self) -> Line:
        """A new connection, for one thread at a time. Raises StatementFailed."""
        try:
            return opened(self._engine)
        except sa.exc.DBAPIError:
            raise StatementFailed("") from None

    def look(self) -> None:
        """See what is published now."""
        query = sa.select(publication.c.publication, publication.c.month)
        try:
            with self._engine.connect() as connection:
                row = connection.execute(query.order_by(publication.c.publication.desc())).first()
        except sa.exc.DBAPIError:
            raise StatementFailed("") from None
        since = date(int(row.month[:4]), 1, 1) if row else date.max
        self.published = Published(number=row.publication if row else 0, since=since)

    def _line(self) -> Line:
        """This thread's connection."""
        line: Line | None = getattr(self._local, "line", None)
        if line is None:
            line = self._local.line = self.opened()
            with self._lock:
                self._lines.append(line)
        return line

    def _drop(self, line: Line) -> None:
        """Let go of a connection that is lost."""
        self._local.line = None
        with self._lock:
            if line in self._lines:
                self._lines.remove(line)
        line.close()
