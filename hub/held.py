"""Which categories a person holds in the published month's benefit year, as bits in the person's row.

1. Row scope asks this of every row of a list (schema/graph/scope.py). The spells tell it too, by a look-up a row; what
   publish has put into the row costs nothing to look at.
2. It is about what is published now: each publication renews it within its transaction, also in rows that it leaves as
   they are. What was known earlier, and what has no bit, is asked of the spells.
3. NULL: nothing has made it (the revision that brought the column does, and so does each publication); then the
   spells are asked too.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from hub import store

CODES = (
    "tekun", "orphan", "defacto_orphan", "dibao", "dibao_edge", "fanpin_zhipin",
    "mon_unstable", "mon_edge", "mon_sudden", "stable_out", "illness_poor", "expend_hard",
)  # fmt: skip  # a code's place is its bit in stores that exist: add at the end, never move one
BITS = {code: 1 << place for place, code in enumerate(CODES)}
CHUNK = 50_000


def mask(categories: Iterable[str]) -> int | None:
    """The bits of categories; None where one of them has no bit (a region's own)."""
    found = 0
    for code in categories:
        if code not in BITS:
            return None
        found |= BITS[code]
    return found


def year_of(month: str) -> date:
    """The first day of a month's benefit year."""
    return date(int(month[:4]), 1, 1)


def bits(spells: pa.Table, since: date) -> pa.Table:
    """(person_id, held) of whoever has a spell that lasts into the year that begins then; the others hold nothing."""
    codes = " ".join(f"WHEN '{code}' THEN {bit}" for code, bit in BITS.items())
    with duckdb.connect() as duck:
        duck.register("spells", spells)
        return duck.sql(
            f"""SELECT person_id, CAST(bit_or(CASE category {codes} ELSE 0 END) AS BIGINT) AS held
            FROM spells WHERE valid_until > DATE '{since.isoformat()}' GROUP BY person_id"""
        ).to_arrow_table()


def current(connection: sa.Connection) -> pa.Table:
    """The spells that are served, as far as `bits` looks at them."""
    s = store.published["category_spell"].c
    query = sa.select(s.person_id, s.category, s.valid_until).where(s.pub_until.is_(None))
    kinds = pa.schema([("person_id", pa.int64()), ("category", pa.string()), ("valid_until", pa.date32())])
    return _table(connection, query, kinds)


def renew(connection: sa.Connection, held: pa.Table) -> int:
    """Put the bits into the current persons' rows that hold others; how many rows that were."""
    p = store.published["person"].c
    kinds = pa.schema([(name, pa.int64()) for name in ("row_id", "person_id", "held")])
    current = _table(connection, sa.select(p.row_id, p.person_id, p.held).where(p.pub_until.is_(None)), kinds)
    with duckdb.connect() as duck:
        duck.register("current", current)
        duck.register("made", held)
        changed = duck.sql(
            """SELECT row_id, coalesce(made.held, 0) AS held FROM current LEFT JOIN made USING (person_id)
            WHERE current.held IS DISTINCT FROM coalesce(made.held, 0) ORDER BY row_id"""
        ).to_arrow_table()
    for start in range(0, changed.num_rows, CHUNK):
        _put(connection, changed.slice(start, CHUNK))
    return len(changed)


def _table(connection: sa.Connection, query: sa.Select[Any], kinds: pa.Schema) -> pa.Table:
    """What a query finds, chunk by chunk: of all persons there is never a Python object each."""
    found = connection.execute(query.execution_options(yield_per=CHUNK))
    batches = [
        pa.record_batch(
            [pa.array(column, kind) for column, kind in zip(zip(*rows, strict=True), kinds.types, strict=True)],
            schema=kinds,
        )
        for rows in found.partitions()
    ]
    return pa.Table.from_batches(batches, schema=kinds)


def _put(connection: sa.Connection, rows: pa.Table) -> None:
    row_ids, values = rows["row_id"].to_pylist(), rows["held"].to_pylist()
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(
            "UPDATE person SET held = made.held FROM unnest(%s::bigint[], %s::bigint[]) AS made(row_id, held)"
            " WHERE person.row_id = made.row_id",
            (row_ids, values),
        )
    else:
        pairs = list(zip(values, row_ids, strict=True))
        connection.exec_driver_sql("UPDATE person SET held = ? WHERE row_id = ?", pairs)
