"""Publish: the difference between what is served and what was computed, applied in one transaction.

1. Audits come first (hub/audit.py); a month that fails is not published and the last good one stays served.
2. A row that is no longer so is closed, its successor opened; unchanged rows are not touched, so publishing twice
   writes nothing.
3. State tables (persons, spells, entitlements ...) are replaced by difference as a whole; monthly tables (findings,
   warnings, participation) only within their month.
4. Readers see the old publication until the transaction commits, and the new one, whole, after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from hub import carried, store, tables
from hub.inputs import Progress
from hub.lake import Lake

CHUNK = 50_000
PLACE = ("batch_id", "line")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What a publication changes in one table."""

    table: tables.Table
    opened: pa.Table  # rows with row_digest (binary)
    closed: list[int]  # row_id of rows that are no longer so


def row_digests(table: tables.Table, rows: pa.Table) -> pa.Table:
    """The rows with `row_digest`: SHA-256 over their values in declared order, each led by its length; NULL is ~.

    The place of the source's row is left out: a snapshot sent again with the same content (`record_digest`) changes
    nothing, and the served row keeps leading to the batch that brought the content first.
    """
    texts = [f"CAST({name} AS VARCHAR)" for name in table.columns if name not in PLACE]
    parts = " || ".join(f"coalesce(strlen({text}) || ':' || {text}, '~')" for text in texts)
    with duckdb.connect() as connection:
        connection.register("given", rows)
        query = f"SELECT {', '.join(table.columns)}, unhex(sha256({parts})) AS row_digest FROM given"
        return connection.sql(query).to_arrow_table()


def difference(
    connection: sa.Connection, table: tables.Table, rows: pa.Table, month: str, last: pa.Table | None = None
) -> Difference:
    """Compare computed rows with the current published ones of a table (of the month, where the table is monthly).

    `last` are the rows whose publication made the current ones, where they are at hand: then only what differs from
    them is looked at further, to the same result.
    """
    current = _current(table, month)
    with duckdb.connect() as duck:
        if last is None or last.column_names != list(table.columns):
            duck.register("served", _served(connection, current))
            duck.register("computed", row_digests(table, rows))
            opened = duck.sql("SELECT * FROM computed ANTI JOIN served USING (row_digest)").to_arrow_table()
            closed = duck.sql("SELECT row_id FROM served ANTI JOIN computed USING (row_digest)").fetchall()
            return Difference(table=table, opened=opened, closed=[row[0] for row in closed])
        duck.register("computed", rows)
        duck.register("last", last)
        same = " AND ".join(f"a.{name} IS NOT DISTINCT FROM b.{name}" for name in table.columns if name not in PLACE)
        opened = duck.sql(f"SELECT a.* FROM computed AS a ANTI JOIN last AS b ON {same}").to_arrow_table()
        gone = duck.sql(f"SELECT a.* FROM last AS a ANTI JOIN computed AS b ON {same}").to_arrow_table()
        closed = []
        if gone.num_rows:
            duck.register("served", _served(connection, current))
            duck.register("gone", row_digests(table, gone))
            closed = duck.sql("SELECT row_id FROM served SEMI JOIN gone USING (row_digest)").fetchall()
    return Difference(table=table, opened=row_digests(table, opened), closed=[row[0] for row in closed])


def _current(table: tables.Table, month: str) -> sa.Select[int, bytes]:
    published = store.published[table.name]
    query = sa.select(published.c.row_id, published.c.row_digest).where(published.c.pub_until.is_(None))
    return query.where(published.c.month == month) if table.monthly else query


def _served(connection: sa.Connection, current: sa.Select[int, bytes]) -> pa.Table:
    """row_id and row_digest of the rows that are served."""
    rows = connection.execute(current).all()
    return pa.table(
        {"row_id": [row[0] for row in rows], "row_digest": [bytes(row[1]) for row in rows]},
        schema=pa.schema([("row_id", pa.int64()), ("row_digest", pa.binary())]),
    )


def sealed_identities(
    lake: Lake, connection: sa.Connection, changes: Sequence[Difference]
) -> dict[tuple[int, int], bytes]:
    """The sealed identity of every newly opened person, by the place (batch_id, line) of its record.

    A batch whose sealed part was destroyed (or is being: landing/erasure.py) has none: the person is served without.
    """
    opened = next(change.opened for change in changes if change.table is tables.PERSON)
    wanted = opened.select(["batch_id", "line"]).to_pylist()
    found: dict[tuple[int, int], bytes] = {}
    b = store.batch.c
    for batch_id in sorted({place["batch_id"] for place in wanted}):
        if connection.scalar(sa.select(sa.exists().where(store.erasure.c.batch_id == batch_id))):
            continue
        mine = sa.or_(b.batch_id == batch_id, b.part_of == batch_id)
        lines = pa.array({place["line"] for place in wanted if place["batch_id"] == batch_id}, pa.int32())
        for part in connection.scalars(sa.select(b.sealed_part).where(mine, b.sealed_part.is_not(None))).all():
            rows = lake.read("sealed", part)
            rows = rows.filter(pc.is_in(rows["line"], value_set=lines))
            pairs = zip(rows["line"].to_pylist(), rows["sealed"].to_pylist(), strict=True)
            found.update({(batch_id, line): blob for line, blob in pairs})
    return found


def prepared(change: Difference, persons: pa.Table, held: pa.Table) -> Difference:
    """A change whose opened rows stand as lists are read, by county and person; new persons with what they hold.

    `persons` are all of the publication's, `held` as hub/held.py makes it.
    """
    if not change.opened.num_rows or "person_id" not in change.opened.column_names:
        return change
    of_person = change.table is tables.PERSON
    with duckdb.connect() as duck:
        duck.register("opened", change.opened)
        duck.register("persons", persons)
        duck.register("made", held)
        opened = duck.sql(
            f"""SELECT opened.*{", coalesce(made.held, 0) AS held" if of_person else ""} FROM opened
            {"LEFT JOIN made USING (person_id)" if of_person else ""}
            LEFT JOIN (SELECT person_id, county AS lives FROM persons) AS p USING (person_id)
            ORDER BY p.lives NULLS LAST, {", ".join(f"opened.{name}" for name in ("person_id", *change.table.key))}"""
        ).to_arrow_table()
    return replace(change, opened=opened)


def apply_all(
    connection: sa.Connection,
    changes: Iterable[Difference],
    publication: int,
    sealed: Mapping[tuple[int, int], bytes],
    progress: Progress,
) -> None:
    """Apply a publication's changes inside the caller's transaction; what persons' rows repeat of others follows.

    Persons come last, for their rows carry what others tell (hub/carried.py). Otherwise as `apply`.
    """
    for change in sorted(changes, key=lambda change: change.table is tables.PERSON):
        apply(connection, change, publication, sealed, progress)
    carried.renew(connection, publication)


def apply(
    connection: sa.Connection,
    change: Difference,
    publication: int,
    sealed: Mapping[tuple[int, int], bytes],
    progress: Progress,
) -> None:
    """Close and open the rows of a table under a publication, inside the caller's transaction.

    `sealed` gives the sealed identity of a person's record by (batch_id, line).
    """
    published = store.published[change.table.name]
    closing = sa.update(published).where(published.c.row_id == sa.bindparam("closing")).values(pub_until=publication)
    if change.table is tables.PERSON:
        closing = closing.values(carried=None)  # it is about now (hub/carried.py)
    for start in range(0, len(change.closed), CHUNK):
        connection.execute(closing, [{"closing": row_id} for row_id in change.closed[start : start + CHUNK]])
    total = change.opened.num_rows
    for start in range(0, total, CHUNK):
        _insert(connection, published, change, change.opened.slice(start, CHUNK), publication, sealed)
        progress(change.table.name, min(start + CHUNK, total), total)


def _insert(
    connection: sa.Connection,
    published: sa.Table,
    change: Difference,
    rows: pa.Table,
    publication: int,
    sealed: Mapping[tuple[int, int], bytes],
) -> None:
    names = [*change.table.columns, "row_digest", "pub_from"]
    columns: list[list[Any]] = [
        _column(connection, change.table.columns[name], rows[name]) for name in change.table.columns
    ]
    columns += [rows["row_digest"].to_pylist(), [publication] * rows.num_rows]
    if change.table is tables.PERSON:
        names.append("identity_sealed")
        places = zip(rows["batch_id"].to_pylist(), rows["line"].to_pylist(), strict=True)
        columns.append([sealed.get(place) for place in places])
        if "held" in rows.column_names:
            names.append("held")
            columns.append(rows["held"].to_pylist())
    records = zip(*columns, strict=True)
    if connection.dialect.name == "postgresql":
        driver: Any = connection.connection.driver_connection
        into = published if change.table is not tables.PERSON else _opening(connection)
        with driver.cursor() as cursor, cursor.copy(f"COPY {into.name} ({', '.join(names)}) FROM STDIN") as copy:
            for record in records:
                copy.write_row(record)
        if into is not published:
            _opened(connection, into, published, names)
    else:
        marks = ", ".join("?" * len(names))
        connection.exec_driver_sql(
            f"INSERT INTO {published.name} ({', '.join(names)}) VALUES ({marks})",
            list(records),
        )


def _opening(connection: sa.Connection) -> sa.Table:
    """Where new persons' rows wait for what they shall carry, for as long as the transaction lasts."""
    connection.exec_driver_sql(
        "CREATE TEMPORARY TABLE IF NOT EXISTS opening ON COMMIT DROP AS TABLE person WITH NO DATA"
    )
    return store.published["person"].to_metadata(sa.MetaData(), name="opening")


def _opened(connection: sa.Connection, opening: sa.Table, person: sa.Table, names: Sequence[str]) -> None:
    """Take the rows that wait, in their order; their own rows of other tables are there (`apply_all`)."""
    waiting = sa.select(*(opening.c[name] for name in names), carried.made(opening.c.person_id))
    connection.execute(
        sa.insert(person).from_select([*names, "carried"], waiting.order_by(sa.literal_column("opening.ctid")))
    )
    connection.exec_driver_sql("TRUNCATE opening")


def _column(connection: sa.Connection, kind: str, column: pa.ChunkedArray) -> list[Any]:
    """A column's values as the driver stores them: SQLite keeps days as ISO text."""
    if kind == "DATE" and connection.dialect.name == "sqlite":
        column = column.cast(pa.string())
    values: list[Any] = column.to_pylist()
    return values
