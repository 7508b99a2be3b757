"""A person's own accesses: `access_subject` names the entries of each person; it is built behind the log.

Its rows stand in buckets of 4,096 seqs, by person within a bucket: what is added touches the pages of one bucket,
however big the log is (by person alone it touched a page for every row), and a person is looked for in each bucket.

A mark says up to which entry it is built. What is missing is built by a server's thread (hub/log/keeper.py), a little
at a time so that no operation waits long for the database, or by whoever asks for a person's accesses.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from hub.log.entry import SALT
from hub.store import access_bucket, access_log, access_log_mark, access_subject

INDEX_LOCK = 0x61696468  # one builder at a time on PostgreSQL; on SQLite two do the same twice
MARK = "subjects"
AT_ONCE = 20_000  # subjects of one transaction, and one entry's at least
ENTRIES = 1_000
BUCKET = 4_096

# Each bucket, in it the person's entries, and those. `+ 0` keeps SQLite from looking through all of `access_subject`.
JOINED = access_bucket.join(access_subject, access_subject.c.bucket == access_bucket.c.bucket + 0).join(
    access_log, access_log.c.seq == access_subject.c.seq
)


def index_subjects(
    engine: sa.Engine, after: int = 0, *, at_once: int = AT_ONCE, rest: Callable[[], bool] = lambda: False
) -> int:
    """Build `access_subject` for all the entries it does not hold; returns the last seq it holds.

    `after` is a seq that is known to be held; `rest` is called after each transaction, and ends the work by True.
    Safe to run twice, and beside another run.
    """
    while True:
        with engine.begin() as connection:
            newest = connection.scalar(sa.select(sa.func.max(access_log.c.seq))) or 0
            if newest <= after:
                return after
            if connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(INDEX_LOCK)))
            mark = sa.select(access_log_mark.c.seq).where(access_log_mark.c.name == MARK)
            after = _index(connection, connection.scalar(mark) or 0, at_once)
        if rest():
            return after


def _index(connection: sa.Connection, after: int, at_once: int) -> int:
    """Index the entries that follow; how far it came."""
    query = sa.select(access_log.c.seq, access_log.c.subjects).where(access_log.c.seq > after)
    persons, seqs, count = list[Any](), list[Any](), 0
    for seq, packed in connection.execute(query.order_by(access_log.c.seq).limit(ENTRIES)):
        ids = np.frombuffer(packed, ">i8", offset=SALT)
        count += len(ids)
        if persons and count > at_once:
            break
        persons.append(ids)
        seqs.append(np.full(len(ids), seq))
        after = seq
    if not persons:
        return after
    person, entry = np.concatenate(persons).astype(np.int64), np.concatenate(seqs).astype(np.int64)
    bucket = entry // BUCKET
    order = np.lexsort((entry, person, bucket))
    _insert(connection, access_subject, [column[order].tolist() for column in (bucket, person, entry)])
    _insert(connection, access_bucket, [np.unique(bucket).tolist()])
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    moved = insert(access_log_mark).values(name=MARK, seq=after)
    further = access_log_mark.c.seq < moved.excluded.seq
    connection.execute(moved.on_conflict_do_update(index_elements=["name"], set_={"seq": after}, where=further))
    return after


def _insert(connection: sa.Connection, table: sa.Table, columns: list[list[int]]) -> None:
    """Rows that are not there yet, column by column."""
    names = ", ".join(table.columns.keys())
    if connection.dialect.name == "postgresql":
        arrays = ", ".join(["%s::bigint[]"] * len(columns))
        statement = f"INSERT INTO {table.name} ({names}) SELECT * FROM unnest({arrays}) ON CONFLICT DO NOTHING"
        connection.exec_driver_sql(statement, tuple(columns))
    elif columns[0]:
        places = ", ".join("?" * len(columns))
        statement = f"INSERT OR IGNORE INTO {table.name} ({names}) VALUES ({places})"
        connection.exec_driver_sql(statement, list(zip(*columns, strict=True)))


def accesses(engine: sa.Engine, person_id: int) -> Iterator[dict[str, Any]]:
    """What the log says of a person's accesses, the latest first: `sequence` and what the leaf says."""
    index_subjects(engine)
    query = (
        sa.select(access_log.c.seq, access_log.c.leaf)
        .select_from(JOINED)
        .where(access_subject.c.person_id == person_id)
        .order_by(access_subject.c.seq.desc())
    )
    with engine.connect() as connection:
        for seq, leaf in connection.execution_options(yield_per=1000).execute(query):
            yield {"sequence": seq, **json.loads(leaf)}
