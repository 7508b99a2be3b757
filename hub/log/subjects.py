"""A person's own accesses: `access_subject` names the entries of each person; it is built behind the log."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from hub.log.entry import unpack
from hub.store import access_log, access_subject

INDEXED_AT_ONCE = 1_000


def index_subjects(engine: sa.Engine, after: int = 0) -> int:
    """Build `access_subject` for the entries behind `after` that it does not hold; returns the last seq seen.

    Safe to run twice, and beside another run.
    """
    with engine.connect() as connection:
        last = max(after, connection.scalar(sa.select(sa.func.max(access_subject.c.seq))) or 0)
    while True:
        with engine.begin() as connection:
            query = sa.select(access_log.c.seq, access_log.c.subjects).where(access_log.c.seq > last)
            rows = connection.execute(query.order_by(access_log.c.seq).limit(INDEXED_AT_ONCE)).all()
            found = [{"person_id": person_id, "seq": seq} for seq, packed in rows for person_id in unpack(packed)]
            if found:
                insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
                connection.execute(insert(access_subject).on_conflict_do_nothing(), found)
        if not rows:
            return last
        last = int(rows[-1].seq)
