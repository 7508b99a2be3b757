"""A table, view or query of a department's database, at any SQLAlchemy URL (`database` in the source's settings).

1. One statement is one delivery: it is streamed from a cursor of the server where it has them, so that the rows are
   those of one moment and never stand in memory. A pull that breaks starts over: nothing promises that the database
   would show the same rows again.
2. Only columns that the stream declares are asked for. Another column is named, and its values stay where they are.
3. With `window_column` a pull is closed at both ends: from `overlap` before the day of the last one to the database's
   own clock less `lag`. `window_format` (strftime's) is for a column that holds times as text.
4. Messages never repeat a statement's parameters, an address or a driver's text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import sqlalchemy as sa

from connectors.base import Connection, Delivery, Stream
from connectors.errors import SourceError, SourceRefused, SourceSettingsError, SourceUnavailable
from connectors.pages import Page
from connectors.transports import headers
from connectors.transports.http.answer import BEIJING
from connectors.transports.window import Window

AS_IT_IS = {str, int, float, bool, date, type(None)}


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlView:
    """`view` (`schema.name`) or `query`; `page_size` rows are handed over at once."""

    kind: ClassVar[str] = "sql"

    view: str | None = None
    query: str | None = None
    window_column: str | None = None
    window_format: str | None = None
    overlap: timedelta = timedelta(days=45)
    lag: timedelta = timedelta(hours=1)
    page_size: int = 5_000

    def __post_init__(self) -> None:
        if (self.view is None) == (self.query is None):
            raise ValueError("one of view and query is told, not both")
        if self.page_size < 1:
            raise ValueError("page_size is at least 1")

    def deliveries(
        self, stream: Stream, connection: Connection, *, since: date | None, seen: frozenset[str]
    ) -> Iterator[Delivery]:
        """See `connectors.base.Transport`: always one delivery, even when it holds no row."""
        engine = _engine(stream, connection)
        with _told(stream, engine):
            with engine.connect() as opened:
                clock = _clock(opened)
            yield Delivery(
                label=f"{stream.name} at {clock:%Y-%m-%d %H:%M:%S}",
                as_of=clock.date(),
                pages=self._pages(stream, engine, since, clock),
            )

    def _pages(self, stream: Stream, engine: sa.Engine, since: date | None, clock: datetime) -> Iterator[Page]:
        read = 0
        with _told(stream, engine), engine.connect() as opened:
            names = list(opened.execute(sa.select(sa.text("*")).select_from(self._from([])).where(sa.false())).keys())
            found = headers.read([names], stream, file=self.view or "the query", line=1)
            declared = {f.name for f in stream.fields}
            wanted = [(field, names[place]) for field, place in found.places if field in declared]
            others = [field for field, _ in found.places if field not in declared]
            told = self._from(names)
            statement = sa.select(*(told.c[name] for _, name in wanted)).where(*self._between(told, since, clock))
            rows = opened.execution_options(stream_results=True, yield_per=self.page_size).execute(statement)
            for part in rows.partitions():
                by_place = [_values(column) for column in zip(*part, strict=True)]
                columns: dict[str, Sequence[object]] = {
                    field: column for (field, _), column in zip(wanted, by_place, strict=True)
                }
                yield Page(
                    lines=range(read + 1, read + len(part) + 1),
                    columns={**columns, **{other: [""] * len(part) for other in others}},
                )
                read += len(part)

    def _from(self, names: Sequence[str]) -> Any:
        columns: list[sa.ColumnClause[Any]] = [sa.column(name) for name in names]
        if self.query is not None:
            return sa.text(self.query.strip().rstrip(";")).columns(*columns).subquery("told")
        schema, _, name = (self.view or "").rpartition(".")
        return sa.table(name, *columns, schema=schema or None)

    def _between(self, told: Any, since: date | None, clock: datetime) -> list[Any]:
        if self.window_column is None:
            return []
        ends: list[Any] = list(Window(overlap=self.overlap, lag=self.lag).between(since, clock))
        if self.window_format:
            ends = [end.strftime(self.window_format) for end in ends]
        column = told.c[self.window_column]
        return [column >= ends[0], column <= ends[1]]


def _values(column: Sequence[Any]) -> Sequence[object]:
    if set(map(type, column)) <= AS_IT_IS:
        return column
    return [value if type(value) in AS_IT_IS else _plain(value) for value in column]


def _plain(value: object) -> object:
    """A database's value as a file would show it: amounts exact, times as text."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).decode("utf-8", errors="surrogateescape")
    return str(value)


def _clock(opened: sa.Connection) -> datetime:
    """The database's own wall clock."""
    now = opened.scalar(sa.select(sa.func.now()))
    if not isinstance(now, datetime):
        now = datetime.fromisoformat(str(now))
    if now.tzinfo is None and opened.dialect.name == "sqlite":  # whose clock shows UTC
        now = now.replace(tzinfo=UTC)
    return now.astimezone(BEIJING).replace(tzinfo=None) if now.tzinfo else now


def _engine(stream: Stream, connection: Connection) -> sa.Engine:
    if not connection.database:
        raise SourceSettingsError(
            f"Stream {stream.name} arrives from a database, and its source has none",
            remedy="Set the source's `database` in the deployment's settings, an SQLAlchemy URL",
        )
    try:
        url = sa.make_url(connection.database)
        if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
            raise SourceSettingsError(
                f"Stream {stream.name}: the SQLite file is not there",
                remedy="Correct the source's `database` in the deployment's settings",
            )
        return sa.create_engine(url, poolclass=sa.NullPool, hide_parameters=True)
    except (sa.exc.ArgumentError, ImportError):
        raise SourceSettingsError(
            f"Stream {stream.name}: `database` is no SQLAlchemy URL, or its driver is not installed",
            remedy="Correct the source's `database`, or install the driver beside aidgraph",
        ) from None


@contextmanager
def _told(stream: Stream, engine: sa.Engine) -> Iterator[None]:
    """A driver's error as one of a source, without its text."""
    try:
        yield
    except SourceError:
        raise
    except (sa.exc.OperationalError, sa.exc.InterfaceError) as error:
        if engine.dialect.name == "sqlite" and not error.connection_invalidated:
            raise _refused(stream, error) from None
        raise SourceUnavailable(
            f"Stream {stream.name}: the database does not answer ({type(error).__name__})",
            remedy="Check the source's `database`, and pull again later",
        ) from None
    except (sa.exc.SQLAlchemyError, KeyError) as error:
        raise _refused(stream, error) from None
    finally:
        engine.dispose()


def _refused(stream: Stream, error: Exception) -> SourceRefused:
    return SourceRefused(
        f"Stream {stream.name}: the database refuses the query ({type(error).__name__})",
        remedy="Check view, columns and rights with the department",
    )
