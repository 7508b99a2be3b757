"""A person's own accesses: `access_subject` names the entries of each person; it is built behind the log.

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
from hub.store import access_log, access_log_mark, access_subject

INDEX_LOCK = 0x61696468  # one builder at a time on PostgreSQL; on SQLite two do the same twice
MARK = "subjects"
AT_ONCE = 20_000  # subjects of one transaction, and one entry's at least
ENTRIES = 1_000


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
    order = np.lexsort((entry, person))
    _insert(connection, person[order].tolist(), entry[order].tolist())
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    moved = insert(access_log_mark).values(name=MARK, seq=after)
    further = access_log_mark.c.seq < moved.excluded.seq
    connection.execute(moved.on_conflict_do_update(index_elements=["name"], set_={"seq": after}, where=further))
    return after


def _insert(connection: sa.Connection, persons: list[int], seqs: list[int]) -> None:
    if not persons:
        return
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(
            "INSERT INTO access_subject (person_id, seq) "
            "SELECT * FROM unnest(%s::bigint[], %s::bigint[]) ON CONFLICT DO NOTHING",
            (persons, seqs),
        )
    else:
        connection.exec_driver_sql(
            "INSERT OR IGNORE INTO access_subject (person_id, seq) VALUES (?, ?)", list(zip(persons, seqs, strict=True))
        )


def accesses(engine: sa.Engine, person_id: int) -> Iterator[dict[str, Any]]:
    """What the log says of a person's accesses, the latest first: `sequence` and what the leaf says."""
    index_subjects(engine)
    query = (
        sa.select(access_log.c.seq, access_log.c.leaf)
        .join(access_subject, access_subject.c.seq == access_log.c.seq)
        .where(access_subject.c.person_id == person_id)
        .order_by(access_subject.c.seq.desc())
    )
    with engine.connect() as connection:
        for seq, leaf in connection.execution_options(yield_per=1000).execute(query):
            yield {"sequence": seq, **json.loads(leaf)}
