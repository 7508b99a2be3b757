"""Who of a complete list is not on the next one: counted by person, because as many others may have come.

A person stands on a list by an accepted row, own or of its base, a replayed one, or a row in quarantine whose ID number
can be read. Persons are compared under one key: after a rotation nothing is known until a list has come under the new.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from hub import store
from hub.lake import Lake
from hub.landing import rawrows
from hub.landing.quarantine import CHUNK, chunks
from hub.landing.snapshot import GONE, rows_of
from hub.reading.identity import Linkage

KEEP = "INSERT INTO {name} SELECT hash(mac) FROM {rows} WHERE starts_with(mac, $key)"
STANDING = "(SELECT l.mac FROM {rows} AS l ANTI JOIN read_parquet($gone) AS g USING (line))"
NOTHING: Mapping[str, str] = MappingProxyType({})
LEFT = "SELECT COUNT(*) FROM (SELECT DISTINCT person FROM earlier) {but}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """Where a list's rows stand: files of its own; a batch it is kept against, and the part with its lines now gone.

    `batch` has rows in quarantine; `macs` are those of rows that are not in the store yet.
    """

    own: Sequence[str]
    batch: int | None = None
    base: int | None = None
    gone: str | None = None
    macs: Iterable[str | None] = ()


def landed(connection: sa.Connection, batch_id: int) -> Listed:
    """A list that is in the ledger."""
    b = store.batch.c
    batch = connection.execute(sa.select(b.parts, b.base).where(b.batch_id == batch_id)).one()
    own = rows_of(connection, batch_id)
    return Listed(own=own, batch=batch_id, base=batch.base, gone=batch.parts.get(GONE))


def departed(connection: sa.Connection, lake: Lake, linkage: Linkage, earlier: Listed, now: Listed) -> tuple[int, int]:
    """How many persons of an earlier list are not on this one, and how many it had, under the key in use."""
    key = linkage.contract.value.format(key_id=linkage.key_id, mac="")
    with rawrows.engine(lake) as duck:
        for name, listed in (("earlier", earlier), ("now", now)):
            duck.execute(f"CREATE TABLE {name} (person UBIGINT)")
            _Persons(connection, lake, duck, name, key).take(listed)
        had, gone = (duck.execute(LEFT.format(but=but)).fetchone() for but in ("", "ANTI JOIN now USING (person)"))
    return (gone or (0,))[0], (had or (0,))[0]


class _Persons:
    """A table of hashed MACs in the making."""

    def __init__(
        self, connection: sa.Connection, lake: Lake, duck: duckdb.DuckDBPyConnection, name: str, key: str
    ) -> None:
        self._connection, self._lake, self._duck = connection, lake, duck
        self._name, self._key = name, key

    def take(self, listed: Listed) -> None:
        gone = str(self._lake.path("rows", listed.gone)) if listed.gone else None
        self._files(listed.own, None)
        self._waiting(listed.batch, None)
        for chunk in chunks({"mac": mac} for mac in listed.macs if mac):
            self._chunk(chunk, None)
        if listed.base is not None:
            self._files(rows_of(self._connection, listed.base), gone)
            self._waiting(listed.base, gone)

    def _files(self, digests: Sequence[str], gone: str | None) -> None:
        for digest in digests:
            self._keep("read_parquet($file)", gone, {"file": str(self._lake.path("rows", digest))})

    def _waiting(self, batch: int | None, gone: str | None) -> None:
        if batch is None:
            return
        q = store.quarantine.c
        query = sa.select(q.line, q.mac).where(q.batch_id == batch, q.mac.is_not(None))
        for rows in self._connection.execute(query, execution_options={"yield_per": CHUNK}).mappings().partitions():
            self._chunk(rows, gone)

    def _chunk(self, rows: Sequence[Mapping[Any, Any]], gone: str | None) -> None:
        self._duck.register("waiting", pa.Table.from_pylist([dict(row) for row in rows]))
        self._keep("waiting", gone)
        self._duck.unregister("waiting")

    def _keep(self, rows: str, gone: str | None, file: Mapping[str, str] = NOTHING) -> None:
        standing = STANDING.format(rows=rows) if gone else rows
        told = {"key": self._key, **file} | ({"gone": gone} if gone else {})
        self._duck.execute(KEEP.format(name=self._name, rows=standing), told)
